/**
 * Stands between mapping and delivery: what did not change is left out, and where a guard is in force,
 * nothing passes before all of it was compared.
 *
 * @module
 */

import { AgentError, messageOf } from "../../base/errors.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { Baseline } from "../../state/baseline.ts";
import type { Fingerprint } from "../../state/fingerprint.ts";
import type { StateOutbox } from "../../state/outbox.ts";
import type { StateStore } from "../../state/store.ts";
import type { Account } from "../account.ts";
import type { Delivery } from "../deliver/deliver.ts";
import type { PreparedSection } from "../prepare.ts";
import type { ReadEnd } from "../read/pipeline.ts";
import type { SectionChanges } from "../report.ts";
import { Comparison, NumberSet } from "./delta.ts";
import {
  describeViolations,
  findViolations,
  guardError,
  type GuardOptions,
  type GuardRule,
  resolveGuardRule,
} from "./guard.ts";
import { RecordSpool } from "./record_spool.ts";

/** Decides what goes on to the delivery; every record that it takes ends in the account. */
export interface ChangeFilter {
  /** Takes a record; the promise, when there is one, must be awaited before the next. */
  add(record: MappedRecord): Promise<void> | undefined;
  /** Delivers what was blocked until now; throws `GuardError` when the guard is against it. */
  release(end: ReadEnd): Promise<void>;
  /** Writes down that the run ended well. */
  conclude(): Promise<void>;
  changes(): SectionChanges | null;
}

/** What a filter decides by. */
export interface FilterSettings {
  /** What was accepted before; without it, everything passes. */
  readonly store: StateStore | undefined;
  /** Id of the run in the state file. */
  readonly run: string | undefined;
  /** The outbox of that run. */
  readonly outbox: Pick<StateOutbox, "compareWith"> | undefined;
  /** The guard of `[oomnitza]`. */
  readonly guard: GuardOptions;
  /** Whether also what did not change is sent. */
  readonly isFull: boolean;
  /** Whether some records are read by themselves, as events bring them. */
  readonly isPartial: boolean;
  /** Whether everything passes that the guard would stop. */
  readonly isAccepted: boolean;
  readonly signal: AbortSignal;
}

type Target = Pick<Delivery, "add" | "isStopped">;

/** Records that are named as gone. */
const maxListedRecords = 100;

/** Opens the filter of a section's run. */
export async function openChangeFilter(
  prepared: PreparedSection,
  account: Account,
  delivery: Target,
  settings: FilterSettings,
): Promise<ChangeFilter> {
  const { store, guard, isFull, isPartial, signal } = settings;
  const { section: { name, settings: options }, upload, log } = prepared;
  const onlyChanged = options.only_changed && !isFull;
  if (store === undefined) {
    if (onlyChanged) {
      log.warning("only_changed needs the state file: without it, everything is sent");
    }
    return new PassThrough(prepared, delivery, settings);
  }
  // Some records by themselves are no flood and leave nothing out.
  const isGuarded = options.remember && !isPartial;
  const wanted = isGuarded ? resolveGuardRule(options, guard) : undefined;
  const text = JSON.stringify(upload);
  if (!onlyChanged && wanted === undefined) {
    const origin = isPartial ? "webhook" : "upload";
    if (options.remember) await store.accepted.takeInSurplus(name, text, origin, signal);
    return new PassThrough(prepared, delivery, settings);
  }
  const baseline = await store.accepted.openBaseline(name, text, signal);
  const rule = baseline.isFull ? wanted : undefined;
  if (!onlyChanged && rule === undefined) return new PassThrough(prepared, delivery, settings);
  const comparing = new ComparingFilter(
    prepared,
    account,
    delivery,
    settings,
    baseline,
    onlyChanged,
  );
  if (rule !== undefined) comparing.block(rule, store.path);
  return comparing;
}

/** Lets everything pass, without comparing it. */
class PassThrough implements ChangeFilter {
  readonly #prepared: PreparedSection;
  readonly #delivery: Target;
  readonly #settings: FilterSettings;
  #isComplete = false;

  constructor(prepared: PreparedSection, delivery: Target, settings: FilterSettings) {
    this.#prepared = prepared;
    this.#delivery = delivery;
    this.#settings = settings;
  }

  add(record: MappedRecord): Promise<void> | undefined {
    return this.#delivery.add(record);
  }

  release(end: ReadEnd): Promise<void> {
    this.#isComplete = end.isComplete && end.lost === 0;
    return Promise.resolve();
  }

  async conclude(): Promise<void> {
    const { store, run } = this.#settings;
    const { section, upload } = this.#prepared;
    if (!this.#isComplete || run === undefined || !section.settings.remember) return;
    await store?.accepted.concludeUncompared(section.name, JSON.stringify(upload), run);
  }

  changes(): null {
    return null;
  }
}

/** Compares every record with what was accepted before. */
class ComparingFilter implements ChangeFilter {
  readonly #prepared: PreparedSection;
  readonly #account: Account;
  readonly #delivery: Target;
  readonly #settings: FilterSettings;
  readonly #baseline: Baseline;
  /** Whether what is unchanged is left out. */
  readonly #onlyChanged: boolean;
  readonly #comparison: Comparison;
  /** The guard, where one is in force, and what it blocks until all was compared. */
  #rule: GuardRule | undefined;
  #blocked: RecordSpool | undefined;
  /** The positions of those of which nothing is new. */
  readonly #asAccepted = new NumberSet();
  #delivered = 0;
  #end: ReadEnd | undefined;
  #gone: { readonly count: number; readonly names: readonly string[] } | undefined;

