/**
 * Uploads sections: reads their sources, maps what they give, and sends it to Oomnitza.
 *
 * @module
 */

import { AgentError, ConfigError } from "../base/errors.ts";
import type { NotEnabled } from "../config/choose.ts";
import type { Config } from "../config/config.ts";
import { deliveryLimits } from "../oomnitza/options.ts";
import type { StateStore } from "../state/store.ts";
import { checkSaved, type SavedPlan, type SavedSection } from "../sync/changes/plan_file.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import type { SectionReport } from "../sync/report.ts";
import { runSection, type RunSettings } from "../sync/run.ts";
import { selectSections } from "./configuration.ts";
import { type AppContext, defaultWorkers } from "./context.ts";
import { openSession, type Session } from "./session.ts";
import { noStore, type OpenStore, openStore } from "./store.ts";

/** How sections are to be uploaded; what is absent is as `agent upload` has it without flags. */
export interface UploadRequest extends Partial<SectionRequest> {
  /** In the order in which they are to run. */
  readonly sections: readonly string[];
  /** A plan to deliver instead of reading the sources. */
  readonly plan?: SavedPlan | undefined;
  /** A state file that is open already. */
  readonly store?: StateStore | undefined;
  /** Is shown the report of each section as soon as it has ended. */
  readonly onReport?: ((report: SectionReport) => void) | undefined;
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
  & Pick<RunSettings, "store" | "read" | "postponed" | "connection" | "saved">;

/** Runs a prepared section. Nothing is thrown: what went wrong is in the report. */
export function runPrepared(
  app: AppContext,
  { oomnitza, settings, http }: Session,
  prepared: PreparedSection,
  request: RunRequest,
): Promise<SectionReport> {
  const { redactor, signal, stateFile } = app;
  const own = { ...deliveryLimits(settings), guard: settings, stateFile, redactor, signal };
  const { workers = defaultWorkers, recordCount = 0 } = request;
  return runSection(prepared, { oomnitza, http, ...own }, { ...request, workers, recordCount });
}

/** A store that is open already serves, as long as it is about the instance of the configuration. */
function storeFor(app: AppContext, config: Config, request: UploadRequest): OpenStore {
  const { testmode, store } = request;
  if (testmode !== undefined) return noStore;
  if (store === undefined || store.instance !== config.oomnitza?.url) return openStore(app, config);
  return { store, [Symbol.dispose]() {} };
}

/** The saved plans of sections by name, once all of them were found to hold still. */
function checkedPlans(
  sections: readonly PreparedSection[],
  { plan, testmode }: UploadRequest,
  store: StateStore | undefined,
  instance: string,
): Map<string, SavedSection> {
  const plans = new Map(plan?.sections.map((section) => [section.report.section, section]));
  const missing = [...plans.keys()].find((name) =>
    !sections.some(({ section }) => section.name === name)
  );
  if (missing !== undefined) throw new AgentError(`[${missing}] of the plan is not enabled`);
  if (testmode !== undefined) return plans;
  for (const prepared of sections) {
    const saved = plans.get(prepared.section.name);
    if (saved !== undefined) checkSaved(saved, prepared, { store, instance });
  }
  return plans;
}

/**
 * Uploads sections, one after the other; one that fails does not stop the others.
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
  using opened = storeFor(app, config, request);
  const { store } = opened;
  const session = await openSession(app, config, chosen);
  const all = await session.prepare();
  const plans = checkedPlans(all, request, store, session.oomnitza.url);
  const reports: SectionReport[] = [];
  for (const prepared of all) {
    if (app.signal.aborted) break;
    const saved = plans.get(prepared.section.name);
    const report = await runPrepared(app, session, prepared, { ...request, store, saved });
    reports.push(report);
    onReport?.(report);
  }
  return { sections: reports, notEnabled };
}
