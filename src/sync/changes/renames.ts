/**
 * Renames: records that are known by the vendor's id, and come with other sync fields.
 *
 * Only at the end of a run it is known which records did not come, and whether several have one id: until
 * then, what is new and has an id is kept in a temporary file.
 *
 * @module
 */

import { keyForPeople } from "../../state/fingerprint.ts";
import { inPages } from "../../state/identities.ts";
import type { IdentifiedRecord } from "../../state/known_records.ts";
import { NumberSet } from "./number_set.ts";
import { Spool } from "./spool.ts";

/** A record with other sync fields than before. */
export interface Rename {
  /** The values of its sync fields before, and now. */
  readonly old: string;
  readonly new: string;
}

/** A rename, and what was accepted of the record before. */
export interface FoundRename extends Rename {
  readonly record: IdentifiedRecord;
}

/** Looks for the records with some identities; gives them in their order. */
export type FindByIdentity = (
  identities: readonly string[],
) => Promise<readonly (IdentifiedRecord | undefined)[]>;

/** The renames of one run. It must be closed. */
export class Renames {
  readonly #find: FindByIdentity;
  readonly #beside: string;
  #candidates: Spool<readonly [key: string, identity: string]> | undefined;
  /** For each candidate the record that it may have been, or null. */
  #outcomes: Spool<readonly [key: string, record: IdentifiedRecord | null]> | undefined;
  readonly #claimed = new NumberSet();
  /** Known records that several new ones have the id of. */
  readonly #shared = new NumberSet();
  #count = 0;
  #expected = 0;

  /** @param beside What may be renamed is kept in a temporary file beside this path. */
  constructor(find: FindByIdentity, beside: string) {
    this.#find = find;
    this.#beside = beside;
  }

  /** Takes a record whose key is new; gives its number, for {@linkcode outcomes}. */
  add(key: string, identity: string): number {
    this.#candidates ??= new Spool(this.#beside);
    this.#candidates.add([key, identity]);
    return this.#candidates.length - 1;
  }

  /** Looks for what the candidates were before, once all records came. */
  async resolve(isSeen: (id: number) => boolean): Promise<void> {
    if (this.#candidates === undefined) return;
    const outcomes = this.#outcomes = new Spool(this.#beside);
    for (const page of inPages(this.#candidates.values())) {
      const found = await this.#find(page.map(([, identity]) => identity));
      for (const [index, [key]] of page.entries()) {
        const known = found[index];
        const record = known === undefined || known.key === key || isSeen(known.id) ? null : known;
        outcomes.add([key, record]);
        if (record !== null) this.#claim(record);
      }
    }
  }

  /** How many there are, once they were looked for. */
  get count(): number {
    return this.#count;
  }

  /** How many of them were expected under their old key. */
  get expected(): number {
    return this.#expected;
  }

  /** Whether a known record is one that was renamed. */
  isRenamed(id: number): boolean {
    return this.#claimed.has(id) && !this.#shared.has(id);
  }

  /** The renames, in the order of the new records. */
  *values(): Generator<FoundRename> {
    for (const rename of this.outcomes()) if (rename !== undefined) yield rename;
  }

  /** For each candidate, in its order, what it is; nothing for one that is new. */
  *outcomes(): Generator<FoundRename | undefined> {
    for (const [key, record] of this.#outcomes?.values() ?? []) {
      yield record === null || !this.isRenamed(record.id)
        ? undefined
        : { old: keyForPeople(record.key), new: keyForPeople(key), record };
    }
  }

  close(): void {
    this.#candidates?.close();
    this.#outcomes?.close();
  }

  /** Notes that a new record has the id of a known one. */
  #claim(record: IdentifiedRecord): void {
    if (!this.#claimed.has(record.id)) {
      this.#claimed.add(record.id);
      this.#count++;
      if (record.missed === 0) this.#expected++;
      return;
    }
    if (!this.#shared.has(record.id)) this.#drop(record);
    this.#shared.add(record.id);
  }

  #drop(record: IdentifiedRecord): void {
    this.#count--;
    if (record.missed === 0) this.#expected--;
  }
}
