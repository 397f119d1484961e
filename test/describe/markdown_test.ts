/**
 * Markdown that shows what it was given, whatever characters that has.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import {
  code,
  fillPage,
  generated,
  generatedEnd,
  generatedStart,
  prose,
  table,
} from "../../scripts/docs/markdown.ts";

describe("code()", () => {
  test("fences text with more backticks than it has", () => {
    expect(code("a")).toBe("`a`");
    expect(code("a`b")).toBe("``a`b``");
    expect(code("`")).toBe("`` ` ``");
    expect(code("")).toBe("");
  });
});

describe("prose()", () => {
  test("escapes what would be markup", () => {
    expect(prose("*.pem <b> `x` a_b \\")).toBe("\\*.pem \\<b> \\`x\\` a_b \\\\");
  });
});

describe("table()", () => {
  test("escapes bars, joins lines and leaves empty columns out", () => {
    expect(table(["A", "B", "C"], [["x|y", "", "1\n 2"], ["z", "", ""]])).toBe(
      "| A | C |\n| --- | --- |\n| x\\|y | 1 2 |\n| z |  |",
    );
  });
});

describe("fillPage()", () => {
  const page = `before\n${generated("old")}\nbetween\n${generated("old too")}\nafter\n`;

  test("replaces the generated parts in order and nothing else", () => {
    expect(fillPage(page, ["one", "two"])).toBe(
      `before\n${generated("one")}\nbetween\n${generated("two")}\nafter\n`,
    );
  });

  test("gives back a page that is current", () => {
    expect(fillPage(page, ["old", "old too"])).toBe(page);
  });

  test("refuses a page with more or fewer parts, or an open one", () => {
    expect(() => fillPage(page, ["one"])).toThrow("has 2 generated parts, but there are 1");
    expect(() => fillPage("nothing", ["one"])).toThrow("has 0 generated parts");
    expect(() => fillPage(`${generatedStart}\n`, ["one"])).toThrow("is not closed");
    expect(generatedEnd).not.toBe(generatedStart);
  });
});
