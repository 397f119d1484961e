/**
 * What an instance of Oomnitza holds now, in a temporary database: it may be more than fits into memory.
 *
 * @module
 */

import { AgentError, messageOf } from "../base/errors.ts";
import { openSqlite, type Sqlite } from "../runtime/sqlite.ts";

/** A record of the instance. */
export interface LiveRecord {
  /** The values of its sync fields, as one text. */
  readonly key: string;
  /** What names it in calls. */
  readonly ident: string;
  /** Its values as JSON. */
  readonly values: string;
}

/**
 * Records by their keys, in a temporary file that goes with the process. It must be closed. Everything
 * throws `AgentError` when the disk fails.
 */
export class LiveRecords {
  readonly #database: Sqlite;

  constructor() {
    this.#database = openSqlite(":memory:");
    this.#attempt(() => {
      // Temporary tables are in a file of their own, which has no name on systems that allow that.
      this.#database.run("PRAGMA temp_store = FILE");
      this.#database.run(
        "CREATE TEMP TABLE live (id INTEGER PRIMARY KEY, key TEXT UNIQUE, ident TEXT, vals TEXT)",
      );
    });
  }

  /** Adds records; of those with one key, the first stays. */
  add(records: readonly LiveRecord[]): void {
    this.#attempt(() =>
      this.#database.transaction(() => {
        for (const { key, ident, values } of records) {
          this.#database.run(
            "INSERT INTO live (key, ident, vals) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            key,
            ident,
            values,
          );
        }
      })
    );
  }

  /** The record with a key. Its id is a small whole number. */
  find(key: string): (Omit<LiveRecord, "key"> & { readonly id: number }) | undefined {
    const [row] = this.#attempt(() =>
      this.#database.rows("SELECT id, ident, vals FROM live WHERE key = ?", key)
    );
    if (row === undefined) return undefined;
    return { id: Number(row.id), ident: String(row.ident), values: String(row.vals) };
  }

  close(): void {
    this.#database.close();
  }

  #attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new AgentError(`Cannot keep what Oomnitza holds: ${messageOf(error)}`, {
        hint:
          "It is stored in a temporary file while it is compared: check the free space and the permissions of the folder for temporary files (TMPDIR).",
        cause: error,
      });
    }
  }
}
