/**
 * Garbage of small records is collected after so many of them.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { GarbageCollector } from "../../src/runtime/memory.ts";

/** Things that nobody holds, and how many of them are still there. */
function abandoned(): () => number {
  const things = Array.from({ length: 1000 }, (_, index) => new WeakRef({ index }));
  return () => things.filter((thing) => thing.deref() !== undefined).length;
}

/** The engine keeps what a reference was asked for until the work at hand is done. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("what nobody needs is gone after 25,000 records", async () => {
  const garbage = new GarbageCollector();
  const count = abandoned();
  await nextTurn();
  garbage.noteRecords(24_999);
  expect(count()).toBe(1000);
  await nextTurn();
  garbage.noteRecords(1);
  // What the stack still seems to point at is kept.
  expect(count()).toBeLessThan(100);
});

test("the next collection is put off for as long as the last one took, many times over", async () => {
  const garbage = new GarbageCollector();
  garbage.noteRecords(25_000);
  const count = abandoned();
  await nextTurn();
  garbage.noteRecords(25_000);
  expect(count()).toBe(1000);
  // Once that time has passed, the records that were noted meanwhile count.
  while (count() > 100) {
    await nextTurn();
    garbage.noteRecords(0);
  }
});
