/**
 * The account of every run, in the state file.
 *
 * @module
 */

import type { Sqlite, SqliteRow } from "../runtime/sqlite.ts";

/** How a section's run ended: `running` and `interrupted` ones have no end. */
export type RunState = "running" | "interrupted" | "ok" | "failed";

/** What began a run: somebody or a schedule, for all of a section, or webhooks, for what they are about. */
export type RunOrigin = "upload" | "webhook";

/** What Oomnitza told of the records of a run: see `sections[].receipt` of the report. */
export type StoredReceipt = Readonly<Record<string, unknown>>;

/** How the time of a run was spent: see `sections[].times` of the report. */
export type StoredTimes = Readonly<Record<string, unknown>>;

/** One run of a section, as the state file has it. */
export interface StoredRun {
  readonly id: string;
  readonly section: string;
  readonly origin: RunOrigin;
  readonly state: RunState;
  /** ISO 8601. */
  readonly started: string;
  /** Null while it runs, and when it was interrupted. */
  readonly ended: string | null;
  /** What became of its records; of an interrupted run, as far as that was written. */
  readonly counts: Readonly<Record<string, number>>;
  readonly claimed: number | null;
  readonly api: string | null;
  readonly requests: number;
  readonly error: string | null;
  /** Records that still wait in the outbox. */
  readonly waiting: number;
  /** What Oomnitza told of its records; null when it told nothing. */
  readonly receipt: StoredReceipt | null;
  /** Whether it is asked for that again. */
  readonly awaits_receipt: boolean;
  /** How its time was spent; null when that was not measured. */
  readonly times: StoredTimes | null;
}

/** What is known at the end of a run. */
export interface RunEnd {
  readonly ended: string;
  readonly outcome: "ok" | "failed";
  readonly counts: Readonly<Record<string, number>>;
  readonly claimed: number | null;
  readonly api: string | null;
  readonly requests: number;
  readonly error: string | null;
  /** How its time was spent, where that was measured. */
  readonly times?: StoredTimes | undefined;
}

/** Runs of one section that are remembered: webhooks make many, which are to push out no upload. */
const remembered: Readonly<Record<RunOrigin, number>> = { upload: 1000, webhook: 200 };

const shown = `SELECT runs.*, (SELECT total(count) FROM outbox
    WHERE run = runs.id AND id NOT IN (SELECT ticket FROM settled)) AS waiting
  FROM runs`;

/** Writes down that a run began; gives whether its id was free. */
export function insertRun(
  database: Sqlite,
  run: Pick<StoredRun, "id" | "section" | "origin" | "started"> & {
    readonly owner: string;
    readonly upload: string;
    readonly awaitsReceipt: boolean;
  },
): boolean {
  const { id, section, origin, owner, started, upload, awaitsReceipt } = run;
  const added = database.rows(
    `INSERT INTO runs
      (id, section, origin, owner, started, counts, requests, upload, is_open, awaits_receipt)
      VALUES (?, ?, ?, ?, ?, '{}', 0, ?, 1, ?) ON CONFLICT DO NOTHING RETURNING id`,
    id,
    section,
    origin,
    owner,
    started,
    upload,
    awaitsReceipt ? 1 : 0,
  );
  return added.length > 0;
}

/** Writes down how far a run is. */
export function updateCounts(database: Sqlite, id: string, counts: string): void {
  database.run("UPDATE runs SET counts = ? WHERE id = ?", counts, id);
}

/** Writes down how a run ended. */
export function endRun(database: Sqlite, id: string, end: RunEnd): void {
  database.run(
    `UPDATE runs SET ended = ?, outcome = ?, counts = ?, claimed = ?, api = ?, requests = ?,
      error = ?, times = ? WHERE id = ?`,
    end.ended,
    end.outcome,
    JSON.stringify(end.counts),
    end.claimed,
    end.api,
    end.requests,
    end.error,
    end.times === undefined ? null : JSON.stringify(end.times),
    id,
  );
}

/** Forgets the oldest runs of a section and origin of which nothing waits. */
export function pruneRuns(database: Sqlite, section: string, origin: RunOrigin): void {
  database.run(
    `DELETE FROM runs WHERE section = ? AND origin = ? AND is_open = 0 AND awaits_receipt = 0
      AND id <= (
      SELECT id FROM runs WHERE section = ? AND origin = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    section,
    origin,
    section,
    origin,
    remembered[origin],
  );
}

function readRunState(row: SqliteRow, isAtWork: (owner: string) => boolean): RunState {
  if (row.outcome !== null) return String(row.outcome) as RunState;
  return isAtWork(String(row.owner)) ? "running" : "interrupted";
}

function parseRun(row: SqliteRow, isAtWork: (owner: string) => boolean): StoredRun {
  return {
    id: String(row.id),
    section: String(row.section),
    origin: row.origin === "webhook" ? "webhook" : "upload",
    state: readRunState(row, isAtWork),
    started: String(row.started),
    ended: row.ended === null ? null : String(row.ended),
    counts: JSON.parse(String(row.counts)),
    claimed: row.claimed === null ? null : Number(row.claimed),
    api: row.api === null ? null : String(row.api),
    requests: Number(row.requests),
    error: row.error === null ? null : String(row.error),
    waiting: Number(row.waiting),
    receipt: row.receipt === null ? null : JSON.parse(String(row.receipt)),
    awaits_receipt: row.awaits_receipt === 1,
    times: row.times === null ? null : JSON.parse(String(row.times)),
  };
}

/** The latest runs, newest first. */
export function latestRuns(
  database: Sqlite,
  limit: number,
  isAtWork: (owner: string) => boolean,
): StoredRun[] {
  const rows = database.rows(`${shown} ORDER BY id DESC LIMIT ?`, limit);
  return rows.map((row) => parseRun(row, isAtWork));
}

/** When the latest run of all of a section began, ISO 8601. */
export function lastStart(database: Sqlite, section: string): string | undefined {
  const [row] = database.rows(
    `SELECT started FROM runs WHERE section = ? AND origin = 'upload'
      ORDER BY started DESC LIMIT 1`,
    section,
  );
  return row === undefined || row.started === null ? undefined : String(row.started);
}

/**
 * When the latest good run of a section and origin ended, ISO 8601. A run for webhooks that fetched nothing
 * is no sign that anything works.
 */
export function lastSuccess(
  database: Sqlite,
  section: string,
  origin: RunOrigin,
): string | undefined {
  const [row] = database.rows(
    `SELECT max(ended) AS ended FROM runs WHERE section = ? AND outcome = 'ok' AND origin = ?
      AND (origin = 'upload' OR json_extract(counts, '$.fetched') > 0)`,
    section,
    origin,
  );
  return row === undefined || row.ended === null ? undefined : String(row.ended);
}

/** @param isAtWork Whether the process that wrote itself into the run still runs. */
export function findRun(
  database: Sqlite,
  id: string,
  isAtWork: (owner: string) => boolean,
): StoredRun | undefined {
  const [row] = database.rows(`${shown} WHERE id = ?`, id);
  return row === undefined ? undefined : parseRun(row, isAtWork);
}
