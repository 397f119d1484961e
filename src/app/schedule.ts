/**
 * When sections are due by their schedules: the one answer that `agent schedule`, the GUI and the service
 * that runs them give.
 *
 * @module
 */

import { giveWay, mapOrdered } from "../base/iteration.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import { sectionsBefore } from "../config/section_order.ts";
import { parseSchedule, parseWindows, type Schedule, type Windows } from "../settings/schedule.ts";
import type { State } from "../state/state.ts";
import type { AppContext } from "./context.ts";
import { doAlone } from "./exclusive_work.ts";
import { openExistingStore } from "./store.ts";

/** A section with a schedule. */
export interface ScheduledSection {
  readonly name: string;
  readonly schedule: Schedule;
  /** Milliseconds by which a start may be put off. */
  readonly jitterMs: number;
  readonly windows: Windows;
  /** The sections that it comes after. */
  readonly after: readonly string[];
}

/** What is known of a section's past. */
export interface Past {
  /** When its last run began, whoever began it. */
  readonly lastStart: Date | undefined;
  /** Since when its schedule is as it is now. */
  readonly since: Date;
  /** Whether its last run was left by a process that is no more. */
  readonly isAbandoned?: boolean | undefined;
}

/** A section that runs by itself. */
export interface UpcomingRun {
  readonly section: string;
  readonly schedule: string;
  /** When its last run began, ISO 8601; null when it never ran. */
  readonly last: string | null;
  /** When it is due, ISO 8601; null when it never is. */
  readonly next: string | null;
}

/** The clock of a server may be ahead of that of this machine by so many milliseconds. */
const mostAheadMs = 60_000;

/**
 * Whether a moment that is said to be past is ahead of the clock: it was written down while a clock was wrong.
 * Whoever counted from it would begin nothing until then, which may be years.
 */
export function isAhead(moment: Date): boolean {
  return moment.getTime() > Date.now() + mostAheadMs;
}

/** Under this key a section remembers since when its schedule is as it is. */
const scheduleKey = "agent:schedule";

/** A number from 0 to 1 that is the same for the same text: a restart does not throw the dice again. */
function chanceFrom(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

/**
 * When a section is due. What became due while nothing ran is due at once, however often it was
 * missed; a schedule that is new does not look back. A run that was left is made up for at once, too.
 */
export function nextDue(
  section: ScheduledSection,
  { lastStart, since, isAbandoned = false }: Past,
): Date | undefined {
  const { schedule, jitterMs, windows, name } = section;
  if (isAbandoned) return windows.firstOpen(new Date());
  const isFirst = lastStart === undefined || lastStart < since;
  const from = isFirst ? since : lastStart;
  // An interval that never ran begins with a run.
  const due = isFirst && schedule.isInterval ? since : schedule.next(from);
  if (due === undefined) return undefined;
  const late = Math.floor(chanceFrom(`${name} ${due.getTime()}`) * (jitterMs + 1));
  return windows.firstOpen(new Date(due.getTime() + late));
}

function scheduledSection(section: SectionConfig): ScheduledSection[] {
  const { name, settings } = section;
  const { schedule, schedule_timezone: zone, schedule_jitter: jitter } = settings;
  if (schedule.trim() === "") return [];
  return [{
    name,
    schedule: parseSchedule(schedule, zone.trim()),
    jitterMs: jitter * 1000,
    windows: parseWindows(settings.maintenance_window, zone.trim()),
    after: sectionsBefore(section),
  }];
}

/** The enabled sections that have a schedule, in file order. */
export function scheduledSections({ sections }: Config): ScheduledSection[] {
  return sections.flatMap(scheduledSection);
}

/** Since when a section's schedule is as it is; with `notes`, it is written down when it is new. */
async function readSince(
  { name, settings }: SectionConfig,
  store: State | undefined,
  notes: boolean,
): Promise<Date> {
  const now = new Date();
  if (store === undefined) return now;
  const cursor = store.cursor(name);
  try {
    const { schedule_timezone: zone } = settings;
    const text = JSON.stringify([settings.schedule.trim(), zone.trim()]);
    const known = JSON.parse(await cursor.get(scheduleKey) ?? "null");
    const since = new Date(String(known?.since));
    if (known?.text === text && !isAhead(since)) return since;
    cursor.set(scheduleKey, JSON.stringify({ text, since: now.toISOString() }));
    if (notes) await cursor.commit();
    // Each commit waits for the disk, and a new file has many schedules that are new.
    await giveWay();
    return now;
  } finally {
    cursor.close();
  }
}

/** Sections whose schedules are read, or written down, at once: a server answers several together. */
const readAtOnce = 8;

/** What is known of the past of each section, as it is when it is asked for. */
export type ReadPast = () => Promise<(section: string) => Past>;

/** How the past of sections is opened. */
export interface PastSettings {
  /** Whether new schedules are written down. */
  readonly notes: boolean;
  /** Ends the wait for another process that writes some down. */
  readonly signal: AbortSignal;
}

/** Opens the past of all scheduled sections. @throws {AgentError} when it is to end before. */
export async function openPast(
  config: Config,
  store: State | undefined,
  { notes, signal }: PastSettings,
): Promise<ReadPast> {
  const since = new Map<string, Date>();
  async function readAll(): Promise<void> {
    const scheduled = config.sections.filter(({ settings }) => settings.schedule.trim() !== "");
    const read = mapOrdered(scheduled, readAtOnce, async (section) => {
      return { name: section.name, at: await readSince(section, store, notes) };
    });
    for await (const { name, at } of read) since.set(name, at);
  }
  // Two processes that write down a new schedule would give it two beginnings.
  await (notes ? doAlone(store, scheduleKey, readAll, signal) : readAll());
  return async () => {
    const latest = await store?.lastRuns();
    return (section) => {
      const last = latest?.started(section);
      const lastStart = last === undefined ? undefined : new Date(last);
      const begun = since.get(section);
      // The clock was set back since this was opened.
      if (begun !== undefined && isAhead(begun)) since.set(section, new Date());
      return {
        // Without it, the section is due by what its schedule says since the beginning: once, at once.
        lastStart: lastStart !== undefined && isAhead(lastStart) ? undefined : lastStart,
        since: since.get(section) ?? new Date(),
        isAbandoned: latest?.isAbandoned(section),
      };
    };
  };
}

/** Sorts what is due: the next first, what is never due last. */
export function byDue<T extends { readonly due: Date | undefined }>(all: readonly T[]): T[] {
  const never = Number.POSITIVE_INFINITY;
  return all.toSorted((a, b) => (a.due?.getTime() ?? never) - (b.due?.getTime() ?? never));
}

/** What is due when by the schedules of a configuration, the next first. Nothing is noted. */
export async function nextRuns(app: AppContext, config: Config): Promise<UpcomingRun[]> {
  await using opened = await openExistingStore(app);
  const readPast = await openPast(config, opened.store, { notes: false, signal: app.signal });
  const past = await readPast();
  const texts = new Map(
    config.sections.map(({ name, settings }) => [name, settings.schedule.trim()]),
  );
  const all = scheduledSections(config).map((section) => {
    return { section: section.name, due: nextDue(section, past(section.name)) };
  });
  return byDue(all).map(({ section, due }) => ({
    section,
    schedule: texts.get(section) ?? "",
    last: past(section).lastStart?.toISOString() ?? null,
    next: due?.toISOString() ?? null,
  }));
}
