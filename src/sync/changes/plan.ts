/**
 * Plans an upload: everything is read, mapped and compared with what Oomnitza accepted last, or with what
 * it holds now, and nothing is sent. There is nothing here that could send.
 *
 * @module
 */

import { AgentError, messageOf } from "../../base/errors.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { OomnitzaReader } from "../../oomnitza/client.ts";
import type { Baseline } from "../../state/known_records.ts";
import type { Cursors } from "../../state/cursor.ts";
import type { State } from "../../state/state.ts";
import { type Account, openAccount } from "../account.ts";
import { type ChangedBy, createChangedBy } from "./changed_by.ts";
import { type Change, comparedAtOnce, Comparison } from "./delta.ts";
import { type Found, listChanges, type PlannedChange } from "./found_changes.ts";
import {
  describeViolations,
  findViolations,
  type GuardOptions,
  resolveGuardRule,
} from "./guard.ts";
import { type LiveReference, readLive } from "./live.ts";
import { type FieldRefusal, FieldRefusals } from "../field_refusals.ts";
import type { PreparedSection } from "../prepare.ts";
import type { EmptyPath } from "../read/missing_paths.ts";
import {
  findFruitless,
  type PipelineSettings,
  type ReadEnd,
  readSection,
} from "../read/pipeline.ts";
import { type SectionError, toSectionError } from "../report.ts";
import { Spool } from "./spool.ts";

/** How a section is planned. Nothing of it can write to Oomnitza. */
export interface PlanSettings
  extends Pick<PipelineSettings, "http" | "signal" | "redactor" | "workers"> {
  readonly oomnitza: Pick<OomnitzaReader, "url" | "get" | "ask">;
  /** Records to read; 0 reads all. */
  readonly recordCount: number;
  /** What was accepted; without it everything is new. */
  readonly store: State | undefined;
  /** The file in which sections remember where they were. */
  readonly cursors: Cursors | undefined;
  /** What is found is kept in a temporary file beside this path. */
  readonly beside: string;
  /** Plans an upload with `--full`. */
  readonly full: boolean;
  /** Whether the plan may be saved: all that would be sent is kept then, and not only what differs. */
  readonly isSaved?: boolean | undefined;
  /** Compares with what Oomnitza holds now, instead of what it accepted last. */
  readonly live?: boolean | undefined;
  /** Asks Oomnitza who changed the fields that differ. */
  readonly history?: boolean | undefined;
  /** The guard of `[oomnitza]`. */
  readonly guard: GuardOptions;
  /** Is shown the account of each section while it is read. */
  readonly onStart?: ((section: string, account: Account) => void) | undefined;
}

/** What an upload would do, in numbers. */
export interface PlanCounts {
  readonly fetched: number;
  readonly filtered: number;
  readonly incomplete: number;
  /** Lost in the filter or a converter. */
  readonly failed: number;
  readonly unreadable: number;
  readonly new: number;
  /** Known by the vendor's id, with other sync fields than before. */
  readonly renamed: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Of those that would be sent, those in which a field loses its value. */
  readonly blanked: number;
  /** Null when the source was not read to its end. */
  readonly gone: number | null;
  /** Records that an upload would send: without `only_changed`, also the unchanged ones. */
  readonly to_send: number;
}

/** How many records differ, and are shown. */
export function countDifferences({ new: added, renamed, changed, gone }: PlanCounts): number {
  return added + renamed + changed + (gone ?? 0);
}

/** What the plan of a section says. */
export interface PlanReport {
  readonly section: string;
  readonly source: string;
  readonly mapping_name: string;
  readonly kind: "assets" | "users";
  readonly counts: PlanCounts;
  /** Records that an earlier run left; an upload sends them first, and they count as sent here. */
  readonly waiting: number;
  /** `accepted`: with what Oomnitza accepted last. `live`: with what it holds now. */
  readonly compared_with: "accepted" | "live";
  /** Mapped fields that Oomnitza does not show, so that they were not compared. */
  readonly not_compared: readonly string[];
  /** Whether a full run is recorded that this one is compared with. */
  readonly has_baseline: boolean;
  /** Values that Oomnitza will refuse, as far as it tells what its fields take. */
  readonly refusals: readonly FieldRefusal[];
  /** What the guard has against it; null when it would let it pass. */
  readonly guard: string | null;
  /** Mapped paths that no record has, or that were empty in every record that was read. */
  readonly empty_paths: readonly EmptyPath[];
  /** What went wrong with the section as a whole. */
  readonly error: SectionError | null;
}

/** The plan of a section. It must be closed. */
export class PlannedSection {
  readonly report: PlanReport;
  /** Names the state that it was compared with. */
  readonly base: string;
  /** Whether the source was read to its end and lost nothing. */
  readonly isComplete: boolean;
  readonly #found: Spool<Found>;
  readonly #comparison: Comparison;
  readonly #isSaved: boolean;
  readonly #changedBy: ChangedBy | undefined;