  constructor(
    prepared: PreparedSection,
    account: Account,
    delivery: Target,
    settings: FilterSettings,
    baseline: Baseline,
    onlyChanged: boolean,
  ) {
    this.#prepared = prepared;
    this.#account = account;
    this.#delivery = delivery;
    this.#settings = settings;
    this.#baseline = baseline;
    this.#onlyChanged = onlyChanged;
    this.#comparison = new Comparison({ baseline, syncFields: prepared.upload.syncFields });
  }

  /** Lets nothing pass before all of it was compared; it is kept in a file beside the state file. */
  block(rule: GuardRule, beside: string): void {
    this.#rule = rule;
    this.#blocked = new RecordSpool(beside);
    this.#prepared.log.info("The guard is enabled: nothing is sent before everything was read");
  }

  add(record: MappedRecord): Promise<void> | undefined {
    const { kind, isAsAccepted, print } = this.#comparison.classify(record);
    if (kind === "unchanged" && this.#onlyChanged) {
      this.#account.counts.unchanged++;
      return undefined;
    }
    if (this.#blocked === undefined) return this.#delivery.add(record);
    if (isAsAccepted) this.#asAccepted.add(this.#blocked.length);
    this.#addBlocked(this.#blocked, record, print);
    return undefined;
  }

  async release(end: ReadEnd): Promise<void> {
    this.#end = end;
    const blocked = this.#blocked;
    try {
      if (end.isAborted) return;
      if (end.isComplete) this.#gone = await this.#findGone();
      this.#checkGuard(end);
      if (blocked !== undefined) await this.#deliver(blocked);
    } finally {
      if (blocked !== undefined) {
        this.#account.counts.held += blocked.length - this.#delivered;
        blocked.close();
      }
    }
  }

  async conclude(): Promise<void> {
    const { run } = this.#settings;
    if (this.#end?.isComplete !== true || this.#end.lost > 0 || run === undefined) return;
    await this.#baseline.conclude({
      run,
      gone: this.#gone?.count,
      isSeen: (id) => this.#comparison.isSeen(id),
      returned: this.#comparison.returned,
    });
  }

  changes(): SectionChanges {
    const isKnown = this.#gone !== undefined && this.#end?.lost === 0;
    return {
      ...this.#comparison.counts,
      gone: isKnown ? this.#gone?.count ?? null : null,
      gone_records: isKnown ? this.#gone?.names ?? [] : [],
    };
  }

  #addBlocked(
    blocked: RecordSpool,
    record: MappedRecord,
    print: Fingerprint | undefined,
  ): void {
    try {
      blocked.add(record, print);
    } catch (error) {
      if (error instanceof AgentError) throw error;
      const { mapper, log } = this.#prepared;
      const identity = mapper.identify(record);
      const reason = `cannot be written as JSON (${messageOf(error)})`;
      log.error(`Lost ${identity}: ${reason}`);
      this.#account.fail(identity, reason);
    }
  }

  async #findGone() {
    const count = this.#comparison.goneCount;
    const names: string[] = [];
    if (count === 0) return { count, names };
    for await (const { record } of this.#comparison.gone()) {
      names.push(record);
      if (names.length === Math.min(count, maxListedRecords)) break;
    }
    return { count, names };
  }

  #checkGuard(end: ReadEnd): void {
    const rule = this.#rule;
    if (rule === undefined) return;
    const { section, log } = this.#prepared;
    const gone = this.#gone === undefined ? undefined : Math.max(0, this.#gone.count - end.lost);
    const { size } = this.#baseline;
    const goneNames = this.#gone?.names ?? [];
    const compared = { comparison: this.#comparison, size, gone, goneNames };
    const violations = findViolations(rule, compared);
    if (violations.length === 0) return;
    if (!this.#settings.isAccepted) {
      throw guardError(section.name, describeViolations(rule, violations));
    }
    for (const violation of violations) log.warning(`Accepted: ${violation}`);
  }

  async #deliver(blocked: RecordSpool): Promise<void> {
    const unchanged = new WeakSet<MappedRecord>();
    const isUnchanged = (record: MappedRecord) => unchanged.has(record);
    this.#settings.outbox?.compareWith({ answer: this.#baseline.answer, isUnchanged });
    for (const record of blocked.values()) {
      if (this.#delivery.isStopped || this.#settings.signal.aborted) return;
      if (this.#asAccepted.has(this.#delivered)) unchanged.add(record);
      this.#delivered++;
      const full = this.#delivery.add(record);
      if (full !== undefined) await full;
    }
  }
}
