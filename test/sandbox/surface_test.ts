/**
 * What user code can reach is what `docs/sandbox.md` lists, and nothing else.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { reachableGlobals } from "../../src/sandbox/guest/realm.ts";
import { runJavaScript } from "./sandbox_harness.ts";
import { slow } from "../support/slow.ts";

const docs = readFileSync(join(import.meta.dir, "../../docs/sandbox.md"), "utf8");

function listed(): string[] {
  const block = /<!-- globals:[^>]*-->\s*```text\n([^`]*)```/.exec(docs)?.[1] ?? "";
  return block.split(/\s+/).filter((name) => name !== "").sort();
}

describe("the globals", () => {
  slow("are those that docs/sandbox.md lists", async () => {
    const found = await runJavaScript("return Object.getOwnPropertyNames(globalThis).sort();");
    expect(found).toEqual(listed());
    expect([...reachableGlobals].sort()).toEqual(listed());
    expect(await runJavaScript("return Object.getOwnPropertySymbols(globalThis).length;")).toBe(0);
  });

  test("are none of the host's", async () => {
    const hosts = Object.getOwnPropertyNames(globalThis).filter((name) =>
      /^[A-Za-z_$][\w$]*$/.test(name) && !listed().includes(name)
    ).concat("require", "module", "exports", "__dirname", "std", "os", "scriptArgs", "print");
    expect(hosts).toContain("Bun");
    const kinds = hosts.map((name) => `typeof ${name}`).join(", ");
    const found = await runJavaScript(`return [${kinds}];`);
    expect(found).toEqual(hosts.map(() => "undefined"));
  });

  test("and all that hangs from them is frozen", async () => {
    const body = `
      const seen = new Set();
      const open = [];
      const pending = [[globalThis, "globalThis"], [LOG, "LOG"], [converter, "converter"],
        [cae, "cae"], [get_field_value, "get_field_value"], [$get, "$get"], [$plain, "$plain"],
        [$nothing, "$nothing"], [record, "record"], [params, "params"]];
      for (const sample of [function* () {}, [].values(), new Map().keys(), new Set().keys(), "".matchAll(/x/g)]) {
        pending.push([Object.getPrototypeOf(sample), "a prototype"]);
      }
      while (pending.length > 0) {
        const [thing, name] = pending.pop();
        if (thing === null || !["object", "function"].includes(typeof thing) || seen.has(thing)) continue;
        seen.add(thing);
        if (!Object.isFrozen(thing)) open.push(name);
        pending.push([Object.getPrototypeOf(thing), name + ".__proto__"]);
        for (const [key, found] of Object.entries(Object.getOwnPropertyDescriptors(thing))) {
          for (const part of [found.value, found.get, found.set]) pending.push([part, name + "." + key]);
        }
      }
      return [open, seen.size > 300];`;
    expect(await runJavaScript(body, { a: { b: [] } }, { limits: { recordMs: 2000 } }))
      .toEqual([[], true]);
  });

  test("do not tell the time of now", async () => {
    const body = "const a = Date.now();\nfor (let i = 0; i < 1e5; i++);\nreturn Date.now() - a;";
    expect(await runJavaScript(body)).toBe(0);
    expect(await runJavaScript("return new Date(0).getTimezoneOffset();")).toBe(0);
  });
});

describe("the docs", () => {
  test("name each helper", () => {
    const helpers = [
      "record",
      "field",
      "value",
      "params",
      "converter(",
      "cae(",
      "get_field_value(",
    ];
    for (const name of [...helpers, "LOG."]) expect(docs).toContain("`" + name);
  });
});
