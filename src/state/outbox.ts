/**
 * The outbox: batches are in the state file before they are sent, and go when they were answered.
 *
 * @module
 */

import type { Outgoing } from "../base/record.ts";
import { compress, decompress } from "../runtime/compress.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { addDeadLetter } from "./dead_letters.ts";
import { withoutWaiting } from "./file.ts";
import { updateCounts } from "./runs.ts";

/** A record that was refused, and why. */
export interface RefusedRecord {
  readonly payload: Outgoing;
  /** Values of its sync fields. */
  readonly record: string;
  readonly reason: string;
  /** HTTP status of the answer, null when there was none. */
  readonly status: number | null;
}

/** A batch that waits. */
export interface WaitingBatch {
  readonly ticket: number;
  readonly records: readonly Outgoing[];
  /** How many runs could not deliver it. */
  readonly tries: number;
}

/** What an outbox belongs to. */
export interface OutboxOwner {
  readonly database: Sqlite;
  readonly run: string;
  readonly section: string;
  /** How its records are sent, as JSON. */
  readonly upload: string;
  /** How far the run is, when that is to be written down with each batch. */
  readonly counts?: (() => Readonly<Record<string, number>>) | undefined;
  /** Masks secrets. */
  readonly redact: (text: string) => string;
  /** The error for a state file that fails. */
  readonly unusable: (cause: unknown) => Error;
}

/** A batch to be kept. */
export interface NewBatch {
  readonly records: readonly Outgoing[];
  /** The records as JSON, when they can be written as such. */
  readonly text: string | undefined;
}

function asText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** The outbox of one run of a section. Everything throws `AgentError` when the state file fails. */
export class StateOutbox {
  readonly #owner: OutboxOwner;

  constructor(owner: OutboxOwner) {
    this.#owner = owner;
  }

  /** Makes batches durable, all or none; the tickets name them. */
  put(batches: readonly NewBatch[]): readonly number[] {
    const { run, counts } = this.#owner;
    return this.#write((database) => {
      // What was answered goes now, when the disk is waited for anyway.
      database.run(
        "DELETE FROM outbox WHERE id IN (SELECT ticket FROM settled WHERE run = ?)",
        run,
      );
      database.run("DELETE FROM settled WHERE run = ?", run);
      if (counts !== undefined) updateCounts(database, run, JSON.stringify(counts()));
      return batches.map(({ records, text }) => {
        const [row] = database.rows(
          "INSERT INTO outbox (run, count, records) VALUES (?, ?, ?) RETURNING id",
          run,
          records.length,
          compress(text ?? JSON.stringify(records, asText)),
        );
        return Number(row?.id);
      });
    });
  }

  /**
   * Takes what became of a batch: refused records become dead letters, those without an answer stay.
   * It is there when the process dies, but not for certain when the power fails: then the batch is
   * sent again.
   */
  settle(ticket: number, refused: readonly RefusedRecord[], open: readonly Outgoing[]): void {
    this.#writeQuickly((database) => {
      for (const letter of refused) this.#bury(letter);
      if (open.length === 0) {
        database.run("INSERT INTO settled (ticket, run) VALUES (?, ?)", ticket, this.#owner.run);
        return;
      }
      database.run(
        "UPDATE outbox SET count = ?, records = ? WHERE id = ?",
        open.length,
        compress(JSON.stringify(open, asText)),
        ticket,
      );
    });
  }

  /** What waits, in the order it came. */
  waiting(): WaitingBatch[] {
    const { database, run, unusable } = this.#owner;
    try {
      const rows = database.rows(
        "SELECT * FROM outbox WHERE run = ? AND id NOT IN (SELECT ticket FROM settled) ORDER BY id",
        run,
      );
      return rows.map(({ id, records, tries }) => ({
        ticket: Number(id),
        records: JSON.parse(decompress(records as Uint8Array)),
        tries: Number(tries),
      }));
    } catch (error) {
      throw unusable(error);
    }
  }

  /** Writes down that a batch could not be delivered once more. */
  tried(ticket: number): void {
    this.#write((database) =>
      database.run("UPDATE outbox SET tries = tries + 1 WHERE id = ?", ticket)
    );
  }

  /** Ends the run's delivery: everything was answered, nothing waits. */
  finish(): void {
    const { run } = this.#owner;
    this.#write((database) => {
      database.run("DELETE FROM outbox WHERE run = ?", run);
      database.run("DELETE FROM settled WHERE run = ?", run);
      database.run("UPDATE runs SET is_open = 0 WHERE id = ?", run);
    });
  }

  #bury({ record, reason, status, payload }: RefusedRecord): void {
    const { database, run, section, upload, redact } = this.#owner;
    const at = new Date().toISOString();
    const text = JSON.stringify(payload, asText);
    const letter = { run, section, at, record, status, reason: redact(reason), upload };
    addDeadLetter(database, { ...letter, payload: text });
  }

  #write<T>(work: (database: Sqlite) => T): T {
    const { database, unusable } = this.#owner;
    try {
      return database.transaction(() => work(database));
    } catch (error) {
      throw unusable(error);
    }
  }

  #writeQuickly(work: (database: Sqlite) => void): void {
    const { database, unusable } = this.#owner;
    try {
      withoutWaiting(database, () => database.transaction(() => work(database)));
    } catch (error) {
      throw unusable(error);
    }
  }
}
