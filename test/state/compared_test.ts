/**
 * What a run compared before it sent it: of that, only what changed is taken into the baseline again.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { MappedRecord } from "../../src/base/record.ts";
import { openSqlite } from "../../src/runtime/sqlite.ts";
import type { OpenRun, RefusedRecord } from "../../src/state/state.ts";
import type { StateStore } from "../../src/state/store.ts";
import { Comparison } from "../../src/sync/changes/delta.ts";
import { openTestStore, storedSection } from "../sync/support/store.ts";

const { section, upload } = storedSection;

const first = [{ TAG: "T1", OS: "1" }, { TAG: "T2", OS: "1" }, { TAG: "T3", OS: "1" }];

/** Notes that an earlier run got records accepted. */
async function accept(store: StateStore, records: readonly MappedRecord[]): Promise<void> {
  await store.accepted.add(section, upload, "a", records);
  await store.accepted.concludeUncompared(section, upload, "a");
  await store.accepted.openBaseline(section, upload);
}

/** Begins a run that compares records, and makes them durable as one batch, not answered yet. */
async function send(
  store: StateStore,
  records: readonly MappedRecord[],
): Promise<{ run: OpenRun; batch: number }> {
  const run = await store.begin(storedSection, "upload", () => ({}));
  const baseline = await store.accepted.openBaseline(section, upload);
  const comparison = new Comparison({ baseline, syncFields: ["TAG"] });
  const classified = await comparison.classifyAll(records);
  const unchanged = new Set(records.filter((_, index) => classified[index]?.isAsAccepted));
  run.outbox.compareWith({
    answer: baseline.answer,
    isUnchanged: (record) => unchanged.has(record),
  });
  const [batch = 0] = await run.outbox.put([{ records, text: undefined }]);
  return { run, batch };
}

function refuse(payload: MappedRecord): RefusedRecord {
  return { payload, record: "", reason: "400", status: 400 };
}

/** The records of the baseline, and which run each was taken in from: 1 for the first. */
async function known(
  store: StateStore,
): Promise<[values: string, isFirst: boolean, mustSend: boolean][]> {
  await store.accepted.openBaseline(section, upload);
  const database = openSqlite(store.path);
  const rows = database.rows("SELECT vals, run, must_send FROM fingerprints ORDER BY key");
  database.close();
  return rows.map(({ vals, run, must_send }) => [String(vals), run === "a", must_send === 1]);
}

test("what was sent as it was is not taken in again, what changed is", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await accept(store, first);
  const sent = [{ TAG: "T1", OS: "1" }, { TAG: "T2", OS: "2" }, { TAG: "T4", OS: "1" }];
  const { run, batch } = await send(store, sent);
  await run.outbox.acknowledge(batch, [], []);
  await run.outbox.finish();
  expect(await known(store)).toEqual([
    ['["T1","1"]', true, false],
    ['["T2","2"]', false, false],
    ['["T3","1"]', true, false],
    ['["T4","1"]', false, false],
  ]);
});

test("what another run got accepted meanwhile is overwritten by what was sent after it", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await accept(store, first);
  const { run, batch } = await send(store, first);
  await store.accepted.add(section, upload, "w", [{ TAG: "T1", OS: "2" }]);
  await run.outbox.acknowledge(batch, [], []);
  await run.outbox.finish();
  expect((await known(store))[0]).toEqual(['["T1","1"]', false, false]);
});

test("that holds also when it was taken in before the answer came", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await accept(store, first);
  const { run, batch } = await send(store, first);
  await store.accepted.add(section, upload, "w", [{ TAG: "T1", OS: "2" }]);
  expect((await known(store))[0]?.[0]).toBe('["T1","2"]');
  await run.outbox.acknowledge(batch, [], []);
  await run.outbox.finish();
  expect((await known(store))[0]?.[0]).toBe('["T1","1"]');
});

test("a section that was forgotten meanwhile knows all that was sent", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await accept(store, first);
  const { run, batch } = await send(store, first);
  await store.begin({ ...storedSection, remember: false }, "upload", () => ({}));
  await run.outbox.acknowledge(batch, [], []);
  await run.outbox.finish();
  expect((await known(store)).map(([values]) => values)).toEqual([
    '["T1","1"]',
    '["T2","1"]',
    '["T3","1"]',
  ]);
});

test("records that were sent to another destination meanwhile are known all the same", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await accept(store, first);
  const { run, batch } = await send(store, first);
  const other = JSON.stringify({ ...JSON.parse(upload), updateOnly: true });
  await store.accepted.add(section, other, "b", [{ TAG: "T9", OS: "1" }]);
  await run.outbox.acknowledge(batch, [], []);
  await run.outbox.finish();
  expect((await known(store)).map(([values]) => values)).toEqual([
    '["T1","1"]',
    '["T2","1"]',
    '["T3","1"]',
  ]);
});

test("a record that was sent as it was, and refused, is sent again", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await accept(store, first);
  const { run, batch } = await send(store, first);
  await run.outbox.acknowledge(batch, [refuse(first[1] as MappedRecord)], [
    first[2] as MappedRecord,
  ]);
  expect((await known(store)).map(([, , mustSend]) => mustSend)).toEqual([false, true, false]);
  const [left] = await run.outbox.pending();
  expect(left?.records).toEqual([first[2] as MappedRecord]);
  await run.outbox.acknowledge(left?.id ?? 0, [], []);
  await run.outbox.finish();
  expect((await known(store)).map(([values]) => values)).toEqual([
    '["T1","1"]',
    '["T2","1"]',
    '["T3","1"]',
  ]);
});

test("what a run that died left is delivered later, and is known as it was sent", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await accept(store, first);
  const sent = [{ TAG: "T1", OS: "1" }, { TAG: "T2", OS: "2" }];
  const { run } = await send(store, sent);
  await run.end({
    ended: "2026-01-01T00:00:00.000Z",
    outcome: "failed",
    counts: {},
    claimed: null,
    api: null,
    requests: 0,
    error: "killed",
    stopped_by_guard: false,
  });
  for await (const { outbox } of store.unfinishedRuns(storedSection)) {
    for (const { id, records } of await outbox.pending()) {
      expect(records).toEqual(sent);
      await outbox.acknowledge(id, [], []);
    }
    await outbox.finish();
  }
  expect(await known(store)).toEqual([
    ['["T1","1"]', true, false],
    ['["T2","2"]', false, false],
    ['["T3","1"]', true, false],
  ]);
});
