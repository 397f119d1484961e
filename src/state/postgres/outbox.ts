/**
 * The outbox of a run, in PostgreSQL: batches are there before they are sent, and go when they were answered.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../../base/json.ts";
import type { MappedRecord } from "../../base/record.ts";
import { compress, decompress } from "../../runtime/compress.ts";
import { findAccepted, untilReceipt } from "../answered_batches.ts";
import { packIds } from "../identities.ts";
import { describeCompared, uncountedAnswers } from "../outbox.ts";
import type { ComparedWith, NewBatch, PendingBatch, RefusedRecord, RunOutbox } from "../state.ts";
import { addAnsweredBatch, moveAnsweredBatches } from "./answered.ts";
import { lockSection, type PgContext, writeAsOwner } from "./context.ts";
import { addDeadLetters } from "./dead_records.ts";
import type { PgStatements } from "./pg.ts";

/** What an outbox belongs to. */
export interface PgOutboxOwner {
  readonly context: PgContext;
  readonly run: string;
  readonly section: string;
  /** How its records are sent, as JSON. */
  readonly upload: string;
  /** Id of their destination, when it is remembered what was accepted. */
  readonly destination: number | undefined;
  /** Whether what was sent stays until Oomnitza has told what became of it. */
  readonly awaitsReceipt: boolean;
  /** How far the run is, when that is to be written down with each batch. */
  readonly counts?: (() => Readonly<Record<string, number>>) | undefined;
  /** The number of the last batch that was written before. */
  readonly lastSeq: number;
}

/** The outbox of one run of a section. */
export class PgOutbox implements RunOutbox {
  readonly #owner: PgOutboxOwner;
  #comparedWith: ComparedWith | undefined;
  #idScope: string | undefined;
  /** Answers since it was written down how far the run is. */
  #uncounted = 0;
  /** Numbers are given by this process: two calls at once may get to the server in any order. */
  #lastSeq: number;
  /** Batches that were accepted as a whole, which the next transaction notes. */
  readonly #accepted: number[] = [];
  /** That transaction, when one is to come. */
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(owner: PgOutboxOwner) {
    this.#owner = owner;
    this.#lastSeq = owner.lastSeq;
  }

  compareWith(compared: ComparedWith): void {
    this.#comparedWith = compared;
  }

  identifyBy(scope: string): void {
    this.#idScope = scope;
  }

