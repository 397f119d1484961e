/**
 * Mapped records that are too many for memory, in a temporary file beside the state file.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../../base/json.ts";
import { type MappedRecord, setOwn } from "../../base/record.ts";
import type { Fingerprint, FingerprintText } from "../../state/fingerprint.ts";
import { Spool, TextSpool } from "./spool.ts";

/** Records of one line, and characters after which one ends. */
const maxLineRecords = 100;
const maxLineLength = 64 * 1024;

/** A line: the names of the fields of its records, then their values record by record; or the records. */
type Line =
  | readonly [readonly string[], ...(readonly unknown[])[]]
  | readonly MappedRecord[];

/** The fields of a record and their values, as JSON lists. */
function toText(record: MappedRecord): FingerprintText {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return {
    fields: stringifyExactJson(entries.map(([field]) => field)),
    values: stringifyExactJson(entries.map(([, value]) => value)),
  };
}

/** Mapped records, for their owner only. Everything throws `AgentError` when the disk fails. */
export class RecordSpool {
  readonly #lines: TextSpool;
  readonly #beside: string;
  /** The vendor's ids of the records of each line; absent until a record has one. */
  #ids: Spool<readonly (string | null | undefined)[]> | undefined;
  #lineIds: (string | undefined)[] = [];
  #lineCount = 0;
  #length = 0;
  /** The line that is not complete yet: its fields, records and characters. */
  #fields = "";
  #records = 0;
  #characters = 0;

  /** Opens an empty spool beside a file. */
  constructor(beside: string) {
    this.#lines = new TextSpool(beside);
    this.#beside = beside;
  }

  /** How many records it has. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds a record; its fingerprint, where it is known, spares writing its values once more. Throws what JSON
   * says when it cannot be written as such.
   */
  add(record: MappedRecord, print?: Fingerprint, id?: string): void {
    const { fields, values } = print?.isWhole === true ? print : toText(record);
    if (this.#records > 0 && fields !== this.#fields) this.#endLine();
    if (this.#records === 0) this.#lines.add(`[${fields}`);
    this.#lines.add(`,${values}`);
    this.#fields = fields;
    this.#count(values.length, id);
  }

  /** Adds a record that was written as JSON already. */
  addText(text: string, id?: string): void {
    if (this.#records > 0 && this.#fields !== "") this.#endLine();
    this.#lines.add(`${this.#records === 0 ? "[" : ","}${text}`);
    this.#fields = "";
    this.#count(text.length, id);
  }

  /** All records, in the order they came. */
  *values(): Generator<MappedRecord> {
    if (this.#records > 0) this.#endLine();
    for (const text of this.#lines.lines()) yield* toRecords(parseExactJson(text) as Line);
  }

  /** The same, each with the vendor's id of it. */
  *entries(): Generator<readonly [record: MappedRecord, id: string | undefined]> {
    if (this.#records > 0) this.#endLine();
    const allIds = this.#ids?.values();
    for (const text of this.#lines.lines()) {
      const records = toRecords(parseExactJson(text) as Line);
      const ids = allIds?.next().value ?? [];
      for (const [at, record] of records.entries()) yield [record, ids[at] ?? undefined];
    }
  }

  /** Forgets all records. */
  close(): void {
    this.#lines.close();
    this.#ids?.close();
  }

  #count(characters: number, id: string | undefined): void {
    if (id !== undefined) this.#lineIds[this.#records] = id;
    this.#length++;
    this.#records++;
    this.#characters += characters;
    if (this.#records >= maxLineRecords || this.#characters >= maxLineLength) this.#endLine();
  }

  #endLine(): void {
    this.#lines.add("]\n");
    this.#endIds();
    this.#records = 0;
    this.#characters = 0;
  }

  /** Writes the ids of a line; nothing as long as no record has one. */
  #endIds(): void {
    this.#lineCount++;
    if (this.#ids === undefined && this.#lineIds.length === 0) return;
    if (this.#ids === undefined) {
      this.#ids = new Spool(this.#beside);
      for (let line = 1; line < this.#lineCount; line++) this.#ids.add([]);
    }
    this.#ids.add(this.#lineIds);
    this.#lineIds = [];
  }
}

function toRecords(line: Line): readonly MappedRecord[] {
  if (isRecords(line)) return line;
  const [fields, ...records] = line;
  return records.map((values) => toRecord(fields, values));
}

function isRecords(line: Line): line is readonly MappedRecord[] {
  return !Array.isArray(line[0]);
}

function toRecord(fields: readonly string[], values: readonly unknown[]): MappedRecord {
  const record: Record<string, unknown> = {};
  for (let index = 0; index < fields.length; index++) {
    setOwn(record, fields[index] as string, values[index]);
  }
  return record;
}
