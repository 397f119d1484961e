/**
 * The comparison with what was accepted last.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { MappedRecord } from "../../src/base/record.ts";
import { type Change, Comparison, type ComparisonSettings } from "../../src/sync/changes/delta.ts";
import { openTestStore, storedSection } from "./support/store.ts";

const { section, upload } = storedSection;

/** A comparison with records that were accepted in a run that read all of the source. */
async function compareWith(
  accepted: readonly MappedRecord[],
  pending: readonly MappedRecord[] = [],
  settings: Pick<ComparisonSettings, "volatile" | "onlyChanged"> = {},
) {
  const opened = openTestStore();
  const { store } = opened;
  if (accepted.length > 0) await store.accepted.add(section, upload, "r1", accepted);
  await store.accepted.concludeUncompared(section, upload, "r1");
  const baseline = await store.accepted.openBaseline(section, upload);
  const comparison = new Comparison({ baseline, syncFields: ["TAG"], pending, ...settings });
  const dispose = () => opened[Symbol.asyncDispose]();
  return { comparison, baseline, store, [Symbol.asyncDispose]: dispose };
}

/** What a comparison says of the record that comes next. */
async function compareOne(
  comparison: Comparison,
  record: MappedRecord,
): Promise<Change | undefined> {
  const [change] = await comparison.compareAll([record]);
  return change;
}

test("without a baseline, everything is new", async () => {
  const comparison = new Comparison({ baseline: undefined, syncFields: ["TAG"] });
  expect(await compareOne(comparison, { TAG: "T1", NAME: "air" })).toEqual({
    kind: "new",
    fields: [{ field: "TAG", new: "T1" }, { field: "NAME", new: "air" }],
  });
  expect(comparison.counts).toEqual({
    ...{ new: 1, renamed: 0, changed: 0, unchanged: 0, blanked: 0 },
  });
  expect(await Array.fromAsync(comparison.gone())).toEqual([]);
});

test("a record is reported by the fields that differ, also those it gained and lost", async () => {
  await using compared = await compareWith([{ TAG: "T1", NAME: "air", OS: "14", NOTE: "x" }]);
  const { comparison } = compared;
  const changed = await compareOne(comparison, { TAG: "T1", NAME: "air", OS: "15", OWNER: "ann" });
  expect(changed).toEqual({
    kind: "changed",
    fields: [
      { field: "OS", old: "14", new: "15" },
      { field: "OWNER", new: "ann" },
      { field: "NOTE", old: "x" },
    ],
  });
  expect(comparison.differing).toBe(1);
  expect(comparison.counts).toMatchObject({ changed: 1, blanked: 0 });
});

test("unchanged records, and those that are gone, are known", async () => {
  await using compared = await compareWith([{ TAG: "T1", NAME: "air" }, {
    TAG: "T2",
    NAME: "pro",
  }]);
  const { comparison } = compared;
  expect(await compareOne(comparison, { TAG: "T1", NAME: "air" })).toEqual({
    kind: "unchanged",
    fields: [],
  });
  expect(await Array.fromAsync(comparison.gone())).toEqual([{
    key: '["T2"]',
    record: "T2",
    fields: [{ field: "TAG", old: "T2" }, { field: "NAME", old: "pro" }],
  }]);
});

test("a field that loses its value counts as blanked; 0 and false are values", async () => {
  const fields = { A: "x", B: 5, C: true, D: [], E: "gone", F: "y".repeat(300) };
  await using compared = await compareWith([{ TAG: "T1", ...fields }]);
  const { comparison } = compared;
  // What was blank before, or is left out, loses nothing; what is new and blank neither.
  await compareOne(comparison, { TAG: "T1", A: "", B: 0, C: false, D: null, F: null, G: "" });
  expect(comparison.counts.blanked).toBe(1);
  expect([...comparison.blankedFields]).toEqual([["A", 1], ["F", 1]]);
  await compareOne(comparison, { TAG: "T1", ...fields, OS: "" });
  expect(comparison.counts.blanked).toBe(1);
});

