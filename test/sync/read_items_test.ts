/**
 * The reader of a source: records and those that cannot be read, in their order and no more than wanted.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Skipped } from "../../src/base/record.ts";
import type { SourceItem } from "../../src/sdk/source.ts";
import { readRecords } from "../../src/sync/read/explain.ts";
import { sampleRecords } from "../../src/sync/read/probe.ts";
import { groupItems, readItems, readPages } from "../../src/sync/read/read_items.ts";
import {
  describeItem,
  prepareTestSection,
  readSettings,
  tagged,
} from "./support/prepared_section.ts";

function nested(levels: number): Record<string, unknown> {
  let record: Record<string, unknown> = { tag: "deep" };
  for (let level = 1; level < levels; level++) record = { record };
  return record;
}

async function readAll(items: AsyncIterable<Parameters<typeof describeItem>[0]>) {
  const read: string[] = [];
  try {
    for await (const item of items) read.push(describeItem(item));
  } catch (error) {
    read.push(String(error));
  }
  return read;
}

test("pages are flattened, and what cannot be read comes in its place", async () => {
  const skipped = new Skipped("computer 2", "broken");
  const [first, second, third] = tagged(3) as [object, object, object];
  const { prepared } = await prepareTestSection([
    [{ ...first }, skipped, { ...second }],
    { ...third },
    skipped,
  ]);
  const items = await readAll(readItems(prepared, readSettings()));
  expect(items).toEqual(["T1", "(computer 2)", "T2", "T3", "(computer 2)"]);
});

test("a record that is nested too deeply cannot be read, one at the limit can", async () => {
  const { prepared } = await prepareTestSection([nested(200), nested(201)]);
  const [fits, tooDeep] = await Array.fromAsync(readItems(prepared, readSettings()));
  expect(fits).not.toBeInstanceOf(Skipped);
  expect(tooDeep).toEqual(new Skipped("record 2", "it is nested more than 200 levels deep"));
});

test("the source is asked for no more than the limit, which counts readable records", async () => {
  let asked = 0;
  let isAborted = false;
  const { prepared } = await prepareTestSection(async function* ({ signal }) {
    signal.addEventListener("abort", () => isAborted = true);
    for (const record of tagged(10)) {
      asked++;
      yield asked === 2 ? new Skipped("second", "broken") : record;
    }
  });
  expect(await readAll(readItems(prepared, readSettings(), { limit: 3 }))).toEqual([
    "T1",
    "(second)",
    "T3",
    "T4",
  ]);
  expect(asked).toBe(4);
  expect(isAborted).toBe(true);
});

test("a connection that is kept lives on after the reading", async () => {
  let sourceSignal: AbortSignal | undefined;
  const { prepared } = await prepareTestSection(async function* ({ signal }): AsyncGenerator<
    SourceItem
  > {
    sourceSignal = signal;
    yield* tagged(3);
  });
  const settings = { ...readSettings(), connection: {} };
  expect(await readAll(readItems(prepared, settings, { limit: 1 }))).toEqual(["T1"]);
  expect(sourceSignal?.aborted).toBe(false);
});

test("what came before a failure is read, also when it makes no whole group", async () => {
  const { prepared } = await prepareTestSection(async function* () {
    yield tagged(3);
    throw new Error("gone");
  });
  expect(await readAll(readItems(prepared, readSettings()))).toEqual([
    "T1",
    "T2",
    "T3",
    "Error: gone",
  ]);
  const groups: number[] = [];
  async function readGroups(): Promise<void> {
    const pages = readPages(prepared, readSettings());
    const limits = { items: 2, size: Infinity };
    for await (const { items } of groupItems(pages, limits, (_): _ is typeof _ => true)) {
      groups.push(items.length);
    }
  }
  await expect(readGroups()).rejects.toThrow("gone");
  expect(groups).toEqual([2, 1]);
});

test("large records make small groups", async () => {
  const large = { tag: "large", text: "x".repeat(1000) };
  const { prepared } = await prepareTestSection([
    [large, large, large],
    ...tagged(3),
    large,
    { tag: "huge", list: [{ text: "x".repeat(9000) }] },
    large,
  ]);
  const groups: number[] = [];
  const pages = readPages(prepared, readSettings());
  const limits = { items: 3, size: 2000 };
  for await (const { items } of groupItems(pages, limits, (_): _ is typeof _ => true)) {
    groups.push(items.length);
  }
  expect(groups).toEqual([2, 3, 3, 1]);
});

test("some records may be read instead of all", async () => {
  const { prepared } = await prepareTestSection(tagged(3));
  async function* from() {
    yield { tag: "event" };
  }
  expect(await readAll(readItems(prepared, readSettings(), { from }))).toEqual(["event"]);
});

test("preview and samples give what cannot be read with its reason", async () => {
  const skipped = new Skipped("computer 2", "broken");
  const [first, second] = tagged(2) as [object, object];
  const { prepared } = await prepareTestSection([{ ...first }, skipped, { ...second }]);
  const { log } = prepared;
  const { signal } = new AbortController();
  const converters = { log, signal, oomnitza: {} as never, http: {} as never };
  const settings = { ...readSettings(), converters, apiVersion: "auto" as const };
  const read = await Array.fromAsync(readRecords(prepared, settings, 2));
  expect(read).toEqual([
    { record: { ...first }, outcome: { TAG: "T1", NAME: "air" }, identity: "T1" },
    skipped,
    { record: { ...second }, outcome: { TAG: "T2", NAME: "air" }, identity: "T2" },
  ]);
  const sample = await sampleRecords(prepared, 2, { cursors: undefined, ...readSettings() });
  expect(sample).toEqual({ records: [{ ...first }, { ...second }], skipped: [skipped] });
});
