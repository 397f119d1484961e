/**
 * Uploads sections: reads their sources, maps what they give, and sends it to Oomnitza.
 *
 * @module
 */

import { AgentError, ConfigError } from "../base/errors.ts";
import type { NotEnabled } from "../config/choose.ts";
import type { Config } from "../config/config.ts";
import { sectionsBefore } from "../config/section_order.ts";
import { deliveryLimits } from "../oomnitza/options.ts";
import { GroupedLog } from "../logging/grouped.ts";
import type { Log } from "../logging/log.ts";
import { RateLimiters } from "../sdk/http/rate_limiter.ts";
import type { RetryPolicy } from "../sdk/http/retry.ts";
import type { State } from "../state/state.ts";
import { checkSaved, type SavedPlan, type SavedSection } from "../sync/changes/plan_file.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import type { SectionReport } from "../sync/report.ts";
import { type DeliveredSection, deliverSection } from "../sync/run.ts";
import type { RunSettings } from "../sync/run_settings.ts";
import { selectSections } from "./configuration.ts";
import { type AppContext, defaultWorkers } from "./context.ts";
import { SectionQueue } from "./section_queue.ts";
import { besideState, openSession, receiptOptions, type Session } from "./session.ts";
import { findCursors, noStore, type OpenStore, openStore } from "./store.ts";

/** How sections are to be uploaded; what is absent is as `agent upload` has it without flags. */
export interface UploadRequest extends Partial<SectionRequest> {
  /** In the order in which they are to run. */
  readonly sections: readonly string[];
  /** A plan to deliver instead of reading the sources. */
  readonly plan?: SavedPlan | undefined;
  /** A state file that is open already. */
  readonly store?: State | undefined;
  /** Sections that run side by side; without it, as `[oomnitza]` says, else one. */
  readonly parallel?: number | undefined;
  /** How long is tried to reach Oomnitza; as for somebody who waits unless given. */
  readonly firstContact?: RetryPolicy | undefined;
  /** Is shown the report of each section as soon as it has ended. */
  readonly onReport?: ((report: SectionReport) => void) | undefined;
  /** Called when everything was delivered, and only receipts are still waited for. */
  readonly onDelivered?: (() => void) | undefined;
  /**
   * Takes a section of which Oomnitza is still to tell what became of the records, instead of the upload
   * waiting for that; the state file must stay open until it is settled.
   */
  readonly onAwaiting?: ((delivered: DeliveredSection) => void) | undefined;
}

/** How one section is to be uploaded. */
export type SectionRequest = Pick<
  RunSettings,
  | "workers"
  | "recordCount"
  | "testmode"
  | "saveData"
  | "full"
  | "accept"
  | "endWaiting"
  | "limiters"
  | "onStart"
  | "onVendorAnswer"
>;

/** How an upload went. */
export interface UploadResult {
  readonly sections: readonly SectionReport[];
  /** Named sections that do not exist or are not enabled, so that they did not run. */
  readonly notEnabled: readonly NotEnabled[];
}

/** What running one section takes besides the section. */
export type RunRequest =
  & Partial<SectionRequest>
  & Pick<
    RunSettings,
    "store" | "read" | "isBusy" | "postponed" | "arrivals" | "connection" | "saved"
  >;

/** Delivers a prepared section. Nothing is thrown: what went wrong is in the report. */
export function deliverPrepared(
  app: AppContext,
  { oomnitza, settings, http }: Session,
  prepared: PreparedSection,
  request: RunRequest,
): Promise<DeliveredSection> {
  const { redactor, signal } = app;
  const cursors = request.store ?? findCursors(app);
  const receipts = receiptOptions(settings);
  const limits = deliveryLimits(settings);
  const own = {
    ...limits,
    guard: settings,
    receipts,
    cursors,
    beside: besideState(app),
    redactor,
    signal,
  };
  const { workers = defaultWorkers, recordCount = 0 } = request;
  return deliverSection(prepared, { oomnitza, http, ...own }, { ...request, workers, recordCount });
}

/** A store that is open already serves, as long as it is about the instance of the configuration. */
async function storeFor(
  app: AppContext,
  config: Config,
  { testmode, store }: UploadRequest,
): Promise<OpenStore> {
  if (testmode !== undefined) return noStore;
  if (store === undefined || store.instance !== config.oomnitza?.url) {
    return await openStore(app, config);
  }
  return { ...noStore, store };
}

