/**
 * What a stand-in has got: records, uploads and counts, all in memory.
 *
 * @module
 */
import { isEmpty, type Kind, type MappedRecord } from "../base/record.ts";
import { type Batch, buildRecordKey } from "./batch.ts";
import { Refusal } from "./refusal.ts";

/** What became of the records of one request. */
export interface Taken {
  received: number;
  created: number;
  updated: number;
  /** Known ones of an `insert_only` request and unknown ones of an `update_only` request. */
  skipped: number;
}

/** A record as the stand-in holds it. */
export interface StoredRecord {
  readonly kind: Kind;
  /** Mapping name it came under: `agent_id` of the old protocol, `connector_name` of the new. */
  readonly name: string;
  /** Value or values of its sync fields, as text. */
  readonly key: string;
  /** All fields it has now: an update adds to them. */
  record: MappedRecord;
  /** Portion it last came with; absent when it came by the old protocol. */
  portion: string | undefined;
  /** How often it was taken. */
  times: number;
  /** When it was last taken, milliseconds since 1970. */
  at: number;
}

/** One run of one section by the v3 protocol, as far as the server knows. */
export interface Portion {
  /** Its UUID. */
  readonly id: string;
  readonly kind: Kind;
  /** Mapping name. */
  readonly name: string;
  /** Upload requests taken. */
  requests: number;
  /** Records in them. */
  received: number;
  /** Whether the run was reported as complete. */
  finalized: boolean;
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
  readonly #buckets = new Map<string, Bucket>();
  readonly #portions = new Map<string, Portion>();
  readonly #latest: Record<Kind, readonly StoredRecord[]> = { assets: [], users: [] };

  /** The portions of the v3 protocol, in the order they were opened. */
  get portions(): Portion[] {
    return [...this.#portions.values()];
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
   * Takes a batch in: creates what is new and updates what is known.
   *
   * @throws {Refusal} when its portion is finalized or belongs to another connector
   */
  take(batch: Batch): Taken {
    this.addToPortion(batch);
    const taken = { ...noneTaken(), received: batch.records.length };
    if (batch.testRun) return taken;
    const bucket = this.#findBucket(batch);
    const index = findIndex(bucket, batch.syncFields);
    const latest: StoredRecord[] = [];
    for (const record of batch.records) {
      const key = buildRecordKey(record, batch);
      const outcome = takeRecord(index, key, record, batch);
      taken[outcome] += 1;
      const stored = index.get(key);
      if (outcome !== "skipped" && stored !== undefined) latest.push(stored);
    }
    const { kind } = batch;
    this.#latest[kind] = [...this.#latest[kind], ...latest.slice(-latestKept)].slice(-latestKept);
    addTo(bucket, taken);
    addTo(this.counters, taken);
    return taken;
  }

  /** One portion, if it was opened: the first upload request opens one. */
  portion(id: string): Portion | undefined {
    return this.#portions.get(id.toLowerCase());
  }

  /** Marks a portion as finished; false when it is not known. */
  finalize(id: string): boolean {
    const portion = this.portion(id);
    if (portion === undefined) return false;
    portion.finalized = true;
    return true;
  }

  /**
   * Counts a batch of the new protocol; one of the old protocol passes by.
   *
   * @throws {Refusal} when the portion is finalized or belongs to another connector
   */
  protected addToPortion({ portion: id, kind, name, records }: Batch): void {
    if (id === undefined) return;
    const portion = this.portion(id) ??
      { id, kind, name, requests: 0, received: 0, finalized: false };
    if (portion.finalized) {
      throw new Refusal(400, "portion is finalized already; a new run needs a new one");
    }
    if (portion.kind !== kind || portion.name !== name) {
      throw new Refusal(400, `portion belongs to ${portion.kind} of ${portion.name}`);
    }
    portion.requests += 1;
    portion.received += records.length;
    this.#portions.set(id.toLowerCase(), portion);
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

function takeRecord(
  index: Map<string, StoredRecord>,
  key: string,
  record: MappedRecord,
  batch: Batch,
): "created" | "updated" | "skipped" {
  const { kind, name, portion } = batch;
  const at = Date.now();
  const old = index.get(key);
  if (old === undefined) {
    if (batch.updateOnly) return "skipped";
    index.set(key, { kind, name, key, record, portion, times: 1, at });
    return "created";
  }
  if (batch.insertOnly) return "skipped";
  old.record = merge(old.record, record, batch);
  old.portion = portion;
  old.times += 1;
  old.at = at;
  return "updated";
}

/** Changes a record field by field, but for those the request protects. */
function merge(old: MappedRecord, arriving: MappedRecord, batch: Batch): MappedRecord {
  const { onlyIfFilled, dontOverwrite } = batch;
  if (onlyIfFilled.length === 0 && dontOverwrite.length === 0) return { ...old, ...arriving };
  const merged: Record<string, unknown> = { ...old };
  for (const [field, value] of Object.entries(arriving)) {
    if (onlyIfFilled.includes(field) && isEmpty(value)) continue;
    if (dontOverwrite.includes(field) && !isEmpty(old[field])) continue;
    merged[field] = value;
  }
  return merged;
}
