/**
 * How every section does: what happened last, what comes next, what waits, and who needs a person.
 *
 * The GUI's overview and `agent status` show the same.
 *
 * @module
 */

import type { PastRun, RunOrigin, StoredRun } from "../state/run_account.ts";
import type { RefusedCount, State } from "../state/state.ts";
import type { Config } from "../config/config.ts";
import type { AppContext } from "./context.ts";
import { nextRuns, scheduledSections, type UpcomingRun } from "./schedule.ts";
import { openExistingStore } from "./store.ts";

/**
 * How one run went: `partly` sent some records and failed with others, `guard` was stopped before anything
 * was sent.
 */
export type RunResult = "ok" | "partly" | "failed" | "guard" | "running" | "interrupted";

/**
 * How a section does, worst first: its configuration is `invalid`, so that it cannot run; its last run
 * `failed` (or was interrupted, or stopped by the guard); it is `late` by its schedule; its last run went
 * well in part; it runs; it never ran; it is well.
 */
export const conditions = [
  "invalid",
  "failed",
  "late",
  "partly",
  "running",
  "never",
  "ok",
] as const;

export type Condition = typeof conditions[number];

/** How one enabled section does. */
export interface SectionStatus {
  readonly section: string;
  readonly condition: Condition;
  /** Its last run of all of the source; of a section that only gets webhooks, of those. */
  readonly last: StoredRun | null;
  /** When its last good run ended, ISO 8601. */
  readonly lastSuccess: string | null;
  /** Its latest runs, oldest first. */
  readonly recent: readonly { readonly result: RunResult; readonly run: PastRun }[];
  /** When it runs next by its schedule, ISO 8601; null without a schedule. */
  readonly next: string | null;
  /** Records that wait in the state file for the next run. */
  readonly waiting: number;
  /** Records that Oomnitza refused, by reason, the most frequent first. */
  readonly refused: readonly RefusedCount[];
  /** Webhook events that wait, and those that were given up. */
  readonly events: { readonly waiting: number; readonly dead: number };
}

/** Runs of a section that are shown side by side. */
const shownRuns = 30;

/** A run by its schedule that is due for so long did not begin: nothing runs the schedule. */
const lateAfterMs = 10 * 60_000;

/** How a run went, in one word. */
export function runResult({ state, counts, stopped_by_guard: guard }: PastRun): RunResult {
  if (state !== "failed") return state;
  if (guard) return "guard";
  return (counts.sent ?? 0) + (counts.unchanged ?? 0) > 0 ? "partly" : "failed";
}

function isLate(upcoming: UpcomingRun | undefined, jitterMs: number): boolean {
  if (upcoming?.next == null) return false;
  return Date.now() - Date.parse(upcoming.next) > lateAfterMs + jitterMs;
}

function judge(last: PastRun | undefined, late: boolean): Condition {
  const result = last === undefined ? undefined : runResult(last);
  if (result === "running") return "running";
  if (result === "failed" || result === "guard" || result === "interrupted") return "failed";
  if (late) return "late";
  return result ?? "never";
}

/** The runs that tell how a section does: the uploads of all of it, else what webhooks began. */
async function readRecent(
  store: State | undefined,
  section: string,
): Promise<readonly PastRun[]> {
  const of = async (origin: RunOrigin) =>
    await store?.recentRuns({ section, origin, since: "", limit: shownRuns }) ?? [];
  const uploads = await of("upload");
  return uploads.length > 0 ? uploads : await of("webhook");
}

/** Reads how the enabled sections of a configuration do, worst first. Nothing is written. */
export async function readStatus(app: AppContext, config: Config): Promise<SectionStatus[]> {
  const upcoming = new Map((await nextRuns(app, config)).map((run) => [run.section, run]));
  const jitter = new Map(scheduledSections(config).map(({ name, jitterMs }) => [name, jitterMs]));
  await using opened = await openExistingStore(app);
  const { store } = opened;
  const work = await store?.unfinishedWork();
  const latest = await store?.lastRuns();
  const names = [...config.sections.map(({ name }) => name), ...config.broken];
  const all: SectionStatus[] = [];
  for (const name of names) {
    const recent = await readRecent(store, name);
    const last = recent.at(-1);
    const events = work?.events.find(({ section }) => section === name);
    const next = upcoming.get(name);
    all.push({
      section: name,
      condition: config.broken.has(name)
        ? "invalid"
        : judge(last, isLate(next, jitter.get(name) ?? 0)),
      last: last === undefined ? null : await store?.run(last.id) ?? null,
      lastSuccess: last === undefined ? null : latest?.succeeded(name, last.origin) ?? null,
      recent: recent.map((run) => ({ result: runResult(run), run })),
      next: next?.next ?? null,
      waiting: work?.waiting.get(name) ?? 0,
      refused: work?.refused.filter(({ section }) => section === name) ?? [],
      events: { waiting: events?.waiting ?? 0, dead: events?.dead ?? 0 },
    });
  }
  const rank = ({ condition }: SectionStatus) => conditions.indexOf(condition);
  return all.toSorted((a, b) => rank(a) - rank(b));
}

/** Records of a section that Oomnitza refused. */
export function countRefused({ refused }: SectionStatus): number {
  return refused.reduce((sum, { count }) => sum + count, 0);
}

/** Whether a person has to look at a section. */
export function needsAttention(status: SectionStatus): boolean {
  const isWell = ["running", "never", "ok"].includes(status.condition);
  return !isWell || countRefused(status) > 0 || status.events.dead > 0;
}
