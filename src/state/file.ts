/**
 * Opens the state file and brings its tables up to date.
 *
 * @module
 */

import { closeSync, openSync, statSync } from "node:fs";
import { AgentError, errorCode, messageOf } from "../base/errors.ts";
import { openSqlite, type Sqlite } from "../runtime/sqlite.ts";
import { applicationId, migrations } from "./migrations.ts";
import { type MoveMark, parseMark, refuseMoved, StateMovedError } from "./move/mark.ts";

function pragma(database: Sqlite, name: string): number {
  const [row] = database.rows(`PRAGMA ${name}`);
  return Number(row?.[name] ?? 0);
}

function isEmpty(database: Sqlite): boolean {
  return database.rows("SELECT name FROM sqlite_schema LIMIT 1").length === 0;
}

/** What the tables of a file are. */
export interface Tables {
  /** Marks a SQLite file as one with these tables. */
  readonly applicationId: number;
  /** Statements that lead from version n to n + 1, oldest first. */
  readonly migrations: readonly (readonly string[])[];
}

/** Refuses what is not ours, or from a newer agent, whose tables this one does not know. */
function check(database: Sqlite, { applicationId, migrations }: Tables): void {
  // In this order: another process may be making the tables, and they come together with the id.
  if (!isEmpty(database) && pragma(database, "application_id") !== applicationId) {
    throw new AgentError("it is a database of another program");
  }
  const version = pragma(database, "user_version");
  if (version > migrations.length) {
    throw new AgentError(`it is of version ${version}, written by a newer agent`);
  }
}

function migrate(database: Sqlite, tables: Tables): void {
  const { applicationId, migrations } = tables;
  check(database, tables);
  if (pragma(database, "user_version") === migrations.length) return;
  database.transaction(() => {
    // Another process may have done it since.
    check(database, tables);
    const version = pragma(database, "user_version");
    for (const statement of migrations.slice(version).flat()) database.run(statement);
    database.run(`PRAGMA application_id = ${applicationId}`);
    database.run(`PRAGMA user_version = ${migrations.length}`);
  });
}

/**
 * Makes the file, for its owner only. One that is there is not opened: to close it again would give up the
 * locks that the connections of this process have on it, and the next who closes the database would take it
 * for unused and remove its log.
 */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, "ax", 0o600));
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    if (statSync(path).isDirectory()) throw new AgentError("it is a directory");
  }
}

/**
 * Opens the state file, which is created when it is not there, for its owner only.
 *
 * @throws {AgentError} when it cannot be read or written, is no state file of this agent, or the state is not
 * in it any more.
 */
export function openState(path: string): Sqlite {
  const database = openStateFile(path);
  try {
    refuseMovedFile(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What a state file remembers of a move. */
export function readMark(database: Sqlite): MoveMark | undefined {
  const [row] = database.rows("SELECT mark FROM moves");
  return row === undefined ? undefined : parseMark(row.mark);
}

/**
 * Refuses a state file whose state was moved.
 *
 * @throws {StateMovedError} that says where it is.
 */
export function refuseMovedFile(database: Sqlite, path: string): void {
  refuseMoved(readMark(database), `the state file ${path}`);
}

/** Opens the state file as {@linkcode openState} does, also one whose state was moved. */
export function openStateFile(path: string): Sqlite {
  try {
    return openTables(path, { applicationId, migrations });
  } catch (error) {
    throw unusable(path, error);
  }
}

/**
 * Opens a file and brings its tables up to date; it is created when it is not there, for its owner only. Each
 * commit is on the disk when it returns.
 *
 * @throws {AgentError} when it has other tables, or is of a newer agent; else what SQLite or the system says.
 */
export function openTables(path: string, tables: Tables): Sqlite {
  let database: Sqlite | undefined;
  try {
    createFile(path);
    database = openSqlite(path);
    database.run("PRAGMA busy_timeout = 10000");
    migrate(database, tables);
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = FULL");
    return database;
  } catch (error) {
    database?.close();
    throw error;
  }
}

/**
 * Does some work whose writing survives the end of this process, but is not waited for until it is on
 * the disk: that of the next ordinary transaction takes it along.
 */
export function withoutWaiting<T>(database: Sqlite, work: () => T): T {
  database.run("PRAGMA synchronous = NORMAL");
  try {
    return work();
  } finally {
    database.run("PRAGMA synchronous = FULL");
  }
}

/** Whether commits go to a log, which can be brought to the disk after them. */
export function hasLog(database: Sqlite): boolean {
  const [row] = database.rows("PRAGMA journal_mode");
  return row?.journal_mode === "wal";
}

/** The error for a state file that fails. */
export function unusable(path: string, cause: unknown): AgentError {
  if (cause instanceof StateMovedError) return cause;
  const code = errorCode(cause);
  const isDamaged = code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT");
  const reason = isDamaged ? "it is damaged, or no state file" : messageOf(cause);
  return new AgentError(`Cannot use the state file ${path}: ${reason}`, {
    hint: isDamaged
      ? "Move it away, restore a backup of it, or name another one with --state. A new one is begun then: everything is read anew, and what was still to be sent is not known to it."
      : "The agent must be able to write it and its folder. --state names another file; without its " +
        "state, the agent reads everything again.",
    cause,
  });
}

/** How the parts of the state use the open file. */
export interface UseState {
  /** Does some work. */
  now<T>(work: (database: Sqlite) => T): T;
  /** Does it at once, too, and gives what came of it as the promise that {@linkcode State} asks for. */
  later<T>(work: (database: Sqlite) => T): Promise<T>;
}

/** Uses an open file; what fails is thrown as the error that `toError` makes of it. */
export function useState(database: Sqlite, toError: (cause: unknown) => Error): UseState {
  const now = <T>(work: (database: Sqlite) => T): T => {
    try {
      return work(database);
    } catch (error) {
      throw toError(error);
    }
  };
  return { now, later: (work) => Promise.try(() => now(work)) };
}
