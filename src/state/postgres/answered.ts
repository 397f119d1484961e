/**
 * Batches that Oomnitza answered, in the order of the answers, in PostgreSQL. Whoever adds one has locked the
 * section: the order of the numbers is the order in which they are there for others.
 *
 * @module
 */

import { stringifyExactJson } from "../../base/json.ts";
import type { MappedRecord } from "../../base/record.ts";
import { compress } from "../../runtime/compress.ts";
import { type AnsweredRun, buildDestination, type SentAll } from "../answered_batches.ts";
import type { PgContext } from "./context.ts";
import type { PgStatements } from "./pg.ts";

/** SQL that is true for answers that nobody waits for any more. */
export function notAwaited(schema: string, run = "run"): string {
  return `NOT EXISTS (SELECT 1 FROM ${schema}.runs AS asked
    WHERE asked.tenant = $1 AND asked.id = ${run} AND asked.awaits_receipt)`;
}

/** The id of a destination, which is written down when it is new. */
export async function saveDestination(
  { pg, schema, tenant }: PgContext,
  instance: string,
  upload: string,
): Promise<number> {
  const destination = buildDestination(instance, upload);
  const find = `SELECT id FROM ${schema}.destinations
    WHERE tenant = $1 AND md5(destination) = md5($2) AND destination = $2`;
  const [known] = await pg.rows(find, [tenant, destination]);
  if (known !== undefined) return Number(known.id);
  await pg.tx((on) =>
    on.rows(
      `INSERT INTO ${schema}.destinations (tenant, destination) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
      [tenant, destination],
    )
  );
  const [row] = await pg.rows(find, [tenant, destination]);
  return Number(row?.id);
}

/** Notes what became of records. */
export async function addAnsweredBatch(
  { schema, tenant }: PgContext,
  on: PgStatements,
  { section, run, destination }: AnsweredRun,
  kind: "accepted" | "refused",
  records: readonly MappedRecord[],
): Promise<void> {
  await on.rows(
    `INSERT INTO ${schema}.answered_batches (tenant, section, run, destination, kind, records)
      VALUES ($1, $2, $3, $4, $5, $6)`,
    [tenant, section, run, destination, kind, compress(stringifyExactJson(records))],
  );
}

/**
 * Notes that a run ended that read all of the source; `records` is how many it sent, when that was all of
 * them and all were accepted.
 */
export async function addEnd(
  { schema, tenant }: PgContext,
  on: PgStatements,
  { section, run, destination }: AnsweredRun,
  records?: number,
): Promise<void> {
  const [row] = await on.rows(
    `SELECT count(*) AS batches FROM ${schema}.answered_batches
      WHERE tenant = $1 AND section = $2 AND run = $3 AND kind = 'accepted'`,
    [tenant, section, run],
  );
  const sentAll = { batches: Number(row?.batches), records: records ?? 0 } satisfies SentAll;
  await on.rows(
    `INSERT INTO ${schema}.answered_batches (tenant, section, run, destination, kind, compared)
      VALUES ($1, $2, $3, $4, 'full', $5)`,
    [tenant, section, run, destination, records === undefined ? null : JSON.stringify(sentAll)],
  );
}

/**
 * Takes the answered batches of a run out of its outbox, and notes those that were accepted as a whole. The
 * section is locked. It is one statement: a batch that is answered meanwhile is in all of it or in nothing.
 */
export async function moveAnsweredBatches(
  { schema, tenant }: PgContext,
  on: PgStatements,
  { section, run, destination }: AnsweredRun,
): Promise<void> {
  await on.rows(
    `WITH gone AS (DELETE FROM ${schema}.outbox WHERE tenant = $1 AND run = $4 AND answered > 0
        RETURNING seq, records, compared, identities, answered)
      INSERT INTO ${schema}.answered_batches
          (tenant, section, run, destination, kind, records, compared, identities)
        SELECT $1, $2, $4::int8, $3::int4, 'accepted', records, compared, identities FROM gone
          WHERE answered = 1 ORDER BY seq`,
    [tenant, section, destination, run],
  );
}
