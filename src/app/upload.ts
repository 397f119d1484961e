/**
 * Uploads sections: reads their sources, maps what they give, and sends it to Oomnitza.
 *
 * @module
 */

import { AgentError, ConfigError } from "../base/errors.ts";
import type { NotEnabled } from "../config/choose.ts";
import type { Config } from "../config/config.ts";
import type { StateStore } from "../state/store.ts";
import { checkSaved, type SavedPlan, type SavedSection } from "../sync/changes/plan_file.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import type { SectionReport } from "../sync/report.ts";
import { type DeliveredSection, deliverSection } from "../sync/run.ts";
import type { RunSettings } from "../sync/section_run.ts";
import { selectSections } from "./configuration.ts";
import { type AppContext, defaultWorkers } from "./context.ts";
import { openSession, receiptOptions, type Session } from "./session.ts";
import { noStore, type OpenStore, openStore } from "./store.ts";

/** How sections are to be uploaded; what is absent is as `agent upload` has it without flags. */
export interface UploadRequest extends Partial<SectionRequest> {
  /** In the order in which they are to run. */
  readonly sections: readonly string[];
  /** A plan to deliver instead of reading the sources. */
  readonly plan?: SavedPlan | undefined;
  /** A state file that is open already. */
  readonly store?: StateStore | undefined;
  /** Is shown the report of each section as soon as it has ended, in their order. */
  readonly onReport?: ((report: SectionReport) => void) | undefined;
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
  & Pick<RunSettings, "store" | "read" | "postponed" | "arrivals" | "connection" | "saved">;

/** Delivers a prepared section. Nothing is thrown: what went wrong is in the report. */
export function deliverPrepared(
  app: AppContext,
  { oomnitza, settings, http }: Session,
  prepared: PreparedSection,
  request: RunRequest,
): Promise<DeliveredSection> {
  const { redactor, signal, stateFile } = app;
  const { api_version: apiVersion, batch_size: batchSize } = settings;
  const receipts = receiptOptions(settings);
  const own = { apiVersion, batchSize, guard: settings, receipts, stateFile, redactor, signal };
  const { workers = defaultWorkers, recordCount = 0 } = request;
  return deliverSection(prepared, { oomnitza, http, ...own }, { ...request, workers, recordCount });
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
  const reports = new ReportsInOrder(onReport);
  for (const prepared of all) {
    if (app.signal.aborted) break;
    const saved = plans.get(prepared.section.name);
    const delivered = await deliverPrepared(app, session, prepared, { ...request, store, saved });
    if (request.onAwaiting !== undefined) request.onAwaiting(delivered);
    else await reports.add(delivered);
  }
  return { sections: await reports.all(), notEnabled };
}

/** Reports of sections in the order in which they ran; who waits for a receipt holds up no other section. */
class ReportsInOrder {
  readonly #onReport: UploadRequest["onReport"];
  readonly #reports: Promise<SectionReport>[] = [];
  #isWaiting = false;

  constructor(onReport: UploadRequest["onReport"]) {
    this.#onReport = onReport;
  }

  /** Takes a section, and ends it when its receipt is there at once. */
  async add(delivered: DeliveredSection): Promise<void> {
    const isDecided = await delivered.ask();
    if (isDecided && !this.#isWaiting) {
      const report = await delivered.settle();
      this.#onReport?.(report);
      this.#reports.push(Promise.resolve(report));
      return;
    }
    this.#isWaiting = true;
    const waited = isDecided ? Promise.resolve() : delivered.wait();
    const report = waited.then(() => delivered.settle());
    const before = Promise.allSettled(this.#reports);
    this.#reports.push(
      Promise.all([report, before]).then(([report]) => {
        this.#onReport?.(report);
        return report;
      }),
    );
  }

  /** Waits for all of them. */
  all(): Promise<SectionReport[]> {
    return Promise.all(this.#reports);
  }
}
