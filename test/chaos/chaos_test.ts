/**
 * The shortest of what `npm run chaos` does: a storm, and the points at which a replica is held up.
 *
 * @module
 */
import { expect } from "bun:test";
import { binaryPath } from "../support/binary.ts";
import { slow } from "../support/slow.ts";
import { fixedPoints } from "./fixed_points.ts";
import { runScenario } from "./scenarios.ts";

const settings = { replicas: 3, seconds: 10, sections: 0, state: "postgres" } as const;

slow("a storm over three replicas and their database loses and overwrites nothing", async () => {
  const program = await binaryPath();
  expect((await runScenario("storm", { ...settings, program })).faults).toEqual([]);
}, 400_000);

slow("a failover to a synchronous standby loses and overwrites nothing", async () => {
  const program = await binaryPath();
  expect((await runScenario("failover", { ...settings, program })).faults).toEqual([]);
}, 400_000);

slow("replicas that are held up beyond their leases overwrite nothing, and go on", async () => {
  const program = await binaryPath();
  // Side by side: most of it is waiting for leases to end.
  const outcomes = await Promise.all(
    Object.keys(fixedPoints).map((name) => runScenario(name, { ...settings, program })),
  );
  for (const { scenario, faults } of outcomes) {
    expect({ scenario, faults }).toEqual({ scenario, faults: [] });
  }
}, 300_000);
