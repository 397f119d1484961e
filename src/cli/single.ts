/**
 * One upload at a time on a machine, unless asked otherwise.
 *
 * @module
 */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { programName } from "../runtime/program.ts";

/** Does some work under the machine-wide lock, which is named after the program. */
export async function withLock<T>(locked: boolean, work: () => Promise<T>): Promise<T> {
  if (!locked) return await work();
  const { acquireLock } = await import("../runtime/lock.ts");
  const lock = acquireLock(join(tmpdir(), `${programName()}.lock`));
  try {
    return await work();
  } finally {
    lock.release();
  }
}
