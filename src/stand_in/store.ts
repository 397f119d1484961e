/**
 * What a stand-in has got: records, portions, counts and the log of requests, all in memory.
 *
 * @module
 */
import { isEmpty, type Kind } from "../base/record.ts";
import { type Batch, keyOf } from "./batch.ts";
import { type Portion, Portions } from "./portions.ts";
import {
  type Arrival,
  CountedRecords,
  HeldRecords,
  newRecord,
  type RecordIndex,
  type StoredRecord,
} from "./record_index.ts";
import { type LoggedRequest, RequestLog } from "./request_log.ts";

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

/** What happened since the start, or since the last reset. */
export interface Counters extends Taken {
  /** Requests under `/api/`, whatever their answer. */
  requests: number;
  /** The same by status; `dropped` for those whose connection was closed instead. */
  byStatus: Record<string, number>;
  /** Tokens given out for a name and a password. */
  logins: number;
  /** Faults that were injected, by kind. */
  faults: Record<string, number>;
}

/** How much a stand-in remembers. */
export interface StoreOptions {
  /** `counts` keeps a fingerprint of a record and shows only the latest ones; `all` is the default. */
  readonly keep?: "all" | "counts" | undefined;
  /** Whether to keep a log of the last 10,000 requests: yes unless told. */
  readonly requestLog?: boolean | undefined;
}

interface Bucket extends Taken {
  readonly kind: Kind;
  readonly name: string;
  /** By the names of the sync fields: another choice of them is another identity. */
  readonly indexes: Map<string, RecordIndex>;
}

const latestKept = 10;

/** The memory of one stand-in. */
export class Store {
  /** Counts over all mapping names. */
  counters: Counters = newCounters();
  /** How much is kept. */
  readonly keep: "all" | "counts";
  readonly #buckets = new Map<string, Bucket>();
  readonly #portions = new Portions();
  readonly #log: RequestLog;
  #latest: Record<Kind, readonly StoredRecord[]> = { assets: [], users: [] };

  constructor(options: StoreOptions = {}) {
    this.keep = options.keep ?? "all";
    this.#log = new RequestLog(options.requestLog === false ? 0 : 10_000);
  }

  /** Every asset held, in the order they first came; none when only counts are kept. */
  get assets(): StoredRecord[] {
    return this.records({ kind: "assets" });
  }

  /** Every person held, in the order they first came; none when only counts are kept. */
  get users(): StoredRecord[] {
    return this.records({ kind: "users" });
  }

  /** The requests in the log, oldest first. */
  get requests(): LoggedRequest[] {
    return this.#log.entries();
  }

  /** The portions of the v3 protocol, in the order they were opened. */
  get portions(): Portion[] {
    return this.#portions.all();
  }

