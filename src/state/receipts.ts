/**
 * Receipts: which runs wait for Oomnitza to tell what became of their records, and what it told.
 *
 * @module
 */

import { giveWay } from "../base/iteration.ts";
import { parseExactJson, stringifyExactJson } from "../base/json.ts";
import type { MappedRecord } from "../base/record.ts";
import { decompress } from "../runtime/compress.ts";
import type { Sqlite, SqliteRow } from "../runtime/sqlite.ts";
import { addAnsweredBatch, notAwaited, untilReceipt } from "./answered_batches.ts";
import { addDeadLetter } from "./dead_letters.ts";
import { type UseState, useState, withoutWaiting } from "./file.ts";
import type { RunOrigin } from "./run_account.ts";
import type { ReceiptEnd, RefusedRecord, RunReceipt } from "./state.ts";

/** What a receipt belongs to. */
export interface ReceiptOwner {
  readonly database: Sqlite;
  readonly run: string;
  readonly section: string;
  /** How its records were sent, as JSON. */
  readonly upload: string;
  /** When it began, ISO 8601. */
  readonly started: string;
  /** Masks secrets. */
  readonly redact: (text: string) => string;
  /** The error for a state file that fails. */
  readonly unusable: (cause: unknown) => Error;
}

/** Rows that are read at once. */
const pageSize = 50;

/** Batches that are removed before others have a turn. */
const forgottenAtOnce = 200;

const forgetSome = `DELETE FROM answered_batches WHERE id IN (
    SELECT id FROM answered_batches WHERE section = ?1 AND ${notAwaited}
      AND id <= (SELECT answer FROM baselines WHERE section = ?1)
    UNION ALL
    SELECT id FROM answered_batches WHERE section = ?1 AND ${notAwaited} AND destination = ${untilReceipt}
    LIMIT ?2) RETURNING id`;

/** The receipt of one run. Everything throws `AgentError` when the state file fails. */
export class StateReceipt implements RunReceipt {
  readonly #owner: ReceiptOwner;
  readonly #use: UseState;

  constructor(owner: ReceiptOwner) {
    this.#owner = owner;
    this.#use = useState(owner.database, owner.unusable);
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
    const { run, section } = this.#owner;
    let last = 0;
    while (true) {
      const rows = this.#use.now((database) =>
        database.rows(
          `SELECT id, records FROM answered_batches WHERE section = ? AND run = ? AND kind = 'accepted'
            AND id > ? ORDER BY id LIMIT ${pageSize}`,
          section,
          run,
          last,
        )
      );
      for (const { records } of rows) {
        yield* parseExactJson(decompress(records as Uint8Array)) as MappedRecord[];
      }
      if (rows.length < pageSize) return;
      last = Number(rows.at(-1)?.id);
    }
  }

  async record(end: ReceiptEnd): Promise<void> {
    const { run, section } = this.#owner;
    this.#write((database) => {
      for (const letter of end.failed) this.#addDeadLetter(database, letter);
      if (end.unnamed > 0) doubtAll(database, section, run);
      else if (end.failed.length > 0) this.#doubt(database, end.failed);
      database.run(
        // Nobody waits for it any more: whoever runs the section next asks again.
        "UPDATE runs SET receipt = ?, awaits_receipt = ?, owner = '' WHERE id = ?",
        JSON.stringify(end.receipt),
        end.isAwaited ? 1 : 0,
        run,
      );
      moveToFailed(database, run, end.failed.length + end.unnamed);
    });
    if (!end.isAwaited) await this.#forgetSent();
  }

  async close(): Promise<void> {
    const { run } = this.#owner;
    this.#write((database) => database.run("UPDATE runs SET awaits_receipt = 0 WHERE id = ?", run));
    await this.#forgetSent();
  }

  /** Removes what was kept for receipts only: what is in the baseline, and what never gets there. */
  async #forgetSent(): Promise<void> {
    const { section } = this.#owner;
    let isMore = true;
    while (isMore) {
      this.#write((database) => {
        const rows = database.rows(forgetSome, section, forgottenAtOnce);
        isMore = rows.length === forgottenAtOnce;
      });
      if (isMore) await giveWay();
    }
  }

  #addDeadLetter(database: Sqlite, { record, reason, status, payload }: RefusedRecord): void {
    const { run, section, upload, redact } = this.#owner;
    const at = new Date().toISOString();
    const letter = { run, section, at, record, status, reason: redact(reason), upload };
    addDeadLetter(database, { ...letter, payload: stringifyExactJson(payload) });
  }

  /** Records that failed are sent again, even if they do not change. */
  #doubt(database: Sqlite, failed: readonly RefusedRecord[]): void {
    const { run, section } = this.#owner;
    const [row] = database.rows(
      `SELECT destination FROM answered_batches WHERE section = ? AND run = ? AND destination <> ${untilReceipt} LIMIT 1`,
      section,
      run,
    );
    if (row === undefined) return;
    const owner = { run, section, destination: Number(row.destination) };
    addAnsweredBatch(database, owner, "refused", failed.map(({ payload }) => payload));
  }

  /** What a power failure takes back is asked for again. */
  #write(work: (database: Sqlite) => void): void {
    this.#use.now((database) =>
      withoutWaiting(database, () => database.transaction(() => work(database)))
    );
  }
}

