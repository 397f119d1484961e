/**
 * One upload at a time on a machine, by default.
 *
 * @module
 */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentError } from "../base/errors.ts";
import type { Lock } from "../runtime/lock.ts";
import { programName } from "../runtime/program.ts";

async function takeLock(): Promise<Lock> {
  const { acquireLock } = await import("../runtime/lock.ts");
  return acquireLock(join(tmpdir(), `${programName()}.lock`));
}

async function under<T>(lock: Lock, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/**
 * Does some work under the machine-wide lock, unless another process holds it.
 *
 * @returns whether the work was done.
 */
export async function tryLocked(locked: boolean, work: () => Promise<void>): Promise<boolean> {
  let lock: Lock | undefined;
  try {
    lock = locked ? await takeLock() : undefined;
  } catch (error) {
    if (error instanceof AgentError && error.retriable) return false;
    throw error;
  }
  await (lock === undefined ? work() : under(lock, work));
  return true;
}

/** Does some work under the machine-wide lock, which is named after the program. */
export async function withLock<T>(locked: boolean, work: () => Promise<T>): Promise<T> {
  return locked ? await under(await takeLock(), work) : await work();
}