  /** Counts for each mapping name, in the order they first came. */
  get mappings(): MappingCounts[] {
    return [...this.#buckets.values()].map(({ indexes, ...counts }) => ({
      ...counts,
      distinct: indexes.values().reduce((sum, index) => sum + index.size, 0),
    }));
  }

  /** The records that were taken last, ten at most, newest first; also when only counts are kept. */
  latest(kind: Kind): StoredRecord[] {
    return [...new Set(this.#latest[kind].toReversed())];
  }

  /** The records held that fit, in the order they first came. */
  records(wanted: { kind?: Kind | undefined; name?: string | undefined } = {}): StoredRecord[] {
    const found: StoredRecord[] = [];
    for (const bucket of this.#buckets.values()) {
      if (wanted.kind !== undefined && bucket.kind !== wanted.kind) continue;
      if (wanted.name !== undefined && bucket.name !== wanted.name) continue;
      for (const index of bucket.indexes.values()) for (const r of index.held()) found.push(r);
    }
    return found;
  }

  /**
   * Takes a batch in: creates what is new and updates what is known.
   *
   * @throws {Refusal} when its portion is finalized or belongs to another connector
   */
  take(batch: Batch): Taken {
    this.#portions.add(batch);
    const taken: Taken = { received: batch.records.length, created: 0, updated: 0, skipped: 0 };
    if (batch.testRun) return taken;
    const bucket = this.#bucketOf(batch);
    const index = this.#indexOf(bucket, batch.syncFields);
    const arrival: Arrival = { ...batch, merge: mergerFor(batch), at: Date.now() };
    const tail = batch.records.length - latestKept;
    const latest: StoredRecord[] = [];
    let position = -1;
    for (const record of batch.records) {
      position += 1;
      const key = keyOf(record, batch);
      const outcome = index.take(key, record, arrival);
      taken[outcome] += 1;
      if (position < tail || outcome === "skipped") continue;
      latest.push(index.get(key) ?? newRecord(key, record, arrival));
    }
    this.#latest[batch.kind] = [...this.#latest[batch.kind], ...latest].slice(-latestKept);
    addTo(bucket, taken);
    addTo(this.counters, taken);
    return taken;
  }

  /** One portion, if it was opened. */
  portion(id: string): Portion | undefined {
    return this.#portions.get(id);
  }

  /** Whether a record came with a portion that was finalized; undefined without a portion. */
  finalized(record: StoredRecord): boolean | undefined {
    return record.portion === undefined ? undefined : this.portion(record.portion)?.finalized;
  }

  /** Marks a portion as finished; false when it is not known. */
  finalize(id: string): boolean {
    return this.#portions.finalize(id);
  }

  /** Counts a request and, unless the log is off, remembers it. */
  note(request: LoggedRequest): void {
    this.counters.requests += 1;
    count(this.counters.byStatus, String(request.status));
    if (request.fault !== undefined) count(this.counters.faults, request.fault);
    this.#log.add(request);
  }

  /** Forgets everything. */
  reset(): void {
    this.counters = newCounters();
    this.#buckets.clear();
    this.#portions.clear();
    this.#log.clear();
    this.#latest = { assets: [], users: [] };
  }

  #bucketOf({ kind, name }: Batch): Bucket {
    const id = `${kind} ${name}`;
    const known = this.#buckets.get(id);
    if (known !== undefined) return known;
    const counts = { received: 0, created: 0, updated: 0, skipped: 0 };
    const bucket: Bucket = { kind, name, ...counts, indexes: new Map() };
    this.#buckets.set(id, bucket);
    return bucket;
  }

  #indexOf(bucket: Bucket, syncFields: readonly string[]): RecordIndex {
    const id = JSON.stringify(syncFields);
    const known = bucket.indexes.get(id);
    if (known !== undefined) return known;
    const index = this.keep === "all" ? new HeldRecords() : new CountedRecords();
    bucket.indexes.set(id, index);
    return index;
  }
}

/** How an update changes a record: field by field, but for those the request protects. */
function mergerFor(batch: Batch): Arrival["merge"] {
  const { onlyIfFilled, dontOverwrite } = batch;
  if (onlyIfFilled.length === 0 && dontOverwrite.length === 0) {
    return (old, arriving) => ({ ...old, ...arriving });
  }
  return (old, arriving) => {
    const merged: Record<string, unknown> = { ...old };
    for (const [field, value] of Object.entries(arriving)) {
      if (onlyIfFilled.includes(field) && isEmpty(value)) continue;
      if (dontOverwrite.includes(field) && !isEmpty(old[field])) continue;
      merged[field] = value;
    }
    return merged;
  };
}

function addTo(sum: Taken, taken: Taken): void {
  sum.received += taken.received;
  sum.created += taken.created;
  sum.updated += taken.updated;
  sum.skipped += taken.skipped;
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function newCounters(): Counters {
  return {
    requests: 0,
    byStatus: {},
    logins: 0,
    faults: {},
    received: 0,
    created: 0,
    updated: 0,
    skipped: 0,
  };
}
