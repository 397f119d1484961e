/**
 * Runs the sections of a configuration by their schedules.
 *
 * @module
 */

import { withConfig } from "../app/configuration.ts";
import type { AppContext } from "../app/context.ts";
import { readPast, scheduledSections } from "../app/schedule.ts";
import { uploadSections } from "../app/upload.ts";
import { tryLocked } from "../app/upload_lock.ts";
import { AgentError, messageOf } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { StateStore } from "../state/store.ts";
import { sectionLines } from "../sync/report.ts";
import type { DeliveredSection } from "../sync/run.ts";
import type { ReceiptQueue } from "./receipts.ts";
import { Scheduler } from "./scheduler.ts";

/** How scheduled runs go. */
export interface ScheduleSettings {
  readonly workers: number;
  readonly store: StateStore | undefined;
  /** Whether a run waits for uploads of other processes on this machine. */
  readonly isSingle: boolean;
  /** Ends a running upload. */
  readonly signal: AbortSignal;
  /** Where runs wait for their receipts. */
  readonly receipts: Pick<ReceiptQueue, "add" | "signal">;
  /** Called with the reason why a section could not even begin. */
  readonly onFailure: (section: string, reason: string) => void;
  /** Called with the status of every answer of a section's vendor. */
  readonly onVendorAnswer: (section: string, status: number) => void;
}

/** Reads the configuration anew, with secrets that may have changed, and runs one section of it. */
async function runNow(
  app: AppContext,
  name: string,
  { workers, store, receipts, onVendorAnswer }: ScheduleSettings,
): Promise<DeliveredSection> {
  const delivered: DeliveredSection[] = [];
  await withConfig(app, [name], (config) =>
    uploadSections(app, config, {
      ...{ sections: [name], workers, store, onVendorAnswer, endWaiting: receipts.signal },
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
): Promise<DeliveredSection> {
  try {
    return await runNow(app, name, settings);
  } catch (error) {
    settings.onFailure(name, messageOf(error));
    throw error;
  }
}

/** The scheduler of a configuration, not started yet. */
export async function openScheduler(
  app: AppContext,
  config: Config,
  settings: ScheduleSettings,
): Promise<Scheduler> {
  const { log } = app;
  const own = { ...app, signal: settings.signal };
  return new Scheduler({
    sections: scheduledSections(config),
    past: await readPast(config, settings.store, true),
    log,
    run: (name) =>
      tryLocked(settings.isSingle, app, async () => {
        settings.receipts.add(await runAndReportFailure(own, name, settings), (report) => {
          const [line, ...details] = sectionLines(report);
          log[report.outcome === "ok" ? "info" : "error"](line, details);
        });
      }),
  });
}
