/**
 * What the ini writer refuses, because the dialect has no way to write it.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { AgentError } from "../../src/base/errors.ts";
import { editIni, type IniEdit, valueFault } from "../../src/config/ini_writer.ts";

const FILE = "[okta]\nenable = True\n\n[casper]\nurl =\n";

function set(section: string, key: string, value: string): IniEdit {
  return { kind: "set", section, key, value };
}

/** The message and hint of the AgentError that an edit of a text throws. */
function refusal(text: string, edit: IniEdit): string {
  try {
    editIni(text, [edit]);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(AgentError);
    if (thrown instanceof AgentError) return `${thrown.message}. ${thrown.hint}`;
  }
  throw new Error("the edit was not refused");
}

describe("refusals", () => {
  const values: [string, string, string][] = [
    ["leading space", " 1", "spaces at the start or the end"],
    ["trailing tab", "1\t", "spaces at the start or the end"],
    ["only a space", " ", "spaces at the start or the end"],
    ["two quotes", '""', "two double quotes"],
    ["comment", "a ;b", 'a ";" after a space'],
    ["blank line", "\n  a\n\n  b", "line 3 of the value is blank"],
    ["line of spaces", "a\n  ", "line 2 of the value is blank"],
    ["final newline", "\n  a\n", "line 3 of the value is blank"],
    ["line at column 1", "\n  a\nb", "line 3 of the value is not indented"],
    ["comment at column 1", "\n  a\n# b", "line 3 of the value is not indented"],
    ["carriage return", "\r\n  a", "carriage return"],
    ["null byte", "a\0", "null byte"],
    ["incomplete character", "a\uD83D", "incomplete character"],
  ];
  for (const [name, value, message] of values) {
    test(`a value with ${name}`, () => {
      for (const key of ["url", "new"]) {
        const text = refusal(FILE, set("casper", key, value));
        expect(text).toStartWith(`cannot set ${key} in [casper]: `);
        expect(text).toContain(message);
      }
      expect(valueFault(value)?.message).toContain(message);
    });
  }

  test("keys and names that the dialect cannot hold", () => {
    for (const key of ["", "a=b", "a:b", " a", "a ", "#a", ";a", "rem a", "a\nb", "a\r", "[a]"]) {
      expect(refusal(FILE, set("casper", key, "1"))).toContain("cannot be written");
    }
    expect(refusal("[a]\n[x = 1\n", set("a", "[x", "]"))).toContain("cannot be written");
    for (const section of ["", "a]", "a\nb", "a\rb"]) {
      expect(refusal(FILE, { kind: "add-section", section })).toContain("a section name");
      expect(refusal(FILE, { kind: "rename-section", section: "okta", to: section })).toContain(
        "a section name",
      );
    }
  });

  test("sections that are missing or there already", () => {
    const none = "the file has no section [b]. Add the section first";
    expect(refusal("[a]\n", set("b", "x", "1"))).toBe(none);
    expect(refusal("[a]\n", { kind: "remove", section: "b", key: "x" })).toBe(none);
    expect(refusal("[a]\n", { kind: "remove-section", section: "b" })).toBe(none);
    expect(refusal("[a]\n", { kind: "add-section", section: "c", before: "b" })).toBe(none);
    expect(refusal("[a]\n", { kind: "add-section", section: "a" })).toContain("the name is taken");
    const rename = { kind: "rename-section", section: "a" } as const;
    expect(refusal("[a]\n[b]\n", { ...rename, to: "b" })).toContain("the name is taken");
    expect(refusal("[a]\n", { ...rename, to: "DEFAULT" })).toContain("special");
  });

  test("do not quote the value", () => {
    expect(refusal(FILE, set("casper", "url", "hush ;hush"))).not.toContain("hush");
  });
});