/** The saved plans of sections by name, once all of them were found to hold still. */
async function checkedPlans(
  sections: readonly PreparedSection[],
  { plan, testmode }: UploadRequest,
  store: State | undefined,
  instance: string,
): Promise<Map<string, SavedSection>> {
  const plans = new Map(plan?.sections.map((section) => [section.report.section, section]));
  const missing = [...plans.keys()].find((name) =>
    !sections.some(({ section }) => section.name === name)
  );
  if (missing !== undefined) throw new AgentError(`[${missing}] of the plan is not enabled`);
  if (testmode !== undefined) return plans;
  for (const prepared of sections) {
    const saved = plans.get(prepared.section.name);
    if (saved !== undefined) await checkSaved(saved, prepared, { store, instance });
  }
  return plans;
}

/** Sections that run side by side: in test mode one, whose records are shown. */
function parallelOf(config: Config, { parallel, testmode }: UploadRequest): number {
  return testmode === undefined ? parallel ?? config.oomnitza?.parallel ?? 1 : 1;
}

/** Says that a section runs although one that it comes after did not go well. */
export function warnOfFailedBefore(
  log: Log,
  waitedFor: readonly string[],
  isFailed: (section: string) => boolean,
): void {
  for (const other of waitedFor.filter(isFailed)) {
    log.warning(
      `Runs although [${other}], which it comes after, failed: records may refer to some that Oomnitza does not have yet`,
    );
  }
}

/** Runs sections through a queue; gives the reports of those that ran, in the order of the sections. */
async function runQueued(
  { signal }: AppContext,
  sections: readonly PreparedSection[],
  width: number,
  run: (prepared: PreparedSection) => Promise<SectionReport>,
): Promise<SectionReport[]> {
  const before = new Map(sections.map(({ section }) => [section.name, sectionsBefore(section)]));
  const queue = new SectionQueue({ width, after: (section) => before.get(section) ?? [] });
  const failed = new Set<string>();
  const close = () => queue.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  const reports = await Promise.all(sections.map((prepared) => {
    const { section: { name }, log } = prepared;
    return queue.add(name, async (waitedFor) => {
      warnOfFailedBefore(log, waitedFor, (other) => failed.has(other));
      const report = await run(prepared);
      if (report.outcome === "failed") failed.add(name);
      return report;
    });
  }));
  signal.removeEventListener("abort", close);
  for (const [at, { log }] of sections.entries()) {
    if (reports[at] === undefined) log.warning("Did not run, because the upload was stopped");
  }
  return reports.filter((report) => report !== undefined);
}

/**
 * Uploads sections, in their order, so many side by side; one that fails does not stop the others.
 *
 * @throws {AgentError} what kept all of them from beginning: the configuration, the connection, a plan
 * that is stale. What goes wrong with a section is in its report.
 */
export async function uploadSections(
  app: AppContext,
  config: Config,
  request: UploadRequest,
): Promise<UploadResult> {
  const { sections: names, onReport } = request;
  if (names.length === 0) {
    const enabled = config.sections.map(({ name }) => name).join(", ");
    throw new ConfigError("No section was named", [], {
      hint: enabled === "" ? "Nothing is enabled yet." : `Enabled are: ${enabled}`,
    });
  }
  const { chosen, notEnabled } = selectSections(app, config, names);
  if (request.testmode !== undefined) app.log.info("Test mode: nothing is sent");
  await using opened = await storeFor(app, config, request);
  const { store } = opened;
  const running = new Set<string>();
  const grouped = new GroupedLog(app.log, app.redactor, () => running.size > 1);
  const own = { ...app, log: grouped.log };
  const session = await openSession(own, config, chosen, request.firstContact);
  const all = await session.prepare();
  const plans = await checkedPlans(all, request, store, session.oomnitza.url);
  const common = { limiters: new RateLimiters(store?.budget), ...request, store };
  /** Sections that wait for their receipts, which holds up no other. */
  const waiting = new Map<string, Promise<SectionReport>>();
  function conclude(name: string, report: SectionReport): SectionReport {
    grouped.flush(name);
    onReport?.(report);
    return report;
  }
  const reports = await runQueued(app, all, parallelOf(config, request), async (prepared) => {
    const { name } = prepared.section;
    running.add(name);
    const saved = plans.get(name);
    const delivered = await deliverPrepared(own, session, prepared, { ...common, saved });
    const isDecided = request.onAwaiting === undefined && await delivered.ask();
    running.delete(name);
    if (isDecided) return conclude(name, await delivered.settle());
    grouped.flush(name);
    if (request.onAwaiting !== undefined) request.onAwaiting(delivered);
    else waiting.set(name, settleLater(delivered).then((report) => conclude(name, report)));
    return delivered.report();
  });
  request.onDelivered?.();
  const ended = reports.map((report) => waiting.get(report.section) ?? report);
  return { sections: await Promise.all(ended), notEnabled };
}

/** Waits for the receipt of a section; gives how it went. */
async function settleLater(delivered: DeliveredSection): Promise<SectionReport> {
  await delivered.wait();
  return await delivered.settle();
}