test("a record that shares its key with one that was sent is sent, too", async () => {
  await using compared = await compareWith([{ TAG: "T1", NAME: "air" }]);
  const { comparison } = compared;
  expect((await compareOne(comparison, { TAG: "T1", NAME: "pro" }))?.kind).toBe("changed");
  expect(await compareOne(comparison, { TAG: "T1", NAME: "air" })).toMatchObject({
    kind: "changed",
    fields: [],
    reason: expect.stringContaining("shares its sync fields"),
  });
  expect(comparison.differing).toBe(1);
});

test("a record that was refused since it was accepted is sent again", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await store.accepted.add(section, upload, "r1", [{ TAG: "T1" }]);
  const run = await store.begin(storedSection, "upload", () => ({}));
  const [id = 0] = await run.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
  const refused = { payload: { TAG: "T1" }, record: "T1", reason: "400", status: 400 };
  await run.outbox.acknowledge(id, [refused], []);
  const baseline = await store.accepted.openBaseline(section, upload);
  const comparison = new Comparison({ baseline, syncFields: ["TAG"] });
  expect(await compareOne(comparison, { TAG: "T1" })).toMatchObject({
    kind: "changed",
    fields: [],
  });
});

test("what waits to be delivered is compared with before what was accepted", async () => {
  await using compared = await compareWith([{ TAG: "T1", NAME: "air" }], [{
    TAG: "T1",
    NAME: "pro",
  }]);
  const { comparison } = compared;
  expect((await compareOne(comparison, { TAG: "T1", NAME: "pro" }))?.kind).toBe("unchanged");
  expect(await Array.fromAsync(comparison.gone())).toEqual([]);
});

const volatile = new Set(["SEEN", "IP"]);

test("a volatile field alone changes nothing, and beside another it is among what differs", async () => {
  const accepted = [{ TAG: "T1", OS: "14", SEEN: 1 }, { TAG: "T2", OS: "14", SEEN: 1 }];
  await using compared = await compareWith(accepted, [], { volatile });
  const { comparison } = compared;
  const seen = { TAG: "T1", OS: "14", SEEN: 2, IP: "10.0.0.1" };
  expect(await compareOne(comparison, seen)).toEqual({ kind: "unchanged", fields: [] });
  // Sent all the same, it is not what was accepted.
  expect((await comparison.classifyAll([seen]))[0]).toMatchObject({
    kind: "unchanged",
    isAsAccepted: false,
  });
  expect(await compareOne(comparison, { TAG: "T2", OS: "15", SEEN: 2 })).toEqual({
    kind: "changed",
    fields: [{ field: "OS", old: "14", new: "15" }, { field: "SEEN", old: 1, new: 2 }],
  });
  expect(comparison.differing).toBe(1);
  expect(comparison.counts).toEqual({
    ...{ new: 0, renamed: 0, changed: 1, unchanged: 2, blanked: 0 },
  });
});

test("what must be sent is sent, also when only volatile fields differ", async () => {
  await using compared = await compareWith([{ TAG: "T1", OS: "14", SEEN: 1 }], [], { volatile });
  const { comparison } = compared;
  await compareOne(comparison, { TAG: "T1", OS: "15", SEEN: 2 });
  expect(await compareOne(comparison, { TAG: "T1", OS: "14", SEEN: 2 })).toMatchObject({
    kind: "changed",
    fields: [{ field: "SEEN", old: 1, new: 2 }],
    reason: expect.stringContaining("shares its sync fields"),
  });
  expect(comparison.differing).toBe(1);
});

test("what waits to be delivered counts also where volatile fields differ", async () => {
  const waiting = [{ TAG: "T1", OS: "15", SEEN: 2 }];
  await using compared = await compareWith([{ TAG: "T1", OS: "14", SEEN: 1 }], waiting, {
    volatile,
  });
  const { comparison } = compared;
  expect((await compareOne(comparison, { TAG: "T1", OS: "15", SEEN: 3 }))?.kind).toBe("unchanged");
});

