/**
 * Runs the tests: all of them, or those of the fast gate, which are also held to their time.
 *
 * @module
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../binary/compile.ts";
import { type Counts, readCounts, readFailures, readTimes, type TimedTest } from "./junit.ts";
import { startPace } from "./pace.ts";

/** Which tests run: those of the fast gate, or all, with the command line as the compiled program. */
export type Scope = "fast" | "full";

/** How the tests went. */
export interface TestRun extends Counts {
  /** Tests that the fast gate leaves to the full one. */
  readonly left: number;
  /** The tests that failed: file and name. */
  readonly failures: readonly string[];
  /** What else is wrong: one sentence each. */
  readonly messages: readonly string[];
}

/** Seconds that a test of the fast gate may take on an idle machine. */
const longestTest = 1.5;
/** The share of all tests that the fast gate runs at least. */
const smallestShare = 0.95;

/** How long tests took, on a machine that was so many times slower than an idle one. */
export interface Timing {
  readonly times: readonly TimedTest[];
  readonly factor: number;
}

interface RunnerOptions {
  readonly scope: Scope;
  readonly paths: readonly string[];
  readonly workers: number;
  /** A new folder for the reports. */
  readonly folder: string;
  readonly isQuiet?: boolean;
}

/** One run of the test runner; what became of it is in the report. */
async function runTests({ scope, paths, workers, folder, isQuiet = false }: RunnerOptions) {
  const report = join(folder, "junit.xml");
  const list = join(folder, "left_out.txt");
  const pace = startPace();
  // In the full gate, each file gets a fresh global object of a worker process: files that share one
  // disturb each other's memory and time measurements, which the fast gate leaves out. There, a worker
  // keeps the modules that it loaded: loading them anew for each file is a seventh of all the work.
  const isolation = scope === "fast" ? "--no-isolate" : "--isolate";
  const options = [`--parallel=${workers}`, isolation, "--timeout=60000", "--only-failures"];
  const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
  const how = scope === "fast"
    ? { AGENT_TEST_SCOPE: "fast", AGENT_TEST_LEFT_OUT: list }
    : { AGENT_TEST: "binary" };
  const output = isQuiet ? "ignore" : "inherit";
  const run = Bun.spawn([process.execPath, "test", ...paths, ...options, ...reporter], {
    cwd: root,
    // No test leaves log files beside the program that it runs.
    env: { ...process.env, LOGS_DIRECTORY: "none", ...how },
    stdio: ["ignore", output, output],
  });
  const exitCode = await run.exited;
  pace.stop();
  const left = existsSync(list) ? readFileSync(list, "utf8").split("\n").length - 1 : 0;
  return {
    counts: readCounts(report, exitCode),
    failures: readFailures(report),
    times: readTimes(report),
    left,
    factor: pace.factor(),
  };
}

/**
 * The tests that take too long. A machine that is busy makes every test slow: the limit grows by as much
 * as a fixed amount of work, done again and again beside the tests, takes longer than on an idle
 * machine. Who is above it is tried once more, alone, before it counts.
 */
export async function findSlow(
  { times, factor }: Timing,
  runAgain: (paths: readonly string[]) => Promise<Timing>,
): Promise<string[]> {
  const suspects = times.filter(({ seconds }) => seconds > longestTest * factor);
  if (suspects.length === 0) return [];
  const paths = [...new Set(suspects.map(({ file }) => `./${file}`))];
  const again = await runAgain(paths);
  return suspects.flatMap(({ file, name }) => {
    const second = again.times.find((each) => each.file === file && each.name === name);
    if (second === undefined || second.seconds <= longestTest * again.factor) return [];
    return [
      `${file}: "${name}" takes ${second.seconds.toFixed(1)} s, more than ${longestTest} s ` +
      `(on this machine at present ${(longestTest * again.factor).toFixed(1)} s). ` +
      "Make it quicker, or mark it with slow() of test/support/slow.ts.",
    ];
  });
}

/** What is wrong when too many tests are left to the full gate. */
export function checkShare(run: number, left: number): string[] {
  const share = run / (run + left);
  return share >= smallestShare ? [] : [
    `The fast gate runs ${(share * 100).toFixed(1)} % of all tests, less than ` +
    `${smallestShare * 100} %. Make some of those that are marked with slow() quick.`,
  ];
}

/** Runs every test file below test/. */
export async function runAllTests(scope: Scope): Promise<TestRun> {
  const folder = mkdtempSync(join(tmpdir(), "agent-tests-"));
  const second = mkdtempSync(join(tmpdir(), "agent-tests-"));
  try {
    const { counts, failures, times, left, factor } = await runTests({
      scope,
      paths: ["./test"],
      // One more than there are cores: some tests wait.
      workers: scope === "fast" ? 3 : 2,
      folder,
    });
    const messages = scope === "full" ? [] : [
      ...checkShare(times.length, left),
      ...await findSlow(
        { times, factor },
        (paths) => runTests({ scope: "fast", paths, workers: 1, folder: second, isQuiet: true }),
      ),
    ];
    return { ...counts, failures, left, messages };
  } finally {
    for (const each of [folder, second]) rmSync(each, { recursive: true, force: true });
  }
}