/** Everything of a run is sent again, as nobody knows what of it failed. */
function doubtAll(database: Sqlite, section: string, run: string): void {
  database.run(
    `INSERT INTO answered_batches (section, run, destination, kind, records)
      SELECT section, run, destination, 'refused', records FROM answered_batches
        WHERE section = ? AND run = ? AND kind = 'accepted' AND destination <> ${untilReceipt} ORDER BY id`,
    section,
    run,
  );
}

/** The account of the run as it is now: what counted as sent has failed. */
function moveToFailed(database: Sqlite, run: string, count: number): void {
  if (count === 0) return;
  const [row] = database.rows("SELECT counts, outcome FROM runs WHERE id = ?", run);
  if (row === undefined) return;
  const counts = JSON.parse(String(row.counts)) as Record<string, number>;
  const { sent = 0, failed = 0 } = counts;
  const moved = Math.min(count, sent);
  database.run(
    "UPDATE runs SET counts = ?, outcome = CASE outcome WHEN 'ok' THEN 'failed' ELSE outcome END WHERE id = ?",
    JSON.stringify({ ...counts, sent: sent - moved, failed: failed + moved }),
    run,
  );
}

/** A run that waits for its receipt. */
export interface AwaitingRun {
  readonly run: string;
  readonly owner: string;
  readonly upload: string;
  readonly started: string;
  readonly origin: RunOrigin;
}

function parseAwaiting(row: SqliteRow): AwaitingRun {
  return {
    run: String(row.id),
    owner: String(row.owner),
    upload: String(row.upload),
    started: String(row.started),
    origin: row.origin === "webhook" ? "webhook" : "upload",
  };
}

/**
 * The runs of a section that were declared complete, and of which Oomnitza has not told yet; oldest first.
 * The plus keeps SQLite from reading all runs of the section, of which few wait.
 */
export function findAwaiting(database: Sqlite, section: string): AwaitingRun[] {
  return database.rows(
    `SELECT id, owner, upload, started, origin FROM runs
      WHERE section = ? AND awaits_receipt = 1 AND +is_open = 0 ORDER BY id`,
    section,
  ).map(parseAwaiting);
}

/** Takes over a run that waits; gives whether no other process was quicker. */
export function claimReceipt(database: Sqlite, { run, owner }: AwaitingRun, by: string): boolean {
  const rows = database.rows(
    "UPDATE runs SET owner = ? WHERE id = ? AND owner = ? AND awaits_receipt = 1 RETURNING id",
    by,
    run,
    owner,
  );
  return rows.length > 0;
}
