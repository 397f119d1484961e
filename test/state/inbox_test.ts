/**
 * The inbox in the state file: what waits, what is taken, and what became of it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { StateInbox } from "../../src/state/inbox.ts";
import type { InboxEvent } from "../../src/state/state.ts";
import { openTestStore } from "../sync/support/store.ts";

function openInbox() {
  const opened = openTestStore();
  const { store } = opened;
  const redact = (text: string) => text.replaceAll("secret", "***");
  const inbox = new StateInbox({ path: store.path, redact });
  return {
    inbox,
    store,
    async [Symbol.asyncDispose]() {
      await inbox.close();
      await opened[Symbol.asyncDispose]();
    },
  };
}

function event(key: string | null, body: unknown = key, due = 0): InboxEvent {
  return { section: "devices", key, body: JSON.stringify(body), due };
}

test("waiting events about the same become one, with the newest body", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  await inbox.add([event("a", 1), event("b", 2), event("a", 3), event(null, 4), event(null, 5)]);
  const entries = await inbox.take("devices", 10, false);
  expect(entries.map(({ key, body, events, tries }) => [key, body, events, tries]).sort()).toEqual([
    [null, 4, 1, 0],
    [null, 5, 1, 0],
    ["a", 3, 2, 0],
    ["b", 2, 1, 0],
  ]);
  expect(await inbox.take("devices", 10, true)).toEqual([]);
  expect(await inbox.take("other", 10, true)).toEqual([]);
});

test("what is not due waits, unless it is taken early", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  const due = Date.now() + 60_000;
  await inbox.add([event("later", 1, due), event("now")]);
  expect(await inbox.nextDue("devices")).toBe(0);
  expect((await inbox.take("devices", 10, false)).map(({ key }) => key)).toEqual(["now"]);
  expect(await inbox.nextDue("devices")).toBe(due);
  const [later] = await inbox.take("devices", 10, true);
  expect(later?.key).toBe("later");
  await inbox.recordOutcomes([{
    id: later?.id ?? 0,
    kind: "again",
    due,
    tries: 1,
    reason: "away",
  }]);
  // What failed once waits for its time, also at the end.
  expect(await inbox.take("devices", 10, true)).toEqual([]);
  expect(await inbox.nextDue("devices")).toBe(due);
  expect(await inbox.nextDue("other")).toBeUndefined();
});

test("what was done goes, what failed comes again, what was given up is dead", async () => {
  await using opened = openInbox();
  const { inbox, store } = opened;
  await inbox.add([event("a"), event("b"), event("c")]);
  const byKey = new Map((await inbox.take("devices", 10, false)).map(({ key, id }) => [key, id]));
  const [a = 0, b = 0, c = 0] = ["a", "b", "c"].map((key) => byKey.get(key));
  await inbox.recordOutcomes([
    { id: a, kind: "done" },
    { id: b, kind: "again", due: 0, tries: 1, reason: "away" },
    { id: c, kind: "dead", tries: 5, reason: "no secret" },
  ]);
  expect(await inbox.sizes()).toMatchObject([{ section: "devices", waiting: 1, dead: 1 }]);
  expect(await inbox.take("devices", 10, false)).toMatchObject([{ key: "b", tries: 1 }]);
  expect(await store.deadEvents.find(undefined)).toMatchObject([
    { section: "devices", record: "c", reason: "no ***", payload: "c" },
  ]);
  expect(await store.deadEvents.find("other")).toEqual([]);
});

test("an entry that failed yields to a newer event about the same", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  await inbox.add([event("a", "old")]);
  const [old] = await inbox.take("devices", 10, false);
  await inbox.add([event("a", "new")]);
  await inbox.recordOutcomes([{
    id: old?.id ?? 0,
    kind: "again",
    due: 0,
    tries: 1,
    reason: "away",
  }]);
  expect(await inbox.take("devices", 10, false)).toMatchObject([{ body: "new", tries: 0 }]);
});

test("entries of a process that is no more are given back", async () => {
  await using opened = openInbox();
  const { inbox, store } = opened;
  const other = new StateInbox({ path: store.path, redact: (text) => text });
  await other.add([event("a")]);
  expect(await other.take("devices", 10, false)).toHaveLength(1);
  await inbox.release();
  expect(await inbox.take("devices", 10, false)).toEqual([]);
  await other.close();
  await inbox.release();
  expect(await inbox.take("devices", 10, false)).toMatchObject([{ key: "a", tries: 0 }]);
});

test("the longest due comes first, and no more than asked for", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  await inbox.add([event("a", 1, 3), event("b", 2, 1), event("c", 3, 2)]);
  expect((await inbox.take("devices", 2, false)).map(({ key }) => key).sort()).toEqual(["b", "c"]);
  expect((await inbox.sizes())[0]?.oldest).toBeGreaterThan(0);
});

test("events that were given up can be revived or removed", async () => {
  await using opened = openInbox();
  const { inbox, store } = opened;
  await inbox.add([event("a"), event("b")]);
  const taken = await inbox.take("devices", 10, false);
  await inbox.recordOutcomes(taken.map(({ id }) => ({ id, kind: "dead", tries: 9, reason: "no" })));
  const [a, b] = await store.deadEvents.find(undefined);
  await store.deadEvents.revive([a?.id ?? 0]);
  expect(await inbox.take("devices", 10, false)).toMatchObject([{ key: "a", tries: 0 }]);
  await store.deadEvents.remove([b?.id ?? 0]);
  expect(await store.deadEvents.find(undefined)).toEqual([]);
});
