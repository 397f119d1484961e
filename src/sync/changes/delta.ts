/**
 * Compares mapped records with what Oomnitza accepted last.
 *
 * @module
 */

import { isBlank, type MappedRecord } from "../../base/record.ts";
import {
  differences,
  type Fingerprint,
  Fingerprints,
  type FingerprintText,
  keyForPeople,
  parseFields,
} from "../../state/fingerprint.ts";
import type { FoundIdentities } from "../../state/identities.ts";
import type { IdentifiedRecord, KnownRecord, MissingRecord } from "../../state/known_records.ts";
import { NumberSet } from "./number_set.ts";
import { Renames } from "./renames.ts";
import { isEqual, Sameness } from "./sameness.ts";
import { Spool } from "./spool.ts";

/** How a record stands to what was accepted last under its sync fields. */
export type ChangeKind = "new" | "changed" | "unchanged";

/** A field that differs; a side is absent when that record does not have the field. */
export interface FieldChange {
  readonly field: string;
  readonly old?: unknown;
  readonly new?: unknown;
  /** Who changed it last in Oomnitza, when that was asked for and is known. */
  readonly changed_by?: string | undefined;
  /** When that was, ISO 8601. */
  readonly changed_at?: string | undefined;
}

/** What a comparison found about one record. */
export interface Change {
  readonly kind: ChangeKind;
  /** What differs, volatile fields included. */
  readonly fields: readonly FieldChange[];
  /** Why it counts as changed although nothing differs, or only volatile fields do. */
  readonly reason?: string | undefined;
  /** What names the record in calls, when Oomnitza itself was compared with. */
  readonly ident?: string | undefined;
  /** Of a new record that may be a renamed one, its number among those. */
  readonly candidate?: number | undefined;
}

/** What a record is compared with; `ident` names it in calls of Oomnitza. */
export type ReferenceRecord = KnownRecord & { readonly ident?: string };

/** Records that are looked up together, at most. */
export const comparedAtOnce = 256;

/** What records are compared with: what Oomnitza accepted last, or what it holds now. */
export interface Reference {
  /**
   * The records with some keys, in their order; undefined for one that is not there, or has no key. `records`
   * are those that are compared.
   */
  findAll(
    keys: readonly (string | undefined)[],
    records: readonly MappedRecord[],
  ): Promise<readonly (ReferenceRecord | undefined)[]>;
  /** Whether the vendor's id of any record is known. */
  readonly hasIdentities: boolean;
  /** The records that came with some identities last, in their order; nothing where several have one. */
  findByIdentity(
    identities: readonly string[],
  ): Promise<readonly (IdentifiedRecord | undefined)[]>;
  /** How many records are expected in the source; what Oomnitza holds says nothing about that. */
  readonly size?: number;
  /** The records that were not seen, apart from those that earlier runs reported. */
  missing(isSeen: (id: number) => boolean): AsyncIterable<MissingRecord>;
}

/** What changed, in numbers. */
export interface ChangeCounts {
  new: number;
  /** Known by the vendor's id, with other sync fields than before. */
  renamed: number;
  changed: number;
  /** Apart from their volatile fields. */
  unchanged: number;
  /** Of those to be sent, those in which a field that was filled became empty. */
  blanked: number;
}

/** A record that is gone from the source. */
export interface Gone {
  /** Names it in the state file. */
  readonly key: string;
  /** Values of its sync fields. */
  readonly record: string;
  readonly fields: readonly FieldChange[];
}

/** What a comparison works with. */
export interface ComparisonSettings {
  /** Without one, everything is new. */
  readonly baseline: Reference | undefined;
  readonly syncFields: readonly string[];
  /** Records that wait in the outbox and will be delivered before those that are compared. */
  readonly pending?: Iterable<MappedRecord> | undefined;
  /** Fields that are never alone a reason to send. */
  readonly volatile?: ReadonlySet<string> | undefined;
  /** Whether records that are unchanged are not sent. */
  readonly onlyChanged?: boolean | undefined;
  /** Looks for renamed records; what may be one is kept in temporary files beside this path. */
  readonly beside?: string | undefined;
}

const again = "refused last time, or shares its sync fields with another record";

function sides(old: Map<string, unknown>, now: Map<string, unknown>, field: string): FieldChange {
  return {
    field,
    ...(old.has(field) ? { old: old.get(field) } : {}),
    ...(now.has(field) ? { new: now.get(field) } : {}),
  };
}

/** The fields in which two records differ, from what was to what is. */
export function changesBetween(
  old: FingerprintText,
  now: FingerprintText,
): FieldChange[] {
  const before = parseFields(old);
  const after = parseFields(now);
  return differences(old, now).map((field) => sides(before, after, field));
}

