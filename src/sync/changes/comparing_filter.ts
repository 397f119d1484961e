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
import { type Classified, comparedAtOnce, Comparison } from "./delta.ts";
import {
  type ChangeFilter,
  checkGuard,
  type FilteredRun,
  type FilterSettings,
  logRenames,
  loseUnwritable,
  maxListedRecords,
  type Target,
} from "./filter.ts";
import type { GuardRule } from "./guard.ts";
import { NumberSet } from "./number_set.ts";
import { RecordSpool } from "./record_spool.ts";
import type { Rename } from "./renames.ts";

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
  readonly #beside: string;
  /** Not compared yet, with the vendor's ids. */
  #gathered: MappedRecord[] = [];
  #gatheredIds: (string | undefined)[] = [];
  /** The guard, where one is in force, and what it blocks until all was compared. */
  #rule: GuardRule | undefined;
  #blocked: RecordSpool | undefined;
  /** The positions of those of which nothing is new. */
  readonly #asAccepted = new NumberSet();
  #delivered = 0;
  #end: ReadEnd | undefined;
  #renames: readonly Rename[] = [];
  #gone: { readonly count: number; readonly names: readonly string[] } | undefined;

  /** @param settings What is too much for memory is kept in temporary files beside `beside`. */
  constructor(
    run: FilteredRun,
    baseline: Baseline,
    { onlyChanged, beside }: { readonly onlyChanged: boolean; readonly beside: string },
  ) {
    const { prepared, account, delivery, settings } = run;
    this.#prepared = prepared;
    this.#account = account;
    this.#delivery = delivery;
    this.#settings = settings;
    this.#baseline = baseline;
    this.#onlyChanged = onlyChanged;
    const { upload: { syncFields }, volatile } = prepared;
    this.#beside = beside;
    this.#comparison = new Comparison({ baseline, syncFields, volatile, onlyChanged, beside });
  }

  /** Lets nothing pass before all of it was compared. */
  block(rule: GuardRule): void {
    this.#rule = rule;
    this.#blocked = new RecordSpool(this.#beside);
  }

  add(record: MappedRecord, id?: string): Promise<void> | undefined {
    this.#gathered.push(record);
    this.#gatheredIds.push(id);
    return this.#gathered.length < comparedAtOnce ? undefined : this.flush();
  }

  async flush(): Promise<void> {
    const [records, ids] = [this.#gathered, this.#gatheredIds];
    if (records.length === 0) return;
    this.#gathered = [];
    this.#gatheredIds = [];
    const { vendorIds } = this.#prepared;
    let compared: readonly Classified[];
    try {
      const identities = ids.map((id) => vendorIds?.identityOf(id));
      compared = await this.#comparison.classifyAll(records, identities);
    } catch (error) {
      this.#account.counts.held += records.length;
      throw error;
    }
    for (const [index, record] of records.entries()) {
      const classified = compared[index];
      if (classified === undefined) continue;
      const full = this.#handOn(record, classified, ids[index]);
      if (full !== undefined) await full;
    }
  }

  #handOn(
    record: MappedRecord,
    { kind, isAsAccepted, print }: Classified,
    id: string | undefined,
  ): Promise<void> | undefined {
    if (kind === "unchanged" && this.#onlyChanged) {
      this.#account.counts.unchanged++;
      return undefined;
    }
    if (this.#blocked === undefined) return this.#delivery.add(record, id);
    if (isAsAccepted) this.#asAccepted.add(this.#blocked.length);
    this.#addBlocked(this.#blocked, { record, print, id });
    return undefined;
  }

  async release(end: ReadEnd): Promise<void> {
    this.#end = end;
    const blocked = this.#blocked;
    try {
      await this.flush();
      if (end.isAborted) return;
      await this.#resolveRenames();
      if (end.isComplete) this.#gone = await this.#findGone();
      this.#checkGuard(end);
      if (blocked !== undefined) await this.#deliver(blocked);
    } finally {
      this.#account.counts.held += (blocked?.length ?? 0) - this.#delivered;
    }
  }

  async conclude(): Promise<void> {
    const { run } = this.#settings;
    if (run !== undefined) await this.#baseline.noteIdentities(this.#comparison.identities());
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
      renames: this.#renames,
    };
  }

  close(): void {
    this.#comparison.close();
    this.#blocked?.close();
  }

  #addBlocked(
    blocked: RecordSpool,
    { record, print, id }: {
      readonly record: MappedRecord;
      readonly print: Fingerprint | undefined;
      readonly id: string | undefined;
    },
  ): void {
    try {
      blocked.add(record, print, id);
    } catch (error) {
      if (error instanceof AgentError) throw error;
      loseUnwritable({ prepared: this.#prepared, account: this.#account }, record, error);
    }
  }

  async #resolveRenames(): Promise<void> {
    await this.#comparison.resolveRenames();
    const { renames } = this.#comparison;
    if (renames === undefined) return;
    this.#renames = renames.values().take(maxListedRecords)
      .map(({ old, new: now }) => ({ old, new: now })).toArray();
    logRenames(this.#prepared.log, this.#renames, renames.count);
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
    const renames = this.#renames;
    checkGuard(this.#rule, { tally: this.#comparison, size, gone, goneNames, renames }, {
      prepared: this.#prepared,
      settings: this.#settings,
    });
  }

  async #deliver(blocked: RecordSpool): Promise<void> {
    const unchanged = new WeakSet<MappedRecord>();
    const isUnchanged = (record: MappedRecord) => unchanged.has(record);
    this.#settings.outbox?.compareWith({ answer: this.#baseline.answer, isUnchanged });
    for (const [record, id] of blocked.entries()) {
      if (this.#delivery.isStopped || this.#settings.signal.aborted) return;
      if (this.#asAccepted.has(this.#delivered)) unchanged.add(record);
      this.#delivered++;
      const full = this.#delivery.add(record, id);
      if (full !== undefined) await full;
    }
  }
}
