/**
 * The gate: types, format, lint, layers, style, generated docs, binary, tests.
 *
 * `bun scripts/ok.ts` is the fast gate: it leaves out the tests that are marked as slow, and is red when
 * another one is. `--full` runs all of them, and drives the command line as the compiled program.
 *
 * Both print a line for each step and the words of those that fail. The last line is
 * `N passed, N failed`, from the test report; a step that failed counts as one failed. The exit code is 0
 * when nothing failed and at least one test ran.
 *
 * @module
 */
import { join } from "node:path";
import { binaryPath } from "../test/support/binary.ts";
import { root } from "./binary/compile.ts";
import { closingLine } from "./checks/junit.ts";
import { runAllTests, type Scope } from "./checks/test_run.ts";

/** What a step came to. */
interface Outcome {
  /** What went wrong, empty when nothing did. */
  readonly failure: string;
  readonly warnings: readonly string[];
}

interface Step {
  readonly name: string;
  run(): Promise<Outcome>;
}

/** Lines shown of a step that failed. */
const longestOutput = 80;

const checks: readonly Step[] = [
  program("types", ["bun", "node_modules/typescript/bin/tsc"]),
  program("format", ["deno", "fmt", "--check"]),
  program("lint", ["deno", "lint", "--quiet"]),
  program("layers", ["bun", "scripts/check_layers.ts"]),
  program("style", ["bun", "scripts/check_style.ts"]),
  program("docs", ["bun", "scripts/docs.ts", "--check"]),
  { name: "binary", run: buildBinary },
];

function program(name: string, [tool = "", ...args]: readonly string[]): Step {
  return { name, run: () => outcomeOf([toolPath(tool), ...args]) };
}

function toolPath(tool: string): string {
  if (tool === "bun") return process.execPath;
  const name = process.platform === "win32" ? `${tool}.exe` : tool;
  return join(root, "node_modules", tool, name);
}

async function outcomeOf(command: string[]): Promise<Outcome> {
  const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const run = Bun.spawn(command, { cwd: root, env, stdin: "ignore", stderr: "pipe" });
  const [out, errors] = await Promise.all([
    new Response(run.stdout).text(),
    new Response(run.stderr).text(),
  ]);
  const isGood = await run.exited === 0;
  return {
    failure: isGood ? "" : `${errors}${out}`.trim() || "failed without output",
    warnings: isGood ? errors.split("\n").filter((line) => line.includes("  warning: ")) : [],
  };
}

async function buildBinary(): Promise<Outcome> {
  try {
    await binaryPath();
    return { failure: "", warnings: [] };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error), warnings: [] };
  }
}

/** The words of a failed step, indented, and not more than one can read. */
function excerpt(text: string): string {
  const lines = text.split("\n");
  const more = lines.length - longestOutput;
  const shown = lines.slice(0, longestOutput).concat(
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
      const { failure, warnings } = await step.run();
      report(step.name, failure === "", started);
      for (const line of warnings) console.log(`    ${line}`);
      if (failure === "") continue;
      failed++;
      console.log(excerpt(failure));
    }
  }
  await Promise.all([work(), work()]);
  return failed;
}

function report(name: string, good: boolean, started: number): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${good ? "ok  " : "FAIL"} ${name.padEnd(8)} ${seconds.padStart(6)} s`);
}

async function reportTests(scope: Scope) {
  const started = performance.now();
  const run = await runAllTests(scope);
  report("tests", run.failed + run.messages.length === 0, started);
  for (const text of [run.note ?? [], run.failures, run.messages].flat()) {
    console.log(`    ${text}`);
  }
  if (run.left > 0) console.log(`    ${run.left} slow tests are left to npm run test:full`);
  return run;
}

const failedChecks = await runChecks(checks);
const run = await reportTests(process.argv.includes("--full") ? "full" : "fast");
const total = { ...run, failed: run.failed + failedChecks + run.messages.length };
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(closingLine(total));
