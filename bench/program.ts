/**
 * Runs the agent once and measures it.
 *
 * @module
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./data.ts";

/** What a run took. */
export interface Run {
  /** From the start of the program to its end. */
  readonly ms: number;
  /** Processor time of the program and what it started, in microseconds. */
  readonly cpuUs: number;
  /** Peak resident memory of the program itself in MB. */
  readonly peakMb: number;
}

/**
 * Watches the peak memory of a process. What rusage says would begin with the peak of its parent.
 *
 * @returns the peak so far in MB.
 */
function watchPeak(pid: number): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1000);
    } catch {
      // The process has ended.
      clearInterval(timer);
    }
  }, 5);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

/** Runs a program to its end; throws unless it ends well. */
export async function runProgram(program: string, words: readonly string[]): Promise<Run> {
  const begun = performance.now();
  const child = Bun.spawn([program, ...words], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", LOGS_DIRECTORY: "none" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const peak = watchPeak(child.pid);
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const exit = await child.exited;
  const ms = performance.now() - begun;
  const peakMb = peak();
  if (exit !== 0) throw new Error(`${words.join(" ")}: exit ${exit}:\n${output}${errors}`);
  return { ms, cpuUs: Number(child.resourceUsage()?.cpuTime.total ?? 0), peakMb };
}

/** The state file of the benchmark. */
export const statePath = join(folder, "state.sqlite");

/** Forgets what earlier runs remembered. */
export function forgetState(): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(statePath + suffix, { force: true });
}

/** Writes a configuration of its own for a measurement. */
export function writeIni(name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.ini`);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** Uploads a section, or plans it, with the state file of the benchmark unless told otherwise. */
export function runSection(
  program: string,
  { command = "upload", section, ini, words = ["--state", statePath] }: {
    readonly command?: "upload" | "plan";
    readonly section: string;
    readonly ini: string;
    readonly words?: readonly string[];
  },
): Promise<Run> {
  const own = command === "upload" ? ["--singleton", "0", "--quiet"] : ["--csv", "--quiet"];
  return runProgram(program, [command, section, "--ini", ini, ...own, ...words]);
}
