/**
 * The list of built-in converters.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { converters, findConverter } from "../../converters/mod.ts";

test("the list is alphabetical and complete", () => {
  const names = converters.map(({ name }) => name);
  expect(names).toEqual(names.toSorted((a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const files = readdirSync(`${import.meta.dir}/../../converters`);
  expect(files.filter((file) => file !== "mod.ts").sort()).toEqual(
    names.map((name) => `${name === "memberOf" ? "member_of" : name}.ts`).sort(),
  );
});

test("converters are found without regard to case", () => {
  for (const name of ["memberOf", "memberof", "MEMBEROF"]) {
    expect(findConverter(name)?.name).toBe("memberOf");
  }
  for (const name of ["", "constructor", "__proto__", " split"]) {
    expect(findConverter(name)).toBeUndefined();
  }
});

test("every converter explains itself and its parameters", () => {
  for (const { summary, params } of converters) {
    expect(summary).toMatch(/^[A-Z].*\.$/s);
    if (params === "any") continue;
    for (const { help } of Object.values(params)) expect(help).toMatch(/^[A-Z].*\.$/s);
  }
});
