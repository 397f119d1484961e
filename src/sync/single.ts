/**
 * One upload at a time on a machine, unless asked otherwise.
 *
 * @module
 */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentError } from "../base/errors.ts";
import type { Lock } from "../runtime/lock.ts";
import { programName } from "../runtime/program.ts";

function lockPath(): string {
  return join(tmpdir(), `${programName()}.lock`);
}

/**
 * Does some work under the machine-wide lock, unless another process holds it.
 *
 * @returns whether the work was done.
 */
export async function tryLocked(locked: boolean, work: () => Promise<void>): Promise<boolean> {
  if (!locked) {
    await work();
    return true;
  }
  const { acquireLock } = await import("../runtime/lock.ts");
  let lock: Lock;
  try {
    lock = acquireLock(lockPath());
  } catch (error) {
    if (error instanceof AgentError && error.retriable) return false;
    throw error;
  }
  try {
    await work();
    return true;
  } finally {
    lock.release();
  }
}

/** Does some work under the machine-wide lock, which is named after the program. */
export async function withLock<T>(locked: boolean, work: () => Promise<T>): Promise<T> {
  if (!locked) return await work();
  const { acquireLock } = await import("../runtime/lock.ts");
  const lock = acquireLock(lockPath());
  try {
    return await work();
  } finally {
    lock.release();
  }
}
