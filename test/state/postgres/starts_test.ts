/**
 * Which of several processes makes a start that was due.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { runHeld } from "../../../src/daemon/scheduled_runs.ts";
import { storedSection } from "../../sync/support/store.ts";
import { hold } from "../conformance/holds.ts";
import { acceptRecords, beginRun } from "../conformance/open_state.ts";
import { countRows, endLease, withNewTenant } from "./states.ts";
import { useServer } from "./use_server.ts";

const { pg } = useServer(12);

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

test("a start that comes late is not made after a later one", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const [other, dead] = [await again(), await again()];
    await other.state.claimStart("a", due(3));
    // As a process asks that stood still meanwhile.
    expect(await state.claimStart("a", due(2))).toBe(false);
    expect(await state.claimStart("b", due(2))).toBe(true);
    expect(await state.claimStart("a", due(4))).toBe(true);
    await dead.state.owner.lease();
    await dead.state.claimStart("c", due(3));
    await endLease(pg, dead.state);
    await hold(state, "c");
    expect(await state.claimStart("c", due(2))).toBe(true);
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

test("what ran before a start was noted, or ran for webhooks, is not the run of that start", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const dead = await again();
    await acceptRecords(dead.state, "a", [{ TAG: "T1" }]);
    expect(await dead.state.claimStart("a", due(1))).toBe(true);
    await dead.state.begin({ ...storedSection, section: "a" }, "webhook", () => ({}));
    await endLease(pg, dead.state);
    // Its row is removed by who takes the section.
    await hold(state, "a");
    expect([await state.claimStart("a", due(1)), await state.claimStart("a", due(1))])
      .toEqual([true, false]);
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
