/**
 * Leases are renewed until they say that they end, or until the run is over.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { LeaseKeeper } from "../../src/secrets/leases.ts";

/** A lease that gives the lives of its renewals, and reports when it was renewed the last time. */
function lease(seconds: number, lives: readonly number[]) {
  const { promise: spent, resolve } = Promise.withResolvers<void>();
  let renewals = 0;
  function renew(): Promise<number> {
    const next = lives[renewals++] ?? 0;
    if (renewals >= lives.length) resolve();
    return Promise.resolve(next);
  }
  return { seconds, renew, spent, renewals: () => renewals };
}

/** Keeps the process going: the timers of leases do not. */
async function whileAwake<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

test("a lease is renewed for as long as a renewal gives it more time", async () => {
  const keeper = new LeaseKeeper();
  const kept = lease(0.003, [0.003, 0.003, 0]);
  keeper.keep(kept);
  await whileAwake(kept.spent);
  await keeper.close();
  expect(kept.renewals()).toBe(3);
});

test("one that does not end is not renewed, nor is any after the end of the run", async () => {
  const keeper = new LeaseKeeper();
  const endless = lease(0, [1]);
  const late = lease(1000, [1]);
  keeper.keep(endless);
  keeper.keep(late);
  await keeper.close();
  const after = lease(0.001, [1]);
  keeper.keep(after);
  const marker = new LeaseKeeper();
  const marked = lease(0.05, [0]);
  marker.keep(marked);
  await whileAwake(marked.spent);
  expect([endless, late, after].map(({ renewals }) => renewals())).toEqual([0, 0, 0]);
});

test("the end of the run waits for a renewal under way", async () => {
  const keeper = new LeaseKeeper();
  const begun = Promise.withResolvers<void>();
  const renewal = Promise.withResolvers<number>();
  keeper.keep({
    seconds: 0.001,
    renew() {
      begun.resolve();
      return renewal.promise;
    },
  });
  await whileAwake(begun.promise);
  let isClosed = false;
  const closing = keeper.close().then(() => void (isClosed = true));
  await Promise.resolve();
  expect(isClosed).toBe(false);
  renewal.resolve(1000);
  await closing;
  expect(isClosed).toBe(true);
});
