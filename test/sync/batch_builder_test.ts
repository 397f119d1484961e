/**
 * Batches: bounded in records and in bytes, which are those of the request.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { BatchBuilder, type BuiltBatch } from "../../src/sync/deliver/batch_builder.ts";

/** A record of exactly so many bytes as JSON. */
function recordOf(bytes: number) {
  return { TAG: "x".repeat(bytes - 10) };
}

function buildAll(
  records: readonly Record<string, unknown>[],
  maxBytes: number,
  maxRecords = 100,
): BuiltBatch[] {
  const builder = new BatchBuilder(maxBytes);
  const built = records.flatMap((record) => builder.add({ ...record }, maxRecords));
  return [...built, ...builder.finish()];
}

function sizes(batches: readonly BuiltBatch[]): number[] {
  return batches.map(({ records }) => records.length);
}

test("a batch ends at its number of records, and the rest is a batch of its own", () => {
  const built = buildAll([{ TAG: "T1" }, { TAG: "T2" }, { TAG: "T3" }], 1e6, 2);
  expect(built.map(({ text }) => text)).toEqual(['[{"TAG":"T1"},{"TAG":"T2"}]', '[{"TAG":"T3"}]']);
  expect(buildAll([], 1e6)).toEqual([]);
});

test("no batch has more bytes than allowed, and none could take one more record", () => {
  // Three records of 100 bytes, two commas and two brackets.
  const records = Array.from({ length: 7 }, () => recordOf(100));
  expect(sizes(buildAll(records, 304))).toEqual([3, 3, 1]);
  expect(sizes(buildAll(records, 303))).toEqual([2, 2, 2, 1]);
  for (const { text, bytes } of buildAll(records, 304)) {
    expect(bytes).toBe(Buffer.byteLength(text ?? ""));
  }
});

test("bytes count, not characters", () => {
  const umlauts = [{ TAG: "ü".repeat(100) }, { TAG: "ü".repeat(100) }];
  expect(sizes(buildAll(umlauts, 300))).toEqual([1, 1]);
  expect(sizes(buildAll(umlauts, 423))).toEqual([2]);
});

test("what is counted without writing it is never more than what is counted", () => {
  const awkward = [
    { TAG: "\u0001".repeat(50) },
    { "": "", a: null, b: [], c: {}, d: ["", "", ""], e: [{ "": [] }] },
    { numbers: [-1.7976931348623157e308, 5e-324, 123456789012345680000, 2n ** 63n, true] },
    { when: new Date(0), '"': "\u2028" },
  ];
  for (const record of awkward) {
    const [built] = buildAll([record], 1e6);
    expect(built?.bytes).toBeGreaterThanOrEqual(Buffer.byteLength(built?.text ?? ""));
  }
});

test("a record that is larger than a batch goes alone", () => {
  const records = [recordOf(20), recordOf(500), recordOf(20), recordOf(20)];
  expect(sizes(buildAll(records, 300))).toEqual([1, 1, 2]);
});

test("whole numbers keep all their digits", () => {
  expect(buildAll([{ TAG: 2n ** 70n }], 1e6)[0]?.text).toBe('[{"TAG":1180591620717411303424}]');
});

/** A value that JSON has no form for: it holds itself. */
const ring: Record<string, unknown> = {};
ring.self = ring;

test("a batch has no text when one of its records cannot be written", () => {
  const built = buildAll([{ TAG: "T1" }, { TAG: ring }, { TAG: "T3" }], 1e6, 2);
  expect(built.map(({ text }) => text)).toEqual([undefined, '[{"TAG":"T3"}]']);
});
