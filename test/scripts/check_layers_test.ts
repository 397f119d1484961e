/**
 * The layer gate catches imports that point the wrong way or in a circle, and lets the rest pass.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findCycles } from "../../scripts/checks/cycles.ts";
import { checkLayers } from "../../scripts/checks/layers.ts";
import { parseSource } from "../../scripts/checks/source_file.ts";

const packages = new Set([
  "zod",
  "quickjs-emscripten",
  "hono",
  "papaparse",
  "fastest-levenshtein",
  "tedious",
  "soap",
]);

function rulesBroken(path: string, text: string): string[] {
  const violations = checkLayers(parseSource(path, text), packages);
  return violations.map(({ line, rule }) => `${line} ${rule.replace("layers/", "")}`);
}

/** Path, source, and the rules it breaks with their lines. */
const forbidden: [string, string, string[]][] = [
  ["src/base/a.ts", `import { x } from "../sdk/mod.ts";`, ["1 direction"]],
  ["src/base/a.ts", `\nimport type { X } from "../runtime/fetch.ts";`, ["2 direction"]],
  ["src/runtime/a.ts", `export * from "../sdk/mod.ts";`, ["1 direction"]],
  ["src/sdk/a.ts", `export { x } from "../oomnitza/client.ts";`, ["1 direction"]],
  ["src/sdk/a.ts", `const x = await import("../sync/run.ts");`, ["1 direction"]],
  ["src/sync/a.ts", `type X = import("../cli/main.ts").X;`, ["1 direction"]],
  ["src/state/a.ts", `import { x } from "../oomnitza/client.ts";`, ["1 brothers"]],
  ["src/config/a.ts", `import { x } from "../transform/mapping.ts";`, ["1 direction"]],
  ["src/config/a.ts", `import { x } from "../describe/form.ts";`, ["1 brothers"]],
  ["src/gui/a.ts", `import { x } from "../cli/upload.ts";`, ["1 direction"]],
  ["src/python/a.ts", `import { x } from "../base/errors.ts";`, ["1 brothers"]],
  ["src/gui/a.ts", `import { x } from "../daemon/service.ts";`, ["1 brothers"]],
  ["src/sources/okta/mod.ts", `import { x } from "../ldap/mod.ts";`, ["1 guest"]],
  ["src/sources/okta/mod.ts", `import { x } from "../../base/errors.ts";`, ["1 guest"]],
  ["src/sources/okta/mod.ts", `import { x } from "../../sdk/http.ts";`, ["1 guest"]],
  ["src/sources/okta/mod.ts", `import { x } from "node:fs";`, ["1 guest"]],
  ["src/sources/okta/mod.ts", `import { x } from "fastest-levenshtein";`, ["1 guest"]],
  ["src/sources/okta/mod.ts", `import { x } from "../mod.ts";`, ["1 guest"]],
  ["converters/split.ts", `import { x } from "./concat.ts";`, ["1 guest"]],
  ["converters/split.ts", `import { x } from "../src/sdk/dates.ts";`, ["1 guest"]],
  ["src/config/a.ts", `import { x } from "../sources/okta/mod.ts";`, ["1 list"]],
  ["src/describe/a.ts", `import { x } from "../../converters/split.ts";`, ["1 list"]],
  ["src/cli/a.ts", `import { x } from "../../test/support/binary.ts";`, ["1 room"]],
  ["src/helpful/a.ts", `export const x = 1;`, ["1 room"]],
  ["src/cli/a.ts", `import x from "left-pad";`, ["1 package"]],
  ["src/cli/a.ts", `const x = await import(name);`, ["1 computed"]],
  ["src/cli/a.ts", `const x = require("../../test/x.ts");`, ["1 room"]],
  ["src/sync/a.ts", `const x = Bun.file("a");`, ["1 owner"]],
  ["src/sync/a.ts", `const x = globalThis.Bun;`, ["1 owner"]],
  ["src/sync/a.ts", `let x: Bun.Server | undefined;`, ["1 owner"]],
  ["src/state/a.ts", `import { Database } from "bun:sqlite";`, ["1 owner"]],
  ["src/cli/a.ts", `import { serve } from "bun";`, ["1 owner"]],
  ["src/cli/a.ts", `import { Hono } from "hono";`, ["1 owner"]],
  ["src/cli/a.ts", `import { jsx } from "hono/jsx";`, ["1 owner"]],
  ["src/transform/convert.ts", `import "quickjs-emscripten";`, ["1 owner"]],
  ["src/sdk/http/http.ts", `import { Connection } from "tedious";`, ["1 owner"]],
  ["src/sdk/http/http.ts", `const s = await import("soap");`, ["1 owner"]],
  ["src/sdk/http/http.ts", `import Papa from "papaparse";`, ["1 owner"]],
  ["src/sources/csv_assets/mod.ts", `import Papa from "papaparse";`, ["1 owner"]],
  ["src/logging/log.ts", `console.log("x");`, ["1 owner"]],
  ["src/logging/log.ts", `process.stderr.write("x");`, ["1 owner"]],
  ["src/describe/ini.ts", `globalThis.process.stdout.write("x");`, ["1 owner"]],
  ["src/sync/a.ts", `const { stdout } = process;`, ["1 owner"]],
  ["src/sync/a.ts", `import { stdout } from "node:process";`, ["1 owner"]],
  ["src/cli/upload.ts", `process.exit(1);`, ["1 owner"]],
  ["src/cli/upload.ts", `process.exitCode = 1;`, ["1 owner"]],
  ["src/sync/a.ts", `const x = process.env.HOME;`, ["1 owner"]],
  ["src/cli/upload.ts", `const x = process.cwd();`, ["1 owner"]],
  ["src/cli/program.ts", `process.on("SIGINT", end);`, ["1 owner"]],
  ["src/sync/a.ts", "const q = `SELECT a FROM b`;", ["1 owner"]],
  ["src/sync/a.ts", `const q = "insert into runs values (1)";`, ["1 owner"]],
];

