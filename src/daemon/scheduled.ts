/**
 * The schedule of a configuration: which sections run by themselves, and how that is done.
 *
 * @module
 */

import { AgentError, ConfigError, messageOf } from "../base/errors.ts";
import type { Plan } from "../config/plan.ts";
import type { SectionPlan } from "../config/section.ts";
import { parseSchedule, parseWindows } from "../settings/schedule.ts";
import { type Past, type ScheduledSection, Scheduler } from "./scheduler.ts";
import { openCursor } from "../state/cursor.ts";
import type { StateStore } from "../state/store.ts";
import { describeSection, type SectionReport } from "../sync/report.ts";
import type { CommandContext } from "../cli/command.ts";
import { choose, withPlan } from "../app/configuration.ts";
import { openSession } from "../cli/session.ts";
import { tryLocked } from "../app/upload_lock.ts";
import { stateFile } from "../cli/state.ts";

/** Under this key a section remembers since when its schedule is as it is. */
const scheduleKey = "agent:schedule";

/** How scheduled runs go. */
export interface ScheduleSettings {
  readonly workers: number;
  readonly store: StateStore | undefined;
  /** Whether a run waits for uploads of other processes on this machine. */
  readonly isSingle: boolean;
  /** Ends a run under way. */
  readonly signal: AbortSignal;
  /** Is told how each run went. */
  readonly onReport: (report: SectionReport) => void;
  /** Is told why a section could not even begin. */
  readonly onFailure: (section: string, reason: string) => void;
  /** Is told the status of every answer of a section's vendor. */
  readonly onVendorAnswer: (section: string, status: number) => void;
}

function scheduledSection({ name, settings }: SectionPlan): ScheduledSection[] {
  const { schedule, schedule_timezone: zone, schedule_jitter: jitter } = settings;
  if (schedule.trim() === "") return [];
  return [{
    name,
    schedule: parseSchedule(schedule, zone.trim()),
    jitterMs: jitter * 1000,
    windows: parseWindows(settings.maintenance_window, zone.trim()),
  }];
}

/** The sections of a plan that have a schedule. */
export function scheduledSections({ sections }: Plan): ScheduledSection[] {
  return sections.flatMap(scheduledSection);
}

/** Since when a section's schedule is as it is; it is noted when it is new and there is a state file. */
async function sinceOf(
  { name, settings }: SectionPlan,
  path: string | undefined,
  notes: boolean,
): Promise<Date> {
  const now = new Date();
  if (path === undefined) return now;
  const cursor = openCursor(path, name);
  try {
    const { schedule_timezone: zone } = settings;
    const text = JSON.stringify([settings.schedule.trim(), zone.trim()]);
    const known = JSON.parse(await cursor.get(scheduleKey) ?? "null");
    if (known?.text === text) return new Date(String(known.since));
    cursor.set(scheduleKey, JSON.stringify({ text, since: now.toISOString() }));
    if (notes) await cursor.commit();
    return now;
  } finally {
    cursor.close();
  }
}

/** What is known of the past of all scheduled sections. */
export async function pastOf(
  context: CommandContext,
  plan: Plan,
  store: StateStore | undefined,
  notes: boolean,
): Promise<(section: string) => Past> {
  const path = store === undefined ? undefined : stateFile(context, plan.file);
  const since = new Map<string, Date>();
  for (const section of plan.sections) {
    if (section.settings.schedule.trim() === "") continue;
    since.set(section.name, await sinceOf(section, path, notes));
  }
  return (section) => {
    const last = store?.lastStart(section);
    return {
      lastStart: last === undefined ? undefined : new Date(last),
      since: since.get(section) ?? new Date(),
    };
  };
}

/** Reads the configuration anew, with secrets that may have changed, and runs one section of it. */
async function runNow(
  context: CommandContext,
  name: string,
  { workers, store, onVendorAnswer }: ScheduleSettings,
): Promise<SectionReport> {
  return await withPlan(context, [name], async (plan) => {
    const { chosen } = choose(context, plan, [name]);
    if (chosen.length === 0) throw new ConfigError(`[${name}] is no longer enabled`, []);
    const session = await openSession(context, plan, chosen);
    const [prepared] = await session.prepare();
    if (prepared === undefined) throw new AgentError(`[${name}] was not prepared`);
    return await session.run(prepared, { workers, recordCount: 0, store, onVendorAnswer });
  });
}

async function runOrTell(
  context: CommandContext,
  name: string,
  settings: ScheduleSettings,
): Promise<SectionReport> {
  try {
    return await runNow(context, name, settings);
  } catch (error) {
    settings.onFailure(name, messageOf(error));
    throw error;
  }
}

/** The scheduler of a plan, not started yet. */
export async function openScheduler(
  context: CommandContext,
  plan: Plan,
  settings: ScheduleSettings,
): Promise<Scheduler> {
  const { log } = context;
  const own = { ...context, signal: settings.signal };
  return new Scheduler({
    sections: scheduledSections(plan),
    past: await pastOf(context, plan, settings.store, true),
    log,
    run: (name) =>
      tryLocked(settings.isSingle, async () => {
        const report = await runOrTell(own, name, settings);
        log[report.outcome === "ok" ? "info" : "error"](describeSection(report));
        settings.onReport(report);
      }),
  });
}
