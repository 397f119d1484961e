/**
 * Turns are shared fairly among tenants.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { FairTurns } from "../../src/daemon/turns.ts";

const never = new AbortController().signal;

/** Works that end when they are told to, in the order in which they began. */
function openWorks(turns: FairTurns) {
  const begun: { readonly tenant: string; readonly end: () => void }[] = [];
  return {
    begun,
    order: () => begun.map(({ tenant }) => tenant),
    take: (tenant: string, signal = never) =>
      turns.take(tenant, () => {
        const { promise, resolve } = Promise.withResolvers<string>();
        begun.push({ tenant, end: () => resolve(tenant) });
        return promise;
      }, signal),
  };
}

/** Lets all that can go on do so. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("tenants that want hundreds of turns keep no other waiting for more than one of each", async () => {
  const works = openWorks(new FairTurns(2));
  const all = Array.from({ length: 300 }, (_, each) => works.take(`greedy${each % 2}`));
  for (let small = 0; small < 20; small++) all.push(works.take(`small${small}`));
  await settle();
  for (let ended = 0; ended < all.length; ended++) {
    works.begun[ended]?.end();
    await settle();
  }
  await Promise.all(all);
  const order = works.order();
  expect(order).toHaveLength(320);
  const last = Math.max(
    ...Array.from({ length: 20 }, (_, small) => order.indexOf(`small${small}`)),
  );
  // All had one turn before any has its second.
  expect(last).toBeLessThan(30);
});

test("no tenant has more than half of the turns, so that another begins at once", async () => {
  const works = openWorks(new FairTurns(4));
  for (let each = 0; each < 10; each++) void works.take("greedy");
  await settle();
  expect(works.order()).toEqual(["greedy", "greedy"]);
  void works.take("small");
  await settle();
  expect(works.order()).toEqual(["greedy", "greedy", "small"]);
  works.begun[0]?.end();
  await settle();
  expect(works.order()).toEqual(["greedy", "greedy", "small", "greedy"]);
});

test("who gives up waiting gets nothing, and keeps nobody waiting", async () => {
  const works = openWorks(new FairTurns(1));
  const first = works.take("one");
  const end = new AbortController();
  const second = works.take("two", end.signal);
  const third = works.take("three");
  await settle();
  end.abort();
  expect(await second).toBeUndefined();
  works.begun[0]?.end();
  expect(await first).toBe("one");
  await settle();
  expect(works.order()).toEqual(["one", "three"]);
  works.begun[1]?.end();
  expect(await third).toBe("three");
  expect(await works.take("four", end.signal)).toBeUndefined();
});

test("work that fails gives its turn to the next", async () => {
  const turns = new FairTurns(1);
  const failing = turns.take("one", () => Promise.reject(new Error("it failed")), never);
  const next = turns.take("two", () => Promise.resolve("done"), never);
  expect(failing).rejects.toThrow("it failed");
  expect(await next).toBe("done");
});
