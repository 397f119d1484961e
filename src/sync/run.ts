/**
 * Runs prepared sections, one after the other.
 *
 * @module
 */

import { join } from "node:path";
import { SourceError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Oomnitza } from "../oomnitza/client.ts";
import type { Http } from "../sdk/http.ts";
import { openCursor, type SectionCursor } from "../state/cursor.ts";
import type { Dropped } from "../transform/map.ts";
import { openTransform } from "../transform/transform.ts";
import { type Account, openAccount } from "./account.ts";
import { Delivery, type Sink } from "./deliver.ts";
import { walk } from "./line.ts";
import type { PreparedSection } from "./prepare.ts";
import { faultOf, type SectionFault, type SectionReport } from "./report.ts";
import { createDataSaver, type DataSaver, savedDataFolder } from "./save_data.ts";
import { hideSecrets, sourceContext } from "./source_context.ts";
import { createTestModeSink } from "./test_mode.ts";

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
  /** The file in which sections remember where they were. */
  readonly stateFile: string;
  readonly signal: AbortSignal;
  readonly redactor: Redactor;
  readonly http: Http;
  readonly log: Log;
  /** Is shown the account of each section while it runs. */
  readonly onStart?: ((section: string, account: Account) => void) | undefined;
}

/** Lines of one kind that are logged in full; the account counts them all. */
const loggedDrops = 20;

function dropLogger(prepared: PreparedSection, account: Account): (dropped: Dropped) => void {
  const { log } = prepared;
  return (dropped) => {
    const name = dropped.identity === "" ? `record ${account.counts.fetched}` : dropped.identity;
    if (dropped.kind === "failed") {
      log.error(`Lost ${name}: ${dropped.reason}`);
      account.fail(dropped.identity, dropped.reason);
      return;
    }
    const count = ++account.counts[dropped.kind];
    if (dropped.kind === "filtered") log.debug(`Filtered: ${name}`);
    else if (count <= loggedDrops) log.warning(`Not sent: ${name}: ${dropped.reason}`);
    else if (count === loggedDrops + 1) {
      log.warning("More records are not sent for such reasons; the report counts them");
    }
  };
}

function sinkOf(run: RunSettings): Sink {
  if (run.testmode !== undefined) return createTestModeSink(run.testmode);
  return { writes: true, post: (request, body, retry) => run.oomnitza.post(request, body, retry) };
}

function deliveryOf(
  prepared: PreparedSection,
  run: RunSettings,
  account: Account,
  saver?: DataSaver,
): Delivery {
  return new Delivery({
    sink: sinkOf(run),
    upload: prepared.upload,
    apiVersion: run.apiVersion,
    // Test mode shows one record at a time.
    batchSize: run.testmode === undefined ? run.batchSize : 1,
    workers: run.testmode === undefined ? run.workers : 1,
    account,
    identify: prepared.mapper.identify,
    log: prepared.log,
    onRequest: saver === undefined ? undefined : (request) => saver.payload(request.payload),
  });
}

/** Records that are transformed together: many for the sandbox, where each call costs. */
const groupSize = 250;

/** Reads, transforms and delivers; throws what ended the section early. */
async function work(
  prepared: PreparedSection,
  run: RunSettings,
  account: Account,
  delivery: Delivery,
  cursor: SectionCursor,
  saver?: DataSaver,
): Promise<void> {
  const { section, conversions, log } = prepared;
  const context = { log, oomnitza: run.oomnitza, http: run.http, signal: run.signal };
  await conversions.prepare(context);
  const transform = await openTransform(prepared.mapper, conversions, prepared.code, log);
  const source = sourceContext(prepared, { ...run, cursor, total: account.claim });
  try {
    await walk({
      records: section.source.records(source),
      recordCount: run.recordCount,
      groupSize,
      onRecord: saver?.record,
      transform: (records) => transform.group(records),
      deliver: (record) => delivery.add(record),
      isStopped: () => delivery.isStopped || run.signal.aborted,
      onDropped: dropLogger(prepared, account),
      onSkipped: ({ identity, reason }) => {
        log.error(`Unreadable: ${identity}: ${reason}`);
        account.skip(identity, reason);
      },
      account,
    });
  } finally {
    await transform.close();
    await delivery.finish();
  }
  conversions.finish(context);
  run.signal.throwIfAborted();
}

/** What is thrown when a run looks well and its account does not. */
function imbalanceOf(section: string, account: Account, run: RunSettings): SourceError | undefined {
  const complete = run.recordCount === 0 || account.counts.fetched < run.recordCount;
  const imbalance = account.imbalance(complete);
  if (imbalance === undefined) return undefined;
  return new SourceError(`The account does not balance [${section}]: ${imbalance}`);
}

/** Whether a run got everything accepted, so that the next may begin where this one ended. */
function isAccepted({ testmode, recordCount }: RunSettings, { counts }: Account): boolean {
  return testmode === undefined && recordCount === 0 && counts.failed + counts.unreadable === 0;
}

/** How a section ended, from its account and its delivery. */
function reportOf(
  prepared: PreparedSection,
  run: RunSettings,
  account: Account,
  delivery: Delivery,
  started: Date,
  error: SectionFault | null,
): SectionReport {
  const { section, complaints, upload } = prepared;
  const { counts, failures } = account;
  const lost = counts.failed + counts.unreadable;
  return {
    section: section.name,
    source: section.source.name,
    mapping_name: upload.mappingName,
    kind: section.kind,
    outcome: error === null && lost === 0 ? "ok" : "failed",
    started: started.toISOString(),
    ended: new Date().toISOString(),
    counts,
    claimed: account.claimed() ?? null,
    api: delivery.protocol ?? null,
    requests: run.testmode === undefined ? delivery.requests : 0,
    complaints: complaints.count(),
    failures,
    failures_omitted: lost - failures.length,
    error,
  };
}

/** Runs one section to its report. Nothing is thrown: what went wrong is in the report. */
export async function runSection(
  prepared: PreparedSection,
  run: RunSettings,
): Promise<SectionReport> {
  const { section, upload, log } = prepared;
  const started = new Date();
  const account = openAccount();
  const saver = run.saveData === undefined
    ? undefined
    : createDataSaver(join(run.saveData, savedDataFolder), log);
  const delivery = deliveryOf(prepared, run, account, saver);
  const cursor = openCursor(run.stateFile, section.name);
  hideSecrets(prepared, run.redactor);
  log.info(`Uploading ${section.source.title} as ${upload.mappingName}`);
  run.onStart?.(section.name, account);
  let error: SectionFault | null = null;
  try {
    await work(prepared, run, account, delivery, cursor, saver);
    const imbalance = imbalanceOf(section.name, account, run);
    if (imbalance !== undefined) throw imbalance;
    if (isAccepted(run, account)) await cursor.commit();
  } catch (thrown) {
    error = faultOf(thrown);
    if (thrown instanceof Error && thrown.stack !== undefined) log.debug(thrown.stack);
  }
  cursor.close();
  prepared.complaints.summarise();
  return reportOf(prepared, run, account, delivery, started, error);
}