  /** @param changedBy Adds to the fields of a change who made it. */
  constructor(
    { found, comparison, settings }: Pick<Planning, "found" | "comparison" | "settings">,
    summary: Pick<PlannedSection, "report" | "base" | "isComplete">,
    changedBy?: ChangedBy,
  ) {
    this.#found = found;
    this.#comparison = comparison;
    this.#isSaved = settings.isSaved === true;
    this.#changedBy = changedBy;
    this.report = summary.report;
    this.base = summary.base;
    this.isComplete = summary.isComplete;
  }

  /** Whether Oomnitza and the source differ. */
  get isPending(): boolean {
    const { counts, waiting } = this.report;
    return countDifferences(counts) + waiting > 0;
  }

  /** What differs: new and changed records in the order of the source, then those that are gone. */
  changes(): AsyncGenerator<PlannedChange> {
    const { renames } = this.#comparison;
    return listChanges(this.#found, this.#changedBy, renames && (() => renames.outcomes()));
  }

  /** What would be sent, in order; only of a plan that may be saved. */
  *payloads(): Generator<MappedRecord> {
    if (!this.#isSaved) throw new Error("Not all that would be sent was kept");
    for (const { payload } of this.#found.values()) if (payload !== undefined) yield payload;
  }

  /** Keys of the records that are gone, and the old ones of those that are renamed. */
  *goneKeys(): Generator<string> {
    for (const { key } of this.#found.values()) if (key !== undefined) yield key;
    for (const { record } of this.#comparison.renames?.values() ?? []) yield record.key;
  }

  close(): void {
    this.#found.close();
    this.#comparison.close();
  }
}

/** Records that are gone and that the guard may name. */
const maxNamedRecords = 10;

/** What is needed while a section is planned. */
interface Planning {
  readonly prepared: PreparedSection;
  readonly settings: PlanSettings;
  readonly comparison: Comparison;
  readonly account: Account;
  readonly found: Spool<Found>;
  /** Absent when the instance does not tell what its fields take. */
  readonly refusals: FieldRefusals | undefined;
  /** Not compared yet. */
  gathered: (readonly [record: MappedRecord, id: string | undefined])[];
  toSend: number;
}

function sendsOnlyChanged({ section }: PreparedSection, { full }: PlanSettings): boolean {
  return section.settings.only_changed && !full;
}

/** Compares what was gathered. */
async function compareGathered(planning: Planning): Promise<void> {
  const gathered = planning.gathered;
  planning.gathered = [];
  const { vendorIds } = planning.prepared;
  const changes = await planning.comparison.compareAll(
    gathered.map(([record]) => record),
    gathered.map(([, id]) => vendorIds?.identityOf(id)),
  );
  for (const [index, change] of changes.entries()) {
    addRecord(planning, gathered[index]?.[0] ?? {}, change);
  }
}

function addRecord(
  planning: Planning,
  record: MappedRecord,
  { kind, fields, reason, ident, candidate }: Change,
): void {
  const { prepared, settings, found } = planning;
  planning.refusals?.look(record);
  if (kind === "unchanged" && sendsOnlyChanged(prepared, settings)) return;
  planning.toSend++;
  // What is new may turn out to be renamed, or be no JSON.
  const payload = settings.isSaved === true || kind === "new" ? record : undefined;
  if (payload === undefined && kind === "unchanged") return;
  const name = prepared.mapper.identify(record);
  const change = kind === "unchanged" ? undefined : { kind, record: name, fields, reason };
  try {
    found.add({ ...(change && { change, ident, candidate }), ...(payload && { payload }) });
  } catch (error) {
    if (error instanceof AgentError) throw error;
    planning.account.fail(name, `cannot be written as JSON (${messageOf(error)})`);
  }
}

/** The records that are gone. */
interface Missing {
  readonly count: number;
  /** The first of them. */
  readonly names: readonly string[];
}

async function addGone({ comparison, found, settings }: Planning): Promise<Missing> {
  const names: string[] = [];
  let count = 0;
  if (!settings.live && comparison.goneCount === 0) return { count, names };
  for await (const { key, record, fields } of comparison.gone()) {
    found.add({ key, change: { kind: "gone", record, fields } });
    if (++count <= maxNamedRecords) names.push(record);
  }
  return { count, names };
}

function countChanges({ account, comparison, toSend }: Planning, gone: number | null): PlanCounts {
  const { fetched, filtered, incomplete, failed, unreadable } = account.counts;
  const { counts } = comparison;
  return { fetched, filtered, incomplete, failed, unreadable, ...counts, gone, to_send: toSend };
}

/** Reads, maps and compares a section; what goes wrong with it is in its report. */
export async function planSection(
  prepared: PreparedSection,
  settings: PlanSettings,
): Promise<PlannedSection> {
  const found = new Spool<Found>(settings.beside);
  const opened: { close(): void }[] = [found];
  try {
    return await compareSection(prepared, settings, { found, opened });
  } catch (thrown) {
    // The state file or Oomnitza failed: nobody gets the plan, who would close it.
    for (const one of opened) one.close();
    throw thrown;
  }
}

async function compareSection(
  prepared: PreparedSection,
  settings: PlanSettings,
  { found, opened }: { readonly found: Spool<Found>; readonly opened: { close(): void }[] },
): Promise<PlannedSection> {
  const { section, upload } = prepared;
  const { store } = settings;
  const text = JSON.stringify(upload);
  const baseline = await store?.accepted.openBaseline(section.name, text, settings.signal);
  const account = openAccount();
  settings.onStart?.(section.name, account);
  const { live, failure } = await openLive(prepared, settings, baseline);
  // Closed also when the state file or the disk fails meanwhile.
  using _live = live;
  const pending = await Array.fromAsync(store?.accepted.pending(section.name) ?? []);
  const reference = live ?? baseline;
  const comparison = new Comparison({
    ...{ baseline: reference, syncFields: upload.syncFields, pending },
    ...{ volatile: prepared.volatile, onlyChanged: sendsOnlyChanged(prepared, settings) },
    beside: settings.beside,
  });
  opened.push(comparison);
  const rules = failure === undefined ? await prepared.fieldRules(section.kind) : undefined;
  const refusals = rules && new FieldRefusals(rules);
  const planning: Planning = {
    ...{ prepared, settings, comparison, account, found, refusals, gathered: [], toSend: 0 },
  };
  const end = failure === undefined
    ? await readAll(planning)
    : failedEnd(failure.thrown, settings.signal);
  await comparison.resolveRenames();
  const gone = end.isComplete ? await addGone(planning) : null;
  const { log } = prepared;
  const changedBy = settings.history
    ? createChangedBy(settings.oomnitza, section.kind, log)
    : undefined;
  return new PlannedSection(planning, {
    base: baseline?.stamp ?? "none",
    isComplete: end.isComplete && end.lost === 0,
    report: {
      section: section.name,
      source: section.source.name,
      mapping_name: upload.mappingName,
      kind: section.kind,
      counts: countChanges(planning, end.lost === 0 ? gone?.count ?? null : null),
      waiting: pending.length,
      compared_with: settings.live ? "live" : "accepted",
      not_compared: live?.hidden ?? [],
      has_baseline: baseline?.isFull ?? false,
      guard: baseline === undefined ? null : checkGuard(planning, baseline, gone, end.lost),
      empty_paths: end.emptyPaths,
      refusals: refusals?.all ?? [],
      error: findFault(planning, end),
    },
  }, changedBy);
}

/** What Oomnitza holds now, when that is to be compared with. */
async function openLive(
  prepared: PreparedSection,
  settings: PlanSettings,
  baseline: Baseline | undefined,
): Promise<{ readonly live?: LiveReference; readonly failure?: { readonly thrown: unknown } }> {
  if (!settings.live) return {};
  try {
    return { live: await readLive(prepared, settings, baseline) };
  } catch (thrown) {
    return { failure: { thrown } };
  }
}

/** What went wrong with the reading: as an upload has it. */
function findFault({ prepared, account }: Planning, end: ReadEnd): SectionError | null {
  if (end.failure !== undefined) return toSectionError(end.failure.thrown);
  const fruitless = end.isAborted ? undefined : findFruitless(prepared, account, end);
  return fruitless === undefined ? null : toSectionError(fruitless);
}

/** What the guard has against the plan; null when it would let it pass. */
function checkGuard(
  { prepared, settings, comparison }: Planning,
  { isFull, size }: Baseline,
  gone: Missing | null,
  lost: number,
): string | null {
  const options = prepared.section.settings;
  if (!isFull || !options.remember) return null;
  const rule = resolveGuardRule(options, settings.guard);
  if (rule === undefined) return null;
  const sure = gone === null ? undefined : Math.max(0, gone.count - lost);
  const goneNames = gone?.names ?? [];
  const renames = comparison.renames?.values().take(maxNamedRecords).toArray() ?? [];
  const violations = findViolations(rule, {
    ...{ tally: comparison, size, gone: sure, goneNames, renames },
  });
  return violations.length === 0 ? null : describeViolations(rule, violations);
}

async function readAll(planning: Planning): Promise<ReadEnd> {
  const { prepared, settings, account } = planning;
  const { cursors, oomnitza, http, signal, redactor, workers, recordCount } = settings;
  const { full: isFull } = settings;
  const cursor = cursors?.cursor(prepared.section.name);
  try {
    const end = await readSection(prepared, {
      account,
      limit: recordCount,
      cursor,
      isFull,
      cursors,
      workers,
      oomnitza,
      http,
      redactor,
      signal,
      deliver(record, id) {
        planning.gathered.push([record, id]);
        return planning.gathered.length < comparedAtOnce ? undefined : compareGathered(planning);
      },
      isStopped: () => signal.aborted,
    });
    await compareGathered(planning);
    return end;
  } catch (thrown) {
    return failedEnd(thrown, signal);
  } finally {
    cursor?.close();
    prepared.conversionProblems.summarise();
  }
}

function failedEnd(thrown: unknown, { aborted }: AbortSignal): ReadEnd {
  return {
    ...{ isComplete: false, lost: 0, isIncremental: false, emptyPaths: [] },
    ...{ isAborted: aborted, failure: { thrown } },
  };
}
