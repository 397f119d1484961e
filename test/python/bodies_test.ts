/**
 * Bodies in the style of admins, which do not tell their version, give what CPython gave: Python 3,
 * or Python 2 where Python 3 raises. `scripts/python_bodies.py` made them.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { join } from "node:path";
import { readCorpus } from "../support/corpus.ts";
import { type Given, openEngine, runBody } from "./engine.ts";

type Expected = { readonly value: unknown } | { readonly error: string };

interface Body {
  readonly name: string;
  readonly body: string;
  readonly inputs: readonly (Given & { readonly expected: Expected })[];
}

const bodies = readCorpus<readonly Body[]>(join(import.meta.dir, "bodies.json"));
const context = await openEngine();

/** What a run came to, as the expected results are written. */
function shown(outcome: { readonly error?: string; readonly json?: unknown }): Expected {
  if (outcome.error !== undefined) return { error: outcome.error };
  const { json } = outcome;
  const refused = typeof json === "object" && json !== null && "refused" in json;
  return refused ? { error: "TypeError" } : { value: json ?? null };
}

test("there are enough bodies", () => {
  expect(bodies.length).toBeGreaterThanOrEqual(600);
});

for (const { name, body, inputs } of bodies) {
  test(`${name}: ${body.replaceAll("\n", " ⏎ ").slice(0, 90)}`, () => {
    const found = runBody(context, body, "converter", inputs).map(shown);
    // Which error it is does not matter: the value of the field is null.
    const isError = (one: Expected) => "error" in one ? "error" : one;
    expect(found.map(isError)).toEqual(inputs.map(({ expected }) => isError(expected)));
  });
}
