/**
 * The guard as long as a run gives much the same records in the same order as the one before: nothing passes
 * before all of it was compared with that one. Otherwise each record is compared with all that was accepted.
 *
 * @module
 */

import { stringifyExactJson } from "../../base/json.ts";
import type { MappedRecord } from "../../base/record.ts";
import { Fingerprints, keyForPeople } from "../../state/fingerprint.ts";
import type { LastUpload } from "../../state/known_records.ts";
import { countSentAll } from "../account.ts";
import type { ReadEnd } from "../read/pipeline.ts";
import type { SectionChanges } from "../report.ts";
import {
  type ChangeFilter,
  checkGuard,
  type FilteredRun,
  logRenames,
  loseUnwritable,
  maxListedRecords,
} from "./filter.ts";
import type { GuardRule } from "./guard.ts";
import { OrderedComparison } from "./ordered_comparison.ts";
import { RecordSpool } from "./record_spool.ts";

/** What an ordered comparison is made with. */
export interface OrderedSettings {
  readonly last: LastUpload;
  readonly rule: GuardRule;
  /** What is blocked is kept in a temporary file beside this path. */
  readonly beside: string;
  /** Opens the filter that takes over when the order is another. */
  readonly fallBack: () => Promise<ChangeFilter>;
}

/** Compares with the last upload, in its order. */
export class OrderedFilter implements ChangeFilter {
  readonly #run: FilteredRun;
  readonly #settings: OrderedSettings;
  readonly #comparison: OrderedComparison;
  readonly #blocked: RecordSpool;
  /** Who took over. */
  #successor: ChangeFilter | undefined;
  #delivered = 0;
  #isComplete = false;

  private constructor(
    run: FilteredRun,
    settings: OrderedSettings,
    comparison: OrderedComparison,
  ) {
    this.#run = run;
    this.#settings = settings;
    this.#comparison = comparison;
    this.#blocked = new RecordSpool(settings.beside);
  }

  /** Opens the filter, which must be closed. */
  static async open(run: FilteredRun, settings: OrderedSettings): Promise<OrderedFilter> {
    const { upload: { syncFields }, volatile } = run.prepared;
    const comparison = await OrderedComparison.begin(settings.last, syncFields, volatile);
    return new OrderedFilter(run, settings, comparison);
  }

  add(record: MappedRecord, id?: string): Promise<void> | undefined {
    if (this.#successor !== undefined) return this.#successor.add(record, id);
    let text: string;
    try {
      text = stringifyExactJson(record);
    } catch (thrown) {
      loseUnwritable(this.#run, record, thrown);
      return undefined;
    }
    this.#blocked.addText(text, id);
    const identity = this.#run.prepared.vendorIds?.identityOf(id);
    if (!this.#comparison.add(record, text, identity)) return this.#fallBack().then(() => {});
    return this.#comparison.isHungry ? this.#comparison.readAhead() : undefined;
  }

  async flush(): Promise<void> {
    await this.#successor?.flush();
  }

  async release(end: ReadEnd): Promise<void> {
    const successor = this.#successor ??
      (end.isAborted || await this.#finish(end) ? undefined : await this.#fallBack());
    if (successor !== undefined) return await successor.release(end);
    try {
      if (end.isAborted) return;
      this.#isComplete = end.lost === 0;
      const { renames } = this.#comparison;
      logRenames(this.#run.prepared.log, renames, renames.length);
      this.#checkGuard(end);
      await this.#deliver();
    } finally {
      this.#run.account.counts.held += this.#blocked.length - this.#delivered;
    }
  }

  async conclude(): Promise<void> {
    if (this.#successor !== undefined) return await this.#successor.conclude();
    const { run } = this.#run.settings;
    if (!this.#isComplete || run === undefined) return;
    const { gone, renamed, returned } = this.#comparison;
    const records = countSentAll(this.#run.account);
    await this.#settings.last.conclude({ run, records, gone, renamed, returned });
  }

  changes(): SectionChanges | null {
    if (this.#successor !== undefined) return this.#successor.changes();
    const names = this.#goneNames();
    return {
      ...this.#comparison.tally.counts,
      gone: this.#isComplete ? this.#comparison.gone.size : null,
      gone_records: this.#isComplete ? names : [],
      renames: this.#comparison.renames.slice(0, maxListedRecords),
    };
  }

  close(): void {
    this.#blocked.close();
    this.#successor?.close();
  }

  /** Compares what is left; gives whether that was possible. */
  async #finish(end: ReadEnd): Promise<boolean> {
    return end.isComplete && await this.#comparison.finish((keys) => this.#findCame(keys));
  }

  /** Those of some keys that a blocked record has. */
  *#findCame(keys: ReadonlyMap<string, unknown>): Generator<string> {
    const prints = new Fingerprints(this.#run.prepared.upload.syncFields);
    for (const record of this.#blocked.values()) {
      const key = prints.keyOf(record);
      if (key !== undefined && keys.has(key)) yield key;
    }
  }

  /** Lets each record be compared with all that was accepted, from the first on. */
  async #fallBack(): Promise<ChangeFilter> {
    const { prepared, settings: { signal } } = this.#run;
    prepared.log.debug("The records come in another order than before: each is looked up");
    const successor = await this.#settings.fallBack();
    this.#successor = successor;
    for (const [record, id] of this.#blocked.entries()) {
      signal.throwIfAborted();
      const full = successor.add(record, id);
      if (full !== undefined) await full;
    }
    return successor;
  }

  #goneNames(): string[] {
    return this.#comparison.gone.keys().take(maxListedRecords).map(keyForPeople).toArray();
  }

  #checkGuard(end: ReadEnd): void {
    const { tally, gone, renames } = this.#comparison;
    const { last: { size }, rule } = this.#settings;
    const sure = Math.max(0, gone.size - end.lost);
    const goneNames = this.#goneNames();
    checkGuard(rule, { tally, size, gone: sure, goneNames, renames }, this.#run);
  }

  async #deliver(): Promise<void> {
    const { delivery, settings: { signal } } = this.#run;
    for (const [record, id] of this.#blocked.entries()) {
      if (delivery.isStopped || signal.aborted) return;
      this.#delivered++;
      const full = delivery.add(record, id);
      if (full !== undefined) await full;
    }
  }
}
