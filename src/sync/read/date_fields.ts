/**
 * Dates with an offset in date fields: Oomnitza ignores the offset, so they are sent in UTC.
 *
 * @module
 */

import { type MappedRecord, setOwn } from "../../base/record.ts";
import type { PreparedSection } from "../prepare.ts";

const withOffset = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)? ?[+-]\d\d(?::?\d\d)?$/;
const shortest = "2026-03-01T12:00+02".length;
const longest = "2026-03-01T12:00:00.123456789 +02:00".length;

/**
 * Whether a value is an ISO text with an offset. Every value is asked about: the engine matches a cell where
 * it is in the text of its file, while reading a single character of it would copy the cell out, which takes
 * six times as long.
 */
function hasOffset(value: unknown): value is string {
  if (typeof value !== "string" || value.length < shortest || value.length > longest) return false;
  return withOffset.test(value);
}

/** The same time in UTC, as Oomnitza documents dates: `2026-03-01T10:00:00Z`. */
function toUtc(text: string): string | undefined {
  const [, date = "", time = "", hours = "", minutes = "00"] =
    /^(\S{10})[T ]([\d:.]+) ?([+-]\d\d):?(\d\d)?$/.exec(text) ?? [];
  const at = new Date(`${date}T${time}${hours}:${minutes}`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Whether a record has a text that could be a date with an offset. */
export function hasOffsetText(record: MappedRecord): boolean {
  for (const field in record) if (hasOffset(record[field])) return true;
  return false;
}

/**
 * A record with its date fields in UTC, as far as the instance tells which those are; other fields stay
 * as they are.
 */
export async function putDatesIntoUtc(
  record: MappedRecord,
  { fieldRules, section }: Pick<PreparedSection, "fieldRules" | "section">,
): Promise<MappedRecord> {
  const rules = await fieldRules(section.kind);
  if (rules === undefined) return record;
  const changed: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(record)) {
    const isDate = hasOffset(value) && rules.find(field)?.type === "date";
    setOwn(changed, field, isDate ? toUtc(value) ?? value : value);
  }
  return changed;
}
