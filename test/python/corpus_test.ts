/** Every body of the corpus gives in QuickJS what CPython gave. @module */

import { expect, test } from "bun:test";
import { join } from "node:path";
import { readCorpus } from "../support/corpus.ts";
import { type Given, openEngine, runBody } from "./engine.ts";

interface Expected {
  readonly repr?: string;
  readonly error?: string;
  readonly log?: readonly (readonly string[])[];
}

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly version: number;
  readonly body: string;
  readonly inputs: readonly (Given & { readonly result: Expected })[];
}

const cases = readCorpus<readonly Case[]>(join(import.meta.dir, "corpus.json"));
const context = await openEngine();

test("the corpus is large enough, in both versions", () => {
  expect(cases.length).toBeGreaterThanOrEqual(100);
  expect(cases.filter((one) => one.version === 2).length).toBeGreaterThanOrEqual(25);
});

for (const one of cases) {
  test(`${one.name} (Python ${one.version})`, () => {
    const kind = one.kind === "filter" ? "filter" : "converter";
    const found = runBody(context, one.body, kind, one.inputs, one.version).map((outcome) => ({
      ...(outcome.error === undefined ? { repr: outcome.repr } : { error: outcome.error }),
      log: outcome.log,
    }));
    const wanted = one.inputs.map(({ result }) => ({
      ...(result.error === undefined ? { repr: result.repr } : { error: result.error }),
      log: result.log ?? [],
    }));
    expect(JSON.stringify(found)).toBe(JSON.stringify(wanted));
  });
}
