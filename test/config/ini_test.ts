/**
 * The ini parser against the rules L1 to L18 of its dialect, one by one.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import {
  getOption,
  getOptions,
  type IniDocument,
  type IniOption,
  parseIni,
} from "../../src/config/ini.ts";

/** The value of `x` in `[a]`, given the lines of that section. */
function valueOf(lines: string, key = "x"): string | undefined {
  const document = parseIni(`[a]\n${lines}\n`, "config.ini");
  expect(document.findings).toEqual([]);
  return getOption(document, "a", key)?.value;
}

/** `line severity` of every finding of a text. */
function listFindings(text: string): string[] {
  return parseIni(text, "config.ini").findings.map(({ line, severity }) => `${line} ${severity}`);
}

function plain(options: ReadonlyMap<string, IniOption>): [string, string][] {
  return [...options.values()].map(({ key, value }) => [key, value]);
}

function names(document: IniDocument): string[] {
  return document.sections.map(({ name }) => name);
}

describe("the examples of L12 and L13", () => {
  const rows: [string, string, string][] = [
    ["url = https://e.com ; note", "url", "https://e.com"],
    ["pw = a;b", "pw", "a;b"],
    ["pw = a ;b;c", "pw", "a"],
    ["pw = a;b ;c", "pw", "a;b ;c"],
    ["pw = ;abc", "pw", ";abc"],
    ["pw = abc # x", "pw", "abc # x"],
    ['x = ""', "x", ""],
    ['x = "abc"', "x", '"abc"'],
    ["Key: a : b = c", "key", "a : b = c"],
    ["pct = 50%%off %(foo)s", "pct", "50%%off %(foo)s"],
  ];
  for (const [line, key, value] of rows) {
    test(line, () => expect(valueOf(line, key)).toBe(value));
  }
});

