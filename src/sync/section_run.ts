/**
 * One run of a section: what earlier runs left, what its source gives, and what Oomnitza tells of it.
 *
 * @module
 */

import { join } from "node:path";
import { SourceError } from "../base/errors.ts";
import type { Upload } from "../oomnitza/payload.ts";
import type { SectionCursor } from "../state/cursor.ts";
import type { OpenRun } from "../state/state.ts";
import { type Account, maxListedFailures, openAccount } from "./account.ts";
import { openChangeFilter } from "./changes/change_filter.ts";
import type { ChangeFilter } from "./changes/filter.ts";
import { GuardError } from "./changes/guard.ts";
import {
  checkGuardOfSaved,
  deliverSaved,
  openSavedFilter,
  type SavedSection,
} from "./changes/plan_file.ts";
import { countBacklog, deliverBacklog } from "./deliver/backlog.ts";
import { Delivery, type DeliverySettings, type Sink } from "./deliver/deliver.ts";
import { createSink } from "./deliver/held_sink.ts";
import { createTestModeSink } from "./deliver/test_mode.ts";
import { measureLatency, type Moment, TimeSpread } from "./latency.ts";
import type { PreparedSection } from "./prepare.ts";
import type { EmptyPath } from "./read/missing_paths.ts";
import { findFruitless, readSection } from "./read/pipeline.ts";
import { createDataSaver, type DataSaver, savedDataFolder } from "./read/save_data.ts";
import type { AskedUpload } from "./receipt/ask.ts";
import { countNotStored, type ReceiptAnswer } from "./receipt/receipt.ts";
import { SectionReceipts } from "./receipt/section_receipts.ts";
import { type SectionError, type SectionReport, toSectionError } from "./report.ts";
import { RunClock } from "./run_clock.ts";
import type { RunContext, RunSettings } from "./run_settings.ts";

/** Earlier runs that a run asks about, each with a request; those for webhooks are many and short. */
const maxEarlier = 100;
const maxEarlierForWebhooks = 5;

/** How records come again that the state did not take, such as from a process that others have replaced. */
function comesAgain({ read, saved }: RunSettings): string | undefined {
  if (saved !== undefined) return undefined;
  return read === undefined
    ? "The next run reads them again"
    : "Their events are kept, and are processed again";
}

/** A run of a section, which is begun in the state file when it is made. What ends it early is thrown. */
export class SectionRun {
  readonly #prepared: PreparedSection;
  readonly #context: RunContext;
  readonly #settings: RunSettings;
  readonly #started = new Date();
  readonly account: Account;
  /** Of what earlier runs left. */
  readonly #backlog = openAccount();
  readonly #stored: OpenRun | undefined;
  readonly #saver: DataSaver | undefined;
  readonly #delivery: Delivery;
  readonly #receipts: SectionReceipts;
  /** Of earlier runs whose receipts came during this one. */
  readonly #earlier = openAccount();
  readonly #clock = new RunClock();
  /** When the records were read that were handed on to be delivered. */
  readonly #readAt = new TimeSpread();
  /** Records that were handed on. */
  #handedOn = 0;
  /** Whether the upload was declared complete. */
  #isFinalized = false;
  /** Written when it is known what became of the records. */
  #cursor: SectionCursor | undefined;
  /** Milliseconds from the beginning until Oomnitza had reported what became of the records. */
  #reportedAt: number | undefined;
  /** Requests that the backlog took. */
  #backlogRequests = 0;
  #emptyPaths: readonly EmptyPath[] = [];
  #filter: (Pick<ChangeFilter, "conclude" | "changes"> & Partial<ChangeFilter>) | undefined;

