/**
 * Which of several processes makes a start that was due.
 *
 * @module
 */
import { expect, test } from "bun:test";
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
