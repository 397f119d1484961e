/**
 * Webhook events that were given up, in the state file.
 *
 * @module
 */

import { parseExactJson } from "../base/json.ts";
import type { Sqlite, SqliteRow } from "../runtime/sqlite.ts";
import type { UseState } from "./file.ts";
import type { DeadEvent, DeadEvents } from "./state.ts";

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

function removeOne(database: Sqlite, id: number): void {
  database.run("DELETE FROM inbox WHERE id = ? AND is_dead = 1", id);
}

function reviveOne(database: Sqlite, id: number, now: number): void {
  const updated = database.rows(
    `UPDATE OR IGNORE inbox SET is_dead = 0, tries = 0, received = ?, due = ?
      WHERE id = ? AND is_dead = 1 RETURNING id`,
    now,
    now,
    id,
  );
  if (updated.length === 0) removeOne(database, id);
}

/** Events that were given up, in the state file. */
export class StateDeadEvents implements DeadEvents {
  readonly #use: UseState;

  constructor(use: UseState) {
    this.#use = use;
  }

  find(section: string | undefined): Promise<DeadEvent[]> {
    return this.#use.later((database) =>
      database.rows(
        "SELECT * FROM inbox WHERE is_dead = 1 AND (? IS NULL OR section = ?) ORDER BY id",
        section ?? null,
        section ?? null,
      ).map(parseEvent)
    );
  }

  revive(ids: readonly number[]): Promise<void> {
    const now = Date.now();
    return this.#forEach(ids, (database, id) => reviveOne(database, id, now));
  }

  remove(ids: readonly number[]): Promise<void> {
    return this.#forEach(ids, removeOne);
  }

  prune(days: number, count: number): Promise<number> {
    const before = Date.now() - days * 86_400_000;
    return this.#use.later((database) =>
      database.transaction(() => {
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
      })
    );
  }

  #forEach(
    ids: readonly number[],
    work: (database: Sqlite, id: number) => void,
  ): Promise<void> {
    return this.#use.later((database) =>
      database.transaction(() => {
        for (const id of ids) work(database, id);
      })
    );
  }
}
