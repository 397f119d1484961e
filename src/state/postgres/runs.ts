/**
 * The account of every run, in PostgreSQL.
 *
 * @module
 */

import type { PostgresRow } from "../../runtime/postgres.ts";
import type {
  PastRun,
  RunEnd,
  RunOrigin,
  RunSelection,
  RunState,
  StoredRun,
} from "../run_account.ts";
import { maxForgotten, remembered } from "../runs.ts";
import type { LastRuns } from "../state.ts";
import { fromStorable, iso, type PgContext, toStorable } from "./context.ts";
import { isAtWork } from "./owner.ts";
import type { Pg, PgStatements } from "./pg.ts";

/** Whether a text is the id of a run here. */
export function isRunId(id: string): boolean {
  return /^[1-9]\d{0,17}$/.test(id);
}

function columns(schema: string): string {
  return `runs.id, section, origin, outcome, ${isAtWork(schema, "runs.owner")} AS is_at_work,
    ${iso("started")} AS started, ${iso("ended")} AS ended, counts, claimed, api, requests, error,
    stopped_by_guard, receipt, awaits_receipt, times`;
}

function waitingOf(schema: string): string {
  return `(SELECT coalesce(sum(count), 0) FROM ${schema}.outbox
    WHERE outbox.tenant = runs.tenant AND outbox.run = runs.id AND answered = 0) AS waiting`;
}

function readRunState(row: PostgresRow): RunState {
  if (row.outcome !== null) return String(row.outcome) as RunState;
  return row.is_at_work === true ? "running" : "interrupted";
}

function parsePastRun(row: PostgresRow): PastRun {
  return {
    id: String(row.id),
    section: String(row.section),
    origin: row.origin === "webhook" ? "webhook" : "upload",
    state: readRunState(row),
    started: String(row.started),
    ended: row.ended === null ? null : String(row.ended),
    counts: JSON.parse(String(row.counts)),
    claimed: row.claimed === null ? null : Number(row.claimed),
    api: row.api === null ? null : String(row.api),
    requests: Number(row.requests),
    error: row.error === null ? null : fromStorable(row.error),
    stopped_by_guard: row.stopped_by_guard === true,
    receipt: row.receipt === null ? null : JSON.parse(String(row.receipt)),
    awaits_receipt: row.awaits_receipt === true,
    times: row.times === null ? null : JSON.parse(String(row.times)),
  };
}

function parseRun(row: PostgresRow): StoredRun {
  return { ...parsePastRun(row), waiting: Number(row.waiting) };
}

/** Writes down that a run begins, and forgets the oldest; gives its id, and when it began. */
export async function insertRun(
  { schema, tenant }: PgContext,
  on: PgStatements,
  { section, upload, awaitsReceipt, origin, owner }: {
    readonly section: string;
    readonly upload: string;
    readonly awaitsReceipt: boolean;
    readonly origin: RunOrigin;
    readonly owner: string;
  },
): Promise<{ readonly id: string; readonly started: string }> {
  const forgotten = on.rows(
    `DELETE FROM ${schema}.runs WHERE tenant = $1 AND id IN (SELECT id FROM ${schema}.runs
      WHERE tenant = $1 AND section = $2 AND origin = $3 AND NOT is_open AND NOT awaits_receipt
        AND id <= (SELECT id FROM ${schema}.runs WHERE tenant = $1 AND section = $2 AND origin = $3
          ORDER BY id DESC OFFSET ${remembered[origin] - 1} LIMIT 1)
      ORDER BY id LIMIT ${maxForgotten})`,
    [tenant, section, origin],
  );
  const added = on.rows(
    `INSERT INTO ${schema}.runs (tenant, section, origin, owner, upload, awaits_receipt)
      VALUES ($1, $2, $3, $4, $5, $6::bool) RETURNING id, ${iso("started")} AS started`,
    [tenant, section, origin, owner, upload, awaitsReceipt],
  );
  const noted = on.rows(
    `INSERT INTO ${schema}.last_runs (tenant, section, origin, started)
      VALUES ($1, $2, $3, clock_timestamp())
      ON CONFLICT (tenant, section, origin) DO UPDATE SET started = excluded.started`,
    [tenant, section, origin],
  );
  const [[row]] = await Promise.all([added, forgotten, noted]);
  return { id: String(row?.id), started: String(row?.started) };
}

/** Makes a run of its own of what is not answered of one, to be sent as this upload says; gives its id. */
export async function splitRun(
  { schema, tenant }: PgContext,
  on: PgStatements,
  run: string,
  upload: string,
): Promise<string> {
  const [row] = await on.rows(
    `INSERT INTO ${schema}.runs (tenant, section, origin, owner, started, outcome, upload, awaits_receipt)
      SELECT tenant, section, origin, owner, started, outcome, $3, awaits_receipt FROM ${schema}.runs
        WHERE tenant = $1 AND id = $2 RETURNING id`,
    [tenant, run, upload],
  );
  const id = String(row?.id);
  await on.rows(
    `UPDATE ${schema}.outbox SET run = $3 WHERE tenant = $1 AND run = $2 AND answered = 0`,
    [tenant, run, id],
  );
  return id;
}

