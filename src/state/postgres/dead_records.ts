/**
 * Refused records and webhook events that were given up, in PostgreSQL.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../../base/json.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { PostgresRow } from "../../runtime/postgres.ts";
import type {
  DeadEvent,
  DeadEvents,
  DeadLetter,
  DeadLetters,
  RefusedCount,
  RefusedRecord,
  Selection,
} from "../state.ts";
import { fromStorable, iso, type PgContext, toStorable } from "./context.ts";
import { parseKey } from "./inbox.ts";
import { waiting } from "./inbox_rows.ts";
import type { PgStatements } from "./pg.ts";

/** What a refused record belongs to. */
export interface RefusedIn {
  readonly run: string;
  readonly section: string;
  /** How it was sent, as JSON. */
  readonly upload: string;
}

/** Adds refused records, in their order. */
export async function addDeadLetters(
  { schema, tenant, redact }: PgContext,
  on: PgStatements,
  { run, section, upload }: RefusedIn,
  refused: readonly RefusedRecord[],
): Promise<void> {
  if (refused.length === 0) return;
  await on.rows(
    `INSERT INTO ${schema}.dead_letters (tenant, run, section, upload, record, status, reason, payload)
      SELECT $1, $2, $3, $4, record, status, reason, payload
        FROM unnest($5::text[], $6::int4[], $7::text[], $8::text[]) WITH ORDINALITY
          AS added (record, status, reason, payload, position) ORDER BY position`,
    [
      ...[tenant, run, section, upload],
      refused.map(({ record }) => toStorable(record)),
      refused.map(({ status }) => status),
      refused.map(({ reason }) => toStorable(redact(reason))),
      refused.map(({ payload }) => stringifyExactJson(payload)),
    ],
  );
}

function parseLetter(row: PostgresRow): DeadLetter {
  return {
    id: Number(row.id),
    run: String(row.run),
    section: String(row.section),
    at: String(row.at),
    record: fromStorable(row.record),
    status: row.status === null ? null : Number(row.status),
    reason: fromStorable(row.reason),
    payload: parseExactJson(String(row.payload)) as MappedRecord,
    upload: String(row.upload),
  };
}

/** Dead letters, in PostgreSQL. */
export class PgDeadLetters implements DeadLetters {
  readonly #context: PgContext;

  constructor(context: PgContext) {
    this.#context = context;
  }

  async find({ ids, section, reason, window }: Selection): Promise<DeadLetter[]> {
    const { pg, schema, tenant } = this.#context;
    const rows = await pg.rows(
      `SELECT id, run, section, ${iso("at")} AS at, record, status, reason, payload, upload
        FROM ${schema}.dead_letters WHERE tenant = $1
          AND ($2::int8[] IS NULL OR id = ANY ($2::int8[]))
          AND ($3::text IS NULL OR section = $3) AND ($4::text IS NULL OR reason = $4)
        ORDER BY id LIMIT $5::int8 OFFSET $6::int8`,
      [
        tenant,
        ids ?? null,
        section ?? null,
        reason === undefined ? null : toStorable(reason),
        window?.limit ?? null,
        window?.offset ?? 0,
      ],
    );
    return rows.map(parseLetter);
  }

  async remove(ids: readonly number[]): Promise<void> {
    const { pg, schema, tenant } = this.#context;
    await pg.tx((on) =>
      on.rows(`DELETE FROM ${schema}.dead_letters WHERE tenant = $1 AND id = ANY ($2::int8[])`, [
        tenant,
        ids,
      ])
    );
  }

  async refuseAgain(id: number, status: number | null, reason: string): Promise<void> {
    const { pg, schema, tenant, redact } = this.#context;
    await pg.tx((on) =>
      on.rows(
        `UPDATE ${schema}.dead_letters SET at = clock_timestamp(), status = $3::int4, reason = $4
          WHERE tenant = $1 AND id = $2`,
        [tenant, id, status, toStorable(redact(reason))],
      )
    );
  }

