/**
 * Runs a prepared section: what earlier runs left, then what its source gives, to its report.
 *
 * @module
 */

import { join } from "node:path";
import { SourceError } from "../base/errors.ts";
import type { Redactor } from "../base/redact.ts";
import type { Oomnitza } from "../oomnitza/client.ts";
import { GarbageCollector } from "../runtime/memory.ts";
import type { Http } from "../sdk/http/http.ts";
import { openCursor, type SectionCursor } from "../state/cursor.ts";
import type { OpenRun, StateStore } from "../state/store.ts";
import { type Account, maxListedFailures, openAccount } from "./account.ts";
import { type ChangeFilter, openChangeFilter } from "./changes/change_filter.ts";
import { GuardError, type GuardOptions } from "./changes/guard.ts";
import {
  checkGuardOfSaved,
  deliverSaved,
  openSavedFilter,
  type SavedSection,
} from "./changes/plan_file.ts";
import { countBacklog, deliverBacklog } from "./deliver/backlog.ts";
import { Delivery, type DeliverySettings, type Sink } from "./deliver/deliver.ts";
import { createTestModeSink } from "./deliver/test_mode.ts";
import type { PreparedSection } from "./prepare.ts";
import type { EmptyPath } from "./read/missing_paths.ts";
import { findFruitless, readSection } from "./read/pipeline.ts";
import type { PartialRead } from "./read/read_items.ts";
import { createDataSaver, type DataSaver, savedDataFolder } from "./read/save_data.ts";
import type { Connection } from "./read/source_context.ts";
import { type SectionError, type SectionReport, toSectionError } from "./report.ts";

/** What the runs of all sections have in common. */
export interface RunContext {
  readonly oomnitza: Oomnitza;
  readonly apiVersion: "auto" | "v2" | "v3";
  readonly batchSize: number;
  readonly batchBytes: number;
  /** The guard of `[oomnitza]`. */
  readonly guard: GuardOptions;
  /** For converters that query other systems. */
  readonly http: Http;
  /** The file in which sections remember where they were; they remember nothing without one. */
  readonly stateFile: string | undefined;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
}

/** How one run is to go. */
export interface RunSettings {
  /** Concurrent requests to Oomnitza, and things that a source without limits fetches at once. */
  readonly workers: number;
  /** Records to read; 0 reads all. */
  readonly recordCount: number;
  /** Prints what would be sent; absent when it is to be sent. */
  readonly testmode?: ((text: string) => void) | undefined;
  /** Directory under which `--save-data` writes; absent when it does not. */
  readonly saveData?: string | undefined;
  /** Keeps accounts, and records until they were answered. */
  readonly store?: StateStore | undefined;
  /** Sends also what did not change. */
  readonly full?: boolean | undefined;
  /** Lets everything pass that the guard would stop. */
  readonly accept?: boolean | undefined;
  /** Delivers what a plan holds instead of reading the source. */
  readonly saved?: SavedSection | undefined;
  /** Reads some records instead of all that the source has. */
  readonly read?: PartialRead | undefined;
  /** How many of those could not be fetched and are tried again later. */
  readonly postponed?: (() => number) | undefined;
  /** Where the connection to the source is kept for the next run. */
  readonly connection?: Connection | undefined;
  /** Is shown the account of the section while it runs. */
  readonly onStart?: ((section: string, account: Account) => void) | undefined;
  /** Called with the status of every answer of the section's vendor. */
  readonly onVendorAnswer?: ((section: string, status: number) => void) | undefined;
}

class SectionRun {
  readonly #prepared: PreparedSection;
  readonly #context: RunContext;
  readonly #settings: RunSettings;
  readonly #started = new Date();
  readonly account = openAccount();
  /** Of what earlier runs left. */
  readonly #backlog = openAccount();
  readonly #stored: OpenRun | undefined;
  readonly #saver: DataSaver | undefined;
  readonly #garbage = new GarbageCollector();
  readonly #delivery: Delivery;
  /** Requests that the backlog took. */
  #backlogRequests = 0;
  #emptyPaths: readonly EmptyPath[] = [];
  #filter: Pick<ChangeFilter, "conclude" | "changes"> | undefined;

