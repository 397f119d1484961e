/**
 * Webhook events that were given up, in the state file.
 *
 * @module
 */

import { parseExactJson } from "../base/json.ts";
import type { Sqlite, SqliteRow } from "../runtime/sqlite.ts";

/** An event that was given up. */
export interface DeadEvent {
  readonly id: number;
  readonly section: string;
  /** When it was given up, ISO 8601. */
  readonly at: string;
  /** What it is about, for example `computer 17`. */
  readonly record: string;
  readonly reason: string;
  /** What was kept of its body. */
  readonly payload: unknown;
}

function parseEvent(row: SqliteRow): DeadEvent {
  return {
    id: Number(row.id),
    section: String(row.section),
    at: new Date(Number(row.due)).toISOString(),
    record: row.key === null ? "" : String(row.key),
    reason: String(row.reason ?? ""),
    payload: parseExactJson(String(row.body)),
  };
}

/** Those of a section, or all, oldest first. */
export function findDeadEvents(database: Sqlite, section: string | undefined): DeadEvent[] {
  return database.rows(
    "SELECT * FROM inbox WHERE is_dead = 1 AND (? IS NULL OR section = ?) ORDER BY id",
    section ?? null,
    section ?? null,
  ).map(parseEvent);
}

/** Lets some be tried again at once; one goes when a newer event about the same waits already. */
export function reviveEvents(database: Sqlite, ids: readonly number[], now: number): void {
  database.transaction(() => {
    for (const id of ids) {
      const updated = database.rows(
        `UPDATE OR IGNORE inbox SET is_dead = 0, tries = 0, received = ?, due = ?
          WHERE id = ? AND is_dead = 1 RETURNING id`,
        now,
        now,
        id,
      );
      if (updated.length === 0) removeOne(database, id);
    }
  });
}

function removeOne(database: Sqlite, id: number): void {
  database.run("DELETE FROM inbox WHERE id = ? AND is_dead = 1", id);
}

/** Removes some, all or none. */
export function removeDeadEvents(database: Sqlite, ids: readonly number[]): void {
  database.transaction(() => {
    for (const id of ids) removeOne(database, id);
  });
}

/** Removes what was given up before a time in milliseconds, then the oldest beyond `count`; gives how many. */
export function pruneDeadEvents(database: Sqlite, before: number, count: number): number {
  return database.transaction(() => {
    const old = database.rows(
      "DELETE FROM inbox WHERE is_dead = 1 AND due < ? RETURNING id",
      before,
    );
    const many = database.rows(
      `DELETE FROM inbox WHERE is_dead = 1 AND id NOT IN (
        SELECT id FROM inbox WHERE is_dead = 1 ORDER BY id DESC LIMIT ?) RETURNING id`,
      count,
    );
    return old.length + many.length;
  });
}
