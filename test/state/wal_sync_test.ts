/**
 * Commits on their way to the disk: who waits is told after a write that began behind the commit, and one
 * write is for all who wait.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { StateInbox } from "../../src/state/inbox.ts";
import type { SyncFile } from "../../src/state/wal_sync.ts";
import { WalSync } from "../../src/state/wal_sync.ts";
import { fakeSink, mappedRecords, startDelivery } from "../sync/support/fakes.ts";
import { openTestStore, storedSection } from "../sync/support/store.ts";

/** A disk that is done with a write when the test says so. */
function slowDisk() {
  const writes: PromiseWithResolvers<void>[] = [];
  const syncFile: SyncFile = () => {
    const write = Promise.withResolvers<void>();
    writes.push(write);
    return write.promise;
  };
  return { writes, syncFile };
}

/** A state file to which something was committed. */
async function openUsed() {
  const opened = openTestStore();
  await opened.store.begin(storedSection, "upload", () => ({}));
  return opened;
}

/** Lets everything go on that does not wait for the disk. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

test("who waits while a write is under way shares the next one", async () => {
  await using opened = await openUsed();
  const { writes, syncFile } = slowDisk();
  const sync = new WalSync(opened.store.path, syncFile);
  const done: string[] = [];
  const wait = (name: string) => sync.wait().then(() => done.push(name));
  void wait("a");
  await settle();
  void wait("b");
  void wait("c");
  await settle();
  expect([writes.length, done.length]).toEqual([1, 0]);
  writes[0]?.resolve();
  await settle();
  expect([writes.length, done]).toEqual([2, ["a"]]);
  writes[1]?.resolve();
  await settle();
  expect(done).toEqual(["a", "b", "c"]);
  sync.close();
});

test("after a write that failed, none counts as done", async () => {
  await using opened = await openUsed();
  let isBroken = true;
  const sync = new WalSync(opened.store.path, () => {
    return isBroken ? Promise.reject(new Error("EIO")) : Promise.resolve();
  });
  await expect(sync.wait()).rejects.toThrow("EIO");
  isBroken = false;
  await expect(sync.wait()).rejects.toThrow("EIO");
  sync.close();
});

test("the log is brought to the disk, and what waits for it outlives the end", async () => {
  await using opened = await openUsed();
  const sync = new WalSync(opened.store.path);
  const waiting = sync.wait();
  sync.close();
  await waiting;
  expect(existsSync(`${opened.store.path}-wal`)).toBe(true);
});

test("batches are in the file, then on the disk, then sent", async () => {
  const { writes, syncFile } = slowDisk();
  await using opened = openTestStore({ syncFile });
  const { store } = opened;
  const run = await store.begin(storedSection, "upload", () => ({}));
  const sink = fakeSink([200]);
  const { delivery } = startDelivery(sink, { outbox: run.outbox });
  for (const record of mappedRecords(2)) await delivery.add(record);
  const finished = delivery.finish();
  await settle();
  expect((await run.outbox.pending()).map(({ records }) => records)).toEqual([mappedRecords(2)]);
  expect([writes.length, sink.posted.length]).toEqual([1, 0]);
  writes[0]?.resolve();
  while (writes.length < 2) await settle();
  // The answers get to the disk before the upload is declared complete.
  expect(sink.posted.map(({ tags }) => tags)).toEqual([["T1", "T2"]]);
  writes[1]?.resolve();
  await finished;
  expect(sink.posted.map(({ tags }) => tags)).toEqual([["T1", "T2"], []]);
  expect(await run.outbox.pending()).toEqual([]);
});

test("batches that cannot be brought to the disk are lost, and not sent by a later run", async () => {
  await using opened = openTestStore({
    syncFile: () => Promise.reject(new Error("EIO: i/o error")),
  });
  const { store } = opened;
  const run = await store.begin(storedSection, "upload", () => ({}));
  const sink = fakeSink([200]);
  const { delivery, account } = startDelivery(sink, { outbox: run.outbox });
  for (const record of mappedRecords(2)) await delivery.add(record);
  await expect(delivery.finish()).rejects.toThrow(/Cannot use the state file .*EIO/);
  expect(sink.posted).toEqual([]);
  expect(account.counts).toMatchObject({ sent: 0, failed: 2 });
  expect(await run.outbox.pending()).toEqual([]);
});

test("the end of a run is waited for until it is on the disk, what is undecided is not", async () => {
  const { writes, syncFile } = slowDisk();
  await using opened = openTestStore({ syncFile });
  const { store } = opened;
  const run = await store.begin(storedSection, "upload", () => ({}));
  const end = {
    ended: "2026-01-01T00:00:00.000Z",
    outcome: "ok",
    counts: {},
    claimed: null,
    api: null,
    requests: 0,
    error: null,
    stopped_by_guard: false,
  } as const;
  await run.end({ ...end, isUndecided: true });
  expect(writes.length).toBe(0);
  let isDurable = false;
  const ended = run.end(end).then(() => isDurable = true);
  await settle();
  expect((await store.run(run.id))?.state).toBe("ok");
  expect([writes.length, isDurable]).toEqual([1, false]);
  writes[0]?.resolve();
  await ended;
});

test("an event of the inbox is waited for until it is on the disk", async () => {
  await using opened = openTestStore();
  const { writes, syncFile } = slowDisk();
  const inbox = new StateInbox({ path: opened.store.path, redact: (text) => text, syncFile });
  let isDurable = false;
  const durable = inbox.add([{ section: "devices", key: "a", body: "1", due: 0 }])
    .then(() => isDurable = true);
  await settle();
  expect([writes.length, isDurable]).toEqual([1, false]);
  writes[0]?.resolve();
  await durable;
  await inbox.close();
});
