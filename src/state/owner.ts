/**
 * Which process is at work on what is in the state file: each holds a lock that a crash releases.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { AgentError } from "../base/errors.ts";
import { acquireLock, type Lock } from "../runtime/lock.ts";
import { newId } from "./id.ts";

/** A process that works with the state file. */
export interface Owner {
  readonly id: string;
  release(): void;
}

function lockFile(state: string, owner: string): string {
  return `${state}-${owner}.lock`;
}

/** Makes this process known, until it releases that or dies. */
export function becomeOwner(state: string): Owner {
  const id = newId();
  const lock = acquireLock(lockFile(state, id));
  return { id, release: () => lock.release() };
}

/** Whether an owner is still at work. */
export function isAtWork(state: string, owner: string): boolean {
  const path = lockFile(state, owner);
  if (!existsSync(path)) return false;
  let lock: Lock;
  try {
    lock = acquireLock(path);
  } catch (error) {
    if (error instanceof AgentError && error.retriable) return true;
    throw error;
  }
  // Also removes what a killed process left lying about.
  lock.release();
  return false;
}
