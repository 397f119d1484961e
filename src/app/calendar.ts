/**
 * The starts of the sections to come, by their schedules, and which runs would go on at the same time.
 *
 * @module
 */

import type { Config } from "../config/config.ts";
import type { State } from "../state/state.ts";
import { nextDue, type Past, type ScheduledSection, scheduledSections } from "./schedule.ts";

/** One start of a section. */
export interface UpcomingStart {
  readonly section: string;
  readonly start: Date;
}

/** A start, and how long the run will probably take. */
export interface PlannedRun extends UpcomingStart {
  /** When it will probably end: as long after its start as its latest runs took. */
  readonly end: Date;
  /** The sections that will probably run at the same time. */
  readonly beside: readonly string[];
}

/** Starts of one section that are found at most: one that runs every second would never end. */
const mostStarts = 2_000;

/** Runs whose durations say how long the next ones take. */
const measuredRuns = 10;

function* startsOf(
  section: ScheduledSection,
  past: Past,
  from: Date,
  until: Date,
): Generator<Date> {
  let known = past;
  for (let found = 0; found < mostStarts; found++) {
    const due = nextDue(section, known);
    if (due === undefined || due > until) return;
    // What is due already begins as soon as somebody follows the schedule.
    const start = due > from ? due : from;
    yield start;
    known = { lastStart: start, since: past.since };
  }
}

/**
 * The starts of all sections with a schedule between two moments, the next first. An interval of which no
 * start is known begins at once.
 *
 * @param lastStart when a section began last, where that is known
 */
export function upcomingStarts(
  config: Config,
  from: Date,
  until: Date,
  lastStart: (section: string) => Date | undefined = () => undefined,
): UpcomingStart[] {
  const starts = scheduledSections(config).flatMap((section) => {
    const last = lastStart(section.name);
    // Intervals count from the last start; patterns go by the clock.
    const isCounted = section.schedule.isInterval && last !== undefined;
    const past = isCounted
      ? { lastStart: last, since: last }
      : { lastStart: undefined, since: from };
    return [...startsOf(section, past, from, until)]
      .map((start) => ({ section: section.name, start }));
  });
  return starts.toSorted((a, b) => a.start.getTime() - b.start.getTime());
}

/** How long the latest runs of a section took, in milliseconds: their median; 0 when none ended. */
async function typicalMs(store: State | undefined, section: string): Promise<number> {
  const selection = { section, origin: "upload", since: "", limit: measuredRuns } as const;
  const runs = await store?.recentRuns(selection) ?? [];
  const times = runs.flatMap(({ started, ended }) =>
    ended === null ? [] : [Date.parse(ended) - Date.parse(started)]
  ).toSorted((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}

/** The runs that will probably begin between two moments, the next first. */
export async function planRuns(
  config: Config,
  store: State | undefined,
  from: Date,
  until: Date,
): Promise<PlannedRun[]> {
  const latest = await store?.lastRuns();
  const lastStart = (section: string) => {
    const last = latest?.started(section);
    return last === undefined ? undefined : new Date(last);
  };
  const took = new Map<string, number>();
  for (const { name } of scheduledSections(config)) took.set(name, await typicalMs(store, name));
  const runs = upcomingStarts(config, from, until, lastStart).map((run) => ({
    ...run,
    end: new Date(run.start.getTime() + (took.get(run.section) ?? 0)),
  }));
  return withNeighbours(runs);
}

/** Adds who runs beside whom; the runs are in the order of their starts. */
function withNeighbours(runs: readonly Omit<PlannedRun, "beside">[]): PlannedRun[] {
  const beside = runs.map(() => new Set<string>());
  let open: number[] = [];
  for (const [index, run] of runs.entries()) {
    // Two that begin at the same moment overlap, however short they are.
    open = open.filter((other) => {
      const { start = run.start, end = run.start } = runs[other] ?? {};
      return end > run.start || start.getTime() === run.start.getTime();
    });
    for (const other of open) {
      const section = runs[other]?.section ?? "";
      if (section === run.section) continue;
      beside[index]?.add(section);
      beside[other]?.add(run.section);
    }
    open.push(index);
  }
  return runs.map((run, index) => ({ ...run, beside: [...beside[index] ?? []].toSorted() }));
}
