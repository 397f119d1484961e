/**
 * Every worked example of every built-in converter holds.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { converters } from "../../converters/mod.ts";
import { run, services } from "./converter_run.ts";

describe("the worked examples", () => {
  for (const converter of converters) {
    for (const example of converter.examples) {
      const about = JSON.stringify(example.value ?? example.record ?? null);
      test(`${example.call} of ${about}`, async () => {
        const outcome = await run(example.call, { ...example, services });
        expect(outcome.result).toEqual(example.result);
        expect(outcome.problems.map(({ level }) => level)).toEqual(
          example.reports === undefined ? [] : [example.reports],
        );
        expect(outcome.thrown !== undefined).toBe(example.fails ?? false);
      });
    }
  }

  test("are given for every converter, in calls of that converter", () => {
    for (const { name, examples } of converters) {
      expect(examples.length).toBeGreaterThan(1);
      for (const { call } of examples) expect(call.split(":")[0]).toBe(name);
    }
  });

  test("use no parameter that the converter does not declare", () => {
    for (const { params, examples } of converters) {
      if (params === "any") continue;
      for (const { call } of examples) {
        const used = call.includes(":") ? call.slice(call.indexOf(":") + 1).split("|") : [];
        for (const param of used) expect(Object.keys(params)).toContain(param.split("=")[0] ?? "");
      }
    }
  });
});