  /** Begins the run, also in the state file. */
  constructor(prepared: PreparedSection, context: RunContext, settings: RunSettings) {
    const { section, upload, log } = prepared;
    const { store, saveData, read, testmode, workers } = settings;
    this.#prepared = prepared;
    this.#context = context;
    this.#settings = settings;
    this.#saver = saveData === undefined
      ? undefined
      : createDataSaver(join(saveData, savedDataFolder), context.redactor, log);
    const { name, settings: { remember } } = section;
    this.#stored = store?.begin(
      { section: name, upload: JSON.stringify(upload), remember },
      read === undefined ? "upload" : "webhook",
      () => ({ ...this.account.counts }),
    );
    this.#delivery = new Delivery({
      ...this.#deliverySettings(),
      upload,
      account: this.account,
      workers: testmode === undefined ? workers : 1,
      outbox: this.#stored?.outbox,
      garbage: this.#garbage,
      onRequest: ({ payload }) => this.#saver?.payload(payload),
    });
  }

  /** Delivers what earlier runs left, then what the source or a saved plan gives; throws what ended it. */
  async run(): Promise<void> {
    const { section } = this.#prepared;
    const { stateFile } = this.#context;
    const cursor = stateFile === undefined ? undefined : openCursor(stateFile, section.name);
    try {
      await this.#deliverBacklog();
      const { saved } = this.#settings;
      if (saved === undefined) await this.#readAndDeliver(cursor);
      else await this.#deliverSaved(saved);
      this.#context.signal.throwIfAborted();
      this.#checkBalance();
      if (this.#isAllAccepted) await cursor?.commit();
      this.#filter?.conclude();
    } finally {
      cursor?.close();
    }
  }

  /** Ends the run; gives how it went, from its accounts and what ended it early. */
  end(thrown: unknown): SectionReport {
    const report = this.#report(thrown === undefined ? null : toSectionError(thrown), thrown);
    try {
      const error = report.error?.message ?? null;
      this.#stored?.end({ ...report, counts: { ...report.counts }, error });
      return report;
    } catch (failure) {
      return { ...report, outcome: "failed", error: report.error ?? toSectionError(failure) };
    }
  }

  /** What the deliveries of the backlog and of the run have in common. */
  #deliverySettings() {
    const { oomnitza, apiVersion, batchSize, batchBytes } = this.#context;
    const { testmode } = this.#settings;
    const sink: Sink = testmode === undefined
      ? { writes: true, post: (request, body, retry) => oomnitza.post(request, body, retry) }
      : createTestModeSink(testmode);
    return {
      sink,
      apiVersion,
      // Test mode shows one record at a time.
      batchSize: testmode === undefined ? batchSize : 1,
      batchBytes,
      identify: this.#prepared.mapper.identify,
      log: this.#prepared.log,
    } satisfies Partial<DeliverySettings>;
  }

  async #deliverBacklog(): Promise<void> {
    const { store } = this.#settings;
    if (store === undefined) return;
    const { name: section, settings: { remember } } = this.#prepared.section;
    const settings = { ...this.#deliverySettings(), account: this.#backlog };
    this.#backlogRequests = await deliverBacklog(store, { section, remember }, settings);
  }

  async #readAndDeliver(cursor: SectionCursor | undefined): Promise<void> {
    const { oomnitza, http, redactor, signal, guard } = this.#context;
    const { store, full, accept, read, recordCount, workers } = this.#settings;
    const { saveData, connection, onVendorAnswer, testmode } = this.#settings;
    const { account } = this;
    const delivery = this.#delivery;
    const filter = openChangeFilter(this.#prepared, account, delivery, {
      store: testmode === undefined ? store : undefined,
      run: this.#stored?.id,
      guard,
      isFull: full === true || testmode !== undefined,
      isPartial: read !== undefined,
      isAccepted: accept === true,
      signal,
    });
    this.#filter = filter;
    const end = await readSection(this.#prepared, {
      account,
      limit: recordCount,
      from: read,
      cursor,
      workers,
      connection,
      saveData,
      oomnitza,
      http,
      redactor,
      signal,
      onVendorAnswer,
      garbage: this.#garbage,
      onRecord: this.#saver?.record,
      deliver: (record) => filter.add(record),
      isStopped: () => delivery.isStopped || signal.aborted,
    });
    this.#emptyPaths = read === undefined ? end.emptyPaths : [];
    try {
      await filter.release(end);
    } finally {
      await this.#finishDelivery();
    }
    if (end.failure !== undefined) throw end.failure.thrown;
    const fruitless = signal.aborted ? undefined : findFruitless(this.#prepared, account, end);
    if (fruitless !== undefined) throw fruitless;
  }

  async #deliverSaved(saved: SavedSection): Promise<void> {
    const { signal } = this.#context;
    const { store, accept } = this.#settings;
    this.#filter = openSavedFilter(saved, this.#prepared, store, this.#stored?.id);
    checkGuardOfSaved(saved, this.#prepared, accept === true);
    try {
      await deliverSaved(saved, this.account, this.#delivery, signal);
    } finally {
      await this.#finishDelivery();
    }
  }

  /** Waits for all answers, and closes the outbox when nothing is left in it. */
  async #finishDelivery(): Promise<void> {
    await this.#delivery.finish();
    if (this.account.counts.kept === 0) this.#stored?.outbox.finish();
  }

  /** A run that looks well and whose account does not add up has failed. */
  #checkBalance(): void {
    const { recordCount } = this.#settings;
    const { counts } = this.account;
    const imbalance = this.account.imbalance(recordCount === 0 || counts.fetched < recordCount);
    if (imbalance === undefined) return;
    const { name } = this.#prepared.section;
    throw new SourceError(`The account does not balance [${name}]: ${imbalance}`);
  }

  /** Whether a run got everything accepted, so that the next may begin where this one ended. */
  get #isAllAccepted(): boolean {
    const { testmode, recordCount } = this.#settings;
    const { failed, kept, unreadable } = this.account.counts;
    return testmode === undefined && recordCount === 0 && failed + kept + unreadable === 0;
  }

  #report(error: SectionError | null, thrown: unknown): SectionReport {
    const { section, conversions, conversionProblems, upload } = this.#prepared;
    const { counts, failures, claimed } = this.account;
    const backlog = countBacklog(this.#backlog);
    const lost = counts.failed + counts.unreadable + backlog.failed;
    const listed = [...this.#backlog.failures, ...failures].slice(0, maxListedFailures);
    const postponed = this.#settings.postponed?.() ?? 0;
    // When nothing could be fetched, nothing is known to work.
    const isFruitless = postponed > 0 && counts.fetched === 0;
    const isWell = error === null && !isFruitless && lost + counts.kept + backlog.kept === 0;
    const requests = this.#delivery.requests + this.#backlogRequests;
    return {
      section: section.name,
      run: this.#stored?.id ?? null,
      origin: this.#settings.read === undefined ? "upload" : "webhook",
      source: section.source.name,
      mapping_name: upload.mappingName,
      kind: section.kind,
      outcome: isWell ? "ok" : "failed",
      started: this.#started.toISOString(),
      ended: new Date().toISOString(),
      counts,
      leftovers: backlog,
      changes: this.#filter?.changes() ?? null,
      stopped_by_guard: thrown instanceof GuardError,
      claimed: claimed() ?? null,
      api: this.#delivery.protocol ?? null,
      requests: this.#settings.testmode === undefined ? requests : 0,
      postponed,
      empty_paths: this.#emptyPaths,
      dead_letters: this.#stored === undefined ? 0 : this.#delivery.refused + backlog.failed,
      complaints: conversionProblems.count(),
      converter_failures: conversions.counts.filter(({ failed }) => failed > 0)
        .map(({ reason = "", ...counts }) => ({ ...counts, reason })),
      failures: listed,
      failures_omitted: lost - listed.length,
      error,
    };
  }
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
  context: RunContext,
  settings: RunSettings,
): Promise<SectionReport> {
  const { section, log, conversionProblems } = prepared;
  let thrown: unknown;
  function fail(error: unknown): void {
    thrown = error;
    if (error instanceof Error && error.stack !== undefined) log.debug(error.stack);
  }
  announce(prepared, settings);
  let run: SectionRun;
  try {
    run = new SectionRun(prepared, context, settings);
  } catch (error) {
    fail(error);
    run = new SectionRun(prepared, context, { ...settings, store: undefined });
  }
  settings.onStart?.(section.name, run.account);
  if (thrown === undefined) await run.run().catch(fail);
  conversionProblems.summarise();
  return run.end(thrown);
}
