/**
 * The account of every run, in the state file.
 *
 * @module
 */

import type { Sqlite, SqliteRow } from "../runtime/sqlite.ts";
import type {
  PastRun,
  RunEnd,
  RunOrigin,
  RunSelection,
  RunState,
  StoredRun,
} from "./run_account.ts";
import type { LastRuns } from "./state.ts";

/** Runs of one section that are remembered: webhooks make many, which are to push out no upload. */
export const remembered: Readonly<Record<RunOrigin, number>> = { upload: 1000, webhook: 200 };

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

/**
 * Makes a run of its own of what is not answered of one, to be sent as this upload says; gives whether its id
 * was free.
 */
export function splitRun(
  database: Sqlite,
  run: string,
  { id, upload }: { readonly id: string; readonly upload: string },
): boolean {
  const added = database.rows(
    `INSERT INTO runs (id, section, origin, owner, started, outcome, counts, requests, upload, is_open,
        awaits_receipt)
      SELECT ?, section, origin, owner, started, outcome, '{}', 0, ?, 1, awaits_receipt FROM runs
        WHERE id = ?
      ON CONFLICT DO NOTHING RETURNING section, origin`,
    id,
    upload,
    run,
  );
  const [row] = added;
  if (row === undefined) return false;
  database.run(
    "UPDATE last_runs SET remembered = remembered + 1 WHERE section = ? AND origin = ?",
    row.section ?? null,
    row.origin ?? null,
  );
  database.run(
    "UPDATE outbox SET run = ? WHERE run = ? AND id NOT IN (SELECT batch FROM acknowledged)",
    id,
    run,
  );
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
export const maxForgotten = 20;

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

/** When runs of each section began and ended last. */
export function lastRuns(database: Sqlite): LastRuns {
  const rows = database.rows("SELECT section, origin, started, succeeded FROM last_runs");
  const known = new Map(rows.map((row) => [`${row.origin} ${row.section}`, row]));
  const read = (origin: RunOrigin, section: string, column: "started" | "succeeded") =>
    known.get(`${origin} ${section}`)?.[column]?.toString();
  return {
    started: (section) => read("upload", section, "started"),
    succeeded: (section, origin) => read(origin, section, "succeeded"),
    // Whatever ended the process of this machine may end the next one, too: the schedule goes on.
    isAbandoned: () => false,
  };
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
