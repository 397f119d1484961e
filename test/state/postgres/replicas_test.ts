/**
 * Which processes are at work on a state, as others see them.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { version } from "../../../src/runtime/version.ts";
import { hold } from "../conformance/holds.ts";
import { endLease, openTenant, schema, withNewTenant } from "./states.ts";
import { useServer } from "./use_server.ts";

const { pg } = useServer();

test("those at work are listed with what they hold, and nothing else is", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const [serving, dead] = [await again(), await again()];
    const stranger = await openTenant(pg, "stranger");
    for (const each of [dead.state, stranger]) await each.owner.lease();
    await endLease(pg, dead.state);
    await serving.state.announce({ a: "1" });
    for (const name of ["b", "a", "agent:alerts"]) await hold(serving.state, name);
    await state.owner.lease();
    await pg.rows(
      `UPDATE ${schema}.owners SET until = until - interval '7 seconds' WHERE id = $1`,
      [(await serving.state.owner.lease()).id],
    );
    const common = { host: hostname(), process: process.pid, version };
    const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const listed = await state.replicas();
    expect(listed).toEqual([
      {
        ...{ ...common, since, id: expect.any(String), serving: { a: "1" }, isOwn: false },
        ...{ silentSeconds: expect.any(Number), sections: ["a", "b"] },
      },
      {
        ...{ ...common, since, id: expect.any(String), serving: null, isOwn: true },
        ...{ silentSeconds: expect.any(Number), sections: [] },
      },
    ]);
    expect(Math.floor((listed[0]?.silentSeconds ?? 0) / 7)).toBeGreaterThanOrEqual(1);
    expect(listed[0]?.silentSeconds).toBeGreaterThan(listed[1]?.silentSeconds ?? 0);
    await stranger.close();
  }));

test("who only looks is not at work, and who serves is so under its next lease too", () =>
  withNewTenant(pg, async ({ state, again }) => {
    expect(await state.replicas()).toEqual([]);
    const { state: serving } = await again();
    await serving.announce({ a: "1" });
    expect(serving.leasesLost).toBe(0);
    await endLease(pg, serving);
    expect(await serving.owner.renew()).toBe(false);
    expect([serving.leasesLost, await state.replicas()]).toEqual([1, []]);
    await hold(serving, "a");
    expect(await state.replicas()).toMatchObject([{ serving: { a: "1" }, sections: ["a"] }]);
    await serving.close();
    expect([serving.leasesLost, await state.replicas()]).toEqual([1, []]);
  }));
