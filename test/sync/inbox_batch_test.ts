/**
 * A batch of webhook events: what becomes of each when what it is about is fetched.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { AuthError } from "../../src/base/errors.ts";
import { Skipped } from "../../src/base/record.ts";
import type { InboxEntry } from "../../src/state/state.ts";
import { backoffMs, InboxBatch } from "../../src/sync/inbox/batch.ts";
import { describeItem } from "./support/prepared_section.ts";
import { even, makeContext, retryDelays, webhookSource } from "./support/webhook_source.ts";

function entry(id: number, details: Partial<InboxEntry> = {}): InboxEntry {
  return {
    id,
    key: `computer ${id}`,
    body: id,
    received: Date.now(),
    events: 1,
    tries: 0,
    ...details,
  };
}

test("an entry that fails does not stop the others, and is tried again later", async () => {
  const { context, lines } = await makeContext();
  const batch = new InboxBatch([entry(1), entry(2), entry(4)], {
    workers: 1,
    retryDelays,
  });
  const read = await Array.fromAsync(batch.read(even, context));
  expect(read.flat().map((item) => describeItem(item))).toEqual(["T2", "T4"]);
  expect(lines).toEqual(["warning: computer 1 is tried again later: no such computer"]);
  const before = Date.now();
  const [again, ...done] = batch.outcomes({ error: null });
  expect(done).toEqual([{ id: 2, kind: "done" }, { id: 4, kind: "done" }]);
  expect(again).toMatchObject({ id: 1, kind: "again", tries: 1, reason: "no such computer" });
  const { due } = again as { due: number };
  expect(due).toBeGreaterThanOrEqual(before + 50);
  expect(due).toBeLessThanOrEqual(Date.now() + 101);
});

test("an entry that is too old and fails again is given up, and counts as unreadable", async () => {
  const { context } = await makeContext();
  const old = { received: Date.now() - 60_001 };
  const entries = [entry(1, { ...old, tries: 3 }), entry(3, { ...old, key: null, tries: 0 })];
  const batch = new InboxBatch(entries, { workers: 1, retryDelays });
  const read = await Array.fromAsync(batch.read(even, context));
  expect(read).toEqual([new Skipped("computer 1", "no such computer. It is given up")]);
  const [dead, young] = batch.outcomes({ error: null });
  expect(dead).toEqual({ id: 1, kind: "dead", tries: 4, reason: "no such computer" });
  // What never failed before is tried once more, however long it waited.
  expect(young).toMatchObject({ id: 3, kind: "again", tries: 1 });
});

test("what a run failed for is the reason of all its entries", () => {
  const batch = new InboxBatch([entry(2), entry(4)], { workers: 1, retryDelays });
  const error = { message: "Oomnitza is away", hint: null, bug: false };
  expect(batch.outcomes({ error })).toMatchObject([
    { id: 2, kind: "again", reason: "Oomnitza is away" },
    { id: 4, kind: "again", reason: "Oomnitza is away" },
  ]);
});

test("credentials that are refused concern all entries", async () => {
  const { context } = await makeContext();
  const locked = webhookSource(async function* () {
    yield* [];
    throw new AuthError("the token has expired");
  });
  const batch = new InboxBatch([entry(2)], { workers: 1, retryDelays });
  await expect(Array.fromAsync(batch.read(locked, context))).rejects.toThrow(AuthError);
});

test("an entry whose record cannot be read fails as a whole", async () => {
  const { context } = await makeContext();
  const half = webhookSource(async function* () {
    yield { tag: "T1" };
    yield new Skipped("computer 1", "its details are missing");
  });
  const batch = new InboxBatch([entry(1)], { workers: 1, retryDelays });
  expect(await Array.fromAsync(batch.read(half, context))).toEqual([]);
  expect(batch.outcomes({ error: null })).toMatchObject([{ reason: "its details are missing" }]);
});

test("waits double up to a limit, a random half of each left out", () => {
  for (const [tries, longest] of [[1, 100], [2, 200], [4, 800], [5, 1000], [1000, 1000]] as const) {
    for (let round = 0; round < 50; round++) {
      const wait = backoffMs(tries, retryDelays);
      expect(wait).toBeGreaterThanOrEqual(longest / 2);
      expect(wait).toBeLessThanOrEqual(longest);
    }
  }
});
