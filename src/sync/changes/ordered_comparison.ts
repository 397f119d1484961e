/**
 * Compares the records of a run with those of the last upload, in the order of both: a record that is as it
 * was is the next part of that upload's text, and nothing of it has to be looked up or unpacked.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../../base/json.ts";
import type { MappedRecord } from "../../base/record.ts";
import {
  type Fingerprint,
  Fingerprints,
  type FingerprintText,
  keyForPeople,
} from "../../state/fingerprint.ts";
import type { GoneRecord, LastUpload, UploadedBatch } from "../../state/known_records.ts";
import { ChangeTally } from "./delta.ts";
import type { Rename } from "./renames.ts";

/** Records out of their order that are kept until their counterpart comes, of each of the two uploads. */
const maxApart = 2000;

/** Batches that one record may take: the rest of the one that is compared with, and the one after it. */
const mostTaken = 2;

/** Batches that are read before they are needed. */
const readAhead = 2 * mostTaken;

/** A batch of the last upload. */
interface Batch extends UploadedBatch {
  /** Where its next record begins. */
  at: number;
  /** How many of its records were compared or passed over. */
  index: number;
  /** Its records, once one of them had to be looked at. */
  records: readonly MappedRecord[] | undefined;
}

/** A record of this run that was not found under its key. */
interface UnknownRecord {
  readonly print: Fingerprint;
  readonly identity: string | undefined;
}

/** What is looked for in the state beside the batches. */
type Last = Pick<LastUpload, "batches" | "findMissed" | "findMissedByIdentity">;

/** The comparison of one run with the last upload. */
export class OrderedComparison {
  readonly tally: ChangeTally;
  readonly #last: Last;
  readonly #batches: AsyncIterator<UploadedBatch>;
  /** Batches that were read ahead, and whether there are more. */
  readonly #texts: UploadedBatch[] = [];
  #isAtEnd = false;
  readonly #prints: Fingerprints;
  /** The batch that is compared with, and the one after it when that had to be looked into. */
  #batch: Batch | undefined;
  #ahead: Batch | undefined;
  /** Records of the last upload that were passed over, and those of this run that were not found, by their keys. */
  readonly #passed = new Map<string, GoneRecord>();
  readonly #unknown = new Map<string, UnknownRecord>();
  readonly #returned: number[] = [];
  readonly #renamed = new Map<string, GoneRecord>();
  readonly #renames: Rename[] = [];

  private constructor(
    last: Last,
    syncFields: readonly string[],
    volatile: ReadonlySet<string>,
  ) {
    this.tally = new ChangeTally(volatile);
    this.#last = last;
    this.#batches = last.batches();
    this.#prints = new Fingerprints(syncFields);
  }

  /**
   * Begins to compare.
   *
   * @param syncFields At least one.
   * @param volatile Fields that are never alone a reason to send.
   */
  static async begin(
    last: Last,
    syncFields: readonly string[],
    volatile: ReadonlySet<string>,
  ): Promise<OrderedComparison> {
    const comparison = new OrderedComparison(last, syncFields, volatile);
    await comparison.readAhead();
    comparison.#batch = comparison.#read();
    await comparison.readAhead();
    return comparison;
  }

  /** Whether it has to read ahead before it takes the next record. */
  get isHungry(): boolean {
    return !this.#isAtEnd && this.#texts.length < mostTaken;
  }

  /** Reads what the next records are compared with. */
  async readAhead(): Promise<void> {
    while (!this.#isAtEnd && this.#texts.length < readAhead) {
      const { done, value } = await this.#batches.next();
      if (done === true) this.#isAtEnd = true;
      else this.#texts.push(value);
    }
  }

  /** What was not in the source, by its key; only when the comparison was finished. */
  get gone(): ReadonlyMap<string, GoneRecord> {
    return this.#passed;
  }

  /** What is in the source under another key, by the key that it had; only when the comparison was finished. */
  get renamed(): ReadonlyMap<string, GoneRecord> {
    return this.#renamed;
  }

  /** The same for people. */
  get renames(): readonly Rename[] {
    return this.#renames;
  }

  /** Records that had been missed before the last upload and are back. */
  get returned(): readonly number[] {
    return this.#returned;
  }