/** The fields that had a value, and lose it. */
function blankedBetween(old: FingerprintText, now: FingerprintText): string[] {
  const blank = [...parseFields(now)].filter(([, value]) => isBlank(value));
  if (blank.length === 0) return [];
  const before = parseFields(old);
  return blank.flatMap(([field]) => isBlank(before.get(field)) ? [] : [field]);
}

/** How a record stands to what was accepted. */
export interface Classified {
  readonly kind: ChangeKind;
  /** Absent when it cannot be written as JSON. */
  readonly print: Fingerprint | undefined;
  /** What it was compared with. */
  readonly old: FingerprintText | undefined;
  /** Why it counts as changed although no field that counts differs. */
  readonly reason?: string | undefined;
  /** What names it in calls of Oomnitza, where that is known. */
  readonly ident?: string | undefined;
  /** Of a new record that may be a renamed one, its number among those. */
  readonly candidate?: number | undefined;
  /** Whether what was accepted stays true in all respects when it is sent and accepted again. */
  readonly isAsAccepted: boolean;
}

/** What a comparison found, in numbers. */
export class ChangeTally {
  readonly #sameness: Sameness;
  readonly counts: ChangeCounts = { new: 0, renamed: 0, changed: 0, unchanged: 0, blanked: 0 };
  /** How many records lost the value of which field. */
  readonly blankedFields = new Map<string, number>();
  /** Changed records in which a field differs that is not volatile. */
  differing = 0;

  /** @param volatile Fields that are never alone a reason to send. */
  constructor(volatile?: ReadonlySet<string>) {
    this.#sameness = new Sameness(volatile);
  }

  /** Whether no field differs, apart from those that are volatile. */
  isSame(old: FingerprintText, now: FingerprintText): boolean {
    return this.#sameness.isSame(old, now);
  }

  /** Counts a record that will be sent, and what was accepted of it before. */
  add(old: FingerprintText | undefined, now: FingerprintText): void {
    if (old === undefined) {
      this.counts.new++;
    } else if (this.isSame(old, now)) {
      this.counts.unchanged++;
      this.addLosses(old, now);
    } else {
      this.addChanged(old, now);
    }
  }

  /** Counts a record in which a field differs that is not volatile. */
  addChanged(old: FingerprintText, now: FingerprintText): void {
    this.counts.changed++;
    this.differing++;
    this.addLosses(old, now);
  }

  /** Counts what a record loses that will be sent; of a volatile field, too. */
  addLosses(old: FingerprintText, now: FingerprintText): void {
    if (isEqual(old, now)) return;
    const blanked = blankedBetween(old, now);
    if (blanked.length > 0) this.counts.blanked++;
    for (const field of blanked) {
      this.blankedFields.set(field, (this.blankedFields.get(field) ?? 0) + 1);
    }
  }
}

/** The comparison of one run. Where it looks for renamed records, it must be closed. */
export class Comparison extends ChangeTally {
  readonly #settings: ComparisonSettings;
  readonly #pending = new Map<string, Fingerprint>();
  readonly #seen = new NumberSet();
  /** Those of which a record was sent in this run: whatever comes after it must be sent, too. */
  readonly #sent = new NumberSet();
  readonly #returned: number[] = [];
  /** Records that were in the source the time before, too. */
  #expected = 0;
  readonly #prints: Fingerprints;
  readonly #renames: Renames | undefined;
  /** Identities of known records that were not known yet. */
  #learned: Spool<readonly [key: string, identity: string]> | undefined;

  constructor(settings: ComparisonSettings) {
    super(settings.volatile);
    this.#settings = settings;
    const { baseline, beside } = settings;
    this.#renames = beside === undefined || baseline?.hasIdentities !== true
      ? undefined
      : new Renames(
        (identities) => baseline.findByIdentity(identities),
        beside,
      );
    this.#prints = new Fingerprints(settings.syncFields);
    for (const record of settings.pending ?? []) {
      const print = this.#prints.create(record);
      if (print?.key !== undefined) this.#pending.set(print.key, print);
    }
  }

