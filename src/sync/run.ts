/**
 * Runs prepared sections, one after the other.
 *
 * @module
 */

import { SourceError } from "../base/errors.ts";
import type { Dropped } from "../transform/map.ts";
import { openTransform } from "../transform/transform.ts";
import type { Account } from "./account.ts";
import { finishLeftovers } from "./leftovers.ts";
import { walk } from "./line.ts";
import type { PreparedSection } from "./prepare.ts";
import { faultOf, type SectionFault, type SectionReport } from "./report.ts";
import {
  beginSection,
  closeDelivery,
  commonSettings,
  reportOf,
  type RunSettings,
  type SectionRun,
  storeEnd,
} from "./section_run.ts";
import { sourceContext } from "./source_context.ts";

export type { RunSettings } from "./section_run.ts";

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

/** Records that are transformed together: many for the sandbox, where each call costs. */
const groupSize = 250;

/** Reads, transforms and delivers; throws what ended the section early. */
async function work(section: SectionRun): Promise<void> {
  const { prepared, run, account, delivery, cursor, saver } = section;
  const { conversions, log } = prepared;
  const { source } = prepared.section;
  const context = { log, oomnitza: run.oomnitza, http: run.http, signal: run.signal };
  await conversions.prepare(context);
  const transform = await openTransform(prepared.mapper, conversions, prepared.code, log);
  const reading = sourceContext(prepared, { ...run, cursor, total: account.claim });
  try {
    await walk({
      records: run.read?.(reading) ?? source.records(reading),
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
    await closeDelivery(section);
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
  const { failed, kept, unreadable } = counts;
  return testmode === undefined && recordCount === 0 && failed + kept + unreadable === 0;
}

/** Runs one section to its report. Nothing is thrown: what went wrong is in the report. */
export async function runSection(
  prepared: PreparedSection,
  run: RunSettings,
): Promise<SectionReport> {
  const { section, upload, log } = prepared;
  const started = new Date();
  let error: SectionFault | null = null;
  function fail(thrown: unknown): void {
    error = faultOf(thrown);
    if (thrown instanceof Error && thrown.stack !== undefined) log.debug(thrown.stack);
  }
  if (run.read === undefined) {
    log.info(`Uploading ${section.source.title} as ${upload.mappingName}`);
  }
  let current: SectionRun;
  let requests = 0;
  try {
    current = beginSection(prepared, run);
  } catch (thrown) {
    fail(thrown);
    current = beginSection(prepared, { ...run, store: undefined });
  }
  run.onStart?.(section.name, current.account);
  try {
    if (error === null) {
      requests = await finishEarlier(current);
      await work(current);
      const imbalance = imbalanceOf(section.name, current.account, run);
      if (imbalance !== undefined) throw imbalance;
      if (isAccepted(run, current.account)) await current.cursor?.commit();
    }
  } catch (thrown) {
    fail(thrown);
  }
  current.cursor?.close();
  prepared.complaints.summarise();
  return storeEnd(current.stored, reportOf(current, started, requests, error));
}

/** Delivers what earlier runs left; gives the requests that it took. */
async function finishEarlier(current: SectionRun): Promise<number> {
  const { prepared, run, leftovers } = current;
  if (run.store === undefined) return 0;
  const settings = { ...commonSettings(prepared, run), account: leftovers };
  return await finishLeftovers(run.store, prepared.section.name, settings);
}
