/**
 * One run of a section: its accounts, its delivery, its entry in the state file, and its report.
 *
 * @module
 */

import { join } from "node:path";
import type { Log } from "../logging/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Oomnitza } from "../oomnitza/client.ts";
import type { UploadRequest } from "../oomnitza/payload.ts";
import type { Http } from "../sdk/http/http.ts";
import { openCursor, type SectionCursor } from "../state/cursor.ts";
import type { OpenRun, StateStore } from "../state/store.ts";
import { type Account, namedFailures, openAccount } from "./account.ts";
import { Delivery } from "./deliver/deliver.ts";
import type { Sink } from "./deliver/delivery_settings.ts";
import { leftoverCounts } from "./deliver/backlog.ts";
import type { Gate } from "./changes/change_filter.ts";
import { GuardError, type GuardOptions } from "./changes/guard.ts";
import type { SavedSection } from "./changes/plan_file.ts";
import type { PreparedSection } from "./prepare.ts";
import { faultOf, type SectionReport } from "./report.ts";
import type { PartialRead } from "./read/read_items.ts";
import type { Connection } from "./read/source_context.ts";
import { createDataSaver, type DataSaver, savedDataFolder } from "./read/save_data.ts";
import { createTestModeSink } from "./deliver/test_mode.ts";

/** How a run is to go. */
export interface RunSettings {
  readonly oomnitza: Oomnitza;
  readonly apiVersion: "auto" | "v2" | "v3";
  readonly batchSize: number;
  readonly workers: number;
  /** Records to read per section; 0 reads all. */
  readonly recordCount: number;
  /** Prints what would be sent; absent when it is to be sent. */
  readonly testmode?: ((text: string) => void) | undefined;
  /** Directory under which `--save-data` writes; absent when it does not. */
  readonly saveData?: string | undefined;
  /** The file in which sections remember where they were; they remember nothing without one. */
  readonly stateFile: string | undefined;
  /** Keeps accounts, and records until they were answered. */
  readonly store?: StateStore | undefined;
  /** The guard of `[oomnitza]`. */
  readonly guard: GuardOptions;
  /** Sends also what did not change. */
  readonly full?: boolean | undefined;
  /** Lets everything pass that the guard would stop. */
  readonly accept?: boolean | undefined;
  /** Delivers what a plan holds in place of reading the source. */
  readonly saved?: SavedSection | undefined;
  readonly signal: AbortSignal;
  readonly redactor: Redactor;
  readonly http: Http;
  readonly log: Log;
  /** Reads some records in place of all that the source has. */
  readonly read?: PartialRead | undefined;
  /** Is told the status of every answer of a section's vendor. */
  readonly onVendorAnswer?: ((section: string, status: number) => void) | undefined;
  /** Where the connection to the source is kept for the next run. */
  readonly connection?: Connection | undefined;
  /** Is shown the account of each section while it runs. */
  readonly onStart?: ((section: string, account: Account) => void) | undefined;
}

function sinkOf(run: RunSettings): Sink {
  if (run.testmode !== undefined) return createTestModeSink(run.testmode);
  return { writes: true, post: (request, body, retry) => run.oomnitza.post(request, body, retry) };
}

/** What all deliveries of a section share. */
export function commonSettings(prepared: PreparedSection, run: RunSettings, saver?: DataSaver) {
  return {
    sink: sinkOf(run),
    apiVersion: run.apiVersion,
    // Test mode shows one record at a time.
    batchSize: run.testmode === undefined ? run.batchSize : 1,
    identify: prepared.mapper.identify,
    log: prepared.log,
    onRequest: saver === undefined
      ? undefined
      : (request: UploadRequest) => saver.payload(request.payload),
  };
}

/** One run of a section: what it works with, and how far it is. */
export interface SectionRun {
  readonly prepared: PreparedSection;
  readonly run: RunSettings;
  readonly account: Account;
  /** Of what earlier runs left. */
  readonly leftovers: Account;
  readonly delivery: Delivery;
  readonly cursor: SectionCursor | undefined;
  readonly stored: OpenRun | undefined;
  readonly saver: DataSaver | undefined;
  /** Stands between mapping and delivery, once what earlier runs left is delivered. */
  gate?: Gate | undefined;
}

/** Waits for all answers, and closes the outbox when nothing is left in it. */
export async function closeDelivery({ delivery, account, stored }: SectionRun): Promise<void> {
  await delivery.finish();
  if (account.counts.kept === 0) stored?.outbox.finish();
}

/** How a section ended, from its accounts and its delivery. */
export function reportOf(
  { prepared, run, account, leftovers, delivery, stored, gate }: SectionRun,
  started: Date,
  requests: number,
  thrown: unknown,
): SectionReport {
  const error = thrown === undefined ? null : faultOf(thrown);
  const { section, complaints, upload } = prepared;
  const { counts } = account;
  const earlier = leftoverCounts(leftovers);
  const lost = counts.failed + counts.unreadable + earlier.failed;
  const failures = [...leftovers.failures, ...account.failures].slice(0, namedFailures);
  const isWell = error === null && lost + counts.kept + earlier.kept === 0;
  return {
    section: section.name,
    run: stored?.id ?? null,
    source: section.source.name,
    mapping_name: upload.mappingName,
    kind: section.kind,
    outcome: isWell ? "ok" : "failed",
    started: started.toISOString(),
    ended: new Date().toISOString(),
    counts,
    leftovers: earlier,
    changes: gate?.changes() ?? null,
    stopped_by_guard: thrown instanceof GuardError,
    claimed: account.claimed() ?? null,
    api: delivery.protocol ?? null,
    requests: run.testmode === undefined ? delivery.requests + requests : 0,
    complaints: complaints.count(),
    failures,
    failures_omitted: lost - failures.length,
    error,
  };
}

/** Writes the end of a run into the state file; its fault becomes that of the section. */
export function storeEnd(stored: OpenRun | undefined, report: SectionReport): SectionReport {
  try {
    stored?.end({ ...report, counts: { ...report.counts }, error: report.error?.message ?? null });
    return report;
  } catch (thrown) {
    return { ...report, outcome: "failed", error: report.error ?? faultOf(thrown) };
  }
}

/** Opens the accounts, the outbox and the delivery of a section. */
export function beginSection(prepared: PreparedSection, run: RunSettings): SectionRun {
  const { section, upload, log } = prepared;
  const account = openAccount();
  const saver = run.saveData === undefined
    ? undefined
    : createDataSaver(join(run.saveData, savedDataFolder), run.redactor, log);
  const counts = () => ({ ...account.counts });
  const { remember } = section.settings;
  const origin = run.read === undefined ? "upload" : "webhook";
  const known = { section: section.name, upload: JSON.stringify(upload), remember };
  const stored = run.store?.begin(known, origin, counts);
  const delivery = new Delivery({
    ...commonSettings(prepared, run, saver),
    account,
    upload,
    workers: run.testmode === undefined ? run.workers : 1,
    outbox: stored?.outbox,
  });
  const { stateFile } = run;
  const cursor = stateFile === undefined ? undefined : openCursor(stateFile, section.name);
  return {
    prepared,
    run,
    account,
    leftovers: openAccount(),
    delivery,
    cursor,
    stored,
    saver,
  };
}
