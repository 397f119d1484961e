/**
 * Values that Oomnitza will refuse are counted by field; nothing that it takes is.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { FieldRule } from "../../src/oomnitza/fields.ts";
import { describeRefusal, FieldRefusals } from "../../src/sync/field_refusals.ts";

const any = { values: undefined, isUnique: undefined };

const rules: Record<string, FieldRule> = {
  MODEL: { type: "dropdown", values: new Set(["Laptop", "7"]), isUnique: undefined },
  BOUGHT: { ...any, type: "date" },
  PRICE: { ...any, type: "number" },
  NOTES: { ...any, type: "other" },
};

function look(...records: Record<string, unknown>[]) {
  const refusals = new FieldRefusals({ find: (field) => rules[field] });
  for (const record of records) refusals.look(record);
  return refusals.all;
}

test("nothing is refused that a field takes", () => {
  expect(look(
    { MODEL: "Laptop", BOUGHT: "2026-03-01", PRICE: "12.5", NOTES: "x", OTHER: "y" },
    { MODEL: 7, BOUGHT: 1772366400, PRICE: 12 },
    { MODEL: "", BOUGHT: null, PRICE: undefined },
    { BOUGHT: "2026-03-01T10:00:00+02:00", PRICE: -1e3 },
    { BOUGHT: "1772366400" },
  )).toEqual([]);
});

test("what is refused is counted, with examples", () => {
  const found = look(
    ...Array.from({ length: 37 }, (_, index) => ({ MODEL: `Tablet ${index % 7}` })),
    { MODEL: "laptop", BOUGHT: "yesterday", PRICE: "cheap" },
    { PRICE: true, BOUGHT: "01/02/2026" },
    { MODEL: "x".repeat(100) },
  );
  expect(found.map(({ field, problem, records, allowed }) => [field, problem, records, allowed]))
    .toEqual([
      ["MODEL", "not_in_list", 39, 2],
      ["BOUGHT", "not_a_date", 2, null],
      ["PRICE", "not_a_number", 2, null],
    ]);
  expect(found.map(describeRefusal)).toEqual([
    'MODEL: 39 records have values that are not in the list of 2: "Tablet 0", "Tablet 1", "Tablet 2", "Tablet 3", "Tablet 4", …',
    'BOUGHT: 2 records have values that are no dates: "yesterday", "01/02/2026"',
    'PRICE: 2 records have values that are no numbers: "cheap", "true"',
  ]);
  expect(look({ PRICE: "x" }).map(describeRefusal)).toEqual([
    'PRICE: 1 record has a value that is no number: "x"',
  ]);
});
