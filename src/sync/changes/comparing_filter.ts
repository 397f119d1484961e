/**
 * Compares every record with what was accepted before: what did not change is left out where that is asked
 * for, and where a guard is in force, nothing passes before all of it was compared.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { Fingerprint } from "../../state/fingerprint.ts";
import type { Baseline } from "../../state/known_records.ts";
import { type Account, countSentAll } from "../account.ts";
import type { PreparedSection } from "../prepare.ts";
import type { ReadEnd } from "../read/pipeline.ts";
import type { SectionChanges } from "../report.ts";
import { type Classified, comparedAtOnce, Comparison, NumberSet } from "./delta.ts";
import {
  type ChangeFilter,
  checkGuard,
  type FilteredRun,
  type FilterSettings,
  loseUnwritable,
  maxListedRecords,
  type Target,
} from "./filter.ts";
import type { GuardRule } from "./guard.ts";
import { RecordSpool } from "./record_spool.ts";

/** Compares every record with what was accepted before. */
export class ComparingFilter implements ChangeFilter {
  readonly #prepared: PreparedSection;
  readonly #account: Account;
  readonly #delivery: Target;
  readonly #settings: FilterSettings;
  readonly #baseline: Baseline;
  /** Whether what is unchanged is left out. */
  readonly #onlyChanged: boolean;
  readonly #comparison: Comparison;
  /** Not compared yet. */
  #gathered: MappedRecord[] = [];
  /** The guard, where one is in force, and what it blocks until all was compared. */
  #rule: GuardRule | undefined;
  #blocked: RecordSpool | undefined;
  /** The positions of those of which nothing is new. */
  readonly #asAccepted = new NumberSet();
  #delivered = 0;
  #end: ReadEnd | undefined;
  #gone: { readonly count: number; readonly names: readonly string[] } | undefined;

  constructor(run: FilteredRun, baseline: Baseline, onlyChanged: boolean) {
    const { prepared, account, delivery, settings } = run;
    this.#prepared = prepared;
    this.#account = account;
    this.#delivery = delivery;
    this.#settings = settings;
    this.#baseline = baseline;
    this.#onlyChanged = onlyChanged;
    const { upload: { syncFields }, volatile } = prepared;
    this.#comparison = new Comparison({ baseline, syncFields, volatile, onlyChanged });
  }

  /** Lets nothing pass before all of it was compared; it is kept in a file beside the state file. */
  block(rule: GuardRule, beside: string): void {
    this.#rule = rule;
    this.#blocked = new RecordSpool(beside);
  }

  add(record: MappedRecord): Promise<void> | undefined {
    this.#gathered.push(record);
    return this.#gathered.length < comparedAtOnce ? undefined : this.flush();
  }

  async flush(): Promise<void> {
    const records = this.#gathered;
    if (records.length === 0) return;
    this.#gathered = [];
    let compared: readonly Classified[];
    try {
      compared = await this.#comparison.classifyAll(records);
    } catch (error) {
      this.#account.counts.held += records.length;
      throw error;
    }
    for (const [index, record] of records.entries()) {
      const classified = compared[index];
      const full = classified === undefined ? undefined : this.#handOn(record, classified);
      if (full !== undefined) await full;
    }
  }

  #handOn(
    record: MappedRecord,
    { kind, isAsAccepted, print }: Classified,
  ): Promise<void> | undefined {
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
      await this.flush();
      if (end.isAborted) return;
      if (end.isComplete) this.#gone = await this.#findGone();
      this.#checkGuard(end);
      if (blocked !== undefined) await this.#deliver(blocked);
    } finally {
      this.#account.counts.held += (blocked?.length ?? 0) - this.#delivered;
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
      records: this.#onlyChanged ? undefined : countSentAll(this.#account),
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

  close(): void {
    this.#blocked?.close();
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
      loseUnwritable({ prepared: this.#prepared, account: this.#account }, record, error);
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
    if (this.#rule === undefined) return;
    const gone = this.#gone === undefined ? undefined : Math.max(0, this.#gone.count - end.lost);
    const { size } = this.#baseline;
    const goneNames = this.#gone?.names ?? [];
    checkGuard(this.#rule, { tally: this.#comparison, size, gone, goneNames }, {
      prepared: this.#prepared,
      settings: this.#settings,
    });
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