  private constructor(
    prepared: PreparedSection,
    context: RunContext,
    settings: RunSettings,
    account: Account,
    stored: OpenRun | undefined,
  ) {
    const { upload, log } = prepared;
    const { saveData, testmode, workers } = settings;
    this.#prepared = prepared;
    this.#context = context;
    this.#settings = settings;
    this.account = account;
    this.#stored = stored;
    this.#saver = saveData === undefined
      ? undefined
      : createDataSaver(join(saveData, savedDataFolder), context.redactor, log);
    const { oomnitza, receipts } = context;
    const signal = AbortSignal.any([
      context.signal,
      ...settings.endWaiting === undefined ? [] : [settings.endWaiting],
    ]);
    const { identify } = prepared.mapper;
    this.#receipts = new SectionReceipts({ ...receipts, oomnitza, identify, log, signal });
    const { vendorIds } = prepared;
    if (vendorIds !== undefined) stored?.outbox.identifyBy(vendorIds.scope);
    this.#delivery = new Delivery({
      ...this.#deliverySettings(),
      upload,
      account,
      workers: testmode === undefined ? workers : 1,
      outbox: stored?.outbox,
      comesAgain: comesAgain(settings),
      onRequest: ({ payload }) => this.#saver?.payload(payload),
    });
  }

  /** Begins the run, also in the state. */
  static async begin(
    prepared: PreparedSection,
    context: RunContext,
    settings: RunSettings,
  ): Promise<SectionRun> {
    const { section: { name: section, settings: { remember } }, upload } = prepared;
    const awaitsReceipt = context.receipts.mode !== "off";
    const account = openAccount();
    const stored = await settings.store?.begin(
      { section, upload: JSON.stringify(upload), remember, awaitsReceipt },
      settings.read === undefined ? "upload" : "webhook",
      () => ({ ...account.counts }),
    );
    return new SectionRun(prepared, context, settings, account, stored);
  }

  /** Delivers what earlier runs left, then what the source or a saved plan gives; throws what ended it. */
  async deliver(): Promise<void> {
    const { section } = this.#prepared;
    const cursor = this.#context.cursors?.cursor(section.name);
    try {
      await this.#clock.during("oomnitza", () => this.#deliverBacklog());
      await this.#clock.during("oomnitza", () => this.#askEarlierReceipts());
      const { saved } = this.#settings;
      if (saved === undefined) await this.#readAndDeliver(cursor);
      else await this.#deliverSaved(saved);
      this.#context.signal.throwIfAborted();
      this.#checkBalance();
      await this.#filter?.conclude();
      this.#cursor = cursor;
    } finally {
      this.#filter?.close?.();
      if (this.#cursor === undefined) cursor?.close();
      await this.#expectReceipt();
    }
  }

  /** Names the upload of which Oomnitza is still to tell what became of the records, when there is one. */
  get awaited(): AskedUpload | undefined {
    return this.#receipts.awaited;
  }

  /** Asks once what became of the records; gives whether nothing is left to ask. */
  async ask(): Promise<boolean> {
    return this.#noteReported(await this.#clock.during("oomnitza", () => this.#receipts.ask()));
  }

  /** Takes what Oomnitza told, who asked for many uploads at once; gives whether nothing is left to ask. */
  async take(answer: ReceiptAnswer): Promise<boolean> {
    return this.#noteReported(await this.#receipts.take(answer));
  }

  /** Waits until it is known what became of the records, or the time is over. */
  async wait(): Promise<void> {
    await this.#clock.during("oomnitza", () => this.#receipts.wait());
    this.#noteReported(true);
  }

  #noteReported(isDecided: boolean): boolean {
    if (this.#receipts.own?.state === "reported") this.#reportedAt ??= this.#clock.elapsed;
    return isDecided;
  }

  /** Ends the asking, and lets the next run begin where this one ended when all was accepted; throws what is against that. */
  async settle(): Promise<void> {
    try {
      await this.#receipts.end();
      if (this.#isAllAccepted) await this.#cursor?.commit();
      if (this.#receipts.failure !== undefined) throw this.#receipts.failure;
    } finally {
      this.#cursor?.close();
    }
  }

  /** How the run went so far, from its accounts and what ended it early. */
  report(thrown: unknown): SectionReport {
    return this.#report(thrown === undefined ? null : toSectionError(thrown), thrown);
  }

  /** Writes down how the run went, or how far it is while Oomnitza is still to tell something; gives it. */
  async end(thrown: unknown, isUndecided = false): Promise<SectionReport> {
    const report = this.report(thrown);
    try {
      const error = report.error?.message ?? null;
      await this.#stored?.end({
        ...report,
        ...{ counts: { ...report.counts }, error },
        times: { ...report.times, latency: report.latency },
        isUndecided,
      });
      return report;
    } catch (failure) {
      return { ...report, outcome: "failed", error: report.error ?? toSectionError(failure) };
    }
  }

  /** What the deliveries of the backlog and of the run have in common. */
  #deliverySettings() {
    const { oomnitza, apiVersion, batchSize, batchBytes, redactor } = this.#context;
    const { testmode } = this.#settings;
    const sink: Sink = testmode === undefined
      ? createSink(oomnitza, this.#settings.hold)
      : createTestModeSink(testmode);
    return {
      sink,
      apiVersion,
      // Test mode shows one record at a time.
      batchSize: testmode === undefined ? batchSize : 1,
      batchBytes,
      identify: this.#prepared.mapper.identify,
      log: this.#prepared.log,
      redact: (text) => redactor.redact(text),
    } satisfies Partial<DeliverySettings>;
  }

  async #deliverBacklog(): Promise<void> {
    const { store } = this.#settings;
    if (store === undefined) return;
    const { name: section, settings: { remember } } = this.#prepared.section;
    const settings = { ...this.#deliverySettings(), account: this.#backlog };
    this.#backlogRequests = await deliverBacklog(store, { section, remember }, settings);
  }

  /** What earlier runs sent and was not told of is asked for first: what failed of it is sent again. */
  async #askEarlierReceipts(): Promise<void> {
    const { store, testmode, read } = this.#settings;
    const { mode } = this.#context.receipts;
    const limit = read === undefined ? maxEarlier : maxEarlierForWebhooks;
    if (store === undefined || testmode !== undefined) return;
    const { name } = this.#prepared.section;
    if (mode === "off") {
      // Nobody asks any more: what was kept for their receipts goes.
      for (const stored of await store.awaitedReceipts(name, Infinity)) await stored.close();
      return;
    }
    const portions = (await store.awaitedReceipts(name, limit)).map((stored) => ({
      ...{ upload: JSON.parse(stored.upload) as Upload, sent: 1, stored, account: this.#earlier },
    }));
    if (portions.length > 0) await this.#receipts.askEarlier(portions);
  }

  /** Says what is to be asked about what this run sent. */
  async #expectReceipt(): Promise<void> {
    const { account } = this;
    const { sent } = account.counts;
    const stored = this.#stored?.receipt;
    const isAsked = this.#context.receipts.mode !== "off" && this.#settings.testmode === undefined;
    if (!this.#isFinalized || !isAsked) return;
    const portion = { upload: this.#prepared.upload, sent, stored, account };
    if (sent === 0) await stored?.close();
    else if (this.#delivery.protocol === "v3") this.#receipts.expect(portion);
    else await this.#receipts.expectNothing(portion, "API v2 has no receipts");
  }

  async #readAndDeliver(cursor: SectionCursor | undefined): Promise<void> {
    const { signal, guard, beside } = this.#context;
    const { store, full, accept, read, isBusy, testmode } = this.#settings;
    const { account } = this;
    const target = this.#timedDelivery();
    const filter = await openChangeFilter(this.#prepared, account, target, {
      store: testmode === undefined ? store : undefined,
      run: this.#stored?.id,
      outbox: this.#stored?.outbox,
      guard,
      isFull: full === true || testmode !== undefined,
      isPartial: read !== undefined,
      isBusy,
      isAccepted: accept === true,
      beside,
      signal,
    });
    this.#filter = filter;
    await this.#readThrough(filter, cursor);
  }

  async #readThrough(filter: ChangeFilter, cursor: SectionCursor | undefined): Promise<void> {
    const { oomnitza, http, redactor, signal, cursors } = this.#context;
    const { full: isFull, read, recordCount, workers } = this.#settings;
    const { saveData, connection, limiters, onVendorAnswer } = this.#settings;
    const { account } = this;
    const delivery = this.#delivery;
    const clock = this.#clock;
    let mapped = 0;
    const end = await readSection(this.#prepared, {
      account,
      limit: recordCount,
      from: read,
      cursor,
      isFull,
      cursors,
      workers,
      connection,
      limiters,
      saveData,
      oomnitza,
      http,
      redactor,
      signal,
      onVendorAnswer,
      onRecord: this.#saver?.record,
      clock,
      deliver: (record, id) => {
        mapped++;
        return filter.add(record, id);
      },
      onGroup: async (read) => {
        await filter.flush();
        this.#noteRead(read, mapped - account.counts.unchanged);
      },
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

  /** Notes when the records of a group were read, of which so many in all were handed on to be delivered. */
  #noteRead(read: readonly Moment[], handedOn: number): void {
    const count = read.reduce((sum, [, records]) => sum + records, 0);
    const share = (handedOn - this.#handedOn) / Math.max(1, count);
    this.#handedOn = handedOn;
    if (share > 0) { for (const [ms, records] of read) this.#readAt.add(ms, records * share); }
  }

  async #deliverSaved(saved: SavedSection): Promise<void> {
    const { signal } = this.#context;
    const { store, accept } = this.#settings;
    this.#filter = openSavedFilter(saved, this.#prepared, store, this.#stored?.id);
    checkGuardOfSaved(saved, this.#prepared, accept === true);
    try {
      await deliverSaved(saved, this.account, this.#timedDelivery(), signal);
    } finally {
      await this.#finishDelivery();
    }
  }

  /** The delivery, whose answers are waited for by the clock. */
  #timedDelivery(): Pick<Delivery, "add" | "isStopped"> {
    const delivery = this.#delivery;
    const clock = this.#clock;
    return {
      add(record, id) {
        const full = delivery.add(record, id);
        return full === undefined ? undefined : clock.during("oomnitza", () => full);
      },
      get isStopped() {
        return delivery.isStopped;
      },
    };
  }

  /** Waits for all answers, and closes the outbox when nothing is left in it. */
  async #finishDelivery(): Promise<void> {
    await this.#clock.during("oomnitza", () => this.#delivery.finish());
    if (this.account.counts.kept > 0) return;
    await this.#stored?.outbox.finish();
    this.#isFinalized = true;
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

  /** How long the records took until Oomnitza had reported what became of them. */
  #latency(): SectionReport["latency"] {
    const reportedAt = this.#reportedAt;
    if (reportedAt === undefined) return { read: null, webhook: null };
    const ages = [...this.#readAt.entries()]
      .map(([ms, count]) => [Math.max(0, reportedAt - ms), count] as const);
    const at = this.#started.getTime() + reportedAt;
    const waits = (this.#settings.arrivals?.() ?? []).map((came) => [at - came, 1] as const);
    return { read: measureLatency(ages), webhook: measureLatency(waits) };
  }

  #report(error: SectionError | null, thrown: unknown): SectionReport {
    const { section, conversions, conversionProblems, upload } = this.#prepared;
    const { counts, failures, claimed } = this.account;
    const backlog = countBacklog(this.#backlog);
    const earlier = this.#earlier;
    const lost = counts.failed + counts.unreadable + backlog.failed + earlier.counts.failed;
    const listed = [...this.#backlog.failures, ...earlier.failures, ...failures]
      .slice(0, maxListedFailures);
    const receipts = [...this.#receipts.earlier, this.#receipts.own];
    const isStored = receipts.every((receipt) => receipt === null || countNotStored(receipt) === 0);
    const postponed = this.#settings.postponed?.() ?? 0;
    // When nothing could be fetched, nothing is known to work.
    const isFruitless = postponed > 0 && counts.fetched === 0;
    const isWell = error === null && !isFruitless && isStored &&
      lost + counts.kept + backlog.kept === 0;
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
      counts: { ...counts },
      receipt: this.#receipts.own,
      earlier_receipts: this.#receipts.earlier,
      times: this.#clock.times(),
      latency: this.#latency(),
      backlog,
      changes: this.#filter?.changes() ?? null,
      stopped_by_guard: thrown instanceof GuardError,
      claimed: claimed() ?? null,
      api: this.#delivery.protocol ?? null,
      requests: this.#settings.testmode === undefined ? requests : 0,
      postponed,
      empty_paths: this.#emptyPaths,
      dead_letters: this.#stored === undefined ? 0 : this.#delivery.refused + backlog.failed +
        this.#receipts.letters,
      conversion_problems: conversionProblems.count(),
      converter_failures: conversions.counts.filter(({ failed }) => failed > 0)
        .map(({ reason = "", ...counts }) => ({ ...counts, reason })),
      failures: listed,
      failures_omitted: lost - listed.length,
      error,
    };
  }
}
