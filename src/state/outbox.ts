/**
 * The outbox: batches are in the state file before they are sent, and go when they were answered.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../base/json.ts";
import type { MappedRecord } from "../base/record.ts";
import { compress, decompress } from "../runtime/compress.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import {
  addAcknowledgedBatches,
  addAnsweredBatch,
  type ComparedBatch,
  findAccepted,
  untilReceipt,
} from "./answered_batches.ts";
import { addDeadLetter } from "./dead_letters.ts";
import { withoutWaiting } from "./file.ts";
import { packIds } from "./identities.ts";
import { updateCounts } from "./runs.ts";

/** A record that was refused, and why. */
export interface RefusedRecord {
  readonly payload: MappedRecord;
  /** Values of its sync fields. */
  readonly record: string;
  readonly reason: string;
  /** HTTP status of the answer, null when there was none. */
  readonly status: number | null;
}

/** A batch that is not answered yet. */
export interface PendingBatch {
  readonly id: number;
  readonly records: readonly MappedRecord[];
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
  /** Id of their destination, when it is remembered what was accepted. */
  readonly destination?: number | undefined;
  /** Whether what was sent stays until Oomnitza has told what became of it. */
  readonly awaitsReceipt: boolean;
  /** How far the run is, when that is to be written down with each batch. */
  readonly counts?: (() => Readonly<Record<string, number>>) | undefined;
  /** Masks secrets. */
  readonly redact: (text: string) => string;
  /** Resolves when all that was written before is on the disk. */
  readonly sync: () => Promise<void>;
  /** The error for a state file that fails. */
  readonly unusable: (cause: unknown) => Error;
}

/** A batch to be made durable. */
export interface NewBatch {
  readonly records: readonly MappedRecord[];
  /** The records as JSON, when they can be written as such. */
  readonly text: string | undefined;
  /** The vendor's ids of the records, by their positions; absent when none has one. */
  readonly ids?: readonly (string | undefined)[] | undefined;
}

/** What the records of a run were compared with before they were sent. */
export interface ComparedWith {
  /** The last answer that was in the baseline. */
  readonly answer: number;
  /** Whether a record is there already as it is sent. */
  readonly isUnchanged: (record: MappedRecord) => boolean;
}

/** Answers after which it is written down how far a run is, when no batches are written meanwhile. */
const uncountedAnswers = 3;

/** The outbox of one run of a section. Everything throws `AgentError` when the state file fails. */
export class StateOutbox {
  readonly #owner: OutboxOwner;
  #comparedWith: ComparedWith | undefined;
  #idScope: string | undefined;
  /** Answers since it was written down how far the run is. */
  #uncounted = 0;

  constructor(owner: OutboxOwner) {
    this.#owner = owner;
  }

  /** Takes what the batches from now on were compared with: what is unchanged need not be taken in again. */
  compareWith(compared: ComparedWith): void {
    this.#comparedWith = compared;
  }

  /** Takes what the vendor's ids of the batches from now on belong to; without it they are not kept. */
  identifyBy(scope: string): void {
    this.#idScope = scope;
  }

