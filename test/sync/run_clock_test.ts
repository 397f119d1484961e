/**
 * How the time of a run is measured, and how long its records took.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  latencyBoundsSeconds,
  measureLatency,
  ReadTimes,
  TimeSpread,
} from "../../src/sync/latency.ts";
import { RunClock } from "../../src/sync/run_clock.ts";

function fakeClock() {
  let now = 0;
  const clock = new RunClock(() => now);
  return { clock, pass: (ms: number) => void (now += ms) };
}

test("time is the source's while it is waited for, then Oomnitza's, else the agent's", async () => {
  const { clock, pass } = fakeClock();
  pass(5);
  const upload = Promise.withResolvers<void>();
  const sending = clock.during("oomnitza", () => upload.promise);
  pass(10);
  const page = Promise.withResolvers<string>();
  const reading = clock.during("source", () => page.promise);
  pass(100);
  page.resolve("page");
  expect(await reading).toBe("page");
  pass(20);
  upload.resolve();
  await sending;
  pass(1000);
  expect(clock.times()).toEqual({ source_ms: 100, agent_ms: 1005, oomnitza_ms: 30 });
  expect(clock.elapsed).toBe(1135);
});

test("what is done before the first wait counts as waiting", async () => {
  const { clock, pass } = fakeClock();
  await clock.during("source", () => {
    pass(3);
    return Promise.resolve();
  });
  clock.begin("oomnitza");
  pass(4);
  clock.end("oomnitza");
  expect(clock.times()).toEqual({ source_ms: 3, agent_ms: 0, oomnitza_ms: 4 });
});

test("a spread stays as large as it is, and loses no moment", () => {
  const spread = new TimeSpread();
  for (let minute = 0; minute < 600; minute++) spread.add(minute * 60_000, 2);
  const entries = [...spread.entries()];
  expect(spread.total).toBe(1200);
  expect(entries.length).toBeLessThanOrEqual(512);
  expect(entries.reduce((sum, [, count]) => sum + count, 0)).toBe(1200);
  const last = entries.at(-1)?.[0] ?? 0;
  expect(Math.abs(last - 599 * 60_000)).toBeLessThan(599 * 60_000 / 128);
});

test("a latency has its quantiles and its buckets", () => {
  const ages = [[20_000, 1], [400, 98], [90, 1]] as const;
  const latency = measureLatency(ages);
  expect(latency).toMatchObject({ records: 100, p50_ms: 400, p99_ms: 400, sum_ms: 59_290 });
  const at = (bound: number) => latency?.buckets[latencyBoundsSeconds.indexOf(bound)];
  expect([at(0.1), at(0.25), at(0.5), at(10), at(30)]).toEqual([1, 1, 99, 99, 100]);
  expect(latency?.buckets.at(-1)).toBe(100);
  expect(measureLatency([])).toBeNull();
});

test("records that come fast share a moment, those that come slowly have their own", () => {
  const clock = { elapsed: 0 };
  const times = new ReadTimes(clock);
  const read = (msBetween: number, count: number) => {
    for (let record = 0; record < count; record++) {
      clock.elapsed += msBetween;
      times.note();
    }
    return times.take();
  };
  expect(read(1000, 3)).toEqual([[1000, 1], [2000, 1], [3000, 1]]);
  const fast = read(1, 100);
  expect(fast.length).toBeLessThan(20);
  expect(fast.reduce((sum, [, count]) => sum + count, 0)).toBe(100);
  expect(times.take()).toEqual([]);
});
