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
import { type UseState, useState, withoutWaiting } from "./file.ts";
import { packIds } from "./identities.ts";
import type { ComparedWith, NewBatch, PendingBatch, RefusedRecord, RunOutbox } from "./state.ts";
import { updateCounts } from "./runs.ts";

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

/** Answers after which it is written down how far a run is, when no batches are written meanwhile. */
export const uncountedAnswers = 3;

/** The outbox of one run of a section. Everything throws `AgentError` when the state file fails. */
export class StateOutbox implements RunOutbox {
  readonly #owner: OutboxOwner;
  readonly #use: UseState;
  #comparedWith: ComparedWith | undefined;
  #idScope: string | undefined;
  /** Answers since it was written down how far the run is. */
  #uncounted = 0;

  constructor(owner: OutboxOwner) {
    this.#owner = owner;
    this.#use = useState(owner.database, owner.unusable);
  }

  compareWith(compared: ComparedWith): void {
    this.#comparedWith = compared;
  }

  identifyBy(scope: string): void {
    this.#idScope = scope;
  }

  async put(batches: readonly NewBatch[]): Promise<readonly number[]> {
    const ids = this.#insert(batches);
    try {
      await this.#owner.sync();
      return ids;
    } catch (error) {
      this.#withdraw(ids);
      throw this.#owner.unusable(error);
    }
  }

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

  async pending(): Promise<PendingBatch[]> {
    const { run } = this.#owner;
    const rows = await this.#later((database) =>
      database.rows(
        "SELECT * FROM outbox WHERE run = ? AND id NOT IN (SELECT batch FROM acknowledged) ORDER BY id",
        run,
      )
    );
    return rows.map(({ id, records, tries }) => ({
      id: Number(id),
      records: parseExactJson(decompress(records as Uint8Array)) as MappedRecord[],
      tries: Number(tries),
    }));
  }

  countAttempt(batchId: number): Promise<void> {
    return this.#later((database) =>
      database.run("UPDATE outbox SET tries = tries + 1 WHERE id = ?", batchId)
    );
  }

  async keepAnswers(): Promise<void> {
    try {
      await this.#owner.sync();
    } catch (error) {
      throw this.#owner.unusable(error);
    }
  }

  finish(): Promise<void> {
    const { run } = this.#owner;
    return this.#later((database) => {
      this.#accept(database);
      this.#writeCounts(database);
      database.run("DELETE FROM outbox WHERE run = ?", run);
      database.run("DELETE FROM acknowledged WHERE run = ?", run);
      database.run("UPDATE runs SET is_open = 0 WHERE id = ?", run);
    });
  }

  /** Writes batches; gives their ids. */
  #insert(batches: readonly NewBatch[]): readonly number[] {
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
      return batches.map(({ records, text, ids: vendorIds }) => {
        const [row] = database.rows(
          `INSERT INTO outbox (run, count, records, compared, identities) VALUES (?, ?, ?, ?, ?)
            RETURNING id`,
          run,
          records.length,
          compress(text ?? stringifyExactJson(records)),
          describeCompared(this.#comparedWith, records),
          packIds(this.#idScope, vendorIds),
        );
        return Number(row?.id);
      });
    });
  }

  /** What did not get to the disk is not sent later either. */
  #withdraw(batchIds: readonly number[]): void {
    try {
      this.#write((database) => {
        for (const id of batchIds) database.run("DELETE FROM outbox WHERE id = ?", id);
      });
    } catch {
      // The disk fails altogether, as the error says that the batches are lost with.
    }
  }

  #writeCounts(database: Sqlite): void {
    const { run, counts } = this.#owner;
    this.#uncounted = 0;
    if (counts !== undefined) updateCounts(database, run, JSON.stringify(counts()));
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
    return Promise.try(() => this.#write(work));
  }

  #write<T>(work: (database: Sqlite) => T): T {
    return this.#use.now((database) =>
      withoutWaiting(database, () => database.transaction(() => work(database)))
    );
  }
}

/** What a batch is beside the baseline that its run was compared with, as JSON; null when it was not. */
export function describeCompared(
  compared: ComparedWith | undefined,
  records: readonly MappedRecord[],
): string | null {
  if (compared === undefined) return null;
  const { answer, isUnchanged } = compared;
  const changed: number[] = [];
  for (const [position, record] of records.entries()) {
    if (!isUnchanged(record)) changed.push(position);
  }
  return JSON.stringify({ answer, changed } satisfies ComparedBatch);
}
