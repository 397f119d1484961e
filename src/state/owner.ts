/**
 * Which process is at work on what is in the state file: each holds a lock that a crash releases.
 *
 * @module
 */

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
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

/** A lock that is new may be held for a moment by a process that looks whose it is. */
const mostTries = 20;

/** Makes this process known, until it releases that or dies, and removes the locks of those that died. */
export function becomeOwner(state: string): Owner {
  removeDeadLocks(state);
  for (let tries = 1;; tries++) {
    const id = newId();
    try {
      const lock = acquireLock(lockFile(state, id));
      return { id, release: () => lock.release() };
    } catch (error) {
      const isHeld = error instanceof AgentError && error.retriable;
      if (!isHeld || tries === mostTries) throw error;
    }
  }
}

/** A kill leaves the file of a lock, though not the lock. */
function removeDeadLocks(state: string): void {
  const start = `${basename(state)}-`;
  for (const name of readdirSync(dirname(state))) {
    const [, id] =
      /^([0-9a-z]{10})\.lock$/.exec(name.startsWith(start) ? name.slice(start.length) : "") ?? [];
    if (id === undefined) continue;
    try {
      isAtWork(state, id);
    } catch {
      // Of another account: it is not ours to remove, and keeps nobody from working.
    }
  }
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
