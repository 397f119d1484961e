/**
 * Fingerprints of outgoing records: their values as one text, in which what is long is shortened.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../base/json.ts";
import { createHash } from "node:crypto";
import type { MappedRecord } from "../base/record.ts";
import { readPlainBatch } from "./plain_batch.ts";

/** A record in the form in which it is compared. Equal texts mean equal records. */
export interface Fingerprint {
  /** Its sync fields, as JSON; absent when it has none. */
  readonly key: string | undefined;
  /** Names of its fields, as JSON. */
  readonly fields: string;
  /** Their values, as JSON; a long one is `{"\u0000": [digest, characters, beginning]}`. */
  readonly values: string;
  /** Whether the values are in it as they are, none of them shortened. */
  readonly isWhole: boolean;
}

/** The fields of a record and their values, as texts. */
export type FingerprintText = Pick<Fingerprint, "fields" | "values">;

/** Values of more characters are shortened: lists of software would make the state file huge. */
const maxLength = 256;
const excerptLength = 60;
const mark = "\u0000";

function shortened(text: string): unknown {
  const digest = createHash("sha256").update(text).digest("base64url");
  return { [mark]: [digest, text.length, text.slice(0, excerptLength)] };
}

function short(value: unknown): unknown {
  if (typeof value === "string") return value.length > maxLength ? shortened(value) : value;
  if (typeof value !== "object" || value === null) return value;
  const text = stringifyExactJson(value);
  // What turns into a plain text, such as a date, is that text.
  if (text.startsWith('"')) return short(JSON.parse(text));
  return text.length > maxLength ? shortened(text) : value;
}

/** A value in the form in which it is compared, as text. What is shortened already stays as it is. */
export function shortenedText(value: unknown): string {
  return stringifyExactJson(short(value ?? null));
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

/** Makes the fingerprints of records that go to one destination. */
export class Fingerprints {
  readonly #syncFields: readonly string[];
  /** Records of a section mostly have the same fields. */
  #lastFields: readonly string[] = [];
  #lastText = "[]";

  constructor(syncFields: readonly string[]) {
    this.#syncFields = syncFields;
  }

  /** The fingerprint of a record; none when it cannot be written as JSON. */
  create(record: MappedRecord): Fingerprint | undefined {
    const fields: string[] = [];
    const values: unknown[] = [];
    let isWhole = true;
    try {
      for (const field of Object.keys(record)) {
        const value = record[field];
        // JSON has no such thing, and leaves the field out.
        if (value === undefined) continue;
        fields.push(field);
        const kept = short(value);
        isWhole &&= kept === value;
        values.push(kept);
      }
      const key = this.keyOf(record);
      return { key, fields: this.#toText(fields), values: stringifyExactJson(values), isWhole };
    } catch {
      // For example a ring: the delivery says so, and nothing of it is ever accepted.
      return undefined;
    }
  }

  /**
   * The fingerprints of the records of a batch, which is given as JSON, with their positions in it; all, or those
   * at some positions.
   */
  createAll(
    batch: string,
    positions?: readonly number[],
  ): readonly (readonly [position: number, print: Fingerprint | undefined])[] {
    const plain = positions === undefined ? this.#createPlain(batch) : undefined;
    if (plain !== undefined) return [...plain.entries()];
    const records = parseExactJson(batch) as MappedRecord[];
    return [...positions ?? records.keys()].map((position) => {
      return [position, this.create(records[position] ?? {})] as const;
    });
  }

  /** Makes them of the text as it stands, which is quicker than parsing it; nothing when it is not plain. */
  #createPlain(batch: string): readonly Fingerprint[] | undefined {
    const plain = readPlainBatch(batch, maxLength);
    const keyAt = this.#syncFields.map((field) => plain?.fields.indexOf(field) ?? -1);
    if (plain === undefined || keyAt.includes(-1)) return undefined;
    const fields = this.#toText(plain.fields);
    return plain.records.map((values) => ({
      key: keyAt.length === 0 ? undefined : `[${keyAt.map((at) => values[at]).join(",")}]`,
      fields,
      values: `[${values.join(",")}]`,
      isWhole: true,
    }));
  }

  /** The key of a record, as its fingerprint has it; throws what JSON says when it cannot be written. */
  keyOf(record: MappedRecord): string | undefined {
    if (this.#syncFields.length === 0) return undefined;
    return stringifyExactJson(this.#syncFields.map((field) => short(record[field] ?? null)));
  }

  #toText(fields: readonly string[]): string {
    if (isSameList(fields, this.#lastFields)) return this.#lastText;
    this.#lastFields = fields;
    this.#lastText = stringifyExactJson(fields);
    return this.#lastText;
  }
}

function shown(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !(mark in value)) return value;
  const [, length, begin] = value[mark] as [string, number, string];
  return `${begin}… (${length} characters)`;
}

/** The fields of a fingerprint with their values; long ones are shown by their beginning and length. */
export function parseFields(print: FingerprintText): Map<string, unknown> {
  return new Map(readFieldValues(print).map(([name, value]) => [name, shown(value)]));
}

/** The fields of a fingerprint with their values as it has them: long ones are shortened. */
export function readFieldValues({ fields, values }: FingerprintText): [string, unknown][] {
  const names: string[] = JSON.parse(fields);
  const all = parseExactJson(values) as unknown[];
  return names.map((name, index) => [name, all[index]]);
}

/** Names of the fields in which two fingerprints differ, those of the second first. */
export function differences(
  old: FingerprintText,
  now: FingerprintText,
): string[] {
  const before = texts(old);
  const after = texts(now);
  const changed = [...after].filter(([field, text]) => before.get(field) !== text);
  const left = [...before.keys()].filter((field) => !after.has(field));
  return [...changed.map(([field]) => field), ...left];
}

function texts(print: FingerprintText): Map<string, string> {
  return new Map(readFieldValues(print).map(([name, value]) => [name, stringifyExactJson(value)]));
}

/** A key as one word for people. */
export function keyForPeople(key: string): string {
  return (parseExactJson(key) as unknown[]).map((value) => String(shown(value))).join(" / ");
}
