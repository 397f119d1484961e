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
  /** Whether the guard stopped it before anything was sent. */
  readonly stopped_by_guard: boolean;
  /** Records that still wait in the outbox. */
  readonly waiting: number;
  /** What Oomnitza told of its records; null when it told nothing. */
  readonly receipt: StoredReceipt | null;
  /** Whether it is asked for that again. */
  readonly awaits_receipt: boolean;
  /** How its time was spent; null when that was not measured. */
  readonly times: StoredTimes | null;
}

/** A run without what still waits of it, which takes a look at the outbox. */
export type PastRun = Omit<StoredRun, "waiting">;

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
  /** Whether Oomnitza is still to tell what became of its records, so that it is no success yet. */
  readonly isUndecided?: boolean | undefined;
  /** Whether the guard stopped it before anything was sent. */
  readonly stopped_by_guard: boolean;
}

/** Runs of one section that are remembered: webhooks make many, which are to push out no upload. */
const remembered: Readonly<Record<RunOrigin, number>> = { upload: 1000, webhook: 200 };

const shown = `SELECT runs.*, (SELECT total(count) FROM outbox
    WHERE run = runs.id AND id NOT IN (SELECT batch FROM acknowledged)) AS waiting
  FROM runs`;

const noteStart = `INSERT INTO last_runs (section, origin, run, started, remembered)
  VALUES (?, ?, ?, ?, 1) ON CONFLICT (section, origin) DO UPDATE SET
    run = excluded.run, started = excluded.started, remembered = remembered + 1`;

/** Writes down that a run began; gives whether its id was free. */
export function insertRun(
  database: Sqlite,
  run: Pick<StoredRun, "id" | "section" | "origin" | "started"> & {
    readonly owner: string;
    readonly upload: string;
    readonly awaitsReceipt?: boolean | undefined;
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
    awaitsReceipt === true ? 1 : 0,
  );
  if (added.length === 0) return false;
  database.run(noteStart, section, origin, id, started);
  return true;
}

/** Writes down how far a run is. */
export function updateCounts(database: Sqlite, id: string, counts: string): void {
  database.run("UPDATE runs SET counts = ? WHERE id = ?", counts, id);
}

/** Writes down how a run ended. */
export function endRun(database: Sqlite, id: string, end: RunEnd): void {
  database.run(
    `UPDATE runs SET ended = ?, outcome = ?, counts = ?, claimed = ?, api = ?, requests = ?,
      error = ?, times = ?, stopped_by_guard = ? WHERE id = ?`,
    end.ended,
    end.outcome,
    JSON.stringify(end.counts),
    end.claimed,
    end.api,
    end.requests,
    end.error,
    end.times === undefined ? null : JSON.stringify(end.times),
    end.stopped_by_guard ? 1 : 0,
    id,
  );
  if (end.outcome !== "ok" || end.isUndecided === true) return;
  // A run for webhooks that fetched nothing is no sign that anything works.
  database.run(
    `UPDATE last_runs SET succeeded = ?
      WHERE (section, origin) = (SELECT section, origin FROM runs WHERE id = ?)
        AND (origin = 'upload' OR ? > 0)`,
    end.ended,
    id,
    end.counts.fetched ?? 0,
  );
}

/** Runs that are forgotten at once, at most: one is added at a time. */
const maxForgotten = 20;

/** Forgets the oldest runs of a section and origin of which nothing waits, when there are too many. */
export function pruneRuns(database: Sqlite, section: string, origin: RunOrigin): void {
  const [last] = database.rows(
    "SELECT remembered FROM last_runs WHERE section = ? AND origin = ?",
    section,
    origin,
  );
  const surplus = Number(last?.remembered ?? 0) - remembered[origin];
  if (surplus <= 0) return;
  const forgotten = database.rows(
    `DELETE FROM runs WHERE id IN (SELECT id FROM runs
        WHERE section = ? AND origin = ? AND is_open = 0 AND awaits_receipt = 0
        ORDER BY id LIMIT ?) RETURNING id`,
    section,
    origin,
    Math.min(surplus, maxForgotten),
  );
  database.run(
    "UPDATE last_runs SET remembered = remembered - ? WHERE section = ? AND origin = ?",
    forgotten.length,
    section,
    origin,
  );
}

function readRunState(row: SqliteRow, isAtWork: (owner: string) => boolean): RunState {
  if (row.outcome !== null) return String(row.outcome) as RunState;
  return isAtWork(String(row.owner)) ? "running" : "interrupted";
}

function parseRun(row: SqliteRow, isAtWork: (owner: string) => boolean): StoredRun {
  return { ...parsePastRun(row, isAtWork), waiting: Number(row.waiting) };
}

function parsePastRun(row: SqliteRow, isAtWork: (owner: string) => boolean): PastRun {
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
    stopped_by_guard: Number(row.stopped_by_guard) === 1,
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

/** Whether an upload of a section is at work, or was when its process died. */
export function isUploadOpen(database: Sqlite, section: string): boolean {
  return database.rows(
    `SELECT id FROM runs WHERE section = ? AND is_open = 1 AND origin = 'upload'
      AND outcome IS NULL LIMIT 1`,
    section,
  ).length > 0;
}

/** When the latest run of all of a section began, ISO 8601. */
export function lastStart(database: Sqlite, section: string): string | undefined {
  const [row] = database.rows(
    "SELECT started FROM last_runs WHERE section = ? AND origin = 'upload'",
    section,
  );
  return row === undefined ? undefined : String(row.started);
}

/** When the latest good run of a section and origin ended, ISO 8601. */
export function lastSuccess(
  database: Sqlite,
  section: string,
  origin: RunOrigin,
): string | undefined {
  const [row] = database.rows(
    "SELECT succeeded FROM last_runs WHERE section = ? AND origin = ?",
    section,
    origin,
  );
  return row === undefined || row.succeeded === null ? undefined : String(row.succeeded);
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

/** Which runs of a section are meant. */
export interface RunSelection {
  readonly section: string;
  readonly origin: RunOrigin;
  /** Runs that began before are left out; ISO 8601. */
  readonly since: string;
  readonly limit: number;
}

/** The latest runs of a section, oldest first; what waits of each is not looked for. */
export function recentRuns(
  database: Sqlite,
  { section, origin, since, limit }: RunSelection,
  isAtWork: (owner: string) => boolean,
): PastRun[] {
  // Those that are closed have an index by origin; those that are open are few.
  const rows = [0, 1].flatMap((isOpen) =>
    database.rows(
      `SELECT runs.* FROM runs WHERE section = ? AND origin = ? AND is_open = ${isOpen}
        AND started >= ? ORDER BY id DESC LIMIT ?`,
      section,
      origin,
      since,
      limit,
    )
  );
  return rows.map((row) => parsePastRun(row, isAtWork))
    .sort((a, b) => a.id < b.id ? -1 : 1).slice(-limit);
}

/** Records that wait in the outbox, by section; sections of which nothing waits are not there. */
export function waitingRecords(database: Sqlite): ReadonlyMap<string, number> {
  const rows = database.rows(
    `SELECT section, total(count) AS waiting FROM outbox JOIN runs ON runs.id = outbox.run
      WHERE outbox.id NOT IN (SELECT batch FROM acknowledged) GROUP BY section`,
  );
  return new Map(rows.map((row) => [String(row.section), Number(row.waiting)]));
}
