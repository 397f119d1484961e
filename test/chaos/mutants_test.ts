/**
 * Mutants, and the next version of the agent, are mended with the source that they change.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { root } from "../../scripts/binary/compile.ts";
import { mutants, nextVersion, patchedSources } from "./mutants.ts";
import { scenarioNames } from "./scenarios.ts";

test("the mutants follow the source, and each has a scenario to find it", () => {
  for (const mutant of mutants) {
    expect(patchedSources(mutant).size).toBeGreaterThan(0);
    expect(mutant.foundBy.length).toBeGreaterThan(0);
    for (const name of mutant.foundBy) expect(scenarioNames).toContain(name);
  }
});

test("the mutant that waits for no disk leaves no statement that does", async () => {
  const commit = mutants.find(({ name }) => name === "commit");
  const patched = patchedSources(commit ?? { name: "commit", patches: [] });
  const setting = /synchronous_commit(?: = |', ')(\w+)/g;
  const modes = [];
  for await (const file of new Bun.Glob("src/**/*.ts").scan(root)) {
    const source = patched.get(file) ?? await Bun.file(join(root, file)).text();
    modes.push(...source.matchAll(setting).map(([, mode]) => mode));
  }
  expect(modes.length).toBeGreaterThan(0);
  expect(modes.filter((mode) => mode !== "off")).toEqual([]);
});

test("the next version of the agent follows the source", () => {
  expect(patchedSources(nextVersion).size).toBe(1);
});
