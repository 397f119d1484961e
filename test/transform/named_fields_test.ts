/**
 * What is wrong with fields that options name.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { findNamedFieldErrors } from "../../src/transform/named_fields.ts";

function find(settings: { keep_if_empty?: string; volatile?: string }) {
  const found = findNamedFieldErrors({
    ...{ section: "csv_assets", file: "config.ini", line: 3, syncFields: ["TAG", "SITE"] },
    settings: { keep_if_empty: "", volatile: "", ...settings },
    fields: ["TAG", "SITE", "LAST_SEEN", "OWNER"].map((field) => ({ field })),
  });
  return found.map(({ option, severity, message, hint }) => [option, severity, message, hint]);
}

test("mapped fields are fine in any case, and all of them only where that is possible", () => {
  expect(find({ keep_if_empty: "*", volatile: " last_seen, Owner,, " })).toEqual([]);
  expect(find({ keep_if_empty: "tag, *" })).toEqual([]);
  expect(find({ volatile: "*" })).toEqual([
    ["volatile", "warning", "names *, which is not mapped", undefined],
  ]);
});

test("what is not mapped is named, with what may be meant", () => {
  expect(find({ keep_if_empty: "OWNR, COLOUR", volatile: "last_sen" })).toEqual([
    ["keep_if_empty", "warning", "names OWNR, which is not mapped", "Did you mean OWNER?"],
    ["keep_if_empty", "warning", "names COLOUR, which is not mapped", undefined],
    ["volatile", "warning", "names LAST_SEN, which is not mapped", "Did you mean LAST_SEEN?"],
  ]);
});

test("a sync field is not volatile, but may be empty", () => {
  expect(find({ keep_if_empty: "TAG", volatile: "owner, site" })).toEqual([[
    "volatile",
    "error",
    "names SITE, the sync field: a record with another value of it is another record",
    "Remove SITE from volatile",
  ]]);
});
