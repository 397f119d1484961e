/**
 * The sample ini: it parses, everything in it is disabled, and it says what the declarations say.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { getOption, parseIni } from "../../src/config/ini.ts";
import { checkConfig } from "../../src/config/config.ts";
import { describeIni } from "../../src/describe/ini.ts";
import { defineSource, opt } from "../../src/sdk/mod.ts";
import type { Options } from "../../src/sdk/option.ts";
import { sources } from "../../src/sources/mod.ts";

function sourceWith(name: string, options: Options) {
  return defineSource({
    name,
    title: name,
    kind: "assets",
    summary: "A source for a test.",
    mappingName: name,
    options,
    mappings: {},
    async *records() {},
  });
}

/** Section → key → value, as the parser reads the sample. */
function read(text: string): Record<string, Record<string, string>> {
  const document = parseIni(text, "config.ini");
  expect(document.findings).toEqual([]);
  return Object.fromEntries(document.sections.map((section) => [
    section.name,
    Object.fromEntries([...section.options].map(([key, { value }]) => [key, value])),
  ]));
}

describe("describeIni()", () => {
  test("writes the sections and values that people know", () => {
    const sections = read(describeIni(sources));
    expect(Object.keys(sections)[0]).toBe("oomnitza");
    expect(sections.oomnitza).toEqual({
      url: "https://example.oomnitza.com",
      api_token: "",
      username: "oomnitza-sa",
      password: "ThePassword",
    });
    expect(Object.entries(sections.csv_assets ?? {})).toEqual([
      ["enable", "False"],
      ["filename", "/some/path/to/file/assets.csv"],
      ["sync_field", "BARCODE"],
    ]);
    expect(Object.entries(sections.csv_users ?? {})).toEqual([
      ["enable", "False"],
      ["filename", "/some/path/to/file/users.csv"],
      ["default_role", "25"],
      ["default_position", "Employee"],
    ]);
  });

  test("has a disabled section for every source, by name, without a finding", () => {
    const document = parseIni(describeIni(sources), "config.ini");
    const [first, second, third, fourth, ...names] = document.sections.map(({ name }) => name);
    expect([first, second, third, fourth]).toEqual(["oomnitza", "serve", "state", "alerts"]);
    expect(names).toEqual(sources.map(({ name }) => name).toSorted());
    for (const name of names) {
      const [first] = document.byName.get(name)?.options.keys() ?? [];
      expect(first).toBe("enable");
      expect(getOption(document, name, "enable")?.value).toBe("False");
    }
    const plan = checkConfig(document, { sources, env: {}, directory: "/" });
    expect(plan.sections).toEqual([]);
    expect(plan.findings).toEqual([]);
  });

  test("has a comment above each section and each option, and the other choice commented out", () => {
    const lines = describeIni(sources).trimEnd().split("\n").filter((line) => line !== "");
    for (const [index, line] of lines.entries()) {
      if (line.startsWith("#") || /^\s/.test(line)) continue;
      expect([line, lines[index - 1]?.startsWith("# ")]).toEqual([line, true]);
    }
    expect(lines).toContain("# directory = /some/path/to/files");
    expect(lines).not.toContain("directory = /some/path/to/files");
  });

  test.each(sources)(
    "the section of $name is valid once it is enabled and its fields are mapped",
    (source) => {
      const mapped = source.kind === "users" ? ["USER", "EMAIL"] : [];
      const text = describeIni([source]).replace("enable = False", "enable = True")
        .replace(
          `[${source.name}]\n`,
          `$&${mapped.map((name) => `mapping.${name} = x\n`).join("")}`,
        );
      const plan = checkConfig(parseIni(text, "config.ini"), { sources, env: {}, directory: "/" });
      expect(plan.findings).toEqual([]);
      expect(plan.sections.map(({ name }) => name)).toEqual([source.name]);
    },
  );

  test("ends each section with one blank line", () => {
    const text = describeIni(sources);
    expect(text).toMatch(/[^\n]\n\n$/);
    expect(text).not.toContain("\n\n\n");
    expect(text.match(/\n\n/g)).toHaveLength(sources.length + 4);
  });

  test("writes defaults in the spelling of the ini, and no option that is advanced", () => {
    const source = sourceWith("kinds", {
      flag: opt.flag("Yes or no.", { default: false }),
      list: opt.json("A list.", z.array(z.string()), { default: ["a", "b"] }),
      size: opt.integer("A number.", { default: 7 }),
      bare: opt.text("Without default or example."),
      rare: opt.text("Rarely needed.", { default: "x", advanced: true }),
    });
    expect(read(describeIni([source])).kinds).toEqual({
      enable: "False",
      flag: "False",
      list: '["a","b"]',
      size: "7",
      bare: "",
    });
  });

  test("writes a value of several lines so that it is read back", () => {
    const source = sourceWith("lines", {
      body: opt.text("A body.", { default: "\n  a = 1\nreturn a" }),
      after: opt.text("What follows.", { default: "kept" }),
    });
    const { body, after } = read(describeIni([source])).lines ?? {};
    expect(body).toBe("\n  a = 1\n  return a");
    expect(after).toBe("kept");
  });
});
