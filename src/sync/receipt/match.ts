/**
 * Finds the records that Oomnitza's texts are about, by the values of their sync fields.
 *
 * @module
 */

import { isBlank, type MappedRecord } from "../../base/record.ts";

/** A record that texts name. */
export interface NamedRecord {
  readonly payload: MappedRecord;
  /** The texts, in the order Oomnitza has them. */
  readonly texts: readonly string[];
}

/** Which text is about which record. */
export interface Matches {
  readonly named: readonly NamedRecord[];
  /** Texts that name no record that was sent. */
  readonly unmatched: readonly string[];
}

const wordPattern = /[\p{L}\p{N}]+/gu;

/** How well a text names a record; more is better, in this order. */
interface Rank {
  /** Whether the name of the sync field is right before the value. */
  readonly isLabelled: boolean;
  /** Length of the values: of `PC-1` and `PC-1 spare`, the longer one is meant. */
  readonly length: number;
  /** Where the first value is: what a text is about comes first. */
  readonly position: number;
}

function isBetter(one: Rank, other: Rank): boolean {
  if (one.isLabelled !== other.isLabelled) return one.isLabelled;
  if (one.length !== other.length) return one.length > other.length;
  return one.position < other.position;
}

function isPartOfWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}

/** Where a value stands in a text, and whether the name of its field is right before it. */
interface Place {
  readonly position: number;
  readonly isLabelled: boolean;
}

/** Whether the field is named right before the value: `SERIAL_NUMBER: 'C02X'`. */
function isLabelled(text: string, at: number, field: string): boolean {
  const before = text.slice(0, at).replace(/[^\p{L}\p{N}]+$/u, "");
  return before.endsWith(field) || before.endsWith(field.replaceAll("_", " "));
}

/** The first place of a value as a word of its own, one with the name of its field rather than others. */
function findPlace(text: string, value: string, field: string): Place | undefined {
  let first: Place | undefined;
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    if (isPartOfWord(text[at - 1]) || isPartOfWord(text[at + value.length])) continue;
    if (isLabelled(text, at, field)) return { position: at, isLabelled: true };
    first ??= { position: at, isLabelled: false };
  }
  return first;
}

interface Found {
  readonly payload: MappedRecord;
  readonly rank: Rank;
}

/** Texts by their words, and for each the record that it names best. */
class TextIndex {
  readonly #texts: readonly string[];
  readonly #lowered: readonly string[];
  readonly #byWord = new Map<string, number[]>();
  readonly #found: (Found | undefined)[];
  readonly #all: readonly number[];

  constructor(texts: readonly string[]) {
    this.#texts = texts;
    this.#lowered = texts.map((text) => text.toLowerCase());
    this.#found = texts.map(() => undefined);
    this.#all = texts.map((_, index) => index);
    for (const [index, text] of this.#lowered.entries()) {
      for (const word of new Set(text.match(wordPattern) ?? [])) {
        const known = this.#byWord.get(word);
        if (known === undefined) this.#byWord.set(word, [index]);
        else known.push(index);
      }
    }
  }

  /** Takes a record that some of the texts may be about. */
  look(payload: MappedRecord, fields: readonly string[]): void {
    const values = fields.map((field) => toText(payload[field]));
    for (const index of this.#candidates(values)) {
      const rank = rankMatch(this.#lowered[index] ?? "", fields, values);
      if (rank === undefined) continue;
      const known = this.#found[index];
      // Of two records with the same sync fields, the later one is what Oomnitza was to have in the end.
      if (known === undefined || !isBetter(known.rank, rank)) {
        this.#found[index] = { payload, rank };
      }
    }
  }

  /**
   * Texts that have every word of some values: those with the rarest of them; all texts when the values
   * are of signs only.
   */
  #candidates(values: readonly string[]): readonly number[] {
    let rarest: readonly number[] | undefined;
    for (const word of values.join(" ").match(wordPattern) ?? []) {
      const texts = this.#byWord.get(word);
      if (texts === undefined) return [];
      if (rarest === undefined || texts.length < rarest.length) rarest = texts;
    }
    return rarest ?? (values.some((value) => value !== "") ? this.#all : []);
  }

  matches(fields: readonly string[]): Matches {
    const byKey = new Map<string, { payload: MappedRecord; texts: string[] }>();
    const unmatched: string[] = [];
    for (const [index, text] of this.#texts.entries()) {
      const found = this.#found[index];
      if (found === undefined) {
        unmatched.push(text);
        continue;
      }
      const { payload } = found;
      const key = JSON.stringify(fields.map((field) => toText(payload[field])));
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, { payload, texts: [text] });
      else known.texts.push(text);
    }
    return { named: [...byKey.values()], unmatched };
  }
}

function toText(value: unknown): string {
  if (isBlank(value)) return "";
  return (typeof value === "string" ? value : String(value)).trim().toLowerCase();
}

/** How well a text names a record with these values; undefined when it lacks one of them. */
function rankMatch(
  text: string,
  fields: readonly string[],
  values: readonly string[],
): Rank | undefined {
  let length = 0;
  let position = Number.POSITIVE_INFINITY;
  let labelled = true;
  for (const [index, value] of values.entries()) {
    if (value === "") continue;
    const place = findPlace(text, value, (fields[index] ?? "").toLowerCase());
    if (place === undefined) return undefined;
    length += value.length;
    position = Math.min(position, place.position);
    labelled &&= place.isLabelled;
  }
  return { isLabelled: labelled, length, position };
}

/**
 * Finds which of the records that were sent each text is about. A text names a record when it has the
 * values of all its sync fields as words, in any case. The records are read once, in the order in which
 * they were sent; memory grows with the texts only.
 */
export async function matchTexts(
  texts: readonly string[],
  records: Iterable<MappedRecord> | AsyncIterable<MappedRecord>,
  syncFields: readonly string[],
): Promise<Matches> {
  if (texts.length === 0 || syncFields.length === 0) return { named: [], unmatched: texts };
  const index = new TextIndex(texts);
  for await (const record of records) index.look(record, syncFields);
  return index.matches(syncFields);
}
