/**
 * Which process is at work on what is in the state file: each holds a lock that a crash releases.
 *
 * @module
 */

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { AgentError } from "../base/errors.ts";
import { acquireLock, type Lock, LockHeldError } from "../runtime/lock.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { refuseMovedFile } from "./file.ts";
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

/**
 * Makes this process known, until it releases that or dies, and removes the locks of those that died.
 *
 * @throws {AgentError} when the state in the open file was moved since it was opened.
 */
export function becomeOwner(state: string, database: Sqlite): Owner {
  removeDeadLocks(state);
  const owner = takeLock(state);
  try {
    // In this order: who moves the state marks it, and then looks for locks.
    refuseMovedFile(database, state);
    return owner;
  } catch (error) {
    owner.release();
    throw error;
  }
}

function takeLock(state: string): Owner {
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

/** The owners whose locks lie beside the file, dead ones included. */
function findOwners(state: string): string[] {
  const start = `${basename(state)}-`;
  return readdirSync(dirname(state)).flatMap((name) => {
    const [, id] =
      /^([0-9a-z]{10})\.lock$/.exec(name.startsWith(start) ? name.slice(start.length) : "") ?? [];
    return id === undefined ? [] : [id];
  });
}

/** A kill leaves the file of a lock, though not the lock. */
function removeDeadLocks(state: string): void {
  for (const id of findOwners(state)) {
    try {
      isAtWork(state, id);
    } catch {
      // Of another account: it is not ours to remove, and keeps nobody from working.
    }
  }
}

/**
 * A process that works with the state file, for people; undefined when there is none.
 *
 * @throws {AgentError} when a lock belongs to another account, so that it cannot be told.
 */
export function findProcessAtWork(state: string): string | undefined {
  for (const id of findOwners(state)) {
    try {
      acquireLock(lockFile(state, id)).release();
    } catch (error) {
      if (!(error instanceof LockHeldError)) throw error;
      return error.process === undefined ? "A process" : `Process ${error.process}`;
    }
  }
  return undefined;
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
