/**
 * Garbage is collected where memory has grown, and no more often than is worth it.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { collectGarbage, GarbageCollector } from "../../src/runtime/memory.ts";

const mb = 1_000_000;

/** A process whose collections take 10 ms and leave 100 MB, and what it is looked at with. */
function startProcess() {
  const process = { ms: 0, bytes: 100 * mb, collections: 0 };
  const collector = new GarbageCollector({
    memory: () => process.bytes,
    collect() {
      process.ms += 10;
      process.bytes = 100 * mb;
      process.collections++;
    },
    now: () => process.ms,
  });
  return {
    /** Looks after so many milliseconds, with so much memory; gives how many collections there were. */
    look(kind: "large" | "small", afterMs: number, megabytes: number): number {
      process.ms += afterMs;
      process.bytes = megabytes * mb;
      collector.look(100, kind === "large" ? 300_000 : 10_000);
      return process.collections;
    },
  };
}

test("what does not grow is not collected", () => {
  const { look } = startProcess();
  for (let n = 0; n < 100; n++) expect(look("small", 1000, 100 + n % 10)).toBe(0);
});

test("large records are collected after 8 MB", () => {
  const { look } = startProcess();
  expect(look("large", 0, 100)).toBe(0);
  expect(look("large", 50, 107)).toBe(0);
  expect(look("large", 50, 109)).toBe(1);
  expect(look("large", 50, 109)).toBe(2);
});

test("small records wait for many times as long as the last collection took, and less when they grow fast", () => {
  const { look } = startProcess();
  expect(look("small", 0, 100)).toBe(0);
  expect(look("small", 10_000, 133)).toBe(1);
  expect(look("small", 1000, 133)).toBe(1);
  expect(look("small", 1600, 133)).toBe(2);
  expect(look("small", 700, 230)).toBe(3);
});

test("the memory is looked at every 10 ms at most", () => {
  const { look } = startProcess();
  expect(look("large", 0, 100)).toBe(0);
  expect(look("large", 9, 200)).toBe(0);
  expect(look("large", 9, 200)).toBe(1);
});

test("what the system takes back is not waited for again", () => {
  const { look } = startProcess();
  expect(look("large", 0, 100)).toBe(0);
  expect(look("large", 100, 50)).toBe(0);
  expect(look("large", 100, 60)).toBe(1);
});

/** Things that nobody holds, and how many of them are still there. */
function abandoned(): () => number {
  const things = Array.from({ length: 1000 }, (_, index) => new WeakRef({ index }));
  return () => things.filter((thing) => thing.deref() !== undefined).length;
}

test("what nobody needs is gone once the process has grown", async () => {
  const count = abandoned();
  collectGarbage(1, 1_000_000);
  // The engine keeps what a reference was asked for until the work at hand is done.
  await Bun.sleep(100);
  const grown = new Uint8Array(64 * mb).fill(1);
  collectGarbage(1, 1_000_000);
  expect(grown.length).toBe(64 * mb);
  // What the stack still seems to point at is kept.
  expect(count()).toBeLessThan(100);
});