  async prune(days: number, count: number): Promise<number> {
    const { pg, schema, tenant } = this.#context;
    return await pg.tx(async (on) => {
      const old = await on.rows(
        `DELETE FROM ${schema}.dead_letters
          WHERE tenant = $1 AND at < clock_timestamp() - $2::float8 * interval '1 day' RETURNING id`,
        [tenant, days],
      );
      const many = await on.rows(
        `DELETE FROM ${schema}.dead_letters WHERE tenant = $1 AND id <= (
          SELECT id FROM ${schema}.dead_letters WHERE tenant = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)
          RETURNING id`,
        [tenant, count],
      );
      return old.length + many.length;
    });
  }
}

/** How many records are kept by section and reason, the most frequent reason first. */
export async function countDeadLetters(
  { pg, schema, tenant }: PgContext,
): Promise<RefusedCount[]> {
  const rows = await pg.rows(
    `SELECT section, reason, count(*) AS records FROM ${schema}.dead_letters WHERE tenant = $1
      GROUP BY section, reason ORDER BY records DESC, section, reason`,
    [tenant],
  );
  return rows.map(({ section, reason, records }) => ({
    section: String(section),
    reason: fromStorable(reason),
    count: Number(records),
  }));
}

/** Events that were given up, in PostgreSQL. */
export class PgDeadEvents implements DeadEvents {
  readonly #context: PgContext;

  constructor(context: PgContext) {
    this.#context = context;
  }

  async find(section: string | undefined): Promise<DeadEvent[]> {
    const { pg, schema, tenant } = this.#context;
    const rows = await pg.rows(
      `SELECT id, section, ${iso("due")} AS at, key, reason, body FROM ${schema}.inbox
        WHERE tenant = $1 AND is_dead AND ($2::text IS NULL OR section = $2) ORDER BY id`,
      [tenant, section ?? null],
    );
    return rows.map((row) => ({
      id: Number(row.id),
      section: String(row.section),
      at: String(row.at),
      record: parseKey(row.key) ?? "",
      reason: fromStorable(row.reason ?? ""),
      payload: parseExactJson(String(row.body)),
    }));
  }

  async revive(ids: readonly number[]): Promise<void> {
    const { pg, schema, tenant } = this.#context;
    // Those that wait already win, also one that comes meanwhile: so it is added anew, not changed.
    await pg.tx((on) =>
      on.rows(
        `WITH revived AS (DELETE FROM ${schema}.inbox
            WHERE tenant = $1 AND is_dead AND id = ANY ($2::int8[])
            RETURNING id, section, key, digest, body, events)
          INSERT INTO ${schema}.inbox (tenant, id, section, key, digest, body, events, due)
            SELECT $1, id, section, key, digest, body, events, clock_timestamp() FROM revived
              ORDER BY section, digest, id
            ON CONFLICT ${waiting} DO NOTHING`,
        [tenant, ids],
      )
    );
  }

  async remove(ids: readonly number[]): Promise<void> {
    const { pg, schema, tenant } = this.#context;
    await pg.tx((on) =>
      on.rows(
        `DELETE FROM ${schema}.inbox WHERE tenant = $1 AND is_dead AND id = ANY ($2::int8[])`,
        [tenant, ids],
      )
    );
  }

  async prune(days: number, count: number): Promise<number> {
    const { pg, schema, tenant } = this.#context;
    return await pg.tx(async (on) => {
      const old = await on.rows(
        `DELETE FROM ${schema}.inbox WHERE tenant = $1 AND is_dead
          AND due < clock_timestamp() - $2::float8 * interval '1 day' RETURNING id`,
        [tenant, days],
      );
      const many = await on.rows(
        `DELETE FROM ${schema}.inbox WHERE tenant = $1 AND is_dead AND id <= (
          SELECT id FROM ${schema}.inbox WHERE tenant = $1 AND is_dead
            ORDER BY id DESC OFFSET $2 LIMIT 1) RETURNING id`,
        [tenant, count],
      );
      return old.length + many.length;
    });
  }
}
