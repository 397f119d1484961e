/**
 * SQLite databases: the smallest surface that the state needs.
 *
 * @module
 */

import { Database } from "bun:sqlite";

/** What a column holds, and what can be bound to a parameter. */
export type SqliteValue = string | number | bigint | Uint8Array | null;

/** One row by column names. */
export type SqliteRow = Readonly<Record<string, SqliteValue>>;

/** An open database. Everything throws what SQLite says, as an error with a `code`. */
export interface Sqlite {
  /** Runs a statement, its parameters by position. */
  run(statement: string, ...values: readonly SqliteValue[]): void;
  /** All rows that a statement gives. */
  rows(statement: string, ...values: readonly SqliteValue[]): readonly SqliteRow[];
  /** Does some work completely or not at all; nobody else writes meanwhile. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** Opens a database, which is created when it is not there. */
export function openSqlite(path: string): Sqlite {
  const database = new Database(path, { create: true, readwrite: true });
  return {
    run: (statement, ...values) => void database.query(statement).run(...values),
    rows: (statement, ...values) =>
      database.query<SqliteRow, SqliteValue[]>(statement).all(...values),
    transaction: (work) => database.transaction(work).immediate(),
    close: () => database.close(),
  };
}
