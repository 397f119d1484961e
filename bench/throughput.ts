/**
 * Uploads CSV rows into a stand-in with the compiled binary, beside a bare loop that posts ready-made
 * bodies of the same batches.
 *
 * @module
 */
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Keep } from "../test/support/stand_in/store.ts";
import { spawnStandIn, type StandInProcess } from "../test/support/stand_in/process.ts";
import { type BenchLanguage, csvFile, folder, iniFile } from "./data.ts";
import { median } from "./figures.ts";

/** What one upload took. */
interface Upload {
  /** The section's own time, as its report has it: like the loop's, without the start of the program. */
  readonly milliseconds: number;
  /** From the start of the program to its end. */
  readonly whole: number;
  /** Peak resident memory in MB. */
  readonly memory: number;
  readonly requests: number;
}

/** The token of every stand-in. */
export const token = "token-of-the-benchmark";

/** Starts a stand-in of its own for a measurement. */
export function startStandIn(keep: Keep): Promise<StandInProcess> {
  return spawnStandIn({ token, keep });
}

/**
 * Watches the peak memory of a process. What rusage says would begin with the peak of its parent.
 *
 * @returns the peak so far in MB.
 */
export function watchPeak(pid: number): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1000);
    } catch {
      // The process has ended.
      clearInterval(timer);
    }
  }, 10);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

async function upload(
  binary: string,
  ini: string,
  rows: number,
  words: readonly string[] = [],
): Promise<Upload> {
  const begun = performance.now();
  const child = Bun.spawn(
    [
      binary,
      "upload",
      "csv_assets",
      "--ini",
      ini,
      "--singleton",
      "0",
      "--quiet",
      "--output",
      "json",
      ...words,
    ],
    { stdout: "pipe", stderr: "inherit" },
  );
  const peak = watchPeak(child.pid);
  const text = await new Response(child.stdout).text();
  await child.exited;
  const whole = performance.now() - begun;
  const report = JSON.parse(text) as {
    exit: number;
    sections: { requests: number; counts: { sent: number }; started: string; ended: string }[];
  };
  const [section] = report.sections;
  if (report.exit !== 0 || section?.counts.sent !== rows) {
    throw new Error(`The upload went wrong: ${text}`);
  }
  const milliseconds = Date.parse(section.ended) - Date.parse(section.started);
  return { milliseconds, whole, memory: peak(), requests: section.requests };
}

function bareLoop(url: string, rows: number): number {
  const script = join(import.meta.dir, "bare_loop.ts");
  const run = Bun.spawnSync([process.execPath, script, url, token, String(rows), "2"]);
  if (run.exitCode !== 0) throw new Error(run.stderr.toString());
  return Number(run.stdout.toString());
}

/** Uploads rows with a custom converter on every record, beside the same upload without. */
export async function measureUserCode(binary: string, rows: number, rounds: number): Promise<void> {
  const csv = await csvFile(rows);
  const rates = new Map<BenchLanguage | undefined, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const language of [undefined, "javascript", "python"] as const) {
      const { child, url } = await startStandIn("all");
      const { whole: milliseconds } = await upload(
        binary,
        iniFile(csv, url, token, language),
        rows,
      );
      child.kill();
      rates.set(language, [...rates.get(language) ?? [], rows / milliseconds * 1000]);
    }
  }
  for (const [language, all] of rates) {
    console.log(
      `${rows} rows, ${language ?? "no custom"} converter: ${Math.round(median(all))} records/s`,
    );
  }
}

/** Uploads rows with and without a state file, one after the other. */
export async function measureState(binary: string, rows: number, rounds: number): Promise<void> {
  const csv = await csvFile(rows);
  const state = join(folder, "state.sqlite");
  const withState: number[] = [];
  const without: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(state + suffix, { force: true });
    for (
      const [words, times] of [[["--state", state], withState], [["--no-state"], without]] as const
    ) {
      const { child, url } = await startStandIn("all");
      const { milliseconds } = await upload(binary, iniFile(csv, url, token), rows, words);
      child.kill();
      times.push(milliseconds);
    }
  }
  const [slow, fast] = [median(withState), median(without)];
  const ratio = (fast / slow * 100).toFixed(0);
  console.log(
    `state: ${rows} rows: ${Math.round(rows / slow * 1000)} records/s with the state file, ` +
      `${Math.round(rows / fast * 1000)} without: ${ratio} %; the file has ${
        Math.round(statSync(state).size / 1000)
      } kB`,
  );
}

/** Measures so many rows over so many rounds and prints the figures. Gives the peak memory in MB. */
export async function measureThroughput(
  binary: string,
  rows: number,
  rounds: number,
  keep: Keep = "all",
): Promise<number> {
  const csv = await csvFile(rows);
  const uploads: Upload[] = [];
  const bare: number[] = [];
  // A stand-in of its own for each round: it remembers what it got.
  for (let round = 0; round < rounds; round++) {
    const { child, url } = await startStandIn(keep);
    if (rows <= 100_000) bare.push(bareLoop(url, rows));
    child.kill();
    const fresh = await startStandIn(keep);
    uploads.push(await upload(binary, iniFile(csv, fresh.url, token), rows));
    fresh.child.kill();
  }
  const milliseconds = median(uploads.map((one) => one.milliseconds));
  const memory = Math.max(...uploads.map((one) => one.memory));
  const whole = median(uploads.map((one) => one.whole));
  const rate = Math.round(rows / milliseconds * 1000);
  console.log(
    `${rows} rows: ${rate} records/s, ${uploads[0]?.requests} requests, peak ${
      Math.round(memory)
    } MB`,
  );
  if (bare.length > 0) {
    const limit = median(bare);
    const ratio = (limit / milliseconds * 100).toFixed(0);
    const wholeRatio = (limit / whole * 100).toFixed(0);
    const bareRate = Math.round(rows / limit * 1000);
    console.log(
      `  bare loop: ${bareRate} records/s; the upload reaches ${ratio} % of it, ` +
        `with the start of the program ${wholeRatio} %`,
    );
  }
  return memory;
}