const allowed: [string, string][] = [
  ["src/sdk/a.ts", `import { x } from "../base/errors.ts"; import "node:fs";`],
  ["src/runtime/a.ts", `import { Database } from "bun:sqlite"; Bun.file("x");`],
  ["src/runtime/version.ts", `import m from "../../package.json" with { type: "json" };`],
  [
    "src/sources/okta/mod.ts",
    `import { x } from "../../sdk/mod.ts"; import "zod"; import "./a.ts";`,
  ],
  ["src/sources/mod.ts", `import { okta } from "./okta/mod.ts"; import "../sdk/mod.ts";`],
  ["converters/mod.ts", `import { split } from "./split.ts";`],
  ["converters/split.ts", `import { x } from "../src/sdk/mod.ts";`],
  ["src/config/a.ts", `import "../sources/mod.ts"; import "../../converters/mod.ts";`],
  ["src/sandbox/a.ts", `import "quickjs-emscripten"; import "../base/errors.ts";`],
  ["src/sdk/csv/rows.ts", `import Papa from "papaparse";`],
  ["src/gui/app.tsx", `import { Hono } from "hono"; const x = <p>select a from b</p>;`],
  ["src/cli/main.ts", `console.log(process.env, process.cwd()); process.exit(0);`],
  ["src/describe/help.ts", `process.stdout.write("");`],
  ["src/sync/a.ts", `const x = context.env.HOME; const y = { console: 1 }.console; z.Bun();`],
  ["src/sync/a.ts", `log.info("Select a file from the list");`],
  ["src/state/a.ts", "const q = `SELECT a FROM b`;"],
  ["src/sources/sccm/queries.ts", "const q = `SELECT a FROM b`;"],
];

describe("check_layers", () => {
  test.each(forbidden)("%s: %s", (path, text, rules) => {
    expect(rulesBroken(path, text)).toEqual(rules);
  });

  test.each(allowed)("passes %s: %s", (path, text) => {
    expect(rulesBroken(path, text)).toEqual([]);
  });

  test("imports in a circle are refused, by values and by types, and shown at their shortest", () => {
    const files: [string, string][] = [
      ["src/sync/a.ts", `import { b } from "./b.ts"; import type { C } from "./c.ts";`],
      ["src/sync/b.ts", `\nexport * from "./c.ts";`],
      ["src/sync/c.ts", `const a = await import("./a.ts");`],
      ["src/sync/d.ts", `import type { E } from "./e.ts"; import "./a.ts";`],
      ["src/sync/e.ts", `\n\ntype D = import("./d.ts").D;`],
      ["src/sync/f.ts", `import { f } from "./f.ts";`],
      ["src/sync/g.ts", `import "./a.ts"; import "node:fs"; import "../base/errors.ts";`],
    ];
    const found = findCycles(files.map(([path, text]) => parseSource(path, text)));
    const messages = found.map(({ file, line, message }) => [file, line, message.split(". ")[0]]);
    expect(messages.sort()).toEqual([
      ["src/sync/a.ts", 1, "src/sync/a.ts → src/sync/c.ts → src/sync/a.ts (3 files are in it)"],
      ["src/sync/d.ts", 1, "src/sync/d.ts → src/sync/e.ts → src/sync/d.ts"],
      ["src/sync/f.ts", 1, "src/sync/f.ts → src/sync/f.ts"],
    ]);
  });

  test("as a program, names file and line and fails", async () => {
    const root = mkdtempSync(join(tmpdir(), "layers-"));
    try {
      write(root, "package.json", `{ "dependencies": {} }`);
      write(root, "src/base/a.ts", `\n\nimport "../cli/main.ts";\n`);
      const failing = await runGate(root);
      expect(failing.output).toContain("src/base/a.ts:3  layers/direction:");
      expect(failing.output).toEndWith("layers: files 1, violations 1, warnings 0\n");
      expect(failing.code).toBe(1);
      write(root, "src/base/a.ts", `import "./b.ts";`);
      write(root, "src/base/b.ts", `import "./a.ts";`);
      expect((await runGate(root)).output).toContain("layers/cycle: src/base/a.ts → src/base/b.ts");
      write(root, "src/base/a.ts", "export {};\n");
      expect((await runGate(root)).code).toBe(0);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function runGate(root: string): Promise<{ code: number; output: string }> {
  const gate = join(import.meta.dir, "../../scripts/check_layers.ts");
  const run = Bun.spawn([process.execPath, gate, "--root", root], { stderr: "pipe" });
  const [errors, report] = await Promise.all([
    new Response(run.stderr).text(),
    new Response(run.stdout).text(),
  ]);
  return { code: await run.exited, output: errors + report };
}
