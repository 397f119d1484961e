/**
 * The corpus of JavaScript bodies gives the results that it says.
 *
 * @module
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  createSandbox,
  defaultLimits,
  type Sandbox,
  type SandboxOutcome,
} from "../../src/sandbox/mod.ts";
import { computer, javaScriptBodies } from "./javascript_bodies.ts";
import { converterSource, keepLog, prepared } from "./sandbox_harness.ts";

describe("JavaScript bodies", () => {
  let sandbox: Sandbox;
  let outcome: SandboxOutcome | undefined;

  beforeAll(async () => {
    const sources = javaScriptBodies.map(({ body }, index) =>
      converterSource(`c${index}`, `// language: javascript\n${body}`)
    );
    sandbox = await createSandbox({
      programs: prepared(...sources),
      calls: javaScriptBodies.map(({ params = {} }, index) => {
        return { converter: `C${index}`, field: "name", params };
      }),
      limits: defaultLimits,
      log: keepLog().log,
      now: new Date("2020-01-01T00:00:00Z"),
    });
    const values = javaScriptBodies.map(({ value = null }) => value);
    [outcome] = await sandbox.run([{ record: computer, values }]);
  });
  afterAll(() => sandbox.close());

  test("there are at least 40", () => {
    expect(javaScriptBodies.length).toBeGreaterThanOrEqual(40);
  });

  javaScriptBodies.forEach(({ title, result }, index) => {
    test(title, () => {
      if (outcome === undefined || !("results" in outcome)) throw new Error("no results");
      expect(outcome.results[index]).toEqual(result);
    });
  });
});
