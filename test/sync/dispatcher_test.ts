/**
 * The dispatcher: batches are durable before they are delivered, together where that saves waiting, and
 * no more of them are under way than allowed.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { MappedRecord } from "../../src/base/record.ts";
import type { BuiltBatch } from "../../src/sync/deliver/batch_builder.ts";
import {
  type Batch,
  Dispatcher,
  type DispatcherSettings,
  type Outbox,
} from "../../src/sync/deliver/dispatcher.ts";
import { FakeOutbox, mappedRecords } from "./support/fakes.ts";

/** A dispatcher whose deliveries end when the test says so. */
function start(settings: Partial<DispatcherSettings> = {}) {
  const begun: Batch[] = [];
  const open: (() => void)[] = [];
  const lost: { readonly tags: readonly unknown[]; readonly error: Error }[] = [];
  const dispatcher = new Dispatcher({
    outbox: undefined,
    limit: () => 2,
    deliver(batch) {
      begun.push(batch);
      const { promise, resolve } = Promise.withResolvers<void>();
      open.push(resolve);
      return promise;
    },
    onUnstored: (records, error) => lost.push({ tags: records.map(({ TAG }) => TAG), error }),
    ...settings,
  });
  return { dispatcher, begun, open, lost };
}

/** Ends one delivery, and lets what waits for that go on. */
async function endOne(open: (() => void)[]): Promise<void> {
  open.shift()?.();
  await new Promise(setImmediate);
}

function batchOf(records: readonly MappedRecord[], bytes = 1): BuiltBatch {
  return { records, text: "[]", bytes };
}

function batches(count: number, bytes?: number): BuiltBatch[] {
  return mappedRecords(count).map((record) => batchOf([record], bytes));
}

test("no more batches are under way than allowed, and who adds one too many waits", async () => {
  const { dispatcher, begun, open } = start();
  const [first, second, third] = batches(3) as [BuiltBatch, BuiltBatch, BuiltBatch];
  expect(dispatcher.add(first)).toBeUndefined();
  expect(dispatcher.add(second)).toBeUndefined();
  let isThrough = false;
  const full = dispatcher.add(third)?.then(() => isThrough = true);
  expect(full).toBeInstanceOf(Promise);
  await new Promise(setImmediate);
  expect([begun.length, isThrough]).toEqual([2, false]);
  await endOne(open);
  expect([begun.length, isThrough]).toEqual([3, true]);
});

test("the first batch is made durable at once; those behind it wait for each other", async () => {
  const outbox = new FakeOutbox();
  const { dispatcher, begun, open } = start({ outbox, limit: () => 1 });
  for (const batch of batches(9)) expect(dispatcher.add(batch)).toBeUndefined();
  await new Promise(setImmediate);
  expect(outbox.puts).toEqual([
    [["T1"]],
    [["T2"], ["T3"], ["T4"], ["T5"], ["T6"], ["T7"], ["T8"], ["T9"]],
  ]);
  expect(begun.map(({ id }) => id)).toEqual([1]);
  await endOne(open);
  expect(begun.map(({ id }) => id)).toEqual([1, 2]);
});

test("a full outbox holds up who adds", () => {
  const outbox = new FakeOutbox();
  const { dispatcher } = start({ outbox, limit: () => 1 });
  const added = batches(17).map((batch) => dispatcher.add(batch));
  expect(added.findIndex((promise) => promise !== undefined)).toBe(16);
});

test("few large batches fill the outbox, and wait for no others", async () => {
  const outbox = new FakeOutbox();
  const { dispatcher, begun, open } = start({ outbox, limit: () => 1 });
  const [first, ...rest] = batches(4, 2_500_000);
  expect(first && dispatcher.add(first)).toBeUndefined();
  await new Promise(setImmediate);
  const added = rest.map((batch) => dispatcher.add(batch) !== undefined);
  expect(outbox.puts).toEqual([[["T1"]], [["T2"]], [["T3"], ["T4"]]]);
  expect(added).toEqual([false, false, false]);
  const [last] = batches(1, 2_500_000);
  const full = last && dispatcher.add(last);
  expect(full).toBeInstanceOf(Promise);
  await endOne(open);
  await full;
  expect(begun).toHaveLength(2);
});

test("batches that wait for others are written before the workers have nothing to do", async () => {
  const outbox = new FakeOutbox();
  const { dispatcher, begun } = start({ outbox });
  for (const batch of batches(4)) dispatcher.add(batch);
  expect(outbox.puts).toEqual([[["T1"]]]);
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  expect(outbox.puts).toEqual([[["T1"]], [["T2"], ["T3"], ["T4"]]]);
  expect(begun).toHaveLength(2);
});

test("nothing is sent that is not on the disk, and what follows is gathered meanwhile", async () => {
  const outbox = new FakeOutbox();
  const syncs: PromiseWithResolvers<void>[] = [];
  outbox.sync = () => {
    const sync = Promise.withResolvers<void>();
    syncs.push(sync);
    return sync.promise;
  };
  const { dispatcher, begun, lost } = start({ outbox });
  for (const batch of batches(4)) dispatcher.add(batch);
  await new Promise(setImmediate);
  expect([outbox.puts.length, begun.length]).toEqual([1, 0]);
  syncs[0]?.resolve();
  await new Promise(setImmediate);
  expect([outbox.puts.length, begun.length]).toEqual([2, 1]);
  syncs[1]?.reject(new Error("the disk fails"));
  await new Promise(setImmediate);
  expect(begun).toHaveLength(1);
  expect(lost.map(({ tags }) => tags)).toEqual([["T2"], ["T3"], ["T4"]]);
});

test("the end writes what is left and waits for all of it", async () => {
  const outbox = new FakeOutbox();
  const { dispatcher, begun, open } = start({ outbox, limit: () => 1 });
  for (const batch of batches(3)) dispatcher.add(batch);
  let isFinished = false;
  const end = dispatcher.finish().then(() => isFinished = true);
  expect(outbox.puts).toHaveLength(2);
  await new Promise(setImmediate);
  for (let batch = 0; batch < 3; batch++) {
    expect(isFinished).toBe(false);
    await endOne(open);
  }
  await end;
  expect(begun.map(({ records }) => records[0]?.TAG)).toEqual(["T1", "T2", "T3"]);
});

test("what cannot be made durable is not sent", async () => {
  const outbox: Outbox = {
    put: () => Promise.reject(new Error("the disk is full")),
    acknowledge: () => Promise.resolve(),
    keepAnswers: () => Promise.resolve(),
  };
  const { dispatcher, begun, lost } = start({ outbox });
  dispatcher.add(batchOf(mappedRecords(2)));
  await dispatcher.finish();
  expect(begun).toEqual([]);
  expect(lost).toEqual([{ tags: ["T1", "T2"], error: new Error("the disk is full") }]);
});
