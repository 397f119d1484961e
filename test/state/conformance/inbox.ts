/**
 * Webhook events, whatever keeps the state.
 *
 * @module
 */
import { expect, test as always } from "bun:test";
import { type Declare, type OpenState, receive, take, withNewState } from "./open_state.ts";

/** Tests what an engine does with webhook events; `test` declares each. */
export function testInbox(openState: OpenState, test: Declare = always): void {
  test("events about the same wait as one, and the newest counts", () =>
    withNewState(openState, async ({ inbox }) => {
      const key = 'k\u0000 "ü" \ud83d\ude00';
      const event = (body: unknown) => ({ section: "a", key, body: JSON.stringify(body), due: 0 });
      await inbox.add([event(1), event(2)]);
      await inbox.add([event({ big: 3 })]);
      await inbox.add([{ ...event(4), key: null }, { ...event(5), key: null }]);
      expect(await inbox.sizes()).toMatchObject([{ section: "a", waiting: 3, dead: 0 }]);
      const taken = await inbox.take("a", 10, false);
      const [one, ...others] = taken.toSorted((a) => a.key === key ? -1 : 1);
      expect(one).toMatchObject({ key, body: { big: 3 }, events: 3, tries: 0 });
      expect(Math.abs(Date.now() - (one?.received ?? 0))).toBeLessThan(60_000);
      expect(others.map(({ body, events }) => [body, events])).toEqual([[4, 1], [5, 1]]);
      await inbox.recordOutcomes(taken.map(({ id }) => ({ id, kind: "done" })));
      expect(await inbox.sizes()).toEqual([]);
    }));

  test("an event is as old, and stands for as many, as it says", () =>
    withNewState(openState, async ({ inbox }) => {
      const received = Date.now() - 3_600_000;
      const event = { section: "a", key: "k", body: "1", due: 0 };
      await inbox.add([{ ...event, received, events: 3 }]);
      await inbox.add([event, { ...event, events: 2 }]);
      await inbox.add([]);
      expect(await inbox.sizes()).toMatchObject([{ section: "a", waiting: 1, dead: 0 }]);
      const [entry] = await inbox.take("a", 10, false);
      expect(entry?.events).toBe(6);
      expect(Math.abs((entry?.received ?? 0) - received)).toBeLessThan(60_000);
    }));

  test("what is not due waits, unless it is taken early", () =>
    withNewState(openState, async ({ inbox }) => {
      const due = Date.now() + 3_600_000;
      await inbox.add([
        { section: "a", key: "k", body: "1", due },
        { section: "c", key: "k", body: "1", due: 0 },
        { section: "c", key: "l", body: "1", due: 0 },
      ]);
      expect(await inbox.dueSections()).toEqual(["c"]);
      await inbox.take("c", 10, false);
      expect(await inbox.dueSections()).toEqual([]);
      expect(await inbox.take("a", 10, false)).toEqual([]);
      expect(Math.abs((await inbox.nextDue("a") ?? 0) - due)).toBeLessThan(60_000);
      expect(await inbox.nextDue("b")).toBeUndefined();
      const [entry] = await inbox.take("a", 10, true);
      expect(entry?.key).toBe("k");
      expect(await inbox.nextDue("a")).toBeUndefined();
      // What has failed before waits for its time.
      const again = { kind: "again", due, tries: 1, reason: "a secret" } as const;
      await inbox.recordOutcomes([{ id: entry?.id ?? 0, ...again }]);
      expect(await inbox.take("a", 10, true)).toEqual([]);
      expect(Math.abs((await inbox.nextDue("a") ?? 0) - due)).toBeLessThan(60_000);
    }));

  test("what was due first is taken first", () =>
    withNewState(openState, async ({ inbox }) => {
      const now = Date.now();
      const seconds = { late: 1, first: 30, second: 20, third: 10 };
      await inbox.add(
        Object.entries(seconds).map(([key, ago]) => {
          return { section: "a", key, body: "1", due: now - ago * 1000 };
        }),
      );
      const taken = async (limit: number) =>
        (await inbox.take("a", limit, false)).map(({ key }) => key).sort();
      expect(await taken(1)).toEqual(["first"]);
      expect(await taken(2)).toEqual(["second", "third"]);
      expect(await taken(9)).toEqual(["late"]);
    }));

  test("outcomes that are told twice count once", () =>
    withNewState(openState, async ({ inbox }) => {
      await inbox.add([{ section: "a", key: "k", body: "1", due: 0 }]);
      const [entry] = await inbox.take("a", 10, false);
      const done = [{ id: entry?.id ?? 0, kind: "done" }] as const;
      await inbox.recordOutcomes(done);
      await inbox.add([{ section: "a", key: "k", body: "2", due: 0 }]);
      await inbox.recordOutcomes(done);
      expect((await inbox.take("a", 10, false)).map(({ body }) => body)).toEqual([2]);
    }));

  test("a newer event takes the place of one that failed, and of one that is given up", () =>
    withNewState(openState, async (opened) => {
      const { inbox } = opened;
      for (const kind of ["again", "dead"] as const) {
        await receive(opened, "a", "k");
        const [entry] = await inbox.take("a", 10, false);
        await receive(opened, "a", "k");
        const outcome = { id: entry?.id ?? 0, tries: 1, reason: "no" };
        await inbox.recordOutcomes([
          kind === "again" ? { ...outcome, kind, due: 0 } : { ...outcome, kind },
        ]);
        expect(await inbox.sizes()).toMatchObject([{ waiting: 1, dead: 0 }]);
        const [newer] = await inbox.take("a", 10, false);
        expect(newer).toMatchObject({ key: "k", tries: 0 });
        await inbox.recordOutcomes([{ id: newer?.id ?? 0, kind: "done" }]);
      }
    }));

  test("two processes never take the same, and what one took that died is given back", () =>
    withNewState(openState, async (opened) => {
      const { inbox, again, die } = opened;
      const other = await again();
      const keys = Array.from({ length: 60 }, (_, at) => `k${at}`);
      await inbox.add(keys.map((key) => ({ section: "a", key, body: "1", due: 0 })));
      const taken = await Promise.all(
        [inbox, other.inbox, inbox, other.inbox].map((each) => each.take("a", 15, false)),
      );
      const found = taken.flat().map(({ key }) => key);
      expect(new Set(found).size).toBe(found.length);
      expect(found.length).toBeGreaterThan(0);
      await die(other);
      await inbox.release();
      const back = taken.flatMap((each, at) => at % 2 === 1 ? each.map(({ key }) => key) : []);
      const left = keys.filter((key) => !found.includes(key));
      const next = (await inbox.take("a", 100, false)).map(({ key }) => key);
      expect(next.toSorted()).toEqual([...back, ...left].toSorted());
    }));

  test("what a process took that died goes when a newer event about the same waits", () =>
    withNewState(openState, async (opened) => {
      const { inbox, again, die } = opened;
      const other = await again();
      for (const key of ["k", "l"]) await receive(opened, "a", key);
      expect((await take(other, "a")).toSorted()).toEqual(["k", "l"]);
      await inbox.add([{ section: "a", key: "k", body: "2", due: 0 }]);
      await die(other);
      // Both are there until somebody looks.
      expect(await inbox.sizes()).toMatchObject([{ section: "a", waiting: 3, dead: 0 }]);
      await inbox.release();
      expect(await inbox.sizes()).toMatchObject([{ section: "a", waiting: 2, dead: 0 }]);
      const left = await inbox.take("a", 10, false);
      expect(new Map(left.map(({ key, body }) => [key, body]))).toEqual(
        new Map<string | null, unknown>([["k", 2], ["l", "l"]]),
      );
    }));

  test("what was taken is given back at the end", () =>
    withNewState(openState, async (opened) => {
      const other = await opened.again();
      await receive(other, "a", "k");
      expect(await take(other, "a")).toEqual(["k"]);
      expect(await take(opened, "a")).toEqual([]);
      await other.inbox.close();
      expect(await take(opened, "a")).toEqual(["k"]);
    }));
}
