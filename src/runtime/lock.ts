/**
 * A lock that only one process on the machine can hold, and that a crash releases.
 *
 * SQLite's file locks are used: they are the operating system's own on every platform, and the
 * kernel frees them with the process.
 *
 * @module
 */

import { constants, Database } from "bun:sqlite";
import {
  chownSync,
  closeSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { AgentError, errorCode, messageOf } from "../base/errors.ts";

export interface Lock {
  /** Releases the lock and removes its file. */
  release(): void;
}

/** Where SQLite keeps `user_version` in a database file, a big-endian number of four bytes. */
const ownerOffset = 60;

/**
 * The locks that this process holds. On POSIX, closing any handle of a file gives up all locks of the
 * process on it, so that a file that is locked here must not even be looked at.
 */
const heldHere = new Set<string>();

/**
 * The process that wrote itself into a lock file, or nothing when it is not known. Never to be
 * called by the holder, see {@linkcode heldHere}.
 */
function readOwner(path: string): number | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const bytes = Buffer.alloc(4);
    return readSync(file, bytes, 0, 4, ownerOffset) === 4 ? bytes.readUInt32BE() : undefined;
  } catch {
    // Gone in the meantime, or of another account: then its owner is not known.
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function isHeld(error: unknown): boolean {
  return errorCode(error).startsWith("SQLITE_BUSY") || errorCode(error).startsWith("SQLITE_LOCKED");
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // A leftover file is harmless: the lock is on the open file, not on its name.
  }
}

/** Which file is behind a name at the moment; blank when there is none. */
function fileIdentity(path: string): string {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return "";
  // A file id may be given again once a file is gone; the time of birth may not be true on Windows.
  const birth = process.platform === "win32" ? "" : stats.birthtimeNs;
  return `${stats.dev}:${stats.ino}:${birth}`;
}

/**
 * Makes the file, for its account only: whoever can open it can hold it. What root makes in the folder
 * of another account is that account's, so that both see the same lock.
 */
function create(path: string): void {
  try {
    // O_EXCL: a symbolic link of that name is not followed. Nobody has locked a file that is new.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (errorCode(error) === "EEXIST") return;
    throw error;
  }
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(path));
  if (uid !== 0) chownSync(path, uid, gid);
}

/** SQLite's own open flags; it refuses a path with a symbolic link in it. */
const openFlags = constants.SQLITE_OPEN_READWRITE | constants.SQLITE_OPEN_CREATE |
  constants.SQLITE_OPEN_NOFOLLOW;

/** Opens and locks the file, which is created when it is not there. */
function tryLock(path: string): { readonly database: Database; readonly isNamed: boolean } {
  create(path);
  const before = fileIdentity(path);
  const database = new Database(path, openFlags);
  try {
    database.run("PRAGMA journal_mode = MEMORY");
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    database.run("BEGIN EXCLUSIVE");
    database.run(`PRAGMA user_version = ${process.pid}`);
    // The exclusive locking mode keeps the lock when the transaction ends.
    database.run("COMMIT");
    return { database, isNamed: before !== "" && fileIdentity(path) === before };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The path with its folder as it really is: only the name itself must be no symbolic link. */
function realPath(path: string): string {
  return join(realpathSync(dirname(path)), basename(path));
}

/**
 * Takes the lock of a file, or says who holds it.
 *
 * @throws {AgentError} when the lock is held, or its file belongs to another account.
 */
export function acquireLock(named: string): Lock {
  let path = named;
  try {
    path = realPath(named);
  } catch (error) {
    throw unusable(named, error);
  }
  if (heldHere.has(path)) throw heldError(path, process.pid);
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const { database, isNamed } = tryLock(path);
      // Between opening and locking, the last holder may have removed the file: then this lock is on
      // a file without a name, and another process could lock a new one.
      if (isNamed) return lockOn(database, path);
      database.close();
    } catch (error) {
      throw isHeld(error) ? heldError(path, readOwner(path)) : unusable(path, error);
    }
  }
  throw heldError(path, readOwner(path));
}

function lockOn(database: Database, path: string): Lock {
  heldHere.add(path);
  return {
    release() {
      heldHere.delete(path);
      // An open file can only be removed on POSIX, a closed one only be safely removed on Windows.
      if (process.platform !== "win32") remove(path);
      database.close();
      if (process.platform === "win32") remove(path);
    },
  };
}

/** A lock that another process holds. */
export class LockHeldError extends AgentError {
  override name = "LockHeldError";
  /** The one that holds it, where that is known. */
  readonly process: number | undefined;

  constructor(path: string, process: number | undefined) {
    const who = process === undefined ? "" : ` (process ${process})`;
    super(`Another upload with the same state file is running${who}: it holds ${path}`, {
      hint: "Wait for it to end, or start with --singleton 0 to run beside it.",
      retriable: true,
    });
    this.process = process;
  }
}

function heldError(path: string, owner: number | undefined): LockHeldError {
  return new LockHeldError(path, owner === 0 ? undefined : owner);
}

function unusable(path: string, error: unknown): AgentError {
  return new AgentError(`Cannot use the lock file ${path}: ${messageOf(error)}`, {
    hint:
      "It may belong to another account, or be a symbolic link: remove it when no upload is running, or start with --singleton 0.",
    cause: error,
  });
}
