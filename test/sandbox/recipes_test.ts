/**
 * The recipes of `docs/sandbox.md` give what they say.
 *
 * @module
 */

import { beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SandboxOutcome } from "../../src/sandbox/mod.ts";
import { runRecords } from "./sandbox_harness.ts";
import { slow } from "../support/slow.ts";

/** A piece of code from the docs, and one record with what must become of it. */
interface Recipe {
  readonly title: string;
  readonly option: string;
  readonly body: string;
  readonly record: unknown;
  readonly gives: unknown;
}

function recipesIn(block: string): Recipe[] {
  const examples = [...block.matchAll(/^; (\{.*\}) gives (.*)$/gm)];
  const [, option = "", body = ""] = /^(\w+):\n((?: .*\n)+)/m.exec(block) ?? [];
  return examples.map(([, record = "", gives = ""]) => {
    const title = `${option} of ${record}`;
    return {
      title,
      option,
      body: `\n${body}`,
      record: JSON.parse(record),
      gives: JSON.parse(gives),
    };
  });
}

const docs = readFileSync(join(import.meta.dir, "../../docs/sandbox.md"), "utf8");
const chapter = docs.split("## Ten recipes")[1]?.split("\n## ")[0] ?? "";
const blocks = chapter.split("```ini\n").slice(1).map((block) => block.split("```")[0] ?? "");
const recipes = blocks.flatMap(recipesIn);

test("there are ten", () => {
  expect(blocks).toHaveLength(10);
  expect(recipes.length).toBeGreaterThan(10);
});

const isFilter = ({ option }: Recipe) => option === "recordfilter";
const calls = recipes.filter((recipe) => !isFilter(recipe));
// Two recipes may be for the same option.
const bodies = [...new Set(calls.map(({ body }) => body))];
const converters = Object.fromEntries(bodies.map((body, index) => [`recipe${index}`, body]));

slow.each(recipes.filter(isFilter))("$title", async ({ body, record, gives }) => {
  const [outcome] = await runRecords({ filter: body }, [record]);
  expect(outcome).toHaveProperty("keep", gives);
});

describe("converters", () => {
  // One sandbox for all of them: to start one takes much longer than to run a recipe.
  let outcomes: readonly SandboxOutcome[] = [];
  beforeAll(async () => {
    outcomes = await runRecords({ converters }, calls.map(({ record }) => record));
  });

  calls.forEach(({ title, body, gives }, index) => {
    test(title, () => {
      const outcome = outcomes[index];
      const results = outcome !== undefined && "results" in outcome ? outcome.results : [];
      expect(results).toHaveLength(bodies.length);
      expect(results[bodies.indexOf(body)]).toEqual(gives);
    });
  });
});