describe("the rules", () => {
  test("L1: byte-order mark and CRLF change nothing", () => {
    const text = "[a]\nx:\n  one\n  two\n\n[b]\ny = 2\n";
    const windows = "\uFEFF" + text.replaceAll("\n", "\r\n");
    expect(parseIni(windows, "f")).toEqual(parseIni(text, "f"));
    expect(parseIni(windows, "f").findings).toEqual([]);
  });

  test("L2, L3, L4: blank lines and comments are dropped inside a value, the line numbers stay", () => {
    const text = "[a]\nx: one\n\n  \t\n# c\n  two\n; c\nREM c\n  three\n\n# end\n";
    const option = getOption(parseIni(text, "f"), "a", "x");
    expect(option).toEqual({
      key: "x",
      rawKey: "x",
      value: "one\n  two\n  three",
      line: 2,
      lastLine: 9,
      lines: [2, 6, 9],
    });
  });

  test("L4: only the word rem at column 1 makes a comment", () => {
    const text = "[a]\nrem = 1\nREM\trem\nrem\nremark = 2\nrem=3\n";
    expect(plain(getOptions(parseIni(text, "f"), "a"))).toEqual([["remark", "2"], ["rem", "3"]]);
  });

  test("L5: continuation lines are kept whole", () => {
    expect(valueOf("x = 1\n  # two \n\t[b] ; c\n   ; d")).toBe("1\n  # two \n\t[b] ; c\n   ; d");
  });

  test("L6: an indented line before any option is an error", () => {
    expect(listFindings("[a]\n  x = 1\n\n# c\n  y = 2\nz = 3\n  4\n")).toEqual([
      "2 error",
      "5 error",
    ]);
    expect(listFindings("[a]\nx = 1\n[a]\n  2\n")).toEqual(["4 error"]);
    expect(names(parseIni("[a]\nx = 1\n [b]\n", "f"))).toEqual(["a"]);
  });

  test("L7: a header's name reaches to the first bracket, the rest is ignored", () => {
    const text = "[ a b ] x = 1\n[c]d]\n[e[f]\n";
    expect(names(parseIni(text, "f"))).toEqual([" a b ", "c", "e[f"]);
  });

  test("L8: a repeated header continues its section", () => {
    const document = parseIni("[a]\nx = 1\n[b]\n[a]\ny = 2\n", "f");
    expect(names(document)).toEqual(["a", "b"]);
    expect(document.sections[0]?.line).toBe(1);
    expect(plain(getOptions(document, "a"))).toEqual([["x", "1"], ["y", "2"]]);
  });

  test("L8: text before any header is one error, and the rest is still read", () => {
    const document = parseIni("# c\nx = 1\n\n  more\n[a]\ny = 2\n", "f");
    expect(document.findings).toEqual([{
      code: "syntax",
      severity: "error",
      file: "f",
      line: 2,
      message: "text before the first section header (lines 2 to 4)",
      hint: expect.stringContaining("[oomnitza]"),
    }]);
    expect(plain(getOptions(document, "a"))).toEqual([["y", "2"]]);
  });

  test("L9: the first separator ends the key", () => {
    expect(valueOf("url: http://x=1", "url")).toBe("http://x=1");
    expect(valueOf("my key  =  1", "my key")).toBe("1");
    expect(listFindings("[a]\n= 1\n: 2\n")).toEqual(["2 error", "3 error"]);
  });

  test("L10: keys are lower-cased, sections and values are not", () => {
    const document = parseIni("[A]\nAPI_Token = Xy\n[a]\n", "f");
    expect(names(document)).toEqual(["A", "a"]);
    expect(getOption(document, "A", "API_TOKEN")).toMatchObject({
      key: "api_token",
      rawKey: "API_Token",
      value: "Xy",
    });
    expect(getOption(document, "a", "api_token")).toBeUndefined();
  });

  test("L11: all bad lines are reported, each with what to do", () => {
    const { findings } = parseIni("[a]\none\nx = 1\n[b\n[]\n= 3\n[c]\ntwo\n", "config.ini");
    expect(findings.map(({ line, section, message }) => [line, section, message])).toEqual([
      [2, "a", 'neither "=" nor ":" on the line'],
      [4, "a", 'section header without "]"'],
      [5, "a", "section header without a name"],
      [6, "a", "no key before the separator"],
      [8, "c", 'neither "=" nor ":" on the line'],
    ]);
    for (const { severity, file, hint } of findings) {
      expect([severity, file, typeof hint]).toEqual(["error", "config.ini", "string"]);
    }
  });

  test("L13: a value of two quotes is empty, also before a comment", () => {
    expect(valueOf('x =   ""  ')).toBe("");
    expect(valueOf('x = "" ; c')).toBe("");
    expect(valueOf('x = """"')).toBe('""""');
    expect(valueOf("x = ''")).toBe("''");
  });

  test("L14: the last of a repeated key wins, with a warning that names both lines", () => {
    const document = parseIni("[a]\nKey = 1\n[b]\n[a]\nkey:\n  2\n", "f");
    expect(document.findings).toEqual([{
      code: "ineffective",
      severity: "warning",
      file: "f",
      section: "a",
      option: "key",
      line: 5,
      message: "set again on line 5, so its value on line 2 is not used",
      hint: expect.any(String),
    }]);
    expect(getOption(document, "a", "key")).toMatchObject({ value: "\n  2", line: 5, lastLine: 6 });
  });

  test("L15: an empty first line leaves a newline in front", () => {
    expect(valueOf("x:\n    return True")).toBe("\n    return True");
    expect(valueOf("x =")).toBe("");
  });

  test("L16: nothing is interpolated", () => {
    expect(valueOf("x = 50%% %(y)s ${z} $w\ny = 1")).toBe("50%% %(y)s ${z} $w");
  });

  test("L17: every section sees the defaults, and its own value wins", () => {
    const document = parseIni("[DEFAULT]\nx = 1\ny = 2\n[a]\nY = 3\n[converters]\n", "f");
    expect(names(document)).toEqual(["a", "converters"]);
    expect(plain(document.defaults)).toEqual([["x", "1"], ["y", "2"]]);
    expect(plain(getOptions(document, "a"))).toEqual([["x", "1"], ["y", "3"]]);
    expect(plain(getOptions(document, "converters"))).toEqual([["x", "1"], ["y", "2"]]);
    const own = document.byName.get("a");
    expect(own && getOption(document, own, "X")?.line).toBe(2);
    expect(getOption(document, "nowhere", "x")).toBeUndefined();
    expect(getOptions(document, "nowhere").size).toBe(0);
    expect(document.byName.get("a")?.options.size).toBe(1);
  });

  test("L18: sections stand in the order of the file", () => {
    expect(names(parseIni("[z]\n[m]\n[DEFAULT]\n[a]\n[z]\n[b]\n", "f"))).toEqual([
      "z",
      "m",
      "a",
      "b",
    ]);
  });
});

describe("characters", () => {
  test("a null byte is an error with its line", () => {
    const { findings } = parseIni("[a]\nx = 1\ny = \0\n", "f");
    expect(findings).toMatchObject([{ code: "encoding", severity: "error", file: "f", line: 3 }]);
    expect(findings[0]?.message).toContain("null byte");
  });

  test("a character lost in decoding is an error, but not in a comment", () => {
    expect(listFindings("[a]\n# \uFFFD\nx = \uFFFD\n")).toEqual(["3 error"]);
    expect(listFindings("[a]\nx:\n  \uD800\n")).toEqual(["3 error"]);
  });

  test("a no-break space does not indent, and is reported", () => {
    expect(listFindings("[a]\nx:\n\u00A0 y = 1\n\u00A0\n")).toEqual(["3 warning", "4 error"]);
    expect(listFindings("[a]\nx = 1\n\uFEFF[b]\n")).toEqual(["3 error"]);
    expect(valueOf("x = \u00A0a\u00A0")).toBe("\u00A0a\u00A0");
  });

  test("a lone carriage return does not end a line, and is reported", () => {
    const document = parseIni("[a]\nx = 1\ry = 2\r", "f");
    expect(plain(getOptions(document, "a"))).toEqual([["x", "1\ry = 2"]]);
    expect(document.findings).toMatchObject([{ severity: "warning", line: 2 }]);
  });

  test("findings come in the order of lines and never quote the file", () => {
    const { findings } = parseIni("secret1\n[a]\nsecret2\nx = secret3\nx = s\0ecret4\n", "f");
    expect(findings.map(({ line }) => line)).toEqual([1, 3, 5, 5]);
    expect(JSON.stringify(findings)).not.toContain("ecret");
  });
});
