/**
 * Receipts, in PostgreSQL: which runs wait for Oomnitza to tell what became of their records, and what it
 * told.
 *
 * @module
 */

import { parseExactJson } from "../../base/json.ts";
import type { MappedRecord } from "../../base/record.ts";
import { decompress } from "../../runtime/compress.ts";
import { untilReceipt } from "../answered_batches.ts";
import type { ReceiptEnd, RefusedRecord, RunReceipt } from "../state.ts";
import { addAnsweredBatch, notAwaited } from "./answered.ts";
import { lockSection, type PgContext, writeAsOwner } from "./context.ts";
import { addDeadLetters } from "./dead_records.ts";
import type { PgStatements } from "./pg.ts";

/** What a receipt belongs to. */
export interface PgReceiptOwner {
  readonly context: PgContext;
  readonly run: string;
  readonly section: string;
  /** How its records were sent, as JSON. */
  readonly upload: string;
  /** When it began, ISO 8601. */
  readonly started: string;
}

/** Rows that are read at once. */
const pageSize = 50;

/** Batches that are removed by one transaction. */
const forgottenAtOnce = 200;

/** The receipt of one run. */
export class PgReceipt implements RunReceipt {
  readonly #owner: PgReceiptOwner;

  constructor(owner: PgReceiptOwner) {
    this.#owner = owner;
  }

  get run(): string {
    return this.#owner.run;
  }

  get upload(): string {
    return this.#owner.upload;
  }

  get started(): Date {
    return new Date(this.#owner.started);
  }

  async *records(): AsyncGenerator<MappedRecord> {
    const { context: { pg, schema, tenant }, run, section } = this.#owner;
    for (let last = "0";;) {
      const rows = await pg.rows(
        `SELECT id, records FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2
          AND run = $3 AND kind = 'accepted' AND id > $4 ORDER BY id LIMIT ${pageSize}`,
        [tenant, section, run, last],
      );
      for (const { records } of rows) {
        yield* parseExactJson(decompress(records as Uint8Array)) as MappedRecord[];
      }
      if (rows.length < pageSize) return;
      last = String(rows.at(-1)?.id);
    }
  }

  async record(end: ReceiptEnd): Promise<void> {
    const { context, run, section } = this.#owner;
    const { schema, tenant } = context;
    // What a power failure takes back is asked for again.
    await writeAsOwner(context, { isAwaited: false }, async (on) => {
      await lockSection(context, on, section);
      await addDeadLetters(context, on, this.#owner, end.failed);
      if (end.unnamed > 0) await this.#doubtAll(on);
      else if (end.failed.length > 0) await this.#doubt(on, end.failed);
      await on.rows(
        // Nobody waits for it any more: whoever runs the section next asks again.
        `UPDATE ${schema}.runs SET receipt = $3, awaits_receipt = $4::bool, owner = ''
          WHERE tenant = $1 AND id = $2`,
        [tenant, run, JSON.stringify(end.receipt), end.isAwaited],
      );
      await this.#moveToFailed(on, end.failed.length + end.unnamed);
    });
    if (!end.isAwaited) await this.#forgetSent();
  }

  async close(): Promise<void> {
    const { context, run } = this.#owner;
    const { schema, tenant } = context;
    await writeAsOwner(
      context,
      { isAwaited: false },
      (on) =>
        on.rows(`UPDATE ${schema}.runs SET awaits_receipt = false WHERE tenant = $1 AND id = $2`, [
          tenant,
          run,
        ]),
    );
    await this.#forgetSent();
  }

  /** Removes what was kept for receipts only: what is in the baseline, and what never gets there. */
  async #forgetSent(): Promise<void> {
    const { context, section } = this.#owner;
    const { schema, tenant } = context;
    for (let count = forgottenAtOnce; count === forgottenAtOnce;) {
      const rows = await writeAsOwner(context, { isAwaited: false }, (on) =>
        on.rows(
          `DELETE FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2 AND id IN (
              SELECT id FROM ${schema}.answered_batches
                WHERE tenant = $1 AND section = $2 AND ${notAwaited(schema)}
                  AND (destination = ${untilReceipt} OR id <= (SELECT answer FROM ${schema}.baselines
                    WHERE tenant = $1 AND section = $2))
                LIMIT ${forgottenAtOnce}) RETURNING id`,
          [tenant, section],
        ));
      count = rows.length;
    }
  }

  /** Records that failed are sent again, even if they do not change. */
  async #doubt(on: PgStatements, failed: readonly RefusedRecord[]): Promise<void> {
    const { context, run, section } = this.#owner;
    const { schema, tenant } = context;
    const [row] = await on.rows(
      `SELECT destination FROM ${schema}.answered_batches WHERE tenant = $1 AND section = $2 AND run = $3
        AND destination <> ${untilReceipt} LIMIT 1`,
      [tenant, section, run],
    );
    if (row === undefined) return;
    const owner = { run, section, destination: Number(row.destination) };
    await addAnsweredBatch(context, on, owner, "refused", failed.map(({ payload }) => payload));
  }

  /** Everything of a run is sent again, as nobody knows what of it failed. */
  async #doubtAll(on: PgStatements): Promise<void> {
    const { context: { schema, tenant }, run, section } = this.#owner;
    await on.rows(
      `INSERT INTO ${schema}.answered_batches (tenant, section, run, destination, kind, records)
        SELECT tenant, section, run, destination, 'refused', records FROM ${schema}.answered_batches
          WHERE tenant = $1 AND section = $2 AND run = $3 AND kind = 'accepted'
            AND destination <> ${untilReceipt} ORDER BY id`,
      [tenant, section, run],
    );
  }

  /** The account of the run as it is now: what counted as sent has failed. */
  async #moveToFailed(on: PgStatements, count: number): Promise<void> {
    const { context: { schema, tenant }, run } = this.#owner;
    if (count === 0) return;
    const [row] = await on.rows(
      `SELECT counts FROM ${schema}.runs WHERE tenant = $1 AND id = $2 FOR UPDATE`,
      [tenant, run],
    );
    if (row === undefined) return;
    const counts = JSON.parse(String(row.counts)) as Record<string, number>;
    const { sent = 0, failed = 0 } = counts;
    const moved = Math.min(count, sent);
    await on.rows(
      `UPDATE ${schema}.runs SET counts = $3,
          outcome = CASE outcome WHEN 'ok' THEN 'failed' ELSE outcome END
        WHERE tenant = $1 AND id = $2`,
      [tenant, run, JSON.stringify({ ...counts, sent: sent - moved, failed: failed + moved })],
    );
  }
}
