/**
 * The style gate catches what CONTRIBUTING.md forbids, and lets the rest pass.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkStyle, sourceKeys } from "../../scripts/checks/style.ts";
import { parseSource } from "../../scripts/checks/source_file.ts";

const opening = "/** What this file is for. @module */\n";
const longBody = "  work();\n".repeat(79);
const unfinishedMark = ["TO", "DO"].join("");

function rulesBroken(path: string, text: string): string[] {
  const violations = checkStyle(parseSource(path, text));
  return violations.filter(({ isWarning }) => !isWarning).map(({ line, rule }) =>
    `${line} ${rule.replace("style/", "")}`
  );
}

/** Name of the case, path, source below the opening comment, rules broken with their lines. */
const forbidden: [string, string, string, string[]][] = [
  ["undocumented parameters", "src/a.ts", "export function f(a: A, b: B, c: C) {}", [
    "2 docstring",
  ]],
  ["two parameters of one type", "src/a.ts", "export function f(a: string, b: string) {}", [
    "2 docstring",
  ]],
  ["undocumented error", "src/a.ts", "export function f() { if (a) throw new E(); }", [
    "2 docstring",
  ]],
  ["undocumented arrow", "src/a.ts", "export const f = (a: A, b: B, c: C) => a;", ["2 docstring"]],
  ["undocumented members", "src/a.ts", "export interface A { a: 1; b: 2 }", ["2 docstring"]],
  ["undocumented object type", "src/a.ts", "export type A = { a: 1; b: 2 };", ["2 docstring"]],
  ["undocumented class", "converters/a.ts", "export class A { a() {} b() {} }", ["2 docstring"]],
  ["a number without a unit", "src/a.ts", "\nexport const limit = 20 * 60;", ["3 docstring"]],
  ["an undocumented pattern", "src/a.ts", "export const a = /^a+$/;", ["2 docstring"]],
  ["line comment as docstring", "src/a.ts", "// why\nexport const a = 1;", ["3 docstring"]],
  ["docstring of another", "src/a.ts", "/** In hours. */\nconst b = 1;\nexport const a = 1;", [
    "4 docstring",
  ]],
  ["undocumented list export", "src/a.ts", "const a = 1;\nexport { a };", ["3 docstring"]],
  ["undocumented test support", "test/support/a.ts", "export const a = 1;", ["2 docstring"]],
  [
    "a docstring like the name",
    "src/a.ts",
    "/** Reads the files. */\nexport function readFiles() {}",
    [
      "2 repeated-name",
    ],
  ],
  [
    "one of a member",
    "src/a.ts",
    "interface A {\n  /** The file name. */\n  fileName: string;\n}",
    [
      "3 repeated-name",
    ],
  ],
  ["one of a constant", "test/a_test.ts", "/** A list of names. */\nconst nameList = [];", [
    "2 repeated-name",
  ]],
  ["long file", "src/a.ts", "\n".repeat(500), ["1 file-length"]],
  ["long test file", "test/a_test.ts", "\n".repeat(500), ["1 file-length"]],
  ["long function", "src/a.ts", `function f() {\n${longBody}}`, ["2 function-length"]],
  ["long arrow", "scripts/a.ts", `const f = () => {\n${longBody}};`, ["2 function-length"]],
  ["long method", "src/a.ts", `class A {\n  f() {\n${longBody}  }\n}`, ["3 function-length"]],
  ["any", "src/a.ts", "const a: any = 1;", ["2 any"]],
  ["any within", "test/a_test.ts", "const a = new Map<string, any>();", ["2 any"]],
  ["enum", "src/a.ts", "enum A { B }", ["2 enum"]],
  ["default export", "src/a.ts", "export default 1;", ["2 default-export"]],
  ["default in disguise", "src/a.ts", "/** In hours. */\nconst a = 1;\nexport { a as default };", [
    "4 default-export",
  ]],
  ["unfinished work", "src/a.ts", `const a = 1; // ${unfinishedMark}: more`, ["2 unfinished"]],
  ["silenced types", "src/a.ts", `// @ts-${"ignore"}\nconst a = 1;`, ["2 silenced"]],
  ["skipped test", "test/a_test.ts", `test.${"skip"}("a", () => {});`, ["2 skipped-test"]],
  ["only one suite", "test/a_test.ts", `describe.${"only"}("a", () => {});`, ["2 skipped-test"]],
  ["skipped table", "test/a_test.ts", `test.${"skip"}.each([1])("a", f);`, ["2 skipped-test"]],
  ["table skipped", "test/a_test.ts", `test.concurrent.${"only"}("a", f);`, ["2 skipped-test"]],
  ["empty name", "src/utils/a.ts", "", ["1 name"]],
  ["empty file name", "test/helpers.ts", "", ["1 name"]],
  ["camel case", "src/newSource.ts", "", ["1 name"]],
  ["kebab case", "src/new-source.ts", "", ["1 name"]],
  ["source order", "src/a.ts", `defineSource({ name: "a", records, options });`, [
    "2 source-order",
  ]],
];

