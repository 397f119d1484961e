/**
 * What Oomnitza holds and what was sent are the same when only the form differs.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { isSameValue } from "../../src/sync/changes/same_value.ts";

const noon = Date.UTC(2026, 2, 1, 12) / 1000;

test.each<[unknown, unknown]>([
  ["a", "a"],
  [null, ""],
  ["", undefined],
  [[], null],
  [12, "12"],
  ["12.5", 12.5],
  [true, "True"],
  ["false", false],
  [noon, "2026-03-01T12:00:00Z"],
  [noon, "2026-03-01 12:00:00"],
  [noon, "2026-03-01T12:00:00.000+02:00"],
  [Date.UTC(2026, 2, 1) / 1000, "2026-03-01"],
  ["2026-03-01", Date.UTC(2026, 2, 1) / 1000],
  [["a", "b"], ["a", "b"]],
  [89014103211118510720n, 89014103211118510720n],
  [89014103211118510720n, "89014103211118510720"],
  ["x".repeat(300), "x".repeat(300)],
])("%p is %p", (held, sent) => expect(isSameValue(held, sent)).toBe(true));

test.each<[unknown, unknown]>([
  ["a", "A"],
  ["a", "a "],
  [0, ""],
  [false, null],
  [12, "13"],
  [12, "012"],
  [noon + 1, "2026-03-01T12:00:00Z"],
  [noon, "2026"],
  [["a"], ["a", "b"]],
  [["a"], "a"],
  [89014103211118510720n, 89014103211118510721n],
  ["x".repeat(300), `${"x".repeat(299)}y`],
])("%p is not %p", (held, sent) => expect(isSameValue(held, sent)).toBe(false));
