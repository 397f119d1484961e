/**
 * What was changed in Oomnitza since it accepted the records of a section: what the state file remembers
 * is compared with what the instance holds. No source is read, and there is nothing here that could send.
 *
 * @module
 */

import type { MappedRecord } from "../../base/record.ts";
import type { OomnitzaReader } from "../../oomnitza/client.ts";
import type { Baseline, MissingRecord } from "../../state/known_records.ts";
import { keyForPeople, readFieldValues } from "../../state/fingerprint.ts";
import type { State } from "../../state/state.ts";
import type { PreparedSection } from "../prepare.ts";
import { type SectionError, toSectionError } from "../report.ts";
import { type ChangedBy, createChangedBy } from "./changed_by.ts";
import { changesBetween } from "./delta.ts";
import { type Found, listChanges, type PlannedChange } from "./found_changes.ts";
import { type LiveReference, readLive } from "./live.ts";
import { Spool } from "./spool.ts";

/** How a section is compared. Nothing of it can write to Oomnitza. */
export interface DriftSettings {
  readonly oomnitza: Pick<OomnitzaReader, "ask">;
  readonly signal: AbortSignal;
  /** What was accepted; without it there is nothing to compare with. */
  readonly store: State | undefined;
  /** What is found is kept in a temporary file beside this path. */
  readonly beside: string;
  /** Asks Oomnitza who changed the fields that differ. */
  readonly history: boolean;
}

/** What was changed, in numbers. */
export interface DriftCounts {
  /** Records that Oomnitza accepted and that were in the source last. */
  readonly compared: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Not in Oomnitza any more, or not shown. */
  readonly gone: number;
}

/** What was changed in Oomnitza of a section. */
export interface DriftReport {
  readonly section: string;
  readonly source: string;
  readonly mapping_name: string;
  readonly kind: "assets" | "users";
  readonly counts: DriftCounts;
  /** Mapped fields that Oomnitza does not show, so that they were not compared. */
  readonly not_compared: readonly string[];
  /** What went wrong with the section as a whole. */
  readonly error: SectionError | null;
}

/** The drift of a section. It must be closed. */
export class DriftedSection {
  readonly report: DriftReport;
  readonly #found: Spool<Found>;
  readonly #changedBy: ChangedBy | undefined;

  constructor(found: Spool<Found>, report: DriftReport, changedBy: ChangedBy | undefined) {
    this.#found = found;
    this.report = report;
    this.#changedBy = changedBy;
  }

  /** Whether something was changed. */
  get isPending(): boolean {
    return this.report.counts.changed + this.report.counts.gone > 0;
  }

  /** What was changed: `old` is what was sent, `new` what Oomnitza holds. */
  changes(): AsyncGenerator<PlannedChange> {
    return listChanges(this.#found, this.#changedBy);
  }

  close(): void {
    this.#found.close();
  }
}

/** Compares what a section sent with what Oomnitza holds; what goes wrong with it is in its report. */
export async function findDrift(
  prepared: PreparedSection,
  settings: DriftSettings,
): Promise<DriftedSection> {
  const { section, upload, log } = prepared;
  const { store, beside, history, oomnitza } = settings;
  const found = new Spool<Found>(beside);
  const counts = { compared: 0, changed: 0, unchanged: 0, gone: 0 };
  let hidden: readonly string[] = [];
  let error: SectionError | null = null;
  try {
    const text = JSON.stringify(upload);
    const baseline = await store?.accepted.openBaseline(section.name, text, settings.signal);
    if (baseline !== undefined && baseline.size > 0) {
      using live = await readLive(prepared, settings);
      hidden = live.hidden;
      await compareAll({ baseline, live, volatile: prepared.volatile }, found, counts);
    }
  } catch (thrown) {
    error = toSectionError(thrown);
  }
  const report = {
    ...{ section: section.name, source: section.source.name, mapping_name: upload.mappingName },
    ...{ kind: section.kind, counts, not_compared: hidden, error },
  };
  const changedBy = history ? createChangedBy(oomnitza, section.kind, log) : undefined;
  return new DriftedSection(found, report, changedBy);
}

/** What was accepted, what is there now, and the fields of which a difference says nothing. */
interface Sides {
  readonly baseline: Baseline;
  readonly live: LiveReference;
  readonly volatile: ReadonlySet<string>;
}

async function compareAll(
  { baseline, live, volatile }: Sides,
  found: Spool<Found>,
  counts: { -readonly [name in keyof DriftCounts]: number },
): Promise<void> {
  for await (const accepted of baseline.missing(() => false)) {
    counts.compared++;
    const record = keyForPeople(accepted.key);
    const held = live.find(sentRecord(accepted));
    if (held === undefined) {
      counts.gone++;
      found.add({ change: { kind: "gone", record, fields: [] } });
      continue;
    }
    const fields = changesBetween(accepted, held);
    if (fields.every(({ field }) => volatile.has(field))) {
      counts.unchanged++;
      continue;
    }
    counts.changed++;
    found.add({ change: { kind: "changed", record, fields }, ident: held.ident });
  }
}

function sentRecord(accepted: MissingRecord): MappedRecord {
  return Object.fromEntries(readFieldValues(accepted));
}
