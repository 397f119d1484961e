/**
 * Mutants, and the next version of the agent, are mended with the source that they change.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { mutants, nextVersion, patchedSources } from "./mutants.ts";
import { scenarioNames } from "./scenarios.ts";

test("the mutants follow the source, and each has a scenario to find it", () => {
  for (const mutant of mutants) {
    expect(patchedSources(mutant).size).toBeGreaterThan(0);
    expect(mutant.foundBy.length).toBeGreaterThan(0);
    for (const name of mutant.foundBy) expect(scenarioNames).toContain(name);
  }
});

test("the next version of the agent follows the source", () => {
  expect(patchedSources(nextVersion).size).toBe(1);
});