  /**
   * Writes batches, all or none; gives their ids. They may be sent once {@linkcode sync} has come to its
   * end after that.
   */
  put(batches: readonly NewBatch[]): readonly number[] {
    const { run } = this.#owner;
    return this.#write((database) => {
      // What was answered goes now, as something is written anyway.
      this.#accept(database);
      database.run(
        "DELETE FROM outbox WHERE id IN (SELECT batch FROM acknowledged WHERE run = ?)",
        run,
      );
      database.run("DELETE FROM acknowledged WHERE run = ?", run);
      this.#writeCounts(database);
      return batches.map(({ records, text, ids }) => {
        const [row] = database.rows(
          `INSERT INTO outbox (run, count, records, compared, identities) VALUES (?, ?, ?, ?, ?)
            RETURNING id`,
          run,
          records.length,
          compress(text ?? stringifyExactJson(records)),
          this.#describeCompared(records),
          packIds(this.#idScope, ids),
        );
        return Number(row?.id);
      });
    });
  }

  /** Waits until all that was written before is on the disk, off the thread that works. */
  async sync(): Promise<void> {
    try {
      await this.#owner.sync();
    } catch (error) {
      throw this.#owner.unusable(error);
    }
  }

  /** Takes batches back that could not be brought to the disk. */
  remove(batchIds: readonly number[]): void {
    this.#write((database) => {
      for (const id of batchIds) database.run("DELETE FROM outbox WHERE id = ?", id);
    });
  }

  /**
   * Takes the answer to a batch: refused records become dead letters, `pending` ones, without an answer,
   * stay.
   * It is there when the process dies, but not for certain when the power fails: then the batch is
   * sent again.
   */
  acknowledge(
    batchId: number,
    refused: readonly RefusedRecord[],
    pending: readonly MappedRecord[],
  ): Promise<void> {
    const { run } = this.#owner;
    return this.#later((database) => {
      for (const record of refused) this.#addDeadLetter(record);
      if (++this.#uncounted >= uncountedAnswers) this.#writeCounts(database);
      const isNoted = this.#noteParts(database, batchId, refused, pending);
      if (pending.length === 0) {
        database.run(
          "INSERT INTO acknowledged (batch, run, is_noted) VALUES (?, ?, ?)",
          batchId,
          run,
          isNoted ? 1 : 0,
        );
        return;
      }
      database.run(
        "UPDATE outbox SET count = ?, records = ?, compared = NULL, identities = NULL WHERE id = ?",
        pending.length,
        compress(stringifyExactJson(pending)),
        batchId,
      );
    });
  }

  /** What is not answered yet, in the order it came. */
  pending(): PendingBatch[] {
    const { database, run, unusable } = this.#owner;
    try {
      const rows = database.rows(
        "SELECT * FROM outbox WHERE run = ? AND id NOT IN (SELECT batch FROM acknowledged) ORDER BY id",
        run,
      );
      return rows.map(({ id, records, tries }) => ({
        id: Number(id),
        records: parseExactJson(decompress(records as Uint8Array)) as MappedRecord[],
        tries: Number(tries),
      }));
    } catch (error) {
      throw unusable(error);
    }
  }

  /** Counts that one more run could not deliver a batch. */
  countAttempt(batchId: number): void {
    this.#write((database) =>
      database.run("UPDATE outbox SET tries = tries + 1 WHERE id = ?", batchId)
    );
  }

  /**
   * Ends the run's delivery: everything was answered, nothing is pending. What a power failure takes back
   * is sent again.
   */
  finish(): void {
    const { run } = this.#owner;
    this.#write((database) => {
      this.#accept(database);
      this.#writeCounts(database);
      database.run("DELETE FROM outbox WHERE run = ?", run);
      database.run("DELETE FROM acknowledged WHERE run = ?", run);
      database.run("UPDATE runs SET is_open = 0 WHERE id = ?", run);
    });
  }

  #writeCounts(database: Sqlite): void {
    const { run, counts } = this.#owner;
    this.#uncounted = 0;
    if (counts !== undefined) updateCounts(database, run, JSON.stringify(counts()));
  }

  #describeCompared(records: readonly MappedRecord[]): string | null {
    if (this.#comparedWith === undefined) return null;
    const { answer, isUnchanged } = this.#comparedWith;
    const changed: number[] = [];
    for (const [position, record] of records.entries()) {
      if (!isUnchanged(record)) changed.push(position);
    }
    return JSON.stringify({ answer, changed } satisfies ComparedBatch);
  }

  /** Remembers the batches that were accepted as a whole. */
  #accept(database: Sqlite): void {
    const { run, section } = this.#owner;
    const destination = this.#destination;
    if (destination === undefined) return;
    addAcknowledgedBatches(database, { run, section, destination });
  }

  /** The destination under which answered batches are kept; absent when they are not. */
  get #destination(): number | undefined {
    const { destination, awaitsReceipt } = this.#owner;
    return destination ?? (awaitsReceipt ? untilReceipt : undefined);
  }

  /** Remembers what became of a batch of which a part was not accepted; gives whether it had to. */
  #noteParts(
    database: Sqlite,
    batchId: number,
    refused: readonly RefusedRecord[],
    pending: readonly MappedRecord[],
  ): boolean {
    const { run, section } = this.#owner;
    const destination = this.#destination;
    if (destination === undefined || refused.length + pending.length === 0) return false;
    const [row] = database.rows("SELECT records FROM outbox WHERE id = ?", batchId);
    if (row === undefined) return false;
    const batch = parseExactJson(decompress(row.records as Uint8Array)) as MappedRecord[];
    const payloads = refused.map(({ payload }) => payload);
    const accepted = findAccepted(batch, [...payloads, ...pending]);
    const owner = { run, section, destination };
    if (accepted.length > 0) addAnsweredBatch(database, owner, "accepted", accepted);
    if (payloads.length > 0) addAnsweredBatch(database, owner, "refused", payloads);
    return true;
  }

  #addDeadLetter({ record, reason, status, payload }: RefusedRecord): void {
    const { database, run, section, upload, redact } = this.#owner;
    const at = new Date().toISOString();
    const text = stringifyExactJson(payload);
    const letter = { run, section, at, record, status, reason: redact(reason), upload };
    addDeadLetter(database, { ...letter, payload: text });
  }

  #later<T>(work: (database: Sqlite) => T): Promise<T> {
    return new Promise((resolve) => resolve(this.#write(work)));
  }

  #write<T>(work: (database: Sqlite) => T): T {
    const { database, unusable } = this.#owner;
    try {
      return withoutWaiting(database, () => database.transaction(() => work(database)));
    } catch (error) {
      throw unusable(error);
    }
  }
}
