/**
 * The outbox: batches are in the state file before they are sent, and go when they were answered.
 *
 * @module
 */

import type { Outgoing } from "../base/record.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { addDeadLetter } from "./dead_letters.ts";
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

/** What became of a batch. */
interface Settled {
  readonly ticket: number;
  readonly refused: readonly RefusedRecord[];
  readonly open: readonly Outgoing[];
}

/** After so many milliseconds what was settled is written, when no new batch comes that it can go with. */
const patience = 100;

function asText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** The outbox of one run of a section. Everything throws `AgentError` when the state file fails. */
export class StateOutbox {
  readonly #owner: OutboxOwner;
  #settled: Settled[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failure: unknown;

  constructor(owner: OutboxOwner) {
    this.#owner = owner;
  }

  /** Makes a batch durable; the ticket names it. */
  put(records: readonly Outgoing[]): number {
    return this.#write((database) => {
      const [row] = database.rows(
        "INSERT INTO outbox (run, count, records) VALUES (?, ?, ?) RETURNING id",
        this.#owner.run,
        records.length,
        JSON.stringify(records, asText),
      );
      return Number(row?.id);
    });
  }

  /**
   * Takes what became of a batch: refused records become dead letters, those without an answer stay.
   * It is written with the next batch, or a moment later.
   */
  settle(ticket: number, refused: readonly RefusedRecord[], open: readonly Outgoing[]): void {
    this.#settled.push({ ticket, refused, open });
    this.#timer ??= setTimeout(() => this.#flushLater(), patience);
  }

  /** Writes what was settled. */
  flush(): void {
    if (this.#settled.length > 0 || this.#failure !== undefined) this.#write(() => {});
  }

  /** What waits, in the order it came. */
  waiting(): WaitingBatch[] {
    const { database, run, unusable } = this.#owner;
    try {
      return database.rows("SELECT * FROM outbox WHERE run = ? ORDER BY id", run).map((row) => ({
        ticket: Number(row.id),
        records: JSON.parse(String(row.records)),
        tries: Number(row.tries),
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
    this.#write((database) =>
      database.run("UPDATE runs SET is_open = 0 WHERE id = ?", this.#owner.run)
    );
  }

  #flushLater(): void {
    try {
      this.flush();
    } catch (error) {
      // Nobody waits for the timer: the next call tells.
      this.#failure = error;
    }
  }

  #write<T>(work: (database: Sqlite) => T): T {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#failure !== undefined) throw this.#failure;
    const { database, run, counts, unusable } = this.#owner;
    try {
      const result = database.transaction(() => {
        for (const settled of this.#settled) this.#strike(settled);
        if (counts !== undefined) updateCounts(database, run, JSON.stringify(counts()));
        return work(database);
      });
      this.#settled = [];
      return result;
    } catch (error) {
      throw unusable(error);
    }
  }

  #strike({ ticket, refused, open }: Settled): void {
    const { database, run, section, upload, redact } = this.#owner;
    const at = new Date().toISOString();
    for (const { record, reason, status, payload } of refused) {
      const text = JSON.stringify(payload, asText);
      const letter = { run, section, at, record, status, reason: redact(reason), upload };
      addDeadLetter(database, { ...letter, payload: text });
    }
    if (open.length === 0) {
      database.run("DELETE FROM outbox WHERE id = ?", ticket);
      return;
    }
    database.run(
      "UPDATE outbox SET count = ?, records = ? WHERE id = ?",
      open.length,
      JSON.stringify(open, asText),
      ticket,
    );
  }
}
