/**
 * Which records were there before: by value, or by fingerprint only.
 *
 * @module
 */
import type { Kind, Outgoing } from "../base/record.ts";

/** A record as the stand-in holds it. */
export interface StoredRecord {
  readonly kind: Kind;
  /** Mapping name it came under: `agent_id` of the old protocol, `connector_name` of the new. */
  readonly name: string;
  /** Value or values of its sync fields, as text. */
  readonly key: string;
  /** All fields it has now: an update adds to them. */
  record: Outgoing;
  /** Portion it last came with; absent when it came by the old protocol. */
  portion: string | undefined;
  /** How often it was taken. */
  times: number;
  /** When it was last taken, milliseconds since 1970. */
  at: number;
}

/** How the records of one request are to be taken. */
export interface Arrival {
  readonly kind: Kind;
  readonly name: string;
  readonly portion: string | undefined;
  /** Known records are left as they are. */
  readonly insertOnly: boolean;
  /** Unknown records are left out. */
  readonly updateOnly: boolean;
  /** Makes the new fields of a known record out of the old ones and those that arrive. */
  readonly merge: (old: Outgoing, arriving: Outgoing) => Outgoing;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The records of one mapping name and one choice of sync fields. */
export interface RecordIndex {
  /** How many different ones there are. */
  readonly size: number;
  /** Takes a record in, as far as its request allows; says what became of it. */
  take(key: string, record: Outgoing, arrival: Arrival): "created" | "updated" | "skipped";
  /** A record as it is now, undefined when it is not known or only numbers are kept. */
  get(key: string): StoredRecord | undefined;
  /** Those that are held: none when only numbers are kept. */
  held(): Iterable<StoredRecord>;
}

/** A record that was not there before. */
export function newRecord(key: string, record: Outgoing, arrival: Arrival): StoredRecord {
  const { kind, name, portion, at } = arrival;
  return { kind, name, key, record, portion, times: 1, at };
}

/** Holds every record. */
export class HeldRecords implements RecordIndex {
  readonly #records = new Map<string, StoredRecord>();

  get size(): number {
    return this.#records.size;
  }

  take(key: string, record: Outgoing, arrival: Arrival): "created" | "updated" | "skipped" {
    const old = this.#records.get(key);
    if (old === undefined) {
      if (arrival.updateOnly) return "skipped";
      this.#records.set(key, newRecord(key, record, arrival));
      return "created";
    }
    if (arrival.insertOnly) return "skipped";
    old.record = arrival.merge(old.record, record);
    old.portion = arrival.portion;
    old.times += 1;
    old.at = arrival.at;
    return "updated";
  }

  get(key: string): StoredRecord | undefined {
    return this.#records.get(key);
  }

  held(): Iterable<StoredRecord> {
    return this.#records.values();
  }
}

/**
 * Knows which keys were there, at 12 to 24 bytes each: a table of 53-bit fingerprints with open
 * addressing. Among a million keys the chance that any two are taken for one is 1 in 18,000.
 */
export class CountedRecords implements RecordIndex {
  /** A slot holds a fingerprint, or 0 for none. */
  #slots = new Float64Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  take(key: string, _record: Outgoing, arrival: Arrival): "created" | "updated" | "skipped" {
    const mark = fingerprint(key);
    const slot = slotOf(this.#slots, mark);
    if (this.#slots[slot] === mark) return arrival.insertOnly ? "skipped" : "updated";
    if (arrival.updateOnly) return "skipped";
    this.#slots[slot] = mark;
    this.#size += 1;
    if (this.#size * 3 > this.#slots.length * 2) this.#grow();
    return "created";
  }

  get(_key: string): undefined {
    return undefined;
  }

  held(): Iterable<StoredRecord> {
    return [];
  }

  #grow(): void {
    const larger = new Float64Array(this.#slots.length * 2);
    for (const mark of this.#slots) {
      if (mark !== 0) larger[slotOf(larger, mark)] = mark;
    }
    this.#slots = larger;
  }
}

/** Where a fingerprint is, or the free slot where it would go. */
function slotOf(slots: Float64Array, mark: number): number {
  const mask = slots.length - 1;
  let slot = (mark >>> 0) & mask;
  while (slots[slot] !== 0 && slots[slot] !== mark) slot = (slot + 1) & mask;
  return slot;
}

/** 53 bits that depend on every character, never 0: two multiplicative hashes, mixed. */
function fingerprint(key: string): number {
  let low = 0x9e3779b1;
  let high = 0x85ebca77;
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index);
    low = Math.imul(low ^ code, 0x9e3779b1);
    high = Math.imul(high ^ code, 0x5f356495);
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  return (high & 0x1fffff) * 0x100000000 + (low >>> 0) || 1;
}
