/**
 * Runs the sections of a configuration by their schedules.
 *
 * @module
 */

import type { AppContext } from "../app/context.ts";
import { openPast, scheduledSections } from "../app/schedule.ts";
import { uploadSections, warnOfFailedBefore } from "../app/upload.ts";
import { SharedLock } from "../app/upload_lock.ts";
import { AgentError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { errorLines } from "../logging/error.ts";
import { GroupedLog } from "../logging/grouped.ts";
import type { RateLimiters } from "../sdk/http/rate_limiter.ts";
import { retryPolicies } from "../sdk/http/retry.ts";
import type { State } from "../state/state.ts";
import { sectionLines } from "../sync/report.ts";
import type { DeliveredSection } from "../sync/run.ts";
import type { ReceiptQueue } from "./receipts.ts";
import { type OnFault, RunConfiguration } from "./run_configuration.ts";
import { mostFindings, Scheduler } from "./scheduler.ts";
import type { TakeTurn } from "./turns.ts";

/** How scheduled runs go. */
export interface ScheduleSettings {
  readonly workers: number;
  /** Sections that run side by side. */
  readonly parallel: number;
  readonly store: State | undefined;
  /** The limits of vendors' accounts, which webhooks use up too. */
  readonly limiters: RateLimiters;
  /** How often it is looked for what is due, in milliseconds; the usual unless given. */
  readonly lookMs?: number | undefined;
  /** The turn of a run among those of other tenants. */
  readonly takeTurn: TakeTurn;
  /** Whether a run waits for uploads of other processes on this machine. */
  readonly isSingle: boolean;
  /** Ends a running upload. */
  readonly signal: AbortSignal;
  /** Where runs wait for their receipts. */
  readonly receipts: Pick<ReceiptQueue, "add" | "signal">;
  /** Called with the reason why a section could not even begin. */
  readonly onFailure: (section: string, reason: string) => void;
  /** Told when a section runs by the configuration of before, since the file is broken. */
  readonly onFault: OnFault;
  /** Called with the status of every answer of a section's vendor. */
  readonly onVendorAnswer: (section: string, status: number) => void;
}

/** Reads the configuration anew, with secrets that may have changed, and runs one section of it. */
async function runNow(
  app: AppContext,
  name: string,
  { workers, store, limiters, receipts, onVendorAnswer }: ScheduleSettings,
  configuration: RunConfiguration,
): Promise<DeliveredSection> {
  const firstContact = retryPolicies.standard;
  const delivered: DeliveredSection[] = [];
  await configuration.use(app, name, (config) =>
    uploadSections(app, config, {
      ...{ sections: [name], workers, store, limiters, firstContact, onVendorAnswer },
      endWaiting: receipts.signal,
      onAwaiting: (section) => delivered.push(section),
    }));
  const [section] = delivered;
  if (section === undefined) throw new AgentError(`[${name}] did not run`);
  return section;
}

async function runAndReportFailure(
  app: AppContext,
  name: string,
  settings: ScheduleSettings,
  configuration: RunConfiguration,
): Promise<DeliveredSection> {
  try {
    return await runNow(app, name, settings, configuration);
  } catch (error) {
    settings.onFailure(name, errorLines(error, { verbose: false, mostFindings }).join("\n"));
    throw error;
  }
}

/**
 * Runs a section that was due when no other process has it or began it for that; gives false when another
 * has it. Of what many processes find due at once, each has most made by others: it looks before it takes.
 */
export async function runHeld(
  store: Pick<State, "findStart" | "holdSection" | "claimStart"> | undefined,
  name: string,
  due: Date,
  run: () => Promise<void>,
): Promise<boolean> {
  const known = await store?.findStart(name, due);
  if (known === "busy" || known === "made") return known === "made";
  const hold = await store?.holdSection(name);
  if (hold?.kind === "busy") return false;
  try {
    if (await store?.claimStart(name, due) ?? true) await run();
    return true;
  } finally {
    await hold?.release();
  }
}

/** The scheduler of a configuration, not started yet. */
export async function openScheduler(
  app: AppContext,
  config: Config,
  settings: ScheduleSettings,
): Promise<Scheduler> {
  const lock = new SharedLock(settings.isSingle, app, config);
  const failed = new Set<string>();
  const configuration = new RunConfiguration(app, settings.onFault);
  const scheduler: Scheduler = new Scheduler({
    sections: scheduledSections(config),
    readPast: await openPast(config, settings.store, { notes: true, signal: app.signal }),
    parallel: settings.parallel,
    lookMs: settings.lookMs,
    log: app.log,
    run: async (name, due, waitedFor) => {
      let isFree = true;
      const isLocked = await settings.takeTurn(() =>
        lock.tryWork(async () => {
          isFree = await runHeld(settings.store, name, due, () => run(name, waitedFor));
        })
      );
      return isLocked === true && isFree;
    },
  });
  const grouped = new GroupedLog(app.log, app.redactor, () => scheduler.running.length > 1);
  const own = { ...app, log: grouped.log, signal: settings.signal };
  async function run(name: string, waitedFor: readonly string[]): Promise<void> {
    warnOfFailedBefore(own.log.named(name), waitedFor, (other) => failed.has(other));
    failed.add(name);
    try {
      const delivered = await runAndReportFailure(own, name, settings, configuration);
      if (delivered.report().outcome === "ok") failed.delete(name);
      settings.receipts.add(delivered, (report) => {
        if (report.outcome === "failed") failed.add(name);
        grouped.flush(name);
        const [line, ...details] = sectionLines(report);
        app.log[report.outcome === "ok" ? "info" : "error"](line, details);
      });
    } finally {
      grouped.flush(name);
    }
  }
  return scheduler;
}
