/**
 * What a stand-in has got: records, uploads and counts, all in memory.
 *
 * @module
 */
import type { Kind, MappedRecord } from "../base/record.ts";
import { type Batch, buildRecordKey } from "./batch.ts";
import { storeDates } from "./fields.ts";
import { type Outcome, type Portion, Portions, settle } from "./portions.ts";
import { Processing } from "./processing.ts";
import { changeRecord, mergeRecord, type StoredRecord } from "./records.ts";

/** What became of the records of one request. */
export interface Taken {
  received: number;
  created: number;
  updated: number;
  /** Known ones of an `insert_only` request and unknown ones of an `update_only` request. */
  skipped: number;
}

/** What came under one mapping name. */
export interface MappingCounts extends Taken {
  readonly kind: Kind;
  readonly name: string;
  /** How many different records there are. */
  readonly distinct: number;
}

interface Bucket extends Taken {
  readonly kind: Kind;
  readonly name: string;
  /** Records by key, by the names of the sync fields: another choice of them is another identity. */
  readonly indexes: Map<string, Map<string, StoredRecord>>;
}

const latestKept = 10;

/** The memory of one stand-in. */
export class Store {
  /** Counts over all mapping names. */
  readonly counters: Taken = noneTaken();
  readonly #portions = new Portions();
  readonly processing: Processing;
  readonly #buckets = new Map<string, Bucket>();
  readonly #latest: Record<Kind, readonly StoredRecord[]> = { assets: [], users: [] };
  #version = 0;
  #lastId = 0;

  constructor(processing = new Processing()) {
    this.processing = processing;
  }

  /** The portions of API v3, in the order they were opened. */
  get portions(): Portion[] {
    return this.#portions.all;
  }

  /** Grows with everything that is stored or changed. */
  get version(): number {
    return this.#version;
  }

  /** Counts for each mapping name, in the order they first came. */
  get mappings(): MappingCounts[] {
    return [...this.#buckets.values()].map(({ indexes, ...counts }) => ({
      ...counts,
      distinct: indexes.values().reduce((sum, index) => sum + index.size, 0),
    }));
  }

  /** The records that were taken last, ten at most, newest first. */
  latest(kind: Kind): StoredRecord[] {
    return [...new Set(this.#latest[kind].toReversed())];
  }

  /** The records that fit, in the order they first came. */
  records(wanted: { kind?: Kind | undefined; name?: string | undefined } = {}): StoredRecord[] {
    const found: StoredRecord[] = [];
    for (const bucket of this.#buckets.values()) {
      if (wanted.kind !== undefined && bucket.kind !== wanted.kind) continue;
      if (wanted.name !== undefined && bucket.name !== wanted.name) continue;
      for (const index of bucket.indexes.values()) for (const r of index.values()) found.push(r);
    }
    return found;
  }

  /**
   * Takes a batch in. Records of API v3 are processed after the delay of the processing, all others at
   * once; then what is new is created and what is known is updated.
   *
   * @throws {Refusal} when its portion is finalized or belongs to another connector
   */
  take(batch: Batch): Taken {
    const portion = this.addToPortion(batch);
    const taken = { ...noneTaken(), received: batch.records.length };
    if (batch.testRun) return taken;
    const bucket = this.#findBucket(batch);
    addTo(bucket, taken);
    addTo(this.counters, taken);
    const { delayMs } = this.processing;
    if (portion === undefined || delayMs === 0) addTo(taken, this.#process(batch, bucket, portion));
    else this.processLater(() => void this.#process(batch, bucket, portion), delayMs);
    return taken;
  }

  /** One portion, if it was opened: the first upload request opens one. */
  portion(id: string): Portion | undefined {
    return this.#portions.find(id);
  }

  /** Marks a portion as finished; false when it is not known. */
  finalize(id: string): boolean {
    return this.#portions.finalize(id);
  }

  /** Changes fields of a record as a person does in Oomnitza. */
  change(stored: StoredRecord, fields: MappedRecord, by: string): void {
    this.#version += 1;
    changeRecord(stored, { ...stored.record, ...fields }, by);
  }

  /**
   * Counts a batch of API v3; undefined for one of API v2, which has no portions.
   *
   * @throws {Refusal} when the portion is finalized or belongs to another connector
   */
  protected addToPortion(batch: Batch): Portion | undefined {
    return this.#portions.add(batch);
  }

  /** Does work that is due in some milliseconds. */
  protected processLater(work: () => void, delayMs: number): void {
    setTimeout(work, delayMs).unref();
  }

  #process(batch: Batch, bucket: Bucket, portion: Portion | undefined): Taken {
    const taken = noneTaken();
    const index = findIndex(bucket, batch.syncFields);
    const latest: StoredRecord[] = [];
    this.#version += 1;
    for (const record of batch.records) {
      const key = buildRecordKey(record, batch);
      const decision = this.processing.decide(batch.kind, record, key);
      if (decision !== undefined) {
        if (decision.outcome === "skipped") taken.skipped += 1;
        settle(portion, decision.outcome, { text: decision.text });
        continue;
      }
      const outcome = this.#takeRecord(index, key, record, batch);
      settle(portion, outcome);
      if (outcome === "skipped") taken.skipped += 1;
      else taken[outcome === "added" ? "created" : "updated"] += 1;
      const stored = index.get(key);
      if (outcome !== "skipped" && stored !== undefined) latest.push(stored);
    }
    const { kind } = batch;
    this.#latest[kind] = [...this.#latest[kind], ...latest.slice(-latestKept)].slice(-latestKept);
    addTo(bucket, taken);
    addTo(this.counters, taken);
    return taken;
  }

  #takeRecord(
    index: Map<string, StoredRecord>,
    key: string,
    arriving: MappedRecord,
    batch: Batch,
  ): Exclude<Outcome, "failed" | "canceled"> {
    const { kind, name, portion } = batch;
    const record = storeDates(this.processing.fields, kind, arriving);
    const old = index.get(key);
    if (old === undefined) {
      if (batch.updateOnly) return "skipped";
      const id = this.#lastId += 1;
      const at = Date.now();
      index.set(key, { id, kind, name, key, record, portion, times: 1, at, by: name, changes: [] });
      return "added";
    }
    if (batch.insertOnly) return "skipped";
    old.portion = portion;
    old.times += 1;
    old.at = Date.now();
    const merged = mergeRecord(old.record, record, batch);
    return changeRecord(old, merged, name) ? "updated" : "unchanged";
  }

  #findBucket({ kind, name }: Batch): Bucket {
    const id = `${kind} ${name}`;
    const known = this.#buckets.get(id);
    if (known !== undefined) return known;
    const bucket: Bucket = { kind, name, ...noneTaken(), indexes: new Map() };
    this.#buckets.set(id, bucket);
    return bucket;
  }
}

function noneTaken(): Taken {
  return { received: 0, created: 0, updated: 0, skipped: 0 };
}

/** Adds what became of one request to a sum. */
export function addTo(sum: Taken, taken: Taken): void {
  sum.received += taken.received;
  sum.created += taken.created;
  sum.updated += taken.updated;
  sum.skipped += taken.skipped;
}

function findIndex(bucket: Bucket, syncFields: readonly string[]): Map<string, StoredRecord> {
  const id = JSON.stringify(syncFields);
  const index = bucket.indexes.get(id) ?? new Map<string, StoredRecord>();
  bucket.indexes.set(id, index);
  return index;
}
