/**
 * The inbox: webhook events are in the state file before they are answered, and go when what they are
 * about was fetched and is safe in the outbox.
 *
 * @module
 */

import { parseExactJson } from "../base/json.ts";
import type { Sqlite, SqliteRow } from "../runtime/sqlite.ts";
import { hasLog, openState, unusable, type UseState, useState, withoutWaiting } from "./file.ts";
import { becomeOwner, isAtWork, type Owner } from "./owner.ts";
import type { Inbox, InboxEntry, InboxEvent, InboxOutcome, InboxSize } from "./state.ts";
import { type SyncFile, WalSync } from "./wal_sync.ts";

export interface InboxSettings {
  readonly path: string;
  /** Masks secrets in the reasons of an entry. */
  readonly redact: (text: string) => string;
  /** How an open file is brought to the disk; the system does it unless given. */
  readonly syncFile?: SyncFile | undefined;
}

/** So many events may wait in one place: beyond it, events are refused rather than the disk filled. */
export const mostWaiting = 1_000_000;

const add = `INSERT INTO inbox (section, key, body, received, due, events) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (section, key) WHERE owner IS NULL AND is_dead = 0
  DO UPDATE SET body = excluded.body, events = events + excluded.events`;

/** Entries that are due within so many milliseconds go along, so that batches are not of one each. */
export const soonMs = 250;

/** What is due; early, also what did not fail yet and only waits for more of its kind. */
const take = `UPDATE inbox SET owner = ? WHERE id IN (
    SELECT id FROM inbox WHERE section = ? AND owner IS NULL AND is_dead = 0
      AND (due <= ? OR (? AND tries = 0)) ORDER BY due, id LIMIT ?)
  RETURNING id, key, body, received, events, tries`;

/** An entry goes when a newer event about the same waits: that one will do. */
const yieldToNewer = `DELETE FROM inbox WHERE id = ? AND EXISTS (
    SELECT 1 FROM inbox AS newer WHERE newer.section = inbox.section AND newer.key = inbox.key
      AND newer.owner IS NULL AND newer.is_dead = 0) RETURNING id`;

/** Gives back what an owner took, as it was; what a newer event waits about goes. */
export function giveBack(database: Sqlite, owner: string): void {
  const rows = database.rows("SELECT id FROM inbox WHERE owner = ?", owner);
  for (const { id } of rows) {
    if (database.rows(yieldToNewer, Number(id)).length > 0) continue;
    database.run("UPDATE inbox SET owner = NULL WHERE id = ?", Number(id));
  }
}

/** What is in the inbox, by section. */
export function inboxSizes(database: Sqlite): InboxSize[] {
  const rows = database.rows(
    `SELECT section, total(is_dead) AS dead, count(*) AS all_of_it,
      min(received) FILTER (WHERE is_dead = 0) AS oldest FROM inbox GROUP BY section`,
  );
  return rows.map(({ section, dead, oldest, all_of_it: all }) => ({
    section: String(section),
    waiting: Number(all) - Number(dead),
    dead: Number(dead),
    oldest: oldest === null ? undefined : Number(oldest),
  }));
}

/** The inbox in the state file, open. Everything throws `AgentError` when the state file fails. */
export class StateInbox implements Inbox {
  readonly #path: string;
  readonly #redact: (text: string) => string;
  readonly #use: UseState;
  readonly #owner: Owner;
  /** Absent where commits are on the disk by themselves. */
  readonly #walSync: WalSync | undefined;

  /** Opens the state file, which is created when it is not there. */
  constructor({ path, redact, syncFile }: InboxSettings) {
    this.#path = path;
    this.#redact = redact;
    const database = openState(path);
    this.#use = useState(database, (cause) => unusable(path, cause));
    try {
      this.#owner = becomeOwner(path, database);
    } catch (error) {
      database.close();
      throw error;
    }
    this.#walSync = hasLog(database) ? new WalSync(path, syncFile) : undefined;
  }

