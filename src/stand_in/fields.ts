/**
 * The fields of a stand-in: their types, and what a drop-down field takes.
 *
 * @module
 */
import { isBlank, type Kind, type MappedRecord, ownEntry } from "../base/record.ts";
import { toText } from "./batch.ts";

/** One field of a record. */
export interface FieldDefinition {
  readonly type: "text" | "number" | "date" | "dropdown";
  /** What a drop-down field takes; without a list it takes everything. */
  readonly values?: readonly string[] | undefined;
  readonly unique?: boolean | undefined;
}

/** The fields that are defined, by kind and name; all others take everything. */
export type FieldDefinitions = {
  readonly [kind in Kind]?: Readonly<Record<string, FieldDefinition>> | undefined;
};

const dateText = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?/;

/** Seconds since 1970. Like Oomnitza, it ignores the time zone of a text. */
function toSeconds(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const text = typeof value === "string" ? dateText.exec(value)?.[0].replace(" ", "T") : undefined;
  if (text === undefined) return undefined;
  const time = Date.parse(text.includes("T") ? `${text}Z` : text);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}

/** Why a field does not take a value; undefined when it does. */
function findMistake(definition: FieldDefinition, value: unknown): string | undefined {
  if (isBlank(value)) return undefined;
  const { type, values } = definition;
  if (type === "dropdown" && values !== undefined && !values.includes(toText(value))) {
    return `the value '${toText(value)}' is not in the list of the field`;
  }
  if (type === "number" && (typeof value === "boolean" || !Number.isFinite(Number(value)))) {
    return `the value '${toText(value)}' is not a number`;
  }
  if (type === "date" && toSeconds(value) === undefined) {
    return `the value '${toText(value)}' is not a date`;
  }
  return undefined;
}

/** Why a record cannot be stored: the first field that does not take its value. */
export function findInvalidField(
  definitions: FieldDefinitions,
  kind: Kind,
  record: MappedRecord,
): string | undefined {
  const fields = definitions[kind];
  if (fields === undefined) return undefined;
  for (const [field, value] of Object.entries(record)) {
    const definition = ownEntry(fields, field);
    const mistake = definition === undefined ? undefined : findMistake(definition, value);
    if (mistake !== undefined) return `${field}: ${mistake}`;
  }
  return undefined;
}

/** A record as it is stored: dates are seconds since 1970. */
export function storeDates(
  definitions: FieldDefinitions,
  kind: Kind,
  record: MappedRecord,
): MappedRecord {
  const fields = definitions[kind];
  if (fields === undefined) return record;
  const entries = Object.entries(record).map(([field, value]) => {
    const isDate = ownEntry(fields, field)?.type === "date";
    return [field, isDate ? toSeconds(value) ?? value : value];
  });
  return Object.fromEntries(entries);
}