  async put(batches: readonly NewBatch[]): Promise<readonly number[]> {
    const { context, run, section } = this.#owner;
    const { schema, tenant } = context;
    const ids = batches.map(() => ++this.#lastSeq);
    const texts = batches.map(({ text, records }) => compress(text ?? stringifyExactJson(records)));
    const compared = batches.map(({ records }) => describeCompared(this.#comparedWith, records));
    const identities = batches.map((batch) => packIds(this.#idScope, batch.ids));
    await writeAsOwner(context, { isAwaited: true }, (on) =>
      Promise.all([
        lockSection(context, on, section),
        // What was answered goes now, as something is written anyway.
        this.#moveAnswered(on),
        this.#writeCounts(on),
        on.rows(
          `INSERT INTO ${schema}.outbox (tenant, run, seq, count, records, compared, identities)
          SELECT $1, $2, * FROM
            unnest($3::int8[], $4::int4[], $5::bytea[], $6::text[], $7::bytea[])`,
          [
            ...[tenant, run, ids, batches.map(({ records }) => records.length)],
            ...[texts, compared, identities],
          ],
        ),
      ]));
    return ids;
  }

  async acknowledge(
    batchId: number,
    refused: readonly RefusedRecord[],
    pending: readonly MappedRecord[],
  ): Promise<void> {
    if (refused.length + pending.length === 0) return await this.#noteAccepted(batchId);
    const { context, run } = this.#owner;
    const { schema, tenant } = context;
    // Waited for, so that a server that falls over has no worker send more than one batch again.
    await writeAsOwner(context, { isAwaited: true }, async (on) => {
      // In the order of `put`, or the two would wait for each other: section, batches, run.
      const isNoted = await this.#noteParts(on, batchId, refused, pending);
      await addDeadLetters(context, on, this.#owner, refused);
      if (pending.length === 0) await this.#answer(on, [batchId], isNoted);
      else {
        await on.rows(
          `UPDATE ${schema}.outbox SET count = $4::int4, records = $5, compared = NULL,
              identities = NULL
            WHERE tenant = $1 AND run = $2 AND seq = $3`,
          [tenant, run, batchId, pending.length, compress(stringifyExactJson(pending))],
        );
      }
      await this.#countAnswers(on, 1);
    });
  }

  async pending(): Promise<PendingBatch[]> {
    const { context: { pg, schema, tenant }, run } = this.#owner;
    const rows = await pg.rows(
      `SELECT seq, records, tries FROM ${schema}.outbox
        WHERE tenant = $1 AND run = $2 AND answered = 0 ORDER BY seq`,
      [tenant, run],
    );
    return rows.map(({ seq, records, tries }) => ({
      id: Number(seq),
      records: parseExactJson(decompress(records as Uint8Array)) as MappedRecord[],
      tries: Number(tries),
    }));
  }

  async countAttempt(batchId: number): Promise<void> {
    const { context, run } = this.#owner;
    const { schema, tenant } = context;
    await writeAsOwner(context, { isAwaited: false }, (on) =>
      on.rows(
        `UPDATE ${schema}.outbox SET tries = tries + 1 WHERE tenant = $1 AND run = $2 AND seq = $3`,
        [tenant, run, batchId],
      ));
  }

  /** Each answer is kept before the call that takes it ends. */
  keepAnswers(): Promise<void> {
    return Promise.resolve();
  }

  async finish(): Promise<void> {
    const { context, run, section } = this.#owner;
    const { schema, tenant } = context;
    await writeAsOwner(context, { isAwaited: false }, (on) =>
      Promise.all([
        lockSection(context, on, section),
        this.#moveAnswered(on),
        this.#writeCounts(on),
        on.rows(`DELETE FROM ${schema}.outbox WHERE tenant = $1 AND run = $2`, [tenant, run]),
        on.rows(`UPDATE ${schema}.runs SET is_open = false WHERE tenant = $1 AND id = $2`, [
          tenant,
          run,
        ]),
      ]));
  }

  /** Notes that a batch was accepted as a whole: those that are while others are being noted go together. */
  #noteAccepted(batchId: number): Promise<void> {
    this.#accepted.push(batchId);
    return this.#next ??= this.#last = this.#last.catch(() => undefined).then(() => {
      this.#next = undefined;
      const batchIds = this.#accepted.splice(0);
      return writeAsOwner(this.#owner.context, { isAwaited: true }, async (on) => {
        await this.#answer(on, batchIds, false);
        await this.#countAnswers(on, batchIds.length);
      });
    });
  }

  /** @param isNoted Whether what was accepted of them is among the answered batches already. */
  async #answer(on: PgStatements, batchIds: readonly number[], isNoted: boolean): Promise<void> {
    const { context: { schema, tenant }, run } = this.#owner;
    await on.rows(
      `UPDATE ${schema}.outbox SET answered = $4::int2
        WHERE tenant = $1 AND run = $2 AND seq = ANY ($3::int8[])`,
      [tenant, run, batchIds, isNoted ? 2 : 1],
    );
  }

  async #countAnswers(on: PgStatements, answers: number): Promise<void> {
    this.#uncounted += answers;
    if (this.#uncounted >= uncountedAnswers) await this.#writeCounts(on);
  }

  async #writeCounts(on: PgStatements): Promise<void> {
    const { context: { schema, tenant }, run, counts } = this.#owner;
    this.#uncounted = 0;
    if (counts === undefined) return;
    await on.rows(`UPDATE ${schema}.runs SET counts = $3 WHERE tenant = $1 AND id = $2`, [
      tenant,
      run,
      JSON.stringify(counts()),
    ]);
  }

  /** Takes out what was answered, and remembers the batches that were accepted as a whole. */
  async #moveAnswered(on: PgStatements): Promise<void> {
    const { context, run, section } = this.#owner;
    const destination = this.#destination;
    if (destination !== undefined) {
      return await moveAnsweredBatches(context, on, { run, section, destination });
    }
    const { schema, tenant } = context;
    await on.rows(
      `DELETE FROM ${schema}.outbox WHERE tenant = $1 AND run = $2 AND answered > 0`,
      [tenant, run],
    );
  }

  /** The destination under which answered batches are kept; absent when they are not. */
  get #destination(): number | undefined {
    const { destination, awaitsReceipt } = this.#owner;
    return destination ?? (awaitsReceipt ? untilReceipt : undefined);
  }

  /** Remembers what became of a batch of which a part was not accepted; gives whether it had to. */
  async #noteParts(
    on: PgStatements,
    batchId: number,
    refused: readonly RefusedRecord[],
    pending: readonly MappedRecord[],
  ): Promise<boolean> {
    const { context, run, section } = this.#owner;
    const { schema, tenant } = context;
    const destination = this.#destination;
    if (destination === undefined || refused.length + pending.length === 0) return false;
    const [row] = await on.rows(
      `SELECT records FROM ${schema}.outbox WHERE tenant = $1 AND run = $2 AND seq = $3`,
      [tenant, run, batchId],
    );
    if (row === undefined) return false;
    await lockSection(context, on, section);
    const batch = parseExactJson(decompress(row.records as Uint8Array)) as MappedRecord[];
    const payloads = refused.map(({ payload }) => payload);
    const accepted = findAccepted(batch, [...payloads, ...pending]);
    const owner = { run, section, destination };
    if (accepted.length > 0) await addAnsweredBatch(context, on, owner, "accepted", accepted);
    if (payloads.length > 0) await addAnsweredBatch(context, on, owner, "refused", payloads);
    return true;
  }
}
