/**
 * Batches that Oomnitza answered, in the order of the answers, until a section is compared with them: the
 * tables `answered_batches` and `destinations`.
 *
 * @module
 */

import { giveWay } from "../base/iteration.ts";
import { stringifyExactJson } from "../base/json.ts";
import type { MappedRecord } from "../base/record.ts";
import { compress } from "../runtime/compress.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { withoutWaiting } from "./file.ts";

/** What an answered batch belongs to. */
export interface AnsweredRun {
  readonly run: string;
  readonly section: string;
  /** Id of the destination of its records; {@linkcode untilReceipt} when it is not remembered what was accepted. */
  readonly destination: number;
}

/** The destination of batches that are kept until their receipt only, and never compared with. */
export const untilReceipt = 0;

/** What a batch is beside the baseline that its run compared it with. */
export interface ComparedBatch {
  /** The last answer that was in the baseline. */
  readonly answer: number;
  /** Positions of the records that differ from it, or are to be taken in for another reason. */
  readonly changed: readonly number[];
}

/**
 * The destination of records, as one text: to which instance they go, how they are recognised there, and
 * what may be done with them. `upload` is how they are sent, as JSON.
 */
export function buildDestination(instance: string, upload: string): string {
  const { portion: _portion, version: _version, ...rest } = JSON.parse(upload) as Record<
    string,
    unknown
  >;
  return stringifyExactJson({ instance, ...rest });
}

/** The sync fields of a destination. */
export function parseSyncFields(destination: string): readonly string[] {
  const { syncFields } = JSON.parse(destination) as { syncFields?: readonly string[] };
  return syncFields ?? [];
}

/** The id of a destination, which is written down when it is new. */
export function saveDestination(database: Sqlite, destination: string): number {
  database.run(
    "INSERT INTO destinations (destination) VALUES (?) ON CONFLICT DO NOTHING",
    destination,
  );
  const [row] = database.rows("SELECT id FROM destinations WHERE destination = ?", destination);
  return Number(row?.id);
}

/** Notes what became of records. */
export function addAnsweredBatch(
  database: Sqlite,
  { section, run, destination }: AnsweredRun,
  kind: "accepted" | "refused",
  records: readonly MappedRecord[],
): void {
  database.run(
    "INSERT INTO answered_batches (section, run, destination, kind, records) VALUES (?, ?, ?, ?, ?)",
    section,
    run,
    destination,
    kind,
    compress(stringifyExactJson(records)),
  );
}

/** What the end of a run says when the run sent all of its source, and all of it was accepted. */
export interface SentAll {
  readonly batches: number;
  readonly records: number;
}

/**
 * Notes that a run ended that read all of the source; `records` is how many it sent, when that was all of
 * them and all were accepted.
 */
export function addEnd(
  database: Sqlite,
  { section, run, destination }: AnsweredRun,
  records?: number,
): void {
  const [row] = database.rows(
    "SELECT count(*) AS batches FROM answered_batches WHERE section = ? AND run = ? AND kind = 'accepted'",
    section,
    run,
  );
  const sentAll = { batches: Number(row?.batches), records: records ?? 0 } satisfies SentAll;
  database.run(
    "INSERT INTO answered_batches (section, run, destination, kind, compared) VALUES (?, ?, ?, 'full', ?)",
    section,
    run,
    destination,
    records === undefined ? null : JSON.stringify(sentAll),
  );
}

/** Notes that the batches of a run's outbox that were acknowledged as a whole were accepted. */
export function addAcknowledgedBatches(
  database: Sqlite,
  { section, run, destination }: AnsweredRun,
): void {
  database.run(
    `INSERT INTO answered_batches (section, run, destination, kind, records, compared, identities)
      SELECT ?, run, ?, 'accepted', records, compared, identities FROM outbox WHERE run = ?
        AND id IN (SELECT batch FROM acknowledged WHERE run = ? AND is_noted = 0) ORDER BY id`,
    section,
    destination,
    run,
    run,
  );
}

/** Answers that nobody waits for any more: Oomnitza has told what became of the records of their run. */
export const notAwaited = "run NOT IN (SELECT id FROM runs WHERE awaits_receipt = 1)";

/** Batches that are looked at before others have a turn. */
const pageSize = 200;

/** Forgets what was answered before a run of a section; that run sent everything anew. */
export async function forgetBatchesBefore(
  database: Sqlite,
  section: string,
  run: string,
): Promise<void> {
  for (let last = 0;;) {
    const rows = database.rows(
      `SELECT id, run, ${notAwaited} AS is_free FROM answered_batches
        WHERE section = ? AND id > ? ORDER BY id LIMIT ?`,
      section,
      last,
      pageSize,
    );
    const outdated = rows.filter((row) => String(row.run) < run && row.is_free === 1);
    if (outdated.length > 0) {
      withoutWaiting(database, () =>
        database.transaction(() => {
          for (const { id } of outdated) {
            database.run("DELETE FROM answered_batches WHERE id = ?", id ?? 0);
          }
        }));
    }
    if (rows.length < pageSize) return;
    last = Number(rows.at(-1)?.id);
    await giveWay();
  }
}

/** What of a batch was accepted: all but the others. A batch was read back, the others may not be. */
export function findAccepted(
  batch: readonly MappedRecord[],
  others: readonly MappedRecord[],
): readonly MappedRecord[] {
  const left = new Map<string, number>();
  for (const record of others) {
    const text = stringifyExactJson(record);
    left.set(text, (left.get(text) ?? 0) + 1);
  }
  return batch.filter((record) => {
    const text = stringifyExactJson(record);
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    return count === 0;
  });
}
