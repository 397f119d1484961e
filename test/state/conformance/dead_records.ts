/**
 * Dead letters and events that were given up, whatever keeps the state.
 *
 * @module
 */
import { expect, test as always } from "bun:test";
import type { State } from "../../../src/state/state.ts";
import {
  type Declare,
  giveUp,
  type OpenState,
  receive,
  refuse,
  take,
  withNewState,
} from "./open_state.ts";

const records = [{ TAG: "T1" }, { TAG: "T2" }, { TAG: "T3" }];

async function tags(state: State): Promise<string[]> {
  return (await state.deadLetters.find({})).map(({ record }) => record);
}

async function ids(state: State, ...wanted: string[]): Promise<number[]> {
  const letters = await state.deadLetters.find({});
  return letters.filter(({ record }) => wanted.includes(record)).map(({ id }) => id);
}

async function eventIds(state: State, ...wanted: string[]): Promise<number[]> {
  const events = await state.deadEvents.find(undefined);
  return events.filter(({ record }) => wanted.includes(record)).map(({ id }) => id);
}

async function keys(state: State, section?: string): Promise<string[]> {
  return (await state.deadEvents.find(section)).map(({ record }) => record);
}

function testChoice(openState: OpenState, test: Declare): void {
  test("dead letters come in the order in which they were refused, and can be chosen", () =>
    withNewState(openState, async (opened) => {
      const { state } = opened;
      await refuse(opened, "a", records, "one");
      await refuse(opened, "b", [{ TAG: "T0" }], "a secret");
      expect(await tags(state)).toEqual(["T1", "T2", "T3", "T0"]);
      const found = async (selection: Parameters<State["deadLetters"]["find"]>[0]) =>
        (await state.deadLetters.find(selection)).map(({ record }) => record);
      expect(await found({ section: "b" })).toEqual(["T0"]);
      expect(await found({ reason: "one" })).toEqual(["T1", "T2", "T3"]);
      expect(await found({ ids: [] })).toEqual([]);
      const [first = 0] = await ids(state, "T1");
      expect(await found({ ids: [first], section: "b" })).toEqual([]);
      expect(await found({ window: { offset: 1, limit: 2 } })).toEqual(["T2", "T3"]);
      expect(await state.deadLetters.find({ section: "b" })).toMatchObject([
        { reason: "a ***", payload: { TAG: "T0" }, status: 400 },
      ]);
    }));
}

function testLetters(openState: OpenState, test: Declare): void {
  testChoice(openState, test);

  test("texts of dead letters come back as they were, whatever is in them", () =>
    withNewState(openState, async (opened) => {
      const { state } = opened;
      const odd = {
        TAG: "a\u0000b",
        name: "\ud83d\ude00 \u2028 ' \\u0000",
        large: "x".repeat(300),
      };
      await refuse(opened, "s", [odd], "no\u0000reason");
      expect(await state.deadLetters.find({})).toMatchObject([
        { record: "a\u0000b", payload: odd, reason: "no\u0000reason" },
      ]);
    }));

  test("a dead letter that is refused again has the new reason, and its place", () =>
    withNewState(openState, async (opened) => {
      const { state } = opened;
      await refuse(opened, "a", records, "one");
      const [id = 0] = await ids(state, "T2");
      await state.deadLetters.refuseAgain(id, 422, "another secret");
      expect(await tags(state)).toEqual(["T1", "T2", "T3"]);
      expect(await state.deadLetters.find({ ids: [id] })).toMatchObject([
        { status: 422, reason: "another ***" },
      ]);
      expect(await state.deadLetters.find({ reason: "one" })).toHaveLength(2);
    }));

  test("removed dead letters are gone for others, too, and ids that are not there are passed over", () =>
    withNewState(openState, async (opened) => {
      const { state, again } = opened;
      await refuse(opened, "a", records, "one");
      await state.deadLetters.remove([...await ids(state, "T1", "T3"), 999_999]);
      expect(await tags((await again()).state)).toEqual(["T2"]);
      await state.deadLetters.remove([]);
      expect(await tags(state)).toEqual(["T2"]);
    }));

  test("the oldest dead letters go when they are too many or too old", () =>
    withNewState(openState, async (opened) => {
      const { state } = opened;
      await refuse(opened, "a", records, "one");
      expect(await state.deadLetters.prune(1, 2)).toBe(1);
      expect(await tags(state)).toEqual(["T2", "T3"]);
      expect(await state.deadLetters.prune(1, 2)).toBe(0);
      // All of them are older than a moment that is still to come.
      expect(await state.deadLetters.prune(-1, 2)).toBe(2);
      expect(await tags(state)).toEqual([]);
    }));
}

