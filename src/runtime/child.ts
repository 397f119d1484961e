/**
 * A second process of this same program: started, talked to through its standard input and output,
 * and killed when it must be.
 *
 * @module
 */

import { readFileSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isCompiled } from "./program.ts";

/** How to start this program again. */
export interface SelfCommand {
  /** The hidden argument that says what the program is started for. */
  readonly argument: string;
  /** URL of the file to start when the program runs from its sources instead of as one binary. */
  readonly sourceEntry: string;
}

export interface Child {
  readonly pid: number;
  /** The bytes that the child writes; ends when the child does. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Sends bytes; does nothing when the child is gone. */
  send(bytes: Uint8Array): void;
  /** Processor time that it has used, in milliseconds; undefined where the system does not report it. */
  usedMs(): number | undefined;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

/**
 * Starts this program again, with an empty environment and away from the current directory, so that
 * neither variables nor files lying about there can change what it does.
 */
export function spawnSelf({ argument, sourceEntry }: SelfCommand): Child {
  const entry = isCompiled ? process.execPath : fileURLToPath(sourceEntry);
  const process_ = Bun.spawn({
    cmd: isCompiled ? [entry, argument] : [process.execPath, entry, argument],
    cwd: dirname(entry),
    env: {},
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
    windowsHide: true,
  });
  const ended = process_.exited.then(() => {});
  return {
    pid: process_.pid,
    output: process_.stdout,
    ended,
    send(bytes) {
      if (process_.exitCode !== null || process_.signalCode !== null) return;
      process_.stdin.write(bytes);
      // A child that is gone is noticed through `ended`, not through its input.
      Promise.resolve(process_.stdin.flush()).catch(() => {});
    },
    usedMs: () => process.platform === "linux" ? usedOnLinux(process_.pid) : undefined,
    kill: () => process_.kill("SIGKILL"),
  };
}

/** The kernel counts in hundredths of a second, for programs whatever its own clock. */
function usedOnLinux(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined; // It has just ended, or /proc is not mounted.
  }
}

/**
 * In the child: the bytes that the parent sends, read without an event loop. Ends when the parent has
 * closed its end, or is gone.
 */
export function* readFromParent(): Generator<Uint8Array> {
  const buffer = new Uint8Array(262_144);
  for (;;) {
    const count = readSome(buffer);
    if (count === 0) return;
    yield buffer.slice(0, count);
  }
}

function readSome(buffer: Uint8Array): number {
  try {
    return readSync(0, buffer);
  } catch (error) {
    // Windows says EOF where other systems give a count of 0.
    if (error instanceof Error && "code" in error && error.code === "EOF") return 0;
    throw error;
  }
}

/** In the child: sends bytes to the parent, at once. */
export function writeToParent(bytes: Uint8Array): void {
  let position = 0;
  while (position < bytes.length) position += writeSync(1, bytes, position);
}

/**
 * In the child: leaves it to the parent when to end. An interrupt key reaches both; only the parent
 * knows what is still to be done.
 */
export function ignoreSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
}
