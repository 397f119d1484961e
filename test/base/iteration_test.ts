/**
 * Working on many things at once.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { heapStats } from "bun:jsc";
import { mapOrdered, sleep, withinTime } from "../../src/base/iteration.ts";

test("mapOrdered() keeps the order and the width", async () => {
  let running = 0;
  let most = 0;
  async function work(item: number): Promise<number> {
    most = Math.max(most, ++running);
    await Bun.sleep((10 - item) * 2);
    running--;
    return item * 2;
  }
  const items = Array.from({ length: 10 }, (_, item) => item);
  expect(await Array.fromAsync(mapOrdered(items, 3, work))).toEqual(items.map((item) => item * 2));
  expect(most).toBe(3);
  expect(await Array.fromAsync(mapOrdered([], 3, work))).toEqual([]);
  expect(await Array.fromAsync(mapOrdered([1], 3, work))).toEqual([2]);
});

test("mapOrdered() delivers what is under way before it throws what the items threw", async () => {
  async function* items() {
    yield 1;
    yield 2;
    throw new Error("the list broke");
  }
  const seen: number[] = [];
  async function run() {
    for await (const item of mapOrdered(items(), 5, (one) => Bun.sleep(5).then(() => one))) {
      seen.push(item);
    }
  }
  await expect(run()).rejects.toThrow("the list broke");
  expect(seen).toEqual([1, 2]);
});

test("mapOrdered() closes the items when it is left early, and throws what the work threw", async () => {
  let closed = false;
  async function* items() {
    try {
      for (let item = 0;; item++) yield item;
    } finally {
      closed = true;
    }
  }
  for await (const item of mapOrdered(items(), 2, (one) => Promise.resolve(one))) {
    if (item === 3) break;
  }
  expect(closed).toBe(true);
  const failing = mapOrdered(
    [1, 2, 3],
    2,
    (one) => one === 2 ? Promise.reject(new Error("two")) : Promise.resolve(one),
  );
  await expect(Array.fromAsync(failing)).rejects.toThrow("two");
});

test("sleep() ends at once with the signal's reason", async () => {
  const controller = new AbortController();
  const slept = sleep(10_000, controller.signal);
  controller.abort(new Error("stop"));
  await expect(slept).rejects.toThrow("stop");
  await expect(sleep(1, controller.signal)).rejects.toThrow("stop");
});

test("withinTime() aborts what takes too long, with the reason that time-outs have", async () => {
  const { signal } = new AbortController();
  const late = withinTime(5, signal, (limited) => sleep(10_000, limited));
  await expect(late).rejects.toHaveProperty("name", "TimeoutError");
  expect(await withinTime(10_000, signal, () => Promise.resolve(1))).toBe(1);
});

test("withinTime() hands on the reason of the other signal, also of one that is aborted already", async () => {
  const controller = new AbortController();
  const stopped = withinTime(10_000, controller.signal, (limited) => sleep(10_000, limited));
  controller.abort(new Error("stop"));
  await expect(stopped).rejects.toThrow("stop");
  const after = withinTime(10_000, controller.signal, (limited) => sleep(1, limited));
  await expect(after).rejects.toThrow("stop");
});

test("withinTime() leaves nothing behind of work that has ended, long before its time is over", async () => {
  const { signal } = new AbortController();
  for (let n = 0; n < 500; n++) {
    await withinTime(60_000, signal, (limited) => {
      limited.addEventListener("abort", () => {});
      return Promise.resolve();
    });
  }
  await Bun.sleep(1);
  Bun.gc(true);
  expect(heapStats().objectTypeCounts["AbortSignal"] ?? 0).toBeLessThan(100);
});
