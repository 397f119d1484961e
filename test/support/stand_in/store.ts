/**
 * What a stand-in of a test has got: the program's store with a whole log, more counts, and a way
 * to count records without holding them.
 *
 * @module
 */
import { type Batch, buildRecordKey } from "../../../src/stand_in/batch.ts";
import { addTo, type MappingCounts, Store, type Taken } from "../../../src/stand_in/store.ts";
import type { StoredRecord } from "../../../src/stand_in/records.ts";
import { settle } from "../../../src/stand_in/portions.ts";
import type { Processing } from "../../../src/stand_in/processing.ts";
import { KeySet } from "./key_set.ts";
import type { LoggedRequest } from "./request_log.ts";

/** Whether records are kept or only counted. */
export type Keep = "all" | "counts";

interface Counters extends Taken {
  /** Requests under `/api/`, whatever their answer. */
  requests: number;
  /** The same by status; `dropped` for those whose connection was closed instead. */
  readonly byStatus: Record<string, number>;
  /** Tokens given out for a name and a password. */
  logins: number;
  /** Faults that were injected, by kind. */
  readonly faults: Record<string, number>;
}

interface CountedKeys extends Taken {
  readonly kind: Batch["kind"];
  readonly name: string;
  readonly keys: KeySet;
}

/** The memory of one stand-in. */
export class TestStore extends Store {
  declare readonly counters: Counters;
  readonly #keep: Keep;
  readonly #refusePoison: (batch: Batch) => void;
  readonly #log: LoggedRequest[] = [];
  readonly #counted = new Map<string, CountedKeys>();
  /** Work that waits for `process`; undefined when it is done after its delay. */
  readonly #held: (() => void)[] | undefined;
  /** Told of every batch that was taken in. */
  onBatch: (batch: Batch) => void = () => {};

  /** @param refusePoison Throws when a batch holds a record that no request may carry. */
  constructor(
    keep: Keep,
    refusePoison: (batch: Batch) => void,
    processing?: Processing,
    isHeld = false,
  ) {
    super(processing);
    this.#held = isHeld ? [] : undefined;
    this.#keep = keep;
    this.#refusePoison = refusePoison;
    Object.assign(this.counters, { requests: 0, byStatus: {}, logins: 0, faults: {} });
  }

  /** Every asset held, in the order they first came; none when only counts are kept. */
  get assets(): StoredRecord[] {
    return this.records({ kind: "assets" });
  }

  /** Every person held, in the order they first came; none when only counts are kept. */
  get users(): StoredRecord[] {
    return this.records({ kind: "users" });
  }

  /** All requests, oldest first; none when only counts are kept. */
  get requests(): readonly LoggedRequest[] {
    return this.#log;
  }

  override get mappings(): MappingCounts[] {
    const counted = this.#counted.values().map(({ keys, ...counts }) => ({
      ...counts,
      distinct: keys.size,
    }));
    return [...super.mappings, ...counted];
  }

  override take(batch: Batch): Taken {
    this.#refusePoison(batch);
    const isKept = this.#keep === "all" || batch.testRun;
    const taken = isKept ? super.take(batch) : this.#count(batch);
    this.onBatch(batch);
    return taken;
  }

  /** Processes what was taken in and held until now. */
  process(): void {
    for (const work of this.#held?.splice(0) ?? []) work();
  }

  protected override processLater(work: () => void, delayMs: number): void {
    if (this.#held === undefined) super.processLater(work, delayMs);
    else this.#held.push(work);
  }

  /** Counts a request and, when records are kept, remembers it. */
  note(request: LoggedRequest): void {
    this.counters.requests += 1;
    const { byStatus, faults } = this.counters;
    increment(byStatus, String(request.status));
    if (request.fault !== undefined) increment(faults, request.fault);
    if (request.path === "/api/request_token" && request.status === 200) this.counters.logins += 1;
    if (this.#keep === "all") this.#log.push(request);
  }

  /** Whether a record came with a portion that was finalized; undefined without a portion. */
  finalized(record: StoredRecord): boolean | undefined {
    return record.portion === undefined ? undefined : this.portion(record.portion)?.finalized;
  }

  #count(batch: Batch): Taken {
    const portion = this.addToPortion(batch);
    const { kind, name, records, syncFields, insertOnly, updateOnly } = batch;
    const taken = { received: records.length, created: 0, updated: 0, skipped: 0 };
    const id = JSON.stringify([kind, name, syncFields]);
    const counted = this.#counted.get(id) ??
      { kind, name, received: 0, created: 0, updated: 0, skipped: 0, keys: new KeySet() };
    this.#counted.set(id, counted);
    for (const record of records) {
      const key = buildRecordKey(record, batch);
      if (counted.keys.has(key)) taken[insertOnly ? "skipped" : "updated"] += 1;
      else if (updateOnly) taken.skipped += 1;
      else {
        counted.keys.add(key);
        taken.created += 1;
      }
    }
    settle(portion, "added", { count: taken.created });
    settle(portion, "updated", { count: taken.updated });
    settle(portion, "skipped", { count: taken.skipped });
    addTo(counted, taken);
    addTo(this.counters, taken);
    return taken;
  }
}

function increment(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
