/**
 * SQLite databases: the smallest surface that the state needs.
 *
 * @module
 */

import { Database, type Statement } from "bun:sqlite";

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
  // The runtime's own cache holds twenty; all statements of a program are more, and not many.
  const statements = new Map<string, Statement<SqliteRow, SqliteValue[]>>();
  function prepare(text: string): Statement<SqliteRow, SqliteValue[]> {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const statement = database.prepare<SqliteRow, SqliteValue[]>(text);
    statements.set(text, statement);
    return statement;
  }
  return {
    run: (statement, ...values) => void prepare(statement).run(...values),
    rows: (statement, ...values) => prepare(statement).all(...values),
    transaction(work) {
      // The runtime's own way makes functions anew for each transaction.
      prepare("BEGIN IMMEDIATE").run();
      try {
        const result = work();
        prepare("COMMIT").run();
        return result;
      } catch (error) {
        // Some failures, such as a full disk, have rolled it back already.
        if (database.inTransaction) prepare("ROLLBACK").run();
        throw error;
      }
    },
    close() {
      for (const statement of statements.values()) statement.finalize();
      database.close();
    },
  };
}