/** Writes down how a run ended. */
export async function endRun(
  { schema, tenant, redact }: PgContext,
  on: PgStatements,
  id: string,
  end: RunEnd,
): Promise<void> {
  const error = end.error === null ? null : toStorable(redact(end.error));
  const ended = on.rows(
    `UPDATE ${schema}.runs SET ended = $3::timestamptz, outcome = $4, counts = $5, claimed = $6::int8,
        api = $7, requests = $8::int8, error = $9, times = $10, stopped_by_guard = $11::bool
      WHERE tenant = $1 AND id = $2`,
    [
      ...[tenant, id, end.ended, end.outcome, JSON.stringify(end.counts), end.claimed, end.api],
      ...[end.requests, error, end.times === undefined ? null : JSON.stringify(end.times)],
      end.stopped_by_guard,
    ],
  );
  if (end.outcome !== "ok" || end.isUndecided === true) return void await ended;
  // A run for webhooks that fetched nothing is no sign that anything works.
  const noted = on.rows(
    `UPDATE ${schema}.last_runs SET succeeded = $3::timestamptz
      FROM ${schema}.runs WHERE runs.tenant = $1 AND runs.id = $2 AND last_runs.tenant = $1
        AND last_runs.section = runs.section AND last_runs.origin = runs.origin
        AND (runs.origin = 'upload' OR $4::int8 > 0)`,
    [tenant, id, end.ended, end.counts.fetched ?? 0],
  );
  await Promise.all([ended, noted]);
}

/** The latest runs, newest first. */
export async function latestRuns(
  { pg, schema, tenant }: PgContext,
  limit: number,
): Promise<StoredRun[]> {
  const rows = await pg.rows(
    `SELECT ${columns(schema)}, ${waitingOf(schema)} FROM ${schema}.runs WHERE tenant = $1
      ORDER BY id DESC LIMIT $2`,
    [tenant, limit],
  );
  return rows.map(parseRun);
}

/** The run with an id. */
export async function findRun(
  { pg, schema, tenant }: PgContext,
  id: string,
): Promise<StoredRun | undefined> {
  if (!isRunId(id)) return undefined;
  const [row] = await pg.rows(
    `SELECT ${columns(schema)}, ${
      waitingOf(schema)
    } FROM ${schema}.runs WHERE tenant = $1 AND id = $2`,
    [tenant, id],
  );
  return row === undefined ? undefined : parseRun(row);
}

/** The latest runs of a section, oldest first. */
export async function recentRuns(
  { pg, schema, tenant }: PgContext,
  { section, origin, since, limit }: RunSelection,
): Promise<PastRun[]> {
  const rows = await pg.rows(
    `SELECT ${columns(schema)} FROM ${schema}.runs
      WHERE tenant = $1 AND section = $2 AND origin = $3
        AND ($4 = '' OR started >= nullif($4, '')::timestamptz) ORDER BY id DESC LIMIT $5`,
    [tenant, section, origin, since, limit],
  );
  return rows.map(parsePastRun).reverse();
}

/** When runs of each section began and ended last. */
export async function lastRuns({ pg, schema, tenant }: PgContext): Promise<LastRuns> {
  return parseLastRuns(await pg.rows(lastRunsOf(schema, "tenant = $1"), [tenant]));
}

/** The same by tenant, of all that have any. */
export async function allLastRuns(pg: Pg, schema: string): Promise<ReadonlyMap<string, LastRuns>> {
  const rows = await pg.rows(lastRunsOf(schema, "true"));
  const byTenant = Map.groupBy(rows, (row) => String(row.tenant));
  return new Map([...byTenant].map(([tenant, own]) => [tenant, parseLastRuns(own)]));
}

/** As of a tenant without any run. */
export function noRuns(): LastRuns {
  return parseLastRuns([]);
}

function parseLastRuns(rows: readonly PostgresRow[]): LastRuns {
  const known = new Map(rows.map((row) => [`${row.origin} ${row.section}`, row]));
  const read = (origin: RunOrigin, section: string, column: "started" | "succeeded") =>
    known.get(`${origin} ${section}`)?.[column]?.toString();
  return {
    started: (section) => read("upload", section, "started"),
    succeeded: (section, origin) => read(origin, section, "succeeded"),
    isAbandoned: (section) => known.get(`upload ${section}`)?.is_abandoned === true,
  };
}

/** SQL for the last runs of some tenants; abandoned are those that a process left that is no more. */
function lastRunsOf(schema: string, which: string): string {
  const same =
    "other.tenant = runs.tenant AND other.section = runs.section AND other.origin = 'upload'";
  return `SELECT tenant, section, origin, ${iso("started")} AS started, ${
    iso("succeeded")
  } AS succeeded,
      origin = 'upload' AND (tenant, section) IN (SELECT tenant, section FROM ${schema}.runs
        WHERE ${which} AND is_open AND origin = 'upload'
          AND outcome IS NULL AND NOT ${isAtWork(schema, "runs.owner")}
          AND NOT EXISTS (SELECT 1 FROM ${schema}.runs AS other WHERE ${same} AND other.id > runs.id)
          AND NOT EXISTS (SELECT 1 FROM (SELECT outcome FROM ${schema}.runs AS other
              WHERE ${same} AND other.id < runs.id ORDER BY other.id DESC LIMIT 1) AS before
            WHERE before.outcome = 'interrupted')) AS is_abandoned
    FROM ${schema}.last_runs WHERE ${which}`;
}

/** Records that wait in the outbox, by section; sections of which nothing waits are not there. */
export async function waitingRecords(
  { pg, schema, tenant }: PgContext,
): Promise<ReadonlyMap<string, number>> {
  const rows = await pg.rows(
    `SELECT section, sum(count) AS waiting FROM ${schema}.outbox
      JOIN ${schema}.runs ON runs.tenant = outbox.tenant AND runs.id = outbox.run
      WHERE outbox.tenant = $1 AND answered = 0 GROUP BY section`,
    [tenant],
  );
  return new Map(rows.map(({ section, waiting }) => [String(section), Number(waiting)]));
}