const allowed: [string, string, string][] = [
  [
    "documented things",
    "src/a.ts",
    "/** In hours. */\nexport const a = 1;\n\n/** @throws {E} */\nexport function f() { throw e; }",
  ],
  [
    "overloads",
    "src/a.ts",
    "/** Pairs. */\nexport function f(a: 1, b: 1): 1;\nexport function f(a: 2, b: 2): 2;",
  ],
  ["documented list", "src/a.ts", "/** In hours. */\nconst a = 1;\nexport { a };"],
  ["passing on", "src/a.ts", `export { a } from "./b.ts";\nexport * from "./c.ts";`],
  ["exports of a test", "test/a_test.ts", "export const a = 1;"],
  ["a file of 500 lines", "src/a.ts", "\n".repeat(499)],
  ["a function of 80 lines", "src/a.ts", `function f() {\n${longBody.slice(10)}}`],
  [
    "names that say it all",
    "src/a.ts",
    `export function readIni(path: string) {}
export const timeoutMs = 1000;
export type Level = "info" | "error";
export const levels = ["info", "error"];
export interface Named { name: string }
export interface Row {
  /** ISO 8601. */
  at: string;
  id: number;
}`,
  ],
  [
    "a docstring that says more",
    "src/a.ts",
    "/** Reads files in order. */\nfunction readFiles() {}",
  ],
  ["a long suite", "test/a_test.ts", `describe("a", () => {\n${longBody}${longBody}});`],
  ["the word in a text", "src/a.ts", `const a = "any ${unfinishedMark} enum";`],
  ["a method called skip", "src/a.ts", "rows.skip(1);"],
  ["a source in order", "src/a.ts", `defineSource({ ${sourceKeys.join(", ")} });`],
  ["part of a source", "src/a.ts", `defineSource({ name: "a", ...rest, async *records() {} });`],
];

describe("check_style", () => {
  test.each(forbidden)("%s in %s", (_case, path, text, rules) => {
    expect(rulesBroken(path, opening + text)).toEqual(rules);
  });

  test.each(allowed)("passes %s in %s", (_case, path, text) => {
    expect(rulesBroken(path, opening + text)).toEqual([]);
  });

  test.each([
    "const a = 1;",
    "// Words. @module\n",
    "/** Words without the tag. */",
    "/** @module */",
    "const a = 1;\n/** Words. @module */",
  ])("wants an opening comment, not %p", (text) => {
    expect(rulesBroken("src/a.ts", text)).toEqual(["1 module-doc"]);
  });

  test("warns of what is long, and lets it pass", () => {
    const long = `${opening}function f() {\n${longBody.slice(10)}}${"\n".repeat(300)}`;
    const violations = checkStyle(parseSource("src/a.ts", long));
    expect(violations.map(({ rule, isWarning }) => [rule, isWarning])).toEqual([
      ["style/file-length", true],
      ["style/function-length", true],
    ]);
  });

  test("takes an opening comment after a shebang, and never as a docstring", () => {
    expect(rulesBroken("src/a.ts", `#!/usr/bin/env bun\n${opening}`)).toEqual([]);
    expect(rulesBroken("src/a.ts", `${opening}export const a = 1;`)).toEqual(["2 docstring"]);
  });

  test("as a program, prints the violations and fails", async () => {
    const root = mkdtempSync(join(tmpdir(), "style-"));
    try {
      mkdirSync(join(root, "src"));
      writeFileSync(join(root, "src/a.ts"), "export {};\n");
      const failing = await runGate(root);
      expect(failing.output).toContain("src/a.ts:1  style/module-doc:");
      expect(failing.code).toBe(1);
      writeFileSync(join(root, "src/a.ts"), `${opening}export {};\n`);
      expect(await runGate(root)).toEqual({
        code: 0,
        output: "style: files 1, violations 0, warnings 0\n",
      });
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

async function runGate(root: string): Promise<{ code: number; output: string }> {
  const gate = join(import.meta.dir, "../../scripts/check_style.ts");
  const run = Bun.spawn([process.execPath, gate, "--root", root], { stderr: "pipe" });
  const [errors, report] = await Promise.all([
    new Response(run.stderr).text(),
    new Response(run.stdout).text(),
  ]);
  return { code: await run.exited, output: errors + report };
}