  /**
   * Compares records, and says what differs. They must come in the order in which they would be sent;
   * `identities` are the vendor's ids of them.
   */
  async compareAll(
    records: readonly MappedRecord[],
    identities: readonly (string | undefined)[] = [],
  ): Promise<Change[]> {
    const classified = await this.classifyAll(records, identities);
    return classified.map((each) => this.#describe(each));
  }

  /** Compares records, as {@linkcode compareAll} does, and says only how they stand. */
  async classifyAll(
    records: readonly MappedRecord[],
    identities: readonly (string | undefined)[] = [],
  ): Promise<Classified[]> {
    const prints = records.map((record) => this.#prints.create(record));
    const known = await this.#settings.baseline?.findAll(prints.map((each) => each?.key), records);
    return prints.map((print, index) => this.#classify(print, known?.[index], identities[index]));
  }

  #describe({ kind, print, old, reason, ident, candidate }: Classified): Change {
    if (print === undefined || kind === "unchanged") return { kind, fields: [] };
    if (old === undefined) return { kind, fields: newFields(print), candidate };
    return { kind, fields: isEqual(old, print) ? [] : changesBetween(old, print), reason, ident };
  }

  /** Finds out which new records are renamed ones, once all came. */
  async resolveRenames(): Promise<void> {
    if (this.#renames === undefined) return;
    await this.#renames.resolve((id) => this.#seen.has(id));
    this.counts.new -= this.#renames.count;
    this.counts.renamed = this.#renames.count;
  }

  /** The renamed records, once they were found out. */
  get renames(): Pick<Renames, "count" | "values" | "outcomes"> | undefined {
    return this.#renames;
  }

  /** What is to be written down of the identities of known records. */
  identities(): FoundIdentities {
    const renames = this.#renames?.values() ?? [].values();
    return {
      learned: this.#learned?.values() ?? [],
      renamed: renames.map(({ record: { id, key } }) => ({ id, key })),
    };
  }

  close(): void {
    this.#renames?.close();
    this.#learned?.close();
  }

  #classify(
    print: Fingerprint | undefined,
    known: ReferenceRecord | undefined,
    identity: string | undefined,
  ): Classified {
    const key = print?.key;
    const waiting = key === undefined ? undefined : this.#pending.get(key);
    const old = waiting ?? known;
    if (print === undefined || old === undefined) {
      this.counts.new++;
      const candidate = key === undefined || identity === undefined
        ? undefined
        : this.#renames?.add(key, identity);
      return { kind: "new", print, old: undefined, isAsAccepted: false, candidate };
    }
    if (known !== undefined && key !== undefined) this.#learn(key, known, identity);
    const isSame = this.isSame(old, print);
    const mustSend = known !== undefined && this.#see(known, isSame);
    if (isSame && !mustSend) {
      this.counts.unchanged++;
      if (this.#settings.onlyChanged !== true) this.addLosses(old, print);
      const isAsAccepted = waiting === undefined && known?.missed === 0 && isEqual(old, print);
      return { kind: "unchanged", print, old, isAsAccepted };
    }
    const changed = {
      kind: "changed",
      print,
      old,
      ident: known?.ident,
      isAsAccepted: false,
    } as const;
    if (!isSame) {
      this.addChanged(old, print);
      return changed;
    }
    this.counts.changed++;
    this.addLosses(old, print);
    return { ...changed, reason: again };
  }

  /** Whether a record that was accepted was compared in this run, under its key or as a renamed one. */
  isSeen(id: number): boolean {
    return this.#seen.has(id) || this.#renames?.isRenamed(id) === true;
  }

  /** How many records were accepted and did not come, apart from those that earlier runs reported. */
  get goneCount(): number {
    const came = this.#expected + (this.#renames?.expected ?? 0);
    return Math.max(0, (this.#settings.baseline?.size ?? 0) - came);
  }

  /** Records that had been missed in the full run before and are back. */
  get returned(): readonly number[] {
    return this.#returned;
  }

  /** The records that were accepted and did not come, apart from those that earlier runs reported. */
  async *gone(): AsyncGenerator<Gone> {
    const missing = this.#settings.baseline?.missing((id) => this.isSeen(id)) ?? [];
    for await (const { key, ...print } of missing) {
      const fields = [...parseFields(print)].map(([field, old]) => ({ field, old }));
      yield { key, record: keyForPeople(key), fields };
    }
  }

  /** Notes the vendor's id of a known record, where it was not known or was another one. */
  #learn(key: string, known: KnownRecord, identity: string | undefined): void {
    const { beside } = this.#settings;
    if (beside === undefined || identity === undefined || identity === known.identity) return;
    this.#learned ??= new Spool(beside);
    this.#learned.add([key, identity]);
  }

  /** Notes that a known record came; gives whether it is to be sent even if it is the same. */
  #see({ id, mustSend, missed }: KnownRecord, isSame: boolean): boolean {
    if (!this.#seen.has(id)) {
      if (missed > 0) this.#returned.push(id);
      else this.#expected++;
    }
    this.#seen.add(id);
    const must = mustSend || this.#sent.has(id);
    if (must || !isSame) this.#sent.add(id);
    return must;
  }
}

function newFields(print: Fingerprint): FieldChange[] {
  return [...parseFields(print)].map(([field, value]) => ({ field, new: value }));
}
