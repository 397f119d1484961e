/**
 * Which of several processes has a section, and what one that lost it can still do.
 *
 * @module
 */
import { afterAll, afterEach, beforeAll, expect, setSystemTime, test } from "bun:test";
import { runHeld } from "../../../src/daemon/scheduled_runs.ts";
import { hostname } from "node:os";
import { version } from "../../../src/runtime/version.ts";
import { PgLease, readClocks } from "../../../src/state/postgres/lease.ts";
import type { Pg } from "../../../src/state/postgres/pg.ts";
import { openPgState, type PgState } from "../../../src/state/postgres/state.ts";
import { type Postgres, startPostgres } from "../../support/postgres.ts";
import { storedSection } from "../../sync/support/store.ts";
import { hold } from "../conformance/holds.ts";
import { beginRun, runEnd } from "../conformance/open_state.ts";
import { connect, countRows, endLease, makeHolding, schema, withNewTenant } from "./states.ts";

let server: Postgres;
let pg: Pg;
beforeAll(async () => {
  server = await startPostgres();
  pg = connect(server.url(), 12);
}, 60_000);
afterEach(() => void setSystemTime());
afterAll(async () => {
  await pg.close();
  await server[Symbol.asyncDispose]();
});

const kindOf = async (state: PgState, section = "a") => (await state.holdSection(section)).kind;

test("who asks for a section that another process has is told which one that is", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const [first, second] = [await hold(state, "a"), await hold(state, "a")];
    const other = await again();
    const holder = await other.state.holdSection("a");
    expect(holder).toEqual({
      ...{ kind: "busy", host: hostname(), process: process.pid, version },
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(await kindOf(other.state, "b")).toBe("held");
    await first.release();
    await first.release();
    expect(await kindOf(other.state)).toBe("busy");
    await second.release();
    expect(await kindOf(other.state)).toBe("held");
    expect(await kindOf(state)).toBe("busy");
  }));

test("a section is free at once when its process ends, or its lease is over", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const [closing, dying] = [await again(), await again()];
    await hold(closing.state, "a");
    const lost = await hold(dying.state, "b");
    expect([await kindOf(state, "a"), await kindOf(state, "b")]).toEqual(["busy", "busy"]);
    await closing.state.close();
    await endLease(pg, dying.state);
    expect([await kindOf(state, "a"), await kindOf(state, "b")]).toEqual(["held", "held"]);
    expect(await dying.state.owner.renew()).toBe(false);
    expect([lost.signal.aborted, lost.leftMs()]).toEqual([true, 0]);
    expect(lost.signal.reason.message).toContain("away for too long");
  }));

test("of eight that want the same section, never two have it", () =>
  withNewTenant(pg, async ({ again }) => {
    let [inside, most, turns] = [0, 0, 0];
    const contend = async () => {
      const { state } = await again();
      while (turns < 40) {
        const found = await state.holdSection("a");
        if (found.kind === "busy") continue;
        most = Math.max(most, ++inside);
        turns++;
        await pg.rows("SELECT 1");
        inside--;
        await found.release();
      }
    };
    await Promise.all(Array.from({ length: 8 }, contend));
    expect([most, inside]).toEqual([1, 0]);
  }));

test("nobody waits for a process that is gone in the middle of a transaction, nor takes its section", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const slower = makeHolding(pg);
    const dying = await again(slower);
    await hold(dying.state, "a");
    const cursor = dying.state.cursor("a");
    cursor.set("since", "1");
    const held = slower.hold();
    const writing = cursor.commit();
    await held.reached;
    await endLease(pg, dying.state);
    expect(await kindOf(state)).toBe("busy");
    held.release();
    await writing;
    expect(await kindOf(state)).toBe("held");
    expect(await state.cursor("a").get("since")).toBe("1");
  }));

