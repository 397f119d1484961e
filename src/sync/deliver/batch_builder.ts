/**
 * Gathers mapped records into batches, bounded in number and in bytes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { stringifyExactJson } from "../../base/json.ts";
import { estimateSize, type MappedRecord } from "../../base/record.ts";

/** Records for one request. */
export interface BuiltBatch {
  readonly records: readonly MappedRecord[];
  /** The records as a JSON list; undefined when one of them cannot be written as JSON. */
  readonly text: string | undefined;
  /** The vendor's ids of the records, by their positions; absent when none has one. */
  readonly ids?: readonly (string | undefined)[] | undefined;
  /** Bytes of that text, at most. */
  readonly bytes: number;
}

/** Levels of a mapped record that are looked at: its source record had no more. */
const maxDepth = 1000;

/** Bytes that a character takes at most: `\u0001`. */
const bytesPerCharacter = 6;

function toJson(records: readonly MappedRecord[]): string | undefined {
  try {
    return stringifyExactJson(records);
  } catch {
    // Whoever sends them says which of them cannot be written, and why.
    return undefined;
  }
}

/**
 * Bytes of a record as JSON, with a comma. Where it has at most `share` bytes for certain it is not
 * written to find out: most records are small, and writing each by itself would cost as much as sending it.
 */
function countBytes(record: MappedRecord, share: number): number {
  const most = estimateSize(record, maxDepth) * bytesPerCharacter;
  if (most <= share) return most;
  const text = toJson([record]);
  return text === undefined ? 0 : Buffer.byteLength(text) - 1;
}

/** The batch that is being filled. */
export class BatchBuilder {
  readonly #maxBytes: number;
  #records: MappedRecord[] = [];
  #ids: (string | undefined)[] = [];
  /** With the commas and brackets of the list. */
  #bytes = 1;

  /** @param maxBytes Most bytes of a batch as JSON; a record that has more is a batch of its own. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a record, and the vendor's id of it; gives the batches that are complete now. */
  add(record: MappedRecord, maxRecords: number, id?: string): readonly BuiltBatch[] {
    const bytes = countBytes(record, this.#maxBytes / maxRecords - 1);
    if (this.#bytes + bytes > this.#maxBytes && this.#records.length > 0) {
      const complete = this.finish();
      this.#note(id);
      return [...complete, ...this.#put(record, bytes, maxRecords)];
    }
    this.#note(id);
    return this.#put(record, bytes, maxRecords);
  }

  /** The batch as it is, when there is anything in it; begins the next. */
  finish(): readonly BuiltBatch[] {
    const [records, bytes] = [this.#records, this.#bytes];
    if (records.length === 0) return nothing;
    const ids = this.#ids.length === 0 ? undefined : this.#ids;
    this.#records = [];
    this.#ids = [];
    this.#bytes = 1;
    return [{ records, text: toJson(records), bytes, ids }];
  }

  /** Notes the id of the record that comes next; those before the first one have none. */
  #note(id: string | undefined): void {
    if (id !== undefined) this.#ids[this.#records.length] = id;
  }

  #put(record: MappedRecord, bytes: number, maxRecords: number): readonly BuiltBatch[] {
    this.#records.push(record);
    this.#bytes += bytes;
    const isFull = this.#records.length >= maxRecords || this.#bytes >= this.#maxBytes;
    return isFull ? this.finish() : nothing;
  }
}

const nothing: readonly BuiltBatch[] = [];