  /**
   * Takes the next record, whose JSON is `text`; gives whether it could be compared: not when too many
   * records are in another order, or have the same key. `identity` is the vendor's id of it, if any.
   */
  add(record: MappedRecord, text: string, identity?: string): boolean {
    const batch = this.#batch;
    // One JSON object is never the beginning of another: equal so far is equal.
    if (batch !== undefined && batch.text.startsWith(text, batch.at)) {
      this.#advance(batch, text.length);
      this.tally.counts.unchanged++;
      return true;
    }
    const print = this.#prints.create(record);
    if (print?.key === undefined) return false;
    const old = this.#take(print.key);
    if (old !== undefined) {
      this.tally.add(old, print);
      return true;
    }
    if (this.#unknown.has(print.key)) return false;
    this.#unknown.set(print.key, { print, identity });
    return this.#isNear;
  }

  /**
   * Ends the comparison of a source that was read to its end; gives whether what is left could be compared.
   * `came` says which of some keys came after all, for records that share one.
   */
  async finish(
    came: (keys: ReadonlyMap<string, unknown>) => Iterable<string>,
  ): Promise<boolean> {
    for (let batch = this.#batch; batch !== undefined; batch = this.#batch) {
      if (!this.#pass(batch)) return false;
      await this.readAhead();
    }
    const found = await this.#last.findMissed([...this.#unknown.keys()]);
    for (const [index, [key, { print }]] of [...this.#unknown].entries()) {
      const passed = this.#passed.get(key);
      const missed = passed === undefined ? found[index] : undefined;
      if (missed !== undefined) this.#returned.push(missed.id);
      this.#passed.delete(key);
      const old = passed ?? missed;
      if (old === undefined) continue;
      this.#unknown.delete(key);
      this.tally.add(old, print);
    }
    if (this.#passed.size > 0) { for (const key of came(this.#passed)) this.#passed.delete(key); }
    await this.#findRenames();
    return true;
  }

  /** Tells what is new from what had another key before. */
  async #findRenames(): Promise<void> {
    const byIdentity = uniqueBy(this.#passed, ([, { identity }]) => identity);
    const missed = await this.#findMissed(byIdentity);
    const claims = [...this.#unknown].map(([key, { print, identity }]) => {
      const old = identity === undefined
        ? undefined
        : byIdentity.get(identity) ?? missed.get(identity);
      return { key, print, old: old?.[0] === key ? undefined : old };
    });
    const claimed = uniqueBy(claims, ({ old }) => old?.[0]);
    for (const { key, print, old } of claims) {
      if (old === undefined || claimed.get(old[0]) === undefined) {
        this.tally.add(undefined, print);
        continue;
      }
      const [oldKey, record] = old;
      this.tally.counts.renamed++;
      this.#passed.delete(oldKey);
      this.#renamed.set(oldKey, record);
      this.#renames.push({ old: keyForPeople(oldKey), new: keyForPeople(key) });
    }
  }

  /** What came in an earlier upload with the identities of unknown records that the last one does not have. */
  async #findMissed(
    passed: ReadonlyMap<string, unknown>,
  ): Promise<ReadonlyMap<string, readonly [string, GoneRecord]>> {
    const identities = [...this.#unknown.values()].flatMap(({ identity }) =>
      identity === undefined || passed.has(identity) ? [] : [identity]
    );
    const found = await this.#last.findMissedByIdentity(identities);
    return new Map(identities.flatMap((identity, index) => {
      const known = found[index];
      if (known === undefined) return [];
      const { key, fields, values } = known;
      return [[identity, [key, { fields, values, identity }] as const] as const];
    }));
  }

  get #isNear(): boolean {
    return this.#passed.size <= maxApart && this.#unknown.size <= maxApart;
  }

  /** The record of a key: the next one, or one that was passed over or is near. */
  #take(key: string): FingerprintText | undefined {
    const passed = this.#passed.get(key);
    if (passed !== undefined) {
      this.#passed.delete(key);
      return passed;
    }
    const batch = this.#batch;
    if (batch === undefined) return undefined;
    return this.#takeFrom(batch, key) ?? this.#takeAhead(batch, key);
  }

  #takeAhead(batch: Batch, key: string): FingerprintText | undefined {
    const ahead = this.#ahead ??= this.#read();
    if (ahead === undefined) return undefined;
    const found = findKey(
      ahead,
      this.#recordsOf(ahead),
      (record) => this.#prints.keyOf(record),
      key,
    );
    if (found === undefined) return undefined;
    this.#pass(batch);
    return this.#takeFrom(ahead, key);
  }

  /** Takes the record of a key out of what is left of a batch, and passes over those before it. */
  #takeFrom(batch: Batch, key: string): FingerprintText | undefined {
    const records = this.#recordsOf(batch);
    const position = findKey(batch, records, (record) => this.#prints.keyOf(record), key);
    if (position === undefined) return undefined;
    while (batch.index < position) this.#passOne(batch, records);
    const record = records[position];
    const print = record === undefined ? undefined : this.#prints.create(record);
    this.#advance(batch, stringifyExactJson(record).length);
    return print;
  }

  /** Passes over what is left of a batch; gives whether that is not too much. */
  #pass(batch: Batch): boolean {
    const records = this.#recordsOf(batch);
    while (this.#batch === batch && this.#isNear) this.#passOne(batch, records);
    return this.#isNear;
  }

  #passOne(batch: Batch, records: readonly MappedRecord[]): void {
    const record = records[batch.index] ?? {};
    const print = this.#prints.create(record);
    if (print?.key !== undefined) {
      const { fields, values } = print;
      const identity = batch.identities()[batch.index] ?? undefined;
      this.#passed.set(print.key, { fields, values, identity });
    }
    this.#advance(batch, stringifyExactJson(record).length);
  }

  /** Goes on behind a record of so many characters. */
  #advance(batch: Batch, length: number): void {
    batch.at += length + 1;
    batch.index++;
    if (batch.at < batch.text.length) return;
    this.#batch = this.#ahead ?? this.#read();
    this.#ahead = undefined;
  }

  #recordsOf(batch: Batch): readonly MappedRecord[] {
    return batch.records ??= parseExactJson(batch.text) as MappedRecord[];
  }

  #read(): Batch | undefined {
    const batch = this.#texts.shift();
    if (batch === undefined && !this.#isAtEnd) throw new Error("A batch was not read in time");
    return batch === undefined ? undefined : { ...batch, at: 1, index: 0, records: undefined };
  }
}

/** The elements by a text of theirs; nothing under a text that several have. */
function uniqueBy<T>(
  all: Iterable<T>,
  textOf: (one: T) => string | undefined,
): Map<string, T | undefined> {
  const found = new Map<string, T | undefined>();
  for (const one of all) {
    const text = textOf(one);
    if (text !== undefined) found.set(text, found.has(text) ? undefined : one);
  }
  return found;
}

/** Where in what is left of a batch the record of a key is. */
function findKey(
  { index }: Batch,
  records: readonly MappedRecord[],
  keyOf: (record: MappedRecord) => string | undefined,
  key: string,
): number | undefined {
  for (let position = index; position < records.length; position++) {
    const record = records[position];
    if (record !== undefined && keyOf(record) === key) return position;
  }
  return undefined;
}