  async add(events: readonly InboxEvent[]): Promise<void> {
    const now = Date.now();
    this.#write((database) => {
      for (const { section, key, body, due, received = now, events: count = 1 } of events) {
        database.run(add, section, key, body, received, due, count);
      }
      if (events.length === 0) tryToAdd(database);
    });
    try {
      // All that is written while the disk is busy shares its next write.
      await this.#walSync?.wait();
    } catch (error) {
      throw unusable(this.#path, error);
    }
  }

  take(section: string, limit: number, early: boolean): Promise<InboxEntry[]> {
    const values = [this.#owner.id, section, Date.now() + soonMs, early ? 1 : 0, limit];
    // What a power failure takes back is taken, and processed, again.
    return this.#use.later((database) =>
      withoutWaiting(database, () => database.rows(take, ...values)).map(parseEntry)
    );
  }

  recordOutcomes(outcomes: readonly InboxOutcome[]): Promise<void> {
    return this.#use.later(() => {
      if (outcomes.length === 0) return;
      this.#write((database) => {
        for (const outcome of outcomes) this.#applyOutcome(database, outcome);
      });
    });
  }

  release(): Promise<void> {
    return this.#use.later((database) => {
      const rows = database.rows("SELECT DISTINCT owner FROM inbox WHERE owner IS NOT NULL");
      for (const owner of rows.map((row) => String(row.owner))) {
        if (owner !== this.#owner.id && !isAtWork(this.#path, owner)) this.#giveBack(owner);
      }
    });
  }

  nextDue(section: string): Promise<number | undefined> {
    return this.#use.later((database) => {
      const [row] = database.rows(
        "SELECT min(due) AS due FROM inbox WHERE section = ? AND owner IS NULL AND is_dead = 0",
        section,
      );
      return typeof row?.due === "number" ? row.due : undefined;
    });
  }

  dueSections(): Promise<string[]> {
    return this.#use.later((database) =>
      database.rows(
        "SELECT DISTINCT section FROM inbox WHERE due <= ? AND owner IS NULL AND is_dead = 0",
        Date.now() + soonMs,
      ).map(({ section }) => String(section))
    );
  }

  sizes(): Promise<InboxSize[]> {
    return this.#use.later(inboxSizes);
  }

  close(): Promise<void> {
    return this.#use.later((database) => {
      try {
        this.#giveBack(this.#owner.id);
      } finally {
        this.#walSync?.close();
        database.close();
        this.#owner.release();
      }
    });
  }

  #giveBack(owner: string): void {
    this.#write((database) => giveBack(database, owner));
  }

  #applyOutcome(database: Sqlite, outcome: InboxOutcome): void {
    const { id, kind } = outcome;
    if (kind === "done") return database.run("DELETE FROM inbox WHERE id = ?", id);
    if (database.rows(yieldToNewer, id).length > 0) return;
    database.run(
      "UPDATE inbox SET owner = NULL, tries = ?, reason = ?, is_dead = ?, due = ? WHERE id = ?",
      outcome.tries,
      this.#redact(outcome.reason),
      kind === "dead" ? 1 : 0,
      kind === "again" ? outcome.due : Date.now(),
      id,
    );
  }

  #write(work: (database: Sqlite) => void): void {
    this.#use.now((database) =>
      withoutWaiting(database, () => database.transaction(() => work(database)))
    );
  }
}

/** Writes what nobody else sees: a transaction without changes would not notice a full disk. */
function tryToAdd(database: Sqlite): void {
  database.run(add, "", null, "null", 0, 0, 1);
  database.run("DELETE FROM inbox WHERE id = last_insert_rowid()");
}

function parseEntry(row: SqliteRow): InboxEntry {
  return {
    id: Number(row.id),
    key: row.key === null ? null : String(row.key),
    body: parseExactJson(String(row.body)),
    received: Number(row.received),
    events: Number(row.events),
    tries: Number(row.tries),
  };
}