test("a volatile field that loses its value is a loss when the record is sent", async () => {
  const accepted = [{ TAG: "T1", IP: "10.0.0.1" }];
  for (const onlyChanged of [false, true]) {
    await using compared = await compareWith(accepted, [], { volatile, onlyChanged });
    const { comparison } = compared;
    expect((await compareOne(comparison, { TAG: "T1", IP: "" }))?.kind).toBe("unchanged");
    expect(comparison.counts.blanked).toBe(onlyChanged ? 0 : 1);
    expect([...comparison.blankedFields.keys()]).toEqual(onlyChanged ? [] : ["IP"]);
  }
});

/** A value that JSON has no form for: it holds itself. */
const ring: Record<string, unknown> = {};
ring.self = ring;

test("what stays as it was accepted is told apart from what is only the same", async () => {
  await using compared = await compareWith([{ TAG: "T1" }, { TAG: "T2" }, { TAG: "T3", OS: "1" }]);
  const { baseline, store } = compared;
  const missed = (await baseline.findAll(['["T2"]']))[0]?.id;
  await baseline.conclude({ run: "r2", isSeen: (id) => id !== missed, returned: [] });
  const next = await store.accepted.openBaseline(section, upload);
  const comparison = new Comparison({ baseline: next, syncFields: ["TAG"] });
  const standing = await comparison.classifyAll([
    { TAG: "T1" },
    { TAG: "T2" },
    { TAG: "T3", OS: "2" },
    { TAG: "T3", OS: "1" },
  ]);
  expect(standing.map(({ kind, isAsAccepted }) => [kind, isAsAccepted])).toEqual([
    ["unchanged", true],
    // It was missed, and is back.
    ["unchanged", false],
    ["changed", false],
    // Another record of its key was sent before it.
    ["changed", false],
  ]);
});

test("records without a key, or that cannot be written as JSON, are new", async () => {
  await using compared = await compareWith([{ TAG: "T1" }]);
  expect(await compareOne(compared.comparison, { TAG: "T1", size: ring })).toEqual({
    kind: "new",
    fields: [],
  });
  const keyless = new Comparison({ baseline: compared.baseline, syncFields: [] });
  expect((await compareOne(keyless, { TAG: "T1" }))?.kind).toBe("new");
});

test("records that had been missed and are back are noted once", async () => {
  await using compared = await compareWith([{ TAG: "T1" }, { TAG: "T2" }]);
  const { baseline, store } = compared;
  const [second] = await baseline.findAll(['["T2"]']);
  await baseline.conclude({ run: "r2", isSeen: (id) => id === second?.id, returned: [] });
  const next = await store.accepted.openBaseline(section, upload);
  expect(next.size).toBe(1);
  const comparison = new Comparison({ baseline: next, syncFields: ["TAG"] });
  await compareOne(comparison, { TAG: "T1" });
  await compareOne(comparison, { TAG: "T1" });
  await compareOne(comparison, { TAG: "T2" });
  const [first] = await next.findAll(['["T1"]']);
  const id = first?.id ?? 0;
  expect(comparison.returned).toEqual([id]);
  expect([comparison.isSeen(id), comparison.isSeen(9999)]).toEqual([true, false]);
});

test("more records than one page are all compared and missed", async () => {
  const many = Array.from({ length: 1203 }, (_, index) => ({ TAG: `T${index}` }));
  await using compared = await compareWith(many);
  const { comparison, baseline } = compared;
  expect(baseline.size).toBe(1203);
  await comparison.compareAll(many.filter(({ TAG }) => TAG !== "T700"));
  expect(comparison.counts.unchanged).toBe(1202);
  expect((await Array.fromAsync(comparison.gone())).map(({ record }) => record)).toEqual(["T700"]);
});
