/**
 * The state file as runs use it: their accounts, outboxes and dead letters.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import type { MappedRecord } from "../../src/base/record.ts";
import { openState } from "../../src/state/file.ts";
import type { OpenRun } from "../../src/state/state.ts";
import { StateStore } from "../../src/state/store.ts";
import { openTestStore, storedSection } from "../sync/support/store.ts";

const { section, upload } = storedSection;
const end = {
  ended: "2026-01-01T00:00:00.000Z",
  outcome: "ok",
  counts: { fetched: 3 },
  claimed: 3,
  api: "v3",
  requests: 2,
  error: null,
  stopped_by_guard: false,
} as const;

function begin(
  store: StateStore,
  counts: () => Record<string, number> = () => ({}),
): Promise<OpenRun> {
  return store.begin(storedSection, "upload", counts);
}

function put(
  run: OpenRun,
  ...batches: readonly (readonly MappedRecord[])[]
): Promise<readonly number[]> {
  return run.outbox.put(batches.map((records) => ({ records, text: undefined })));
}

function refused(payload: MappedRecord, reason = "400 bad") {
  return { payload, record: String(payload.TAG), reason, status: 400 };
}

test("a batch is pending until it is acknowledged", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const run = await begin(store);
  const [first = 0, second = 0] = await put(run, [{ TAG: "T1" }], [{ TAG: "T2" }, { TAG: "T3" }]);
  expect(await run.outbox.pending()).toEqual([
    { id: first, records: [{ TAG: "T1" }], tries: 0 },
    { id: second, records: [{ TAG: "T2" }, { TAG: "T3" }], tries: 0 },
  ]);
  expect(await store.run(run.id)).toMatchObject({ state: "running", waiting: 3 });
  await run.outbox.acknowledge(first, [], []);
  expect((await run.outbox.pending()).map(({ id }) => id)).toEqual([second]);
  expect((await store.run(run.id))?.waiting).toBe(2);
  expect(await Array.fromAsync(store.accepted.pending(section))).toEqual([{ TAG: "T2" }, {
    TAG: "T3",
  }]);
});

test("of a batch, refused records become dead letters, and those not answered stay", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const run = await begin(store);
  const batch = [{ TAG: "T1" }, { TAG: "T2" }, { TAG: "T3" }];
  const [id = 0] = await put(run, batch);
  await run.outbox.acknowledge(id, [refused({ TAG: "T2" }, "a secret")], [{ TAG: "T3" }]);
  expect(await run.outbox.pending()).toEqual([{ id, records: [{ TAG: "T3" }], tries: 0 }]);
  expect(await store.deadLetters.find({})).toMatchObject([
    {
      section,
      run: run.id,
      record: "T2",
      reason: "a ***",
      status: 400,
      payload: { TAG: "T2" },
      upload,
    },
  ]);
  const baseline = await store.accepted.openBaseline(section, upload);
  expect((await baseline.findAll(['["T1"]']))[0]).toBeDefined();
  expect((await baseline.findAll(['["T2"]']))[0]).toBeUndefined();
  expect((await baseline.findAll(['["T3"]']))[0]).toBeUndefined();
});

test("of records that are the same, one that was not accepted counts once", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const run = await begin(store);
  const [id = 0] = await put(run, [{ TAG: "T1" }, { TAG: "T1" }]);
  await run.outbox.acknowledge(id, [refused({ TAG: "T1" })], []);
  // One was accepted, one refused: it is known, and sent again.
  expect((await (await store.accepted.openBaseline(section, upload)).findAll(['["T1"]']))[0])
    .toMatchObject({ mustSend: true });
});

test("what was accepted as a whole is known when the run has ended", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const run = await begin(store);
  const [id = 0] = await put(run, [{ TAG: "T1" }]);
  await run.outbox.acknowledge(id, [], []);
  await run.outbox.finish();
  expect((await (await store.accepted.openBaseline(section, upload)).findAll(['["T1"]']))[0])
    .toBeDefined();
  expect(
    (await store.accepted.openBaseline(section, JSON.stringify({ syncFields: ["OTHER"] }))).size,
  ).toBe(0);
});

test("a section that is not to be remembered leaves no trace of its records", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await store.accepted.add(section, upload, "r1", [{ TAG: "T1" }]);
  await store.accepted.forget(section);
  const run = await store.begin({ ...storedSection, remember: false }, "upload", () => ({}));
  const [id = 0] = await put(run, [{ TAG: "T2" }]);
  await run.outbox.acknowledge(id, [], []);
  await run.outbox.finish();
  const baseline = await store.accepted.openBaseline(section, upload);
  expect(await baseline.findAll(['["T1"]', '["T2"]'])).toEqual([undefined, undefined]);
});

test("much that is forgotten goes in portions, and what a kill leaves is no whole source", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const records = Array.from({ length: 1200 }, (_, index) => ({ TAG: `T${index}` }));
  await store.accepted.add(section, upload, "r1", records);
  await store.accepted.concludeUncompared(section, upload, "r1");
  expect(await store.accepted.openBaseline(section, upload)).toMatchObject({
    size: 1200,
    isFull: true,
  });
  await expect(store.accepted.forget(section, AbortSignal.abort())).rejects.toThrow("abort");
  const left = await store.accepted.openBaseline(section, upload);
  expect([left.size, left.isFull]).toEqual([700, false]);
  await store.accepted.forget(section);
  expect((await store.accepted.openBaseline(section, upload)).size).toBe(0);
});

test("a second connection of this process leaves the locks of the first alone", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await begin(store);
  openState(store.path).close();
  // Whoever closes the file last removes its log: this one is not the last, and must see that.
  const module = new URL("../../src/state/file.ts", import.meta.url).href;
  const script = `import { openState } from "${module}"; openState(process.argv.at(-1)).close();`;
  const run = Bun.spawnSync([process.execPath, "-e", script, store.path]);
  expect(String(run.stderr)).toBe("");
  expect(existsSync(`${store.path}-wal`)).toBe(true);
});

test("the counts of a run are written down with its batches, for when it dies", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const run = await begin(store, () => ({ fetched: 7 }));
  await put(run, [{ TAG: "T1" }]);
  expect((await store.run(run.id))?.counts).toEqual({ fetched: 7 });
});

test("numbers of any size are kept as they are", async () => {
  await using opened = openTestStore();
  const run = await begin(opened.store);
  const records = [{ TAG: "T1", size: 10, sim: 89014103211118510720n }];
  await put(run, records);
  expect((await run.outbox.pending())[0]?.records).toEqual(records);
});

test("a run that ended with something pending is unfinished, one at work or done is not", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const left = await begin(store, () => ({ sent: 1 }));
  const [id = 0] = await put(left, [{ TAG: "T1" }]);
  await left.outbox.countAttempt(id);
  expect(await store.hasBacklog(section)).toBe(true);
  expect(await Array.fromAsync(store.unfinishedRuns(storedSection))).toEqual([]);
  await left.end({ ...end, outcome: "failed", error: "a secret" });
  const done = await begin(store);
  await done.outbox.finish();
  await done.end(end);
  const unfinished = await Array.fromAsync(store.unfinishedRuns(storedSection));
  expect(unfinished).toMatchObject([{ run: left.id, upload, sent: false }]);
  expect(await unfinished[0]?.outbox.pending()).toMatchObject([{ id, tries: 1 }]);
  expect(await store.run(left.id)).toMatchObject({ state: "failed", error: "a ***" });
  await unfinished[0]?.outbox.finish();
  expect(await store.hasBacklog(section)).toBe(false);
});

test("a run of a process that is no more is taken over, and was interrupted", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const other = new StateStore({ path: store.path, instance: store.instance, redact: String });
  const run = await begin(other);
  await put(run, [{ TAG: "T1" }]);
  expect(await Array.fromAsync(store.unfinishedRuns(storedSection))).toEqual([]);
  expect((await store.run(run.id))?.state).toBe("running");
  await other.close();
  expect((await store.run(run.id))?.state).toBe("interrupted");
  expect(await Array.fromAsync(store.unfinishedRuns(storedSection))).toMatchObject([{
    run: run.id,
  }]);
});

test("runs are listed from the newest, and the last of a section are known", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const first = await begin(store);
  await first.end(end);
  await Bun.sleep(2);
  const hook = await store.begin(storedSection, "webhook", () => ({}));
  await hook.end({ ...end, ended: "2026-02-02T00:00:00.000Z" });
  expect((await store.runs(10)).map(({ id, origin }) => [id, origin])).toEqual([
    [hook.id, "webhook"],
    [first.id, "upload"],
  ]);
  expect(await store.runs(1)).toHaveLength(1);
  expect((await store.lastRuns()).succeeded(section, "upload")).toBe(end.ended);
  expect((await store.lastRuns()).succeeded(section, "webhook")).toBe("2026-02-02T00:00:00.000Z");
  const idle = await store.begin(storedSection, "webhook", () => ({}));
  await idle.end({ ...end, counts: { fetched: 0 }, ended: "2026-03-03T00:00:00.000Z" });
  expect((await store.lastRuns()).succeeded(section, "webhook")).toBe("2026-02-02T00:00:00.000Z");
  const start = (await store.run(first.id))?.started;
  expect((await store.lastRuns()).started(section)).toBe(start as string);
  expect(await store.run("nosuch")).toBeUndefined();
});

test("dead letters are chosen, removed and pruned", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const run = await begin(store);
  const records = ["T1", "T2", "T3", "T4"].map((TAG) => ({ TAG }));
  const [id = 0] = await put(run, records);
  await run.outbox.acknowledge(id, records.map((record) => refused(record)), []);
  const [one, two] = await store.deadLetters.find({});
  expect(await store.deadLetters.find({ section: "other" })).toEqual([]);
  expect(await store.deadLetters.find({ ids: [one?.id ?? 0] })).toMatchObject([{ record: "T1" }]);
  await store.deadLetters.refuseAgain(one?.id ?? 0, 422, "another secret");
  expect(await store.deadLetters.find({ ids: [one?.id ?? 0] })).toMatchObject([
    { status: 422, reason: "another ***" },
  ]);
  await store.deadLetters.remove([two?.id ?? 0]);
  expect((await store.deadLetters.find({})).map(({ record }) => record)).toEqual([
    "T1",
    "T3",
    "T4",
  ]);
  expect(await store.deadLetters.prune(1, 2)).toBe(1);
  expect((await store.deadLetters.find({})).map(({ record }) => record)).toEqual(["T3", "T4"]);
  using database = new Database(store.path);
  database.run("UPDATE dead_letters SET at = '2020-01-01T00:00:00.000Z' WHERE record = 'T3'");
  expect(await store.deadLetters.prune(1, 10)).toBe(1);
  expect((await store.deadLetters.find({})).map(({ record }) => record)).toEqual(["T4"]);
});
