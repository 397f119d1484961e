/**
 * The backlog: what earlier runs left goes first, in order, and nothing newer overtakes it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { SinkError } from "../../src/base/errors.ts";
import type { MappedRecord } from "../../src/base/record.ts";
import type { StateStore } from "../../src/state/store.ts";
import { openAccount } from "../../src/sync/account.ts";
import { countBacklog, deliverBacklog } from "../../src/sync/deliver/backlog.ts";
import type { Sink } from "../../src/sync/deliver/deliver.ts";
import { type FakeSink, fakeSink, keepLog, mappedRecords, upload } from "./support/fakes.ts";
import { openTestStore, storedSection } from "./support/store.ts";

/** Begins a run that ends with batches in its outbox, as an upload with a portion of its own. */
async function leave(
  store: StateStore,
  batches: readonly (readonly MappedRecord[])[],
  portion = "portion-1",
): Promise<string> {
  const own = {
    ...storedSection,
    upload: JSON.stringify({ ...upload, portion }),
    awaitsReceipt: true,
  };
  const run = await store.begin(own, "upload", () => ({}));
  await run.outbox.put(batches.map((records) => ({ records, text: undefined })));
  const end = {
    ended: new Date().toISOString(),
    outcome: "failed",
    counts: {},
    claimed: null,
  } as const;
  await run.end({ ...end, api: null, requests: 0, error: null, stopped_by_guard: false });
  return run.id;
}

async function deliver(store: StateStore, sink: Sink) {
  const account = openAccount();
  const { log, lines } = keepLog();
  const identify = ({ TAG }: MappedRecord) => String(TAG);
  const redact = (text: string) => text;
  const how = { redact, identify, apiVersion: "auto", batchSize: 10, batchBytes: 1e6 } as const;
  const settings = { sink, account, log, ...how };
  const result = await deliverBacklog(store, storedSection, settings).catch((error) => error);
  return { result, counts: countBacklog(account), lines };
}

function listTags({ posted }: FakeSink): string[] {
  return posted.map(({ tags }) => tags.join(" "));
}

test("what two runs left is delivered in order, each upload under its own portion", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await leave(store, [[{ TAG: "T1" }, { TAG: "T2" }], [{ TAG: "T3" }]], "first");
  await leave(store, [[{ TAG: "T4" }]], "second");
  const sink = fakeSink([200]);
  const { result, counts, lines } = await deliver(store, sink);
  expect(listTags(sink)).toEqual(["T1 T2", "T3", "", "T4", ""]);
  const finalized = sink.posted.filter(({ tags }) => tags.length === 0).map(({ path }) => path);
  expect(finalized).toEqual(["/api/v3/bulk/first/finalize", "/api/v3/bulk/second/finalize"]);
  expect(result).toBe(3);
  expect(counts).toEqual({ records: 4, sent: 4, failed: 0, kept: 0 });
  expect(lines[0]).toMatch(/^info: Sending 3 records left by run \w+$/);
  expect(await store.hasBacklog("devices")).toBe(false);
  expect((await deliver(store, fakeSink([200]))).counts.records).toBe(0);
});

test("what is refused becomes a dead letter, the rest is sent", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await leave(store, [mappedRecords(4)]);
  const sink = fakeSink(({ tags }) => tags.includes("T2") ? 400 : 200);
  const { result, counts } = await deliver(store, sink);
  expect(result).toBeNumber();
  expect(counts).toEqual({ records: 4, sent: 3, failed: 1, kept: 0 });
  expect(await store.deadLetters.find({})).toMatchObject([{ record: "T2", status: 400 }]);
  expect(await store.hasBacklog("devices")).toBe(false);
});

test("an instance that cannot take it ends the run: nothing newer may overtake it", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await leave(store, [mappedRecords(2), [{ TAG: "T3" }]]);
  const { result, counts } = await deliver(store, fakeSink([503]));
  expect(result).toBeInstanceOf(SinkError);
  expect(counts).toEqual({ records: 3, sent: 0, failed: 0, kept: 3 });
  expect(await Array.fromAsync(store.accepted.pending("devices"))).toHaveLength(3);
});

test("a batch that five runs and a day could not deliver moves to the dead letters", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const id = await leave(store, [mappedRecords(2)]);
  for (let attempt = 0; attempt < 5; attempt++) await deliver(store, fakeSink([503]));
  const early = await deliver(store, fakeSink([503]));
  expect(early.counts.kept).toBe(2);
  const yesterday = new Date(Date.now() - 86_500_000).toISOString();
  using database = new Database(store.path);
  database.run("UPDATE runs SET started = ? WHERE id = ?", [yesterday, id]);
  const { counts, lines } = await deliver(store, fakeSink([200]));
  expect(counts).toEqual({ records: 2, sent: 0, failed: 2, kept: 0 });
  expect(lines).toContain(
    "error: Moved to the dead letters: 2 records: 6 runs in more than a day could not deliver it",
  );
  expect((await store.deadLetters.find({})).map(({ record }) => record)).toEqual(["T1", "T2"]);
});

test("a batch that is old and was tried less often is tried again", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const id = await leave(store, [mappedRecords(2)]);
  using database = new Database(store.path);
  database.run("UPDATE runs SET started = '2020-01-01T00:00:00.000Z' WHERE id = ?", [id]);
  for (let attempt = 0; attempt < 4; attempt++) await deliver(store, fakeSink([503]));
  expect((await deliver(store, fakeSink([200]))).counts).toMatchObject({ sent: 2, failed: 0 });
});

