/**
 * The recipes of `docs/sandbox.md` give what they say.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runRecords } from "./sandbox_harness.ts";

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

test.each(recipes)("$title", async ({ option, body, record, gives }) => {
  const isFilter = option === "recordfilter";
  const setting = isFilter ? { filter: body } : { converters: { [option]: body } };
  const [outcome] = await runRecords(setting, [record]);
  if (isFilter) expect(outcome).toHaveProperty("keep", gives);
  else expect(outcome).toEqual({ keep: true, results: [gives] });
});
