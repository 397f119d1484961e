/**
 * Runs prepared sections, one after the other.
 *
 * @module
 */

import { SourceError } from "../base/errors.ts";
import type { Account } from "./account.ts";
import { openGate } from "./changes/change_filter.ts";
import { finishLeftovers } from "./deliver/backlog.ts";
import { deliverSaved } from "./changes/planned_run.ts";
import type { PreparedSection } from "./prepare.ts";
import { readSection } from "./read/read.ts";
import type { SectionReport } from "./report.ts";
import {
  beginSection,
  closeDelivery,
  commonSettings,
  reportOf,
  type RunSettings,
  type SectionRun,
  storeEnd,
} from "./section_run.ts";

export type { RunSettings } from "./section_run.ts";

/** Reads, transforms and delivers; throws what ended the section early. */
async function work(section: SectionRun): Promise<void> {
  const { prepared, run, delivery, saver } = section;
  const gate = openGate(section);
  section.gate = gate;
  const end = await readSection({
    ...section,
    ...run,
    prepared,
    onRecord: saver?.record,
    take: (record) => gate.add(record),
    isStopped: () => delivery.isStopped || run.signal.aborted,
  });
  try {
    await gate.release(end);
  } finally {
    await closeDelivery(section);
  }
  if (end.failure !== undefined) throw end.failure.thrown;
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

function announce({ section, upload, log }: PreparedSection, { saved, read }: RunSettings): void {
  if (saved !== undefined) log.info(`Uploading a plan of ${section.source.title}`);
  else if (read === undefined) {
    log.info(`Uploading ${section.source.title} as ${upload.mappingName}`);
  }
}

/** Runs one section to its report. Nothing is thrown: what went wrong is in the report. */
export async function runSection(
  prepared: PreparedSection,
  run: RunSettings,
): Promise<SectionReport> {
  const { section, log } = prepared;
  const started = new Date();
  let fault: unknown;
  function fail(thrown: unknown): void {
    fault = thrown;
    if (thrown instanceof Error && thrown.stack !== undefined) log.debug(thrown.stack);
  }
  announce(prepared, run);
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
    if (fault === undefined) {
      requests = await finishEarlier(current);
      if (run.saved === undefined) await work(current);
      else await deliverSaved(current, run.saved);
      const imbalance = imbalanceOf(section.name, current.account, run);
      if (imbalance !== undefined) throw imbalance;
      if (isAccepted(run, current.account)) await current.cursor?.commit();
      current.gate?.conclude();
    }
  } catch (thrown) {
    fail(thrown);
  }
  current.cursor?.close();
  prepared.complaints.summarise();
  return storeEnd(current.stored, reportOf(current, started, requests, fault));
}

/** Delivers what earlier runs left; gives the requests that it took. */
async function finishEarlier(current: SectionRun): Promise<number> {
  const { prepared, run, leftovers } = current;
  if (run.store === undefined) return 0;
  const settings = { ...commonSettings(prepared, run), account: leftovers };
  const { name: section, settings: { remember } } = prepared.section;
  return await finishLeftovers(run.store, { section, remember }, settings);
}