test("an upload that cannot be declared complete is a warning only", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await leave(store, [mappedRecords(1)]);
  const sink = fakeSink(({ path }) => path.endsWith("/finalize") ? 400 : 200);
  const { result, lines } = await deliver(store, sink);
  expect(result).toBe(1);
  expect(lines.at(-1)).toMatch(/^warning: The upload of run \w+ could not be finalized: 400/);
});

test("a run that sent nothing has no receipt to be asked for", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await leave(store, [], "nothing");
  const sent = await leave(store, [[{ TAG: "T1" }]], "something");
  await deliver(store, fakeSink([200]));
  using database = new Database(store.path);
  const awaited = database.query("SELECT id FROM runs WHERE awaits_receipt = 1").all();
  expect(awaited).toEqual([{ id: sent }]);
});

/** Oomnitza as the stand-in is: a portion that was finalized takes nothing more. */
function strictSink(closed: Set<string>, answer: (tags: readonly string[]) => number = () => 200) {
  return fakeSink(({ path, tags, body }) => {
    const [, finalized] = /^\/api\/v3\/bulk\/(.+)\/finalize$/.exec(path) ?? [];
    if (finalized !== undefined) closed.add(finalized);
    else if (closed.has(JSON.parse(body).portion)) return 400;
    return finalized === undefined ? answer(tags) : 200;
  });
}

test("what is left of an upload that takes nothing more is sent as one of its own, not refused", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const run = await leave(store, [mappedRecords(4), [{ TAG: "T5" }]], "complete");
  const sink = strictSink(new Set(["complete"]), (tags) => tags.includes("T2") ? 422 : 200);
  const { result, counts, lines } = await deliver(store, sink);
  expect(counts).toEqual({ records: 5, sent: 4, failed: 1, kept: 0 });
  expect(await store.deadLetters.find({})).toMatchObject([{ record: "T2", status: 422 }]);
  // Refused once as a whole, then in pieces because of the one record.
  expect(listTags(sink)).toEqual([
    ...["T1 T2 T3 T4", "T1 T2 T3 T4", "T1 T2", "T3 T4", "T1", "T2", "T5", ""],
  ]);
  expect(result).toBe(7);
  const portions = new Set(sink.posted.slice(1, -1).map(({ body }) => JSON.parse(body).portion));
  const [own, ...others] = portions;
  expect(others).toEqual([]);
  expect(own).not.toBe("complete");
  expect(sink.posted.at(-1)?.path).toBe(`/api/v3/bulk/${own}/finalize`);
  expect(lines).toContain(
    `warning: The upload of run ${run} takes nothing more, or a record is refused: the rest is sent as one of its own`,
  );
  expect(lines.filter((line) => line.includes("Kept"))).toEqual([]);
  expect(await store.hasBacklog("devices")).toBe(false);
  // What was sent is asked for as what it was sent.
  using database = new Database(store.path);
  const awaited = database.query("SELECT upload FROM runs WHERE awaits_receipt = 1").all();
  expect(awaited.map((row) => JSON.parse((row as { upload: string }).upload).portion)).toEqual([
    own,
  ]);
});

test("an upload that took something takes the rest: what is refused then is a dead letter", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await leave(store, [[{ TAG: "T1" }], [{ TAG: "T2" }]], "open");
  const sink = strictSink(new Set(), (tags) => tags.includes("T2") ? 400 : 200);
  expect((await deliver(store, sink)).counts).toEqual({ records: 2, sent: 1, failed: 1, kept: 0 });
  expect(listTags(sink)).toEqual(["T1", "T2", ""]);
});

test("an instance that goes away while the rest is sent as an upload of its own gets it later", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await leave(store, [[{ TAG: "T1" }], [{ TAG: "T2" }]], "complete");
  const closed = new Set(["complete"]);
  const away = await deliver(store, strictSink(closed, (tags) => tags.includes("T2") ? 503 : 200));
  expect(away.result).toBeInstanceOf(SinkError);
  expect(away.counts).toEqual({ records: 2, sent: 1, failed: 0, kept: 1 });
  const { counts } = await deliver(store, strictSink(closed));
  expect(counts).toEqual({ records: 1, sent: 1, failed: 0, kept: 0 });
  expect(await store.deadLetters.find({})).toEqual([]);
});

test("an upload is declared complete only when all answers are on the disk", async () => {
  const order: string[] = [];
  let fails = false;
  await using opened = openTestStore({
    syncFile: () => {
      order.push("sync");
      return fails ? Promise.reject(new Error("the disk is broken")) : Promise.resolve();
    },
  });
  const { store } = opened;
  await leave(store, [[{ TAG: "T1" }]], "portion");
  order.length = 0;
  const sink = fakeSink(({ path }) => {
    order.push(path);
    return 200;
  });
  await deliver(store, sink);
  expect(order).toEqual(["/api/v3/bulk", "sync", "/api/v3/bulk/portion/finalize"]);
  await leave(store, [[{ TAG: "T2" }]], "other");
  fails = true;
  order.length = 0;
  expect(String((await deliver(store, sink)).result)).toContain("the disk is broken");
  expect(order).toEqual(["/api/v3/bulk", "sync"]);
});
