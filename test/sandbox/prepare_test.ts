/**
 * Code is told apart, checked and measured before anything runs.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { prepareUserCode, type Reads, readsOf } from "../../src/sandbox/mod.ts";
import { projection } from "../../src/sandbox/reads.ts";
import { converterSource, filterSource, prepared } from "./sandbox_harness.ts";

function languageOf(body: string): string {
  const { programs, findings } = prepareUserCode([converterSource("c", body)]);
  return programs[0]?.language ??
    findings[0]?.message.replace(/.*as Python:.* is not supported.*/s, "unsupported") ?? "none";
}

function readsOfBody(body: string): Reads {
  return prepared(converterSource("c", `// language: javascript\n${body}`))[0]?.reads ?? [];
}

describe("the language of a body", () => {
  test.each([
    ['return record.asset_type == "computer"', "python"],
    ['return record.get("position", "Unknown position")', "python"],
    ["  return value", "python"],
    ["if record.a:\n  return 1\nelse:\n  return 2", "python"],
    ["return a // 2", "python"],
    ['return record.length == "3"', "python"],
    ['return record.asset_type == "computer";', "python"],
    ['return record.asset_type === "computer"', "javascript"],
    ["return value.toUpperCase()", "python"],
    ["return value == null", "python"],
    ["return Math.floor(value)", "python"],
    ["const a = 1\nreturn a", "javascript"],
    ["# language: javascript\nreturn value", "javascript"],
    ["// language: python\nreturn value", "python"],
    ["# language: python\nreturn value", "python"],
    ['return value.find("@");', "python"],
    ['x = value.replace("-", "");\nreturn x;', "python"],
    ["return value.map(x => x)", "javascript"],
    ["async def f(): pass", "unsupported"],
    ["return open(value)", "unsupported"],
  ])("of %j is %s", (body, language) => {
    expect(languageOf(body)).toBe(language);
  });
});

describe("findings of prepareUserCode()", () => {
  test("name section, option, line and column, all at once", () => {
    const sources = [
      converterSource("broken", "\n    const a = 1;\n    return a +;"),
      filterSource("\n  return (record.a === 1;"),
      converterSource("fine", "return value;"),
    ];
    const { programs, findings } = prepareUserCode(sources);
    expect(programs.map(({ source }) => source.name)).toEqual(["fine"]);
    expect(findings).toMatchObject([
      { severity: "error", file: "config.ini", line: 12, section: "converters", option: "broken" },
      { severity: "error", file: "config.ini", line: 6, section: "okta", option: "recordfilter" },
    ]);
    expect(findings.map(({ code }) => code)).toEqual(["invalid_javascript", "invalid_javascript"]);
    expect(findings[0]?.message).toBe(
      "the converter broken: as JavaScript: Unexpected token (column 15)",
    );
    expect(findings[1]?.message).toStartWith("the record filter: as JavaScript:");
  });

  test("use the lines that the ini parser gives", () => {
    const source = { ...converterSource("c", "\n  let a;\n  let a;"), lines: [10, 12, 17] };
    expect(prepareUserCode([source]).findings[0]?.line).toBe(17);
  });

  test("refuse what cannot work in the sandbox", () => {
    const bodies = [
      "const f = async () => 1;",
      "return import('fs');",
      "return await value;",
      " \n ",
    ];
    const findings = bodies.map((body) => {
      return prepareUserCode([converterSource("c", body)]).findings[0]?.message ?? "";
    });
    expect(findings[0]).toContain("an async function is not supported");
    expect(findings[1]).toContain("import() is not supported");
    expect(findings[2]).toContain("user code cannot wait");
    expect(findings[3]).toContain("it has no code");
  });

  test("do not let a body close its function", () => {
    expect(
      prepareUserCode([converterSource("c", "return 1; } }); for (;;) {} (() => { {")]).findings,
    )
      .toHaveLength(1);
  });
});

describe("what JavaScript reads", () => {
  test.each<[string, Reads]>([
    ["return record.a.b;", [["a", "b"]]],
    ['return record["a"].get("b", record.c);', [["a", "b"], ["c"]]],
    ["const a = record.a; return a.b + a.c;", [["a", "b"], ["a", "c"]]],
    ["let a = record.a; a = a.b; return a;", [["a"]]],
    ["const { a, b: { c } } = record; return a;", [["a"], ["b", "c"]]],
    ["return record.a.trim();", [["a"]]],
    ["return (record.a ?? {}).b;", [["a", "b"]]],
    ["return record.list[0].name;", [["list"]]],
    ['return "a" in record;', [["a"]]],
    ['return cae(record, "x", record.d);', [["extension_attributes"], ["d"]]],
    ['return get_field_value(record, "a.b");', [["a.b"], ["a"]]],
    ["return value + field;", []],
    ["return record;", "everything"],
    ["return { record };", "everything"],
    ["return record[field];", "everything"],
    ["return Object.keys(record);", "everything"],
    ["const { a, ...rest } = record; return rest;", "everything"],
    ["return ((record) => record.a)({ a: record.b });", "everything"],
    ["return arguments[0].a;", "everything"],
    ["function cae(r) { return r.z; } return cae(record, 'x');", "everything"],
  ])("%s", (body, reads) => {
    expect(readsOfBody(body)).toEqual(reads);
  });

  test("counts the converters that are called", () => {
    const programs = prepared(
      converterSource("a", 'const x = record.x; return converter(record, "B") + x;'),
      converterSource("b", "const y = record.y; return y;"),
      converterSource("c", 'const v = { values: "z" }; return converter(record, "concat", v);'),
    );
    expect(readsOf(programs, ["A"])).toEqual([["x"], ["y"]]);
    expect(readsOf(programs, ["c"])).toBe("everything");
    expect(readsOf(programs, [])).toEqual([]);
  });
});

describe("projection()", () => {
  const record = { a: { b: 1, c: 2 }, list: [{ x: 1, y: 2 }], n: null, text: "t" };

  test("keeps what is read and no more", () => {
    expect(projection([["a", "b"], ["text", "length"], ["n", "x"], ["no"]])(record))
      .toEqual({ a: { b: 1 }, text: "t", n: null });
  });

  test("keeps lists whole", () => {
    expect(projection([["list", "x"]])(record)).toEqual({ list: [{ x: 1, y: 2 }] });
  });

  test("keeps all of what is read as a whole, whatever else is read of it", () => {
    expect(projection([["a", "b"], ["a"]])(record)).toEqual({ a: { b: 1, c: 2 } });
  });

  test("gives the record itself where everything is read", () => {
    expect(projection("everything")(record)).toBe(record);
    expect(projection([["a", "__proto__"]])(record)).toBe(record);
  });
});
