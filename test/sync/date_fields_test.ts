/**
 * Dates with an offset are put into UTC in date fields, and nowhere else.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { hasOffsetText, putDatesIntoUtc } from "../../src/sync/read/date_fields.ts";
import type { FieldRulesOf } from "../../src/oomnitza/fields.ts";
import { prepareTestSection } from "./support/prepared_section.ts";

const rules: FieldRulesOf = () =>
  Promise.resolve({
    find: (field) =>
      field === "AT" ? { type: "date", values: undefined, isUnique: undefined } : undefined,
    all: [],
  });

async function sent(value: unknown, fieldRules: FieldRulesOf = rules) {
  const { prepared } = await prepareTestSection([]);
  const { AT, ...rest } = await putDatesIntoUtc({ AT: value, TEXT: value }, {
    section: prepared.section,
    fieldRules,
  });
  expect(rest).toEqual({ TEXT: value });
  return AT;
}

test.each([
  ["2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z"],
  ["2026-03-01T12:00:00-0530", "2026-03-01T17:30:00Z"],
  ["2026-03-01 23:30 -02", "2026-03-02T01:30:00Z"],
  ["2026-03-01T12:00:00.123456+02:00", "2026-03-01T10:00:00Z"],
  ["2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00Z"],
])("%s is sent as %s", async (text, utc) => {
  expect(hasOffsetText({ AT: text })).toBe(true);
  expect(await sent(text)).toBe(utc);
});

test.each([
  "2026-03-01T12:00:00Z",
  "2026-03-01T12:00:00",
  "2026-03-01",
  "+1 2026-03-01T12:00:00+02:00",
  "12345678901234567890-0500",
  "2026-03-01T12:00:00 CET+02:00",
  1772366400,
  null,
  { at: "2026-03-01T12:00:00+02:00" },
])("%p has no offset", async (value) => {
  expect(hasOffsetText({ AT: value })).toBe(false);
  expect(await sent(value)).toEqual(value);
});

test("a date that is none stays as it is", async () => {
  expect(await sent("2026-13-45T12:00:00+02:00")).toBe("2026-13-45T12:00:00+02:00");
});

test("nothing changes where the instance does not tell its date fields", async () => {
  const text = "2026-03-01T12:00:00+02:00";
  expect(await sent(text, () => Promise.resolve(undefined))).toBe(text);
});
