/**
 * Columns of text.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { table } from "../../src/cli/table.ts";

test("columns are aligned, and a very long name shifts its own row only", () => {
  const long = "n".repeat(5_000);
  expect(table([["STATE", "SECTION", "NEXT"], ["ok", "okta", "-"], ["never", long, "soon"]]))
    .toBe(`  STATE  SECTION  NEXT\n  ok     okta     -\n  never  ${long}  soon`);
});
