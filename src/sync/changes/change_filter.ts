/**
 * Stands between mapping and delivery: what did not change is left out, and where a guard is in force,
 * nothing passes before all of it was compared.
 *
 * @module
 */

import type { MappedRecord } from "../../base/record.ts";
import type { State } from "../../state/state.ts";
import { type Account, countSentAll } from "../account.ts";
import type { PreparedSection } from "../prepare.ts";
import type { ReadEnd } from "../read/pipeline.ts";
import { ComparingFilter } from "./comparing_filter.ts";
import type { ChangeFilter, FilteredRun, FilterSettings, Target } from "./filter.ts";
import { type GuardRule, resolveGuardRule } from "./guard.ts";
import { OrderedFilter } from "./ordered_filter.ts";

/** Opens the filter of a section's run. */
export async function openChangeFilter(
  prepared: PreparedSection,
  account: Account,
  delivery: Target,
  settings: FilterSettings,
): Promise<ChangeFilter> {
  const { store, guard, isFull, isPartial, isBusy, beside, signal } = settings;
  const { section: { name, settings: options }, upload, log } = prepared;
  const run: FilteredRun = { prepared, account, delivery, settings };
  const onlyChanged = options.only_changed && !isFull;
  if (store === undefined) {
    if (onlyChanged) {
      log.warning("only_changed needs the state file: without it, everything is sent");
    }
    return new PassThrough(run);
  }
  if (!options.remember) await store.accepted.forget(name, signal);
  // Some records by themselves are no flood and leave nothing out.
  const isGuarded = options.remember && !isPartial;
  const wanted = isGuarded ? resolveGuardRule(options, guard) : undefined;
  const text = JSON.stringify(upload);
  if (!onlyChanged && wanted === undefined) {
    const origin = isPartial ? "webhook" : "upload";
    if (options.remember) {
      await store.accepted.takeInSurplus(name, text, { origin, isBusy, signal });
    }
    return new PassThrough(run);
  }
  const last = onlyChanged || upload.syncFields.length === 0
    ? undefined
    : await store.accepted.lastUpload(name, text);
  if (last !== undefined && wanted !== undefined) {
    announce(run);
    const fallBack = () => openComparing(run, store, { onlyChanged, wanted });
    return await OrderedFilter.open(run, { last, rule: wanted, beside, fallBack });
  }
  return await openComparing(run, store, { onlyChanged, wanted }, () => announce(run));
}

function announce({ prepared }: FilteredRun): void {
  prepared.log.info("The guard is enabled: nothing is sent before everything was read");
}

/** Opens the filter that compares each record with all that was accepted, where there is anything. */
async function openComparing(
  run: FilteredRun,
  store: State,
  { onlyChanged, wanted }: {
    readonly onlyChanged: boolean;
    readonly wanted: GuardRule | undefined;
  },
  onBlock?: () => void,
): Promise<ChangeFilter> {
  const { section, upload } = run.prepared;
  const text = JSON.stringify(upload);
  const baseline = await store.accepted.openBaseline(section.name, text, run.settings.signal);
  const rule = baseline.isFull ? wanted : undefined;
  if (!onlyChanged && rule === undefined) return new PassThrough(run);
  const comparing = new ComparingFilter(run, baseline, {
    onlyChanged,
    beside: run.settings.beside,
  });
  if (rule !== undefined) {
    comparing.block(rule);
    onBlock?.();
  }
  return comparing;
}

/** Lets everything pass, without comparing it. */
class PassThrough implements ChangeFilter {
  readonly #run: FilteredRun;
  #isComplete = false;

  constructor(run: FilteredRun) {
    this.#run = run;
  }

  add(record: MappedRecord, id?: string): Promise<void> | undefined {
    return this.#run.delivery.add(record, id);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  release(end: ReadEnd): Promise<void> {
    this.#isComplete = end.isComplete && end.lost === 0;
    return Promise.resolve();
  }

  async conclude(): Promise<void> {
    const { prepared: { section, upload }, account, settings: { store, run } } = this.#run;
    if (!this.#isComplete || run === undefined || !section.settings.remember) return;
    const text = JSON.stringify(upload);
    const records = countSentAll(account);
    await store?.accepted.concludeUncompared(section.name, text, run, records);
  }

  changes(): null {
    return null;
  }

  close(): void {}
}
