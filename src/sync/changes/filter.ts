/**
 * What stands between mapping and delivery, and what it decides by.
 *
 * @module
 */

import { messageOf } from "../../base/errors.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { RunOutbox, State } from "../../state/state.ts";
import type { Account } from "../account.ts";
import type { Delivery } from "../deliver/deliver.ts";
import type { Log } from "../../logging/log.ts";
import type { PreparedSection } from "../prepare.ts";
import type { ReadEnd } from "../read/pipeline.ts";
import type { SectionChanges } from "../report.ts";
import {
  type ComparedRun,
  describeViolations,
  findViolations,
  guardError,
  type GuardOptions,
  type GuardRule,
} from "./guard.ts";
import type { Rename } from "./renames.ts";

/** Decides what goes on to the delivery; every record that it takes ends in the account. */
export interface ChangeFilter {
  /** Takes a record, and the vendor's id of it; the promise, when there is one, must be awaited before the next. */
  add(record: MappedRecord, id?: string): Promise<void> | undefined;
  /** Decides about all that was taken until now, as far as that is possible before the end. */
  flush(): Promise<void>;
  /** Delivers what was blocked until now; throws `GuardError` when the guard is against it. */
  release(end: ReadEnd): Promise<void>;
  /** Writes down that the run ended well. */
  conclude(): Promise<void>;
  changes(): SectionChanges | null;
  /** Gives up what it keeps on the disk; must be called once, however the run ends. */
  close(): void;
}

/** What a filter decides by. */
export interface FilterSettings {
  /** What was accepted before; without it, everything passes. */
  readonly store: State | undefined;
  /** Id of the run in the state file. */
  readonly run: string | undefined;
  /** The outbox of that run. */
  readonly outbox: Pick<RunOutbox, "compareWith"> | undefined;
  /** The guard of `[oomnitza]`. */
  readonly guard: GuardOptions;
  /** Whether also what did not change is sent. */
  readonly isFull: boolean;
  /** Whether some records are read by themselves, as events bring them. */
  readonly isPartial: boolean;
  /** Whether sections run or wait for their turn, which come before what can be done later. */
  readonly isBusy?: (() => boolean) | undefined;
  /** Whether everything passes that the guard would stop. */
  readonly isAccepted: boolean;
  /** What is blocked is kept in a temporary file beside this path. */
  readonly beside: string;
  readonly signal: AbortSignal;
}

/** Where records go on to. */
export type Target = Pick<Delivery, "add" | "isStopped">;

/** What a filter works with. */
export interface FilteredRun {
  readonly prepared: PreparedSection;
  readonly account: Account;
  readonly delivery: Target;
  readonly settings: FilterSettings;
}

/** Records that are named as gone, and as renamed. */
export const maxListedRecords = 100;

/** Renamed records that are logged by name. */
const maxLoggedRenames = 20;

/** Logs the first of so many renamed records, and what is to be done about them. */
export function logRenames(log: Log, renames: readonly Rename[], count: number): void {
  for (const { old, new: now } of renames.slice(0, maxLoggedRenames)) {
    log.warning(`Renamed: ${old} → ${now}`);
  }
  if (count > maxLoggedRenames) log.warning(`… and ${count - maxLoggedRenames} more were renamed`);
  if (count > 0) {
    log.warning(
      "Oomnitza keeps a record under its old sync field beside the new one: merge or remove it there",
    );
  }
}

/** A record that cannot be written as JSON is lost. */
export function loseUnwritable(
  { prepared, account }: Pick<FilteredRun, "prepared" | "account">,
  record: MappedRecord,
  thrown: unknown,
): void {
  const identity = prepared.mapper.identify(record);
  const reason = `cannot be written as JSON (${messageOf(thrown)})`;
  prepared.log.error(`Lost ${identity}: ${reason}`);
  account.fail(identity, reason);
}

/**
 * Asks the guard about what was compared; what it would be against and was accepted is logged.
 *
 * @throws {GuardError} when the run is not to go on.
 */
export function checkGuard(
  rule: GuardRule,
  compared: ComparedRun,
  { prepared, settings }: Pick<FilteredRun, "prepared" | "settings">,
): void {
  const { section, log } = prepared;
  const violations = findViolations(rule, compared);
  if (violations.length === 0) return;
  if (!settings.isAccepted) throw guardError(section.name, describeViolations(rule, violations));
  for (const violation of violations) log.warning(`Accepted: ${violation}`);
}
