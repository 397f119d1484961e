/**
 * Random programs give what CPython 3 gave: a sample of those that `scripts/python_fuzz.py` makes, and
 * those over arrow and dateutil that `scripts/python_dates.py` makes.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { readPrograms, runProgram } from "../../scripts/python_fuzz.ts";
import { openEngine } from "./engine.ts";

const programs = readPrograms(fileURLToPath(import.meta.resolve("./fuzz.jsonl")));
const dates = readPrograms(fileURLToPath(import.meta.resolve("./dates.jsonl")));
const context = await openEngine();

test("there are enough programs", () => {
  expect(programs.length).toBeGreaterThanOrEqual(500);
  expect(dates.length).toBeGreaterThanOrEqual(700);
});

test.each(programs.map((program, index) => [index, program] as const))(
  "program %i",
  (_, { body, ...expected }) => {
    expect({ body, ...runProgram(context, body) }).toEqual({ body, ...expected });
  },
);

test.each(dates.map((program, index) => [index, program] as const))(
  "dates: program %i",
  (_, { body, ...expected }) => {
    expect({ body, ...runProgram(context, body) }).toEqual({ body, ...expected });
  },
);