function testEvents(openState: OpenState, test: Declare): void {
  test("events that were given up are found by section, in their order", () =>
    withNewState(openState, async (opened) => {
      const { state } = opened;
      await giveUp(opened, "a", ["k1", "k2"], "a secret");
      await giveUp(opened, "b", ["k1"], "no");
      await receive(opened, "a", "waits");
      expect(await keys(state)).toEqual(["k1", "k2", "k1"]);
      expect(await keys(state, "b")).toEqual(["k1"]);
      expect(await state.deadEvents.find("a")).toMatchObject([{ reason: "a ***" }, {}]);
    }));

  test("an event that is revived is due at once", () =>
    withNewState(openState, async (opened) => {
      const { state } = opened;
      await giveUp(opened, "a", ["k1", "k2"], "no");
      await state.deadEvents.revive(await eventIds(state, "k1"));
      expect(await keys(state)).toEqual(["k2"]);
      expect(await take(opened, "a")).toEqual(["k1"]);
    }));

  test("an event that is revived goes when a newer one about the same waits", () =>
    withNewState(openState, async (opened) => {
      const { state } = opened;
      await giveUp(opened, "a", ["k1"], "no");
      await receive(opened, "a", "k1");
      await state.deadEvents.revive(await eventIds(state, "k1"));
      expect(await keys(state)).toEqual([]);
      expect(await take(opened, "a")).toEqual(["k1"]);
    }));

  test("an event that was revived meanwhile is neither removed nor revived again", () =>
    withNewState(openState, async (opened) => {
      const { state, again } = opened;
      await giveUp(opened, "a", ["k1", "k2"], "no");
      const chosen = await eventIds(state, "k1", "k2");
      await (await again()).state.deadEvents.revive(await eventIds(state, "k1"));
      await state.deadEvents.remove(chosen);
      expect(await keys(state)).toEqual([]);
      await state.deadEvents.revive(chosen);
      expect(await take(opened, "a")).toEqual(["k1"]);
    }));

  test("an event that was revived and failed again waits for its time, whoever revives it again", () =>
    withNewState(openState, async (opened) => {
      const { state, inbox } = opened;
      await giveUp(opened, "a", ["k1"], "no");
      const chosen = await eventIds(state, "k1");
      await state.deadEvents.revive(chosen);
      const [entry] = await inbox.take("a", 1, true);
      const later = { kind: "again", due: Date.now() + 3_600_000, tries: 1, reason: "no" } as const;
      await inbox.recordOutcomes([{ id: entry?.id ?? 0, ...later }]);
      await state.deadEvents.revive(chosen);
      expect(await inbox.take("a", 1, true)).toEqual([]);
    }));

  test("the oldest events go when they are too many or too old, those that wait stay", () =>
    withNewState(openState, async (opened) => {
      const { state } = opened;
      await giveUp(opened, "a", ["k1", "k2", "k3"], "no");
      await receive(opened, "a", "waits");
      expect(await state.deadEvents.prune(1, 2)).toBe(1);
      expect(await keys(state)).toEqual(["k2", "k3"]);
      expect(await state.deadEvents.prune(-1, 2)).toBe(2);
      expect(await keys(state)).toEqual([]);
      expect(await take(opened, "a")).toEqual(["waits"]);
    }));
}

/** Tests what an engine does with dead letters and events; `test` declares each. */
export function testDeadRecords(openState: OpenState, test: Declare = always): void {
  testLetters(openState, test);
  testEvents(openState, test);
}
