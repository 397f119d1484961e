/**
 * The gate between mapping and delivery: what did not change is left out, and where a guard is in force,
 * nothing passes before all of it was seen.
 *
 * @module
 */

import { AgentError, messageOf } from "../../base/errors.ts";
import type { Outgoing } from "../../base/record.ts";
import type { Baseline } from "../../state/baseline.ts";
import type { StateStore } from "../../state/store.ts";
import { type ChangeCounts, Comparison } from "./delta.ts";
import { guardError, type GuardRule, guardRule, guardText, judgeGuard } from "./guard.ts";
import type { ReadEnd } from "../read/read.ts";
import type { SectionRun } from "../section_run.ts";
import { Spool } from "./spool.ts";

/** How the records of a run stand to what was accepted before. */
export interface SectionChanges extends Readonly<ChangeCounts> {
  /** Records that are gone from the source; null when that cannot be told. */
  readonly gone: number | null;
  /** Sync field values of the first of them. */
  readonly gone_records: readonly string[];
}

/** A gate; every record that it takes ends in the account. */
export interface Gate {
  /** Takes a record; the promise, when there is one, must be awaited before the next. */
  add(record: Outgoing): Promise<void> | undefined;
  /** Delivers what was held back; throws `GuardError` when the guard is against it. */
  release(end: ReadEnd): Promise<void>;
  /** Writes down that the run ended well. */
  conclude(): void;
  changes(): SectionChanges | null;
}

/** Records that are named as gone. */
const named = 100;

/** What comparing needs. */
interface Watch {
  readonly baseline: Baseline;
  /** The guard, where one is in force. */
  readonly rule: GuardRule | undefined;
  /** Whether what is unchanged is left out. */
  readonly onlyChanged: boolean;
}

function watchOf(section: SectionRun, store: StateStore): Watch | undefined {
  const { prepared, run } = section;
  const { settings, name } = prepared.section;
  const onlyChanged = settings.only_changed && run.full !== true;
  // Some records by themselves, as events bring them, are no flood and leave nothing out.
  const isGuarded = settings.remember && run.read === undefined;
  const wanted = isGuarded ? guardRule(settings, run.guard) : undefined;
  const isDue = settings.remember && store.accepted.hasManyAnswers(name);
  if (!onlyChanged && wanted === undefined && !isDue) return undefined;
  const baseline = store.accepted.baseline(name, JSON.stringify(prepared.upload));
  const rule = baseline.isFull ? wanted : undefined;
  return onlyChanged || rule !== undefined ? { baseline, rule, onlyChanged } : undefined;
}

/** Opens the gate of a section's run. */
export function openGate(section: SectionRun): Gate {
  const { prepared, run } = section;
  const { store, testmode } = run;
  if (store === undefined || testmode !== undefined) {
    if (prepared.section.settings.only_changed && testmode === undefined && run.full !== true) {
      prepared.log.warning("only_changed needs the state file: without it, everything is sent");
    }
    return openPlainGate(section);
  }
  const watch = watchOf(section, store);
  return watch === undefined ? openPlainGate(section) : new WatchfulGate(section, watch);
}

/** A gate that lets everything pass. */
function openPlainGate({ prepared, run, delivery, stored }: SectionRun): Gate {
  const { section, upload } = prepared;
  let isFull = false;
  return {
    add: (record) => delivery.add(record),
    release(end) {
      isFull = end.isComplete && end.lost === 0;
      return Promise.resolve();
    },
    conclude() {
      if (!isFull || stored === undefined || !section.settings.remember) return;
      run.store?.accepted.concludeUncompared(section.name, JSON.stringify(upload), stored.id);
    },
    changes: () => null,
  };
}

class WatchfulGate implements Gate {
  readonly #section: SectionRun;
  readonly #watch: Watch;
  readonly #comparison: Comparison;
  #held: Spool<Outgoing> | undefined;
  #end: ReadEnd | undefined;
  #gone: { readonly count: number; readonly names: readonly string[] } | undefined;

  constructor(section: SectionRun, watch: Watch) {
    const { prepared, run } = section;
    this.#section = section;
    this.#watch = watch;
    const { baseline, rule } = watch;
    this.#comparison = new Comparison({ baseline, syncFields: prepared.upload.syncFields });
    if (rule === undefined || run.store === undefined) return;
    this.#held = new Spool(run.store.path);
    prepared.log.info("The guard is in force: nothing is sent before everything was read");
  }

  add(record: Outgoing): Promise<void> | undefined {
    const { account, delivery } = this.#section;
    const { kind } = this.#comparison.compare(record);
    if (kind === "unchanged" && this.#watch.onlyChanged) {
      account.counts.unchanged++;
      return undefined;
    }
    if (this.#held === undefined) return delivery.add(record);
    this.#hold(this.#held, record);
    return undefined;
  }

  async release(end: ReadEnd): Promise<void> {
    this.#end = end;
    const held = this.#held;
    try {
      if (!end.isAborted) {
        if (end.isComplete) this.#gone = this.#countGone();
        this.#judge(end);
        if (held !== undefined) await this.#deliver(held);
      }
    } finally {
      if (held !== undefined) {
        this.#section.account.counts.held += held.length - this.#delivered;
        held.close();
      }
    }
  }

  conclude(): void {
    const { stored } = this.#section;
    if (this.#end?.isComplete !== true || this.#end.lost > 0 || stored === undefined) return;
    this.#watch.baseline.conclude({
      run: stored.id,
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

  #delivered = 0;

  #hold(held: Spool<Outgoing>, record: Outgoing): void {
    const { account, prepared } = this.#section;
    try {
      held.add(record);
    } catch (error) {
      if (error instanceof AgentError) throw error;
      const identity = prepared.mapper.identify(record);
      const reason = `cannot be written as JSON (${messageOf(error)})`;
      prepared.log.error(`Lost ${identity}: ${reason}`);
      account.fail(identity, reason);
    }
  }

  #countGone() {
    const names: string[] = [];
    let count = 0;
    for (const { record } of this.#comparison.gone()) {
      count++;
      if (names.length < named) names.push(record);
    }
    return { count, names };
  }

  #judge(end: ReadEnd): void {
    const { baseline, rule } = this.#watch;
    if (rule === undefined) return;
    const { prepared, run } = this.#section;
    const gone = this.#gone === undefined ? undefined : Math.max(0, this.#gone.count - end.lost);
    const complaints = judgeGuard(rule, {
      comparison: this.#comparison,
      size: baseline.size,
      gone,
    });
    if (complaints.length === 0) return;
    if (run.accept !== true) {
      throw guardError(prepared.section.name, guardText(rule, complaints));
    }
    for (const complaint of complaints) prepared.log.warning(`Accepted: ${complaint}`);
  }

  async #deliver(held: Spool<Outgoing>): Promise<void> {
    const { delivery, run } = this.#section;
    for (const record of held.values()) {
      if (delivery.isStopped || run.signal.aborted) return;
      this.#delivered++;
      const full = delivery.add(record);
      if (full !== undefined) await full;
    }
  }
}