test("a process that lost its lease goes on under a new one, and what it had begun does not", () =>
  withNewTenant(pg, async ({ state, again, tenant }) => {
    const { state: late, inbox } = await again();
    const lost = await hold(late, "a");
    const run = await beginRun(late, "a");
    const cursor = late.cursor("a");
    cursor.set("since", "old");
    const baseline = await late.accepted.openBaseline("a", storedSection.upload);
    await inbox.add([{ section: "a", key: "k", body: "1", due: 0 }]);
    const [taken] = await inbox.take("a", 1, true);
    await endLease(pg, late);
    const old = await late.owner.lease();
    expect(await late.owner.renew()).toBe(false);
    // Under the hold that is over, nothing new begins either.
    await expect(beginRun(late, "a")).rejects.toThrow("away for too long");
    await lost.release();
    const anew = await hold(late, "a");
    expect((await late.owner.lease()).id).not.toBe(old.id);
    const next = await beginRun(late, "a");
    const batch = [{ records: [{ TAG: "T1" }], text: undefined }];
    const conclusion = { run: run.id, isSeen: () => true, returned: [], gone: 0 };
    for (
      const write of [
        () => run.outbox.put(batch),
        () => run.outbox.finish(),
        () => run.end(runEnd),
        () => cursor.commit(),
        () => baseline.conclude(conclusion),
      ]
    ) await expect(write()).rejects.toThrow("away for too long");
    await inbox.recordOutcomes([{ id: taken?.id ?? 0, kind: "done" }]);
    expect(await next.outbox.put(batch)).toEqual([1]);
    expect([anew.signal.aborted, anew.leftMs() > 0]).toEqual([false, true]);
    expect([await kindOf(state), await countRows(pg, "cursors", tenant)]).toEqual(["busy", 0]);
    expect(await countRows(pg, "inbox", tenant)).toBe(1);
    await inbox.release();
    expect((await inbox.take("a", 1, true)).map(({ key }) => key)).toEqual(["k"]);
  }));

/** A door that fails after what it did, or before. */
function failingDoor(): Pg & { fail: "before" | "after" | undefined } {
  const door: Pg & { fail: "before" | "after" | undefined } = {
    ...makeHolding(pg),
    fail: undefined,
    async tx(work, deadline) {
      if (door.fail === "before") throw new Error("PostgreSQL is away");
      const result = await pg.tx(work, deadline);
      if (door.fail === "after") throw new Error("no answer came");
      return result;
    },
  };
  return door;
}

test.each(["before", "after"] as const)(
  "a section whose giving back fails (%s it was done) is given back after the next renewal",
  (fail) =>
    withNewTenant(pg, async ({ state, again }) => {
      const door = failingDoor();
      const { state: own } = await again(door);
      const held = await hold(own, "a");
      door.fail = fail;
      await held.release();
      door.fail = undefined;
      expect(await own.owner.renew()).toBe(true);
      while (await kindOf(state) === "busy") await Bun.sleep(5);
    }),
);

test("a section that was taken without an answer is given back after the next renewal", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const door = failingDoor();
    const { state: own } = await again(door);
    await own.owner.lease();
    door.fail = "after";
    await expect(own.holdSection("a")).rejects.toThrow("no answer came");
    door.fail = undefined;
    expect(await kindOf(state)).toBe("busy");
    // It can be taken by the same process, and is not given back then.
    const held = await hold(own, "a");
    expect(await own.owner.renew()).toBe(true);
    await own.owner.renew();
    expect(await kindOf(state)).toBe("busy");
    await held.release();
    expect(await kindOf(state)).toBe("held");
    door.fail = "after";
    await expect(own.holdSection("b")).rejects.toThrow("no answer came");
    door.fail = undefined;
    expect(await kindOf(state, "b")).toBe("busy");
    expect(await own.owner.renew()).toBe(true);
    while (await kindOf(state, "b") === "busy") await Bun.sleep(5);
  }));

test("the end of a process without its server is no failure", () =>
  withNewTenant(pg, async ({ again }) => {
    const own = connect(server.url());
    const { state, inbox } = await again(own);
    const held = await hold(state, "a");
    await inbox.take("a", 1, true);
    await own.close();
    await held.release();
    await inbox.close();
    await state.close();
    expect(held.signal.aborted).toBe(true);
  }));

test("a machine that was suspended has no lease left, whichever of its clocks went on", () => {
  const lease = new PgLease("1", 60_000, readClocks());
  setSystemTime(new Date(Date.now() - 3_600_000));
  expect(lease.leftMs()).toBeGreaterThan(0);
  setSystemTime(new Date(Date.now() + 2 * 3_600_000));
  expect([lease.leftMs(), lease.signal.aborted]).toEqual([0, true]);
  // What was asked for before comes too late.
  lease.extend(readClocks());
  expect(lease.leftMs()).toBe(0);
  const { steady, wall } = readClocks();
  expect(new PgLease("2", 60_000, { steady: steady - 60_000, wall }).leftMs()).toBe(0);
});

const due = (day: number) => new Date(Date.UTC(2026, 0, day, 3));

