/**
 * Which of several processes has a section, and what one that lost it can still do.
 *
 * @module
 */
import { afterEach, expect, setSystemTime, test } from "bun:test";
import { hostname } from "node:os";
import { version } from "../../../src/runtime/version.ts";
import { PgLease, readClocks } from "../../../src/state/postgres/lease.ts";
import type { Pg } from "../../../src/state/postgres/pg.ts";
import { openPgState, type PgState } from "../../../src/state/postgres/state.ts";
import { storedSection } from "../../sync/support/store.ts";
import { hold } from "../conformance/holds.ts";
import { beginRun, runEnd } from "../conformance/open_state.ts";
import {
  connect,
  countRows,
  endLease,
  makeHolding,
  schema,
  untilHeldBack,
  withNewTenant,
} from "./states.ts";
import { useServer } from "./use_server.ts";

const { server, pg } = useServer(12);
afterEach(() => void setSystemTime());

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

test("what a run left is for whoever has its section next, also while its process lives", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const other = await again();
    const held = await hold(state, "a");
    const run = await beginRun(state, "a");
    await run.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
    const unfinished = async () => {
      const left = await Array.fromAsync(
        other.state.unfinishedRuns({ section: "a", remember: true }),
      );
      return left.map((each) => each.run);
    };
    // It is at work on it: its end is not written, as when the server is away at that moment.
    expect(await unfinished()).toEqual([]);
    await hold(other.state, "b");
    expect(await unfinished()).toEqual([]);
    await held.release();
    await hold(other.state, "a");
    // Newer records of the section are sent from here: these go before them.
    expect(await unfinished()).toEqual([run.id]);
    expect(await Array.fromAsync(state.unfinishedRuns({ section: "a", remember: true })))
      .toEqual([]);
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

test("who comes while another is taking a section does not lose it to that one", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const { id } = await state.owner.lease();
    // Has the first stop where the server looks at what there is, and not yet for whose row is there.
    await server.psql(`\\c agent
CREATE FUNCTION ${schema}.stop() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END';
GRANT EXECUTE ON FUNCTION ${schema}.stop() TO agent;
CREATE TRIGGER stop BEFORE INSERT ON ${schema}.section_holds
  FOR EACH ROW WHEN (NEW.owner = '${id}') EXECUTE FUNCTION ${schema}.stop();`);
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    const { promise: isLocked, resolve: lock } = Promise.withResolvers<void>();
    const locking = pg.tx(async (on) => {
      await on.rows("SELECT pg_advisory_xact_lock(42)");
      lock();
      await isOver;
    });
    await isLocked;
    const first = kindOf(state);
    await untilHeldBack(pg, [first]);
    const other = await again();
    const second = kindOf(other.state);
    await untilHeldBack(pg, [second], 2);
    end();
    await locking;
    expect([await first, await second].sort()).toEqual(["busy", "held"]);
    await server.psql(`\\c agent
DROP TRIGGER stop ON ${schema}.section_holds;
DROP FUNCTION ${schema}.stop();`);
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

test("a process whose lease is over by its own clock has its sections anew at once", () =>
  withNewTenant(pg, async ({ state }) => {
    const lost = await hold(state, "a");
    setSystemTime(new Date(Date.now() + 3_600_000));
    expect(lost.leftMs()).toBe(0);
    setSystemTime();
    expect(await kindOf(state)).toBe("held");
  }));

test("a lease is renewed while all other connections are busy", async () => {
  const [one, renewing] = [connect(server.url(), 1), connect(server.url(), 1)];
  const state = await openPgState({
    ...{ pg: one, renewing, schema, tenant: "busy pool", instance: undefined },
    ...{ redact: (text) => text, leaseMs: 60_000 },
  });
  const held = await hold(state, "a");
  const door = makeHolding(one);
  const stuck = door.hold();
  const busy = door.tx((on) => on.rows("SELECT 1"));
  await stuck.reached;
  expect(await state.owner.renew()).toBe(true);
  expect(held.signal.aborted).toBe(false);
  stuck.release();
  await busy;
  await held.release();
  await state.close();
  await Promise.all([one.close(), renewing.close()]);
});
