/**
 * What the sections remember from one run to the next, in the state file.
 *
 * @module
 */

import { existsSync } from "node:fs";
import type { Sqlite } from "../runtime/sqlite.ts";

/** The memory of one section during one run. */
export interface SectionCursor {
  /** What was committed last; throws `AgentError` when the state file cannot be read. */
  get(key: string): Promise<string | undefined>;
  /** Not written before {@linkcode commit}. */
  set(key: string, value: string): void;
  /** Writes what was set, all or nothing; throws `AgentError` when that fails. */
  commit(): Promise<void>;
  close(): void;
}

const find = "SELECT value FROM cursors WHERE section = ? AND key = ?";
const save = `INSERT INTO cursors (section, key, value, updated) VALUES (?, ?, ?, ?)
  ON CONFLICT (section, key) DO UPDATE SET value = excluded.value, updated = excluded.updated`;

class StateCursor implements SectionCursor {
  readonly #path: string;
  readonly #section: string;
  readonly #changes = new Map<string, string>();
  #database: Sqlite | undefined;
  /** Whether the file was opened for this cursor alone. */
  readonly #isOwn: boolean;

  constructor(path: string, section: string, database?: Sqlite) {
    this.#path = path;
    this.#section = section;
    this.#database = database;
    this.#isOwn = database === undefined;
  }

  async get(key: string): Promise<string | undefined> {
    // Reading creates no file: a trial run leaves nothing behind.
    if (this.#database === undefined && !existsSync(this.#path)) return undefined;
    const [row] = await this.#use((database) => database.rows(find, this.#section, key));
    return row === undefined ? undefined : String(row.value);
  }

  set(key: string, value: string): void {
    this.#changes.set(key, value);
  }

  async commit(): Promise<void> {
    if (this.#changes.size === 0) return;
    const now = new Date().toISOString();
    await this.#use((database) =>
      database.transaction(() => {
        for (const [key, value] of this.#changes) {
          database.run(save, this.#section, key, value, now);
        }
      })
    );
    this.#changes.clear();
  }

  close(): void {
    if (this.#isOwn) this.#database?.close();
    this.#database = undefined;
  }

  async #use<T>(work: (database: Sqlite) => T): Promise<T> {
    // Loaded on first use: most sections remember nothing.
    const { openState, unusable } = await import("./file.ts");
    this.#database ??= openState(this.#path);
    try {
      return work(this.#database);
    } catch (error) {
      throw unusable(this.#path, error);
    }
  }
}

/** The memories of all sections. */
export interface Cursors {
  cursor(section: string): SectionCursor;
}

/** The memories of sections in a state file, which is not touched before it is needed. */
export function openCursors(path: string): Cursors {
  return { cursor: (section) => new StateCursor(path, section) };
}

/** The memory of a section in a state file that is open already, and stays so. */
export function shareCursor(path: string, section: string, database: Sqlite): SectionCursor {
  return new StateCursor(path, section, database);
}
