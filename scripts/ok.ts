/**
 * The one gate: format, lint, types, layers, house rules, generated docs, binary, tests.
 *
 * `bun scripts/ok.ts` prints a line for each step and the words of those that fail. The last line
 * is `N passed, N failed`, from the test report; a step that failed counts as one failed. The exit
 * code is 0 when nothing failed and at least one test ran.
 *
 * @module
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaryPath } from "../test/support/binary.ts";
import { root } from "./binary/compile.ts";
import { closingLine, type Counts, readCounts } from "./checks/junit.ts";

interface Step {
  readonly name: string;
  /** Does the work; the text is what went wrong, empty when nothing did. */
  run(): Promise<string>;
}

/** Lines shown of a step that failed. */
const longestComplaint = 80;

const code = ["src", "converters", "scripts", "test", "bench"]
  .filter((path) => existsSync(join(root, path)));

const checks: readonly Step[] = [
  program("types", ["deno", "check", "--quiet", ...code]),
  program("format", ["deno", "fmt", "--check"]),
  program("lint", ["deno", "lint", "--quiet"]),
  program("layers", ["bun", "scripts/check_layers.ts"]),
  program("house", ["bun", "scripts/check_style.ts"]),
  ...(existsSync(join(root, "scripts/docs.ts"))
    ? [program("docs", ["bun", "scripts/docs.ts", "--check"])]
    : []),
  { name: "binary", run: buildBinary },
];

function program(name: string, [tool = "", ...args]: readonly string[]): Step {
  return { name, run: () => outputOfFailure([toolPath(tool), ...args]) };
}

function toolPath(tool: string): string {
  if (tool === "bun") return process.execPath;
  const name = process.platform === "win32" ? `${tool}.exe` : tool;
  return join(root, "node_modules", tool, name);
}

async function outputOfFailure(command: string[]): Promise<string> {
  const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const run = Bun.spawn(command, { cwd: root, env, stdin: "ignore", stderr: "pipe" });
  const [out, errors] = await Promise.all([
    new Response(run.stdout).text(),
    new Response(run.stderr).text(),
  ]);
  return await run.exited === 0 ? "" : `${errors}${out}`.trim() || "failed without a word";
}

async function buildBinary(): Promise<string> {
  try {
    await binaryPath();
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The words of a failed step, indented, and not more than one can read. */
function excerpt(complaint: string): string {
  const lines = complaint.split("\n");
  const more = lines.length - longestComplaint;
  const shown = lines.slice(0, longestComplaint).concat(
    more > 0 ? [`… and ${more} lines more`] : [],
  );
  return shown.map((line) => `    ${line}`).join("\n");
}

/** Runs the steps two at a time; the result is how many failed. */
async function runChecks(steps: readonly Step[]): Promise<number> {
  const waiting = [...steps];
  let failed = 0;
  async function work(): Promise<void> {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const started = performance.now();
      const complaint = await step.run();
      report(step.name, complaint === "", started);
      if (complaint === "") continue;
      failed++;
      console.log(excerpt(complaint));
    }
  }
  await Promise.all([work(), work()]);
  return failed;
}

/**
 * Runs every test file, each in a fresh global object of a worker process: files that share one
 * process disturb each other's memory and time measurements.
 */
async function runTests(): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "agent-tests-"));
  const report = join(folder, "junit.xml");
  const started = performance.now();
  try {
    const options = ["--parallel=2", "--timeout=30000", "--only-failures"];
    const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
    const run = Bun.spawn([process.execPath, "test", "./test", ...options, ...reporter], {
      cwd: root,
      // No test leaves log files beside the program that it runs.
      env: { ...process.env, LOGS_DIRECTORY: "none" },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const exitCode = await run.exited;
    const counts = readCounts(report, exitCode);
    reportTests(counts, started);
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function reportTests(counts: Counts, started: number): void {
  report("tests", counts.failed === 0, started);
  if (counts.note !== undefined) console.log(`    ${counts.note}`);
}

function report(name: string, good: boolean, started: number): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${good ? "ok  " : "FAIL"} ${name.padEnd(8)} ${seconds.padStart(6)} s`);
}

const failedChecks = await runChecks(checks);
const counts = await runTests();
const total = { ...counts, failed: counts.failed + failedChecks };
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(closingLine(total));
