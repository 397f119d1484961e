/**
 * Which process has a section, whatever keeps the state.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { SectionHold, State } from "../../../src/state/state.ts";
import { beginRun, type Declare, type OpenState, runEnd, withNewState } from "./open_state.ts";

/** Takes a section that nobody else has. */
export async function hold(state: State, section: string): Promise<SectionHold> {
  const found = await state.holdSection(section);
  if (found.kind === "busy") throw new Error(`Process ${found.process} has ${section}`);
  return found;
}

/** Declares the tests of holds. */
export function testHolds(openState: OpenState, declare: Declare = test): void {
  declare(
    "a process holds a section as often as it likes, and others beside it",
    () =>
      withNewState(openState, async ({ state }) => {
        const holds = await Promise.all(["a", "a", "b"].map((section) => hold(state, section)));
        const run = await beginRun(state, "a");
        await holds[0]?.release();
        await holds[0]?.release();
        expect(holds.map(({ signal }) => signal.aborted)).toEqual([false, false, false]);
        for (const { leftMs } of holds) expect(leftMs()).toBeGreaterThan(0);
        await run.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
        await run.end(runEnd);
        for (const each of holds) await each.release();
        await (await hold(state, "a")).release();
      }),
  );

  declare(
    "who shares what a vendor allows is let through as far as that goes",
    () =>
      withNewState(openState, async ({ state }) => {
        const never = new AbortController().signal;
        const account = state.budget?.account("vendor");
        for (const pace of [undefined, { requests: 1000, intervalMs: 1000 }]) {
          await Promise.all([account?.enter(pace, never), account?.enter(pace, never)]);
        }
        expect(account?.processes ?? 1).toBe(1);
      }),
  );

  declare("who has lost nothing says so", () =>
    withNewState(openState, async ({ state }) => {
      await state.announce({ a: "1" });
      const own = (await state.replicas()).filter(({ isOwn }) => isOwn);
      expect([state.leasesLost, own.length === 0 || own[0]?.serving?.a === "1"]).toEqual([0, true]);
    }));

  declare(
    "a section that was given back is free for the next process",
    () =>
      withNewState(openState, async ({ state, again }) => {
        await (await hold(state, "a")).release();
        const other = await again();
        expect(await other.state.claimStart("a", new Date(0))).toBe(true);
        await (await hold(other.state, "a")).release();
      }),
  );
}
