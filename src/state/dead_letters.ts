/**
 * Records that Oomnitza refused, in the state file.
 *
 * @module
 */

import { parseExactJson } from "../base/json.ts";
import type { MappedRecord } from "../base/record.ts";
import type { Sqlite, SqliteRow } from "../runtime/sqlite.ts";
import type { UseState } from "./file.ts";
import type { RefusedCount } from "./state.ts";
import type { DeadLetter, DeadLetters, Selection } from "./state.ts";

export function addDeadLetter(
  database: Sqlite,
  letter: Omit<DeadLetter, "id" | "payload"> & { readonly payload: string },
): void {
  database.run(
    `INSERT INTO dead_letters (run, section, at, record, status, reason, payload, upload)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    letter.run,
    letter.section,
    letter.at,
    letter.record,
    letter.status,
    letter.reason,
    letter.payload,
    letter.upload,
  );
}

function parseLetter(row: SqliteRow): DeadLetter {
  return {
    id: Number(row.id),
    run: String(row.run),
    section: String(row.section),
    at: String(row.at),
    record: String(row.record),
    status: row.status === null ? null : Number(row.status),
    reason: String(row.reason),
    payload: parseExactJson(String(row.payload)) as MappedRecord,
    upload: String(row.upload),
  };
}

function findLetters(database: Sqlite, selection: Selection): DeadLetter[] {
  const { ids, section, reason, window } = selection;
  // A condition that may or may not hold would keep SQLite from its indexes.
  const conditions = [
    ...(section === undefined ? [] : [["section = ?", section] as const]),
    ...(reason === undefined ? [] : [["reason = ?", reason] as const]),
    ...(ids === undefined
      ? []
      : [["id IN (SELECT value FROM json_each(?))", JSON.stringify(ids)] as const]),
  ];
  const where = conditions.map(([condition]) => condition).join(" AND ");
  const rows = database.rows(
    `SELECT * FROM dead_letters ${
      where === "" ? "" : `WHERE ${where}`
    } ORDER BY id LIMIT ? OFFSET ?`,
    ...conditions.map(([, value]) => value),
    window?.limit ?? -1,
    window?.offset ?? 0,
  );
  return rows.map(parseLetter);
}

/** Dead letters, in the state file. */
export class StateDeadLetters implements DeadLetters {
  readonly #use: UseState;
  readonly #redact: (text: string) => string;

  /** @param redact Masks secrets. */
  constructor(use: UseState, redact: (text: string) => string) {
    this.#use = use;
    this.#redact = redact;
  }

  find(selection: Selection): Promise<DeadLetter[]> {
    return this.#use.later((database) => findLetters(database, selection));
  }

  remove(ids: readonly number[]): Promise<void> {
    return this.#use.later((database) =>
      database.transaction(() => {
        for (const id of ids) database.run("DELETE FROM dead_letters WHERE id = ?", id);
      })
    );
  }

  refuseAgain(id: number, status: number | null, reason: string): Promise<void> {
    const at = new Date().toISOString();
    return this.#use.later((database) =>
      database.run(
        "UPDATE dead_letters SET at = ?, status = ?, reason = ? WHERE id = ?",
        at,
        status,
        this.#redact(reason),
        id,
      )
    );
  }

  prune(days: number, count: number): Promise<number> {
    const before = new Date(Date.now() - days * 86_400_000).toISOString();
    return this.#use.later((database) =>
      database.transaction(() => {
        const old = database.rows("DELETE FROM dead_letters WHERE at < ? RETURNING id", before);
        const many = database.rows(
          `DELETE FROM dead_letters WHERE id NOT IN (
            SELECT id FROM dead_letters ORDER BY id DESC LIMIT ?) RETURNING id`,
          count,
        );
        return old.length + many.length;
      })
    );
  }
}

/** How many records are kept by section and reason, the most frequent reason first. */
export function countDeadLetters(database: Sqlite): RefusedCount[] {
  const rows = database.rows(
    `SELECT section, reason, count(*) AS records FROM dead_letters
      GROUP BY section, reason ORDER BY records DESC, section, reason`,
  );
  return rows.map(({ section, reason, records }) => ({
    section: String(section),
    reason: String(reason),
    count: Number(records),
  }));
}