test("a start that was due is made once, by whoever asks first", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const other = await again();
    const asked = await Promise.all(
      [state, other.state, state, other.state].map((each) => each.claimStart("a", due(1))),
    );
    expect(asked.sort()).toEqual([false, false, false, true]);
    expect(await other.state.claimStart("a", due(2))).toBe(true);
    expect(await other.state.claimStart("b", due(1))).toBe(true);
  }));

test("a start of a process that died before its run began is made by the next, and by one only", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const [dead, ran, other] = [await again(), await again(), await again()];
    for (const { state: each } of [dead, ran]) await each.owner.lease();
    expect(await dead.state.claimStart("a", due(1))).toBe(true);
    expect(await ran.state.claimStart("b", due(1))).toBe(true);
    await beginRun(ran.state, "b");
    for (const one of [dead, ran]) await endLease(pg, one.state);
    // Its row is removed by who takes the section.
    await hold(state, "a");
    const asked = await Promise.all(
      [state, other.state].map((each) => each.claimStart("a", due(1))),
    );
    expect(asked.sort()).toEqual([false, true]);
    expect(await state.claimStart("b", due(1))).toBe(false);
  }));

test("who looks finds a start that another process makes, or has made, until that one dies", () =>
  withNewTenant(pg, async ({ state, again, tenant }) => {
    const other = await again();
    const look = () => Promise.all([state, other.state].map((each) => each.findStart("a", due(1))));
    expect(await look()).toEqual(["uncertain", "uncertain"]);
    expect(await countRows(pg, "owners", tenant)).toBe(0);
    const held = await hold(state, "a");
    // One's own hold, for webhooks for example, keeps no run from beginning.
    expect(await look()).toEqual(["uncertain", "busy"]);
    await state.claimStart("a", due(1));
    expect(await look()).toEqual(["made", "busy"]);
    await held.release();
    expect(await look()).toEqual(["made", "made"]);
    expect(await other.state.findStart("a", due(2))).toBe("uncertain");
    expect(await other.state.findStart("b", due(1))).toBe("uncertain");
    // What became of its run is for whoever takes the section.
    await hold(state, "a");
    await endLease(pg, state);
    expect(await other.state.findStart("a", due(1))).toBe("uncertain");
  }));

test("a run is begun by one of those that find it due, and the others take nothing", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const other = await again();
    let runs = 0;
    let taken = 0;
    const counting = {
      findStart: (...words: Parameters<typeof state.findStart>) => other.state.findStart(...words),
      claimStart: (...words: Parameters<typeof state.claimStart>) =>
        other.state.claimStart(...words),
      holdSection: (section: string) => {
        taken++;
        return other.state.holdSection(section);
      },
    };
    const run = () => Promise.resolve(void runs++);
    const busy: boolean[] = [];
    const isMade = await runHeld(state, "a", due(1), async () => {
      await run();
      busy.push(await runHeld(counting, "a", due(1), run));
    });
    expect([isMade, await runHeld(counting, "a", due(1), run)]).toEqual([true, true]);
    expect({ busy, runs, taken }).toEqual({ busy: [false], runs: 1, taken: 0 });
    expect(await runHeld(counting, "a", due(2), run)).toBe(true);
    expect({ runs, taken }).toEqual({ runs: 2, taken: 1 });
  }));

test("starts of more than 90 days ago are forgotten, except the one that is asked for", () =>
  withNewTenant(pg, async ({ state, tenant }) => {
    const long = (days: number) => new Date(Date.now() - days * 86_400_000);
    const [older, old] = [long(100), long(95)];
    await hold(state, "a");
    for (const each of [older, old, long(10)]) await state.claimStart("a", each);
    expect(await countRows(pg, "starts", tenant)).toBe(1);
    for (const answer of [true, false]) expect(await state.claimStart("b", old)).toBe(answer);
    expect(await countRows(pg, "starts", tenant)).toBe(2);
    expect(await countRows(pg, "section_holds", tenant)).toBe(1);
  }));

test("a lease is renewed while all other connections are busy", async () => {
  const [one, renewing] = [connect(server.url(), 1), connect(server.url(), 1)];
  const state = await openPgState({
    ...{ pg: one, renewing, schema, tenant: "busy pool", instance: undefined },
    ...{ redact: (text) => text, leaseMs: 500 },
  });
  const held = await hold(state, "a");
  await one.rows("SELECT pg_sleep(1)");
  expect([held.signal.aborted, held.leftMs() > 0]).toEqual([false, true]);
  await held.release();
  await state.close();
  await Promise.all([one.close(), renewing.close()]);
});
