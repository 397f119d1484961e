/**
 * The comment-keeping ini writer, one kind of edit after another.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { getOption, parseIni } from "../../src/config/ini.ts";
import { editIni, type IniEdit } from "../../src/config/ini_writer.ts";

const FILE = `# The agent's settings
; kept

[oomnitza]
url = https://example.oomnitza.com
api_token :  abc ; from the vault

# Okta, the people
[okta] ; tail
Enable=True
recordfilter:
    # active only
    return True

# commented_out = 1

[casper]
url=
`;

/** The text after setting `x` in `[a]`, where the section's lines are given. */
function setX(lines: string, value: string, key = "x"): string {
  const text = `[a]\n${lines}\n[b]\ny = 1\n`;
  const after = editIni(text, [{ kind: "set", section: "a", key, value }]);
  expect(getOption(parseIni(after, "f"), "a", key)?.value).toBe(value);
  expect(after).toStartWith("[a]\n");
  expect(after).toEndWith("\n[b]\ny = 1\n");
  return after.slice("[a]\n".length, -"\n[b]\ny = 1\n".length);
}

function set(section: string, key: string, value: string): IniEdit {
  return { kind: "set", section, key, value };
}

/** FILE with the parts replaced, which must all be there. */
function fileWith(...parts: [string, string][]): string {
  let text = FILE;
  for (const [from, to] of parts) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  return text;
}

describe("nothing to do", () => {
  test("gives the same text", () => {
    const edits = [
      set("oomnitza", "URL", "https://example.oomnitza.com"),
      set("oomnitza", "api_token", "abc"),
      set("okta", "recordfilter", "\n    # active only\n    return True"),
      set("casper", "url", ""),
      { kind: "remove", section: "okta", key: "nothing" },
      { kind: "rename-section", section: "okta", to: "okta" },
    ] satisfies IniEdit[];
    expect(editIni(FILE, edits)).toBe(FILE);
    expect(editIni(FILE, [])).toBe(FILE);
    for (const text of ["", "\uFEFF", "\r", "x\r\n\n[a", "[a]\rb\r"]) {
      expect(editIni(text, [])).toBe(text);
    }
  });
});

describe("set on an option that is there", () => {
  test("keeps key, separator, spacing and comment", () => {
    expect(editIni(FILE, [set("oomnitza", "API_TOKEN", "x;y=z")])).toBe(
      fileWith(["api_token :  abc ; from", "; from"], [
        "; from the vault",
        "; from the vault\napi_token :  x;y=z",
      ]),
    );
    expect(editIni(FILE, [set("oomnitza", "api_token", "new")])).toBe(
      fileWith(["abc ;", "new ;"]),
    );
    expect(editIni(FILE, [set("okta", "enable", "False")])).toBe(
      fileWith(["Enable=True", "Enable=False"]),
    );
  });

  const rows: [string, string, string][] = [
    ["x = 1", "2", "x = 2"],
    ["X:1", "2", "X:2"],
    ["x =1", "2", "x =2"],
    ["x\t=\t1  ", "2", "x\t=\t2"],
    ["x=", "2", "x=2"],
    ["x =", "2", "x = 2"],
    ["x:", "2", "x: 2"],
    ["x =  ", "2", "x =  2"],
    ["x = 1", "", "x ="],
    ["x = 1  ; c", "", 'x = ""  ; c'],
    ['x = ""  ; c', "2", "x = 2  ; c"],
    ["x = 1\t;c", ";2", ";c\nx = ;2"],
    ["x = 1 ; c", "\n  2", "; c\nx =\n  2"],
    ["x = 1 ; c", "1\n  2", "x = 1 ; c\n  2"],
    ["x = 1 ; c", "2\n  3", "x = 2 ; c\n  3"],
    ["x = a;b ; text", "2", "x = 2"],
    ['x = ""', "2", "x = 2"],
    ["x = 1", "# 2", "x = # 2"],
    ["x:\n  1\n  2", "3", "x: 3"],
    ["x:\n  1\n  2", "", "x:"],
    ["x = 0\n  1", "0", "x = 0"],
    ["rem=1", "", "rem="],
    ["[x = 1", "2", "[x = 2"],
  ];
  for (const [before, value, after] of rows) {
    test(`${JSON.stringify(before)} to ${JSON.stringify(value)}`, () => {
      expect(setX(before, value, /^\[?\w+/.exec(before)?.[0])).toBe(after);
    });
  }

  test("changes only the lines of a value that differ, around comments", () => {
    const before = "x:\n  a\n# one\n  b\n\n  c\n; two\n  d\nz = 1";
    expect(setX(before, "\n  a\n  B\n  c\n  d")).toBe(
      before.replace("  b", "  B").replace(
        "# one\n  B",
        "  B\n# one",
      ),
    );
    expect(setX(before, "\n  a\n  b\n  c\n  d\n  e")).toBe(before.replace("  d", "  d\n  e"));
    expect(setX(before, "\n  b\n  c\n  d")).toBe(before.replace("  a\n", ""));
    expect(setX(before, "\n  0\n  a\n  b\n  c\n  d")).toBe(before.replace("  a", "  0\n  a"));
    expect(setX(before, "1")).toBe("x: 1\n# one\n\n; two\nz = 1");
  });

  test("edits the last of repeated keys and headers, which is the one that counts", () => {
    const text = "[a]\nx = 1\nx = 2\n[b]\n[a]\nX = 3\n[c]\n";
    expect(editIni(text, [set("a", "x", "4")])).toBe(text.replace("3", "4"));
    const early = "[a]\nx = 1\n[b]\n[a]\ny = 3\n";
    expect(editIni(early, [set("a", "x", "4")])).toBe(early.replace("1", "4"));
    expect(editIni(early, [set("a", "z", "4")])).toBe(`${early}z = 4\n`);
  });

  test("reaches the defaults", () => {
    const text = "[DEFAULT]\nx = 1\n[a]\n";
    expect(editIni(text, [set("DEFAULT", "x", "2")])).toBe(text.replace("1", "2"));
    expect(editIni(text, [set("a", "x", "1")])).toBe(`${text}x = 1\n`);
  });
});

describe("set on a new option", () => {
  test("appends it behind the section's own, before what belongs to the next", () => {
    expect(editIni(FILE, [set("oomnitza", "Verify_SSL", "false")])).toBe(
      fileWith(["vault\n", "vault\nVerify_SSL = false\n"]),
    );
    expect(editIni(FILE, [set("okta", "mapping.X", '{"source": "y"}')])).toBe(
      fileWith(["return True\n", 'return True\nmapping.X = {"source": "y"}\n']),
    );
    expect(setX("y = 1\n# about y\n\n# floating\n\n# about b", "2")).toBe(
      "y = 1\n# about y\nx = 2\n\n# floating\n\n# about b",
    );
    expect(setX("y = 1\n# about b", "2")).toBe("y = 1\nx = 2\n# about b");
    expect(setX("# an empty section\n", "2")).toBe("# an empty section\nx = 2\n");
  });

  test("writes values of several lines under the key", () => {
    expect(setX("y = 1", "\n    if a:\n\t return 1 ; # x")).toBe(
      "y = 1\nx:\n    if a:\n\t return 1 ; # x",
    );
    expect(setX("y = 1", "a\n b")).toBe("y = 1\nx: a\n b");
    expect(setX("y = 1", "")).toBe("y = 1\nx =");
  });

  test("does not let stray lines become its value", () => {
    const text = "[a]\n  stray\n";
    expect(editIni(text, [set("a", "x", "1")])).toBe(`${text}x = 1\n`);
  });

  test("finds a spelling for the key rem", () => {
    expect(setX("y = 1", "1", "rem")).toBe("y = 1\nrem=1");
    expect(setX("y = 1", "\n  1", "REM")).toBe("y = 1\nREM:\n  1");
  });
});

describe("remove", () => {
  test("takes the option with its value and the comments inside it", () => {
    expect(editIni(FILE, [{ kind: "remove", section: "okta", key: "RecordFilter" }])).toBe(
      fileWith(["recordfilter:\n    # active only\n    return True\n", ""]),
    );
    const text = "[a]\n# above\nx:\n  1\n\n# inside\n  2\n# below\ny = 3\n";
    expect(editIni(text, [{ kind: "remove", section: "a", key: "x" }])).toBe(
      "[a]\n# above\n# below\ny = 3\n",
    );
  });

  test("takes every repeat", () => {
    const text = "[a]\nx = 1\ny = 1\nx = 2\n  3\n[b]\nx = 4\n[a]\nx = 5\n";
    expect(editIni(text, [{ kind: "remove", section: "a", key: "x" }])).toBe(
      "[a]\ny = 1\n[b]\nx = 4\n[a]\n",
    );
  });

  test("leaves faulty lines", () => {
    const text = "[a]\nx = 1\nbad\n  2\ny = 1\n";
    expect(editIni(text, [{ kind: "remove", section: "a", key: "x" }])).toBe("[a]\nbad\ny = 1\n");
  });
});

describe("sections", () => {
  test("are added at the end, a blank line apart", () => {
    const add = { kind: "add-section", section: "a b.c" } satisfies IniEdit;
    expect(editIni(FILE, [add, set("a b.c", "x", "1")])).toBe(`${FILE}\n[a b.c]\nx = 1\n`);
    expect(editIni("", [add])).toBe("[a b.c]\n");
    expect(editIni("\uFEFF", [add])).toBe("\uFEFF[a b.c]\n");
    expect(editIni("[x]\n\n", [add])).toBe("[x]\n\n[a b.c]\n");
    expect(editIni("[x]", [add])).toBe("[x]\n\n[a b.c]");
  });

  test("are added in front of another, above its comments", () => {
    const add = { kind: "add-section", section: "ldap", before: "okta" } satisfies IniEdit;
    expect(editIni(FILE, [add, set("ldap", "x", "1")])).toBe(
      fileWith(["# Okta", "[ldap]\nx = 1\n\n# Okta"]),
    );
  });

  test("are removed with the comments directly above them", () => {
    const remove = (section: string): IniEdit => ({ kind: "remove-section", section });
    const start = FILE.indexOf("# Okta");
    const end = FILE.indexOf("# commented_out");
    expect(editIni(FILE, [remove("okta")])).toBe(FILE.slice(0, start) + FILE.slice(end));
    expect(editIni(FILE, [remove("casper")])).toBe(FILE.slice(0, FILE.indexOf("\n[casper]")));
    expect(editIni("[a]\nx = 1\n\n[b]\n[a]\n", [remove("a")])).toBe("[b]\n");
    expect(editIni("[a]\nx = 1\n\n[b]\ny = 2", [remove("b")])).toBe("[a]\nx = 1");
    expect(editIni("[a]", [remove("a")])).toBe("");
  });

  test("are renamed at every header, with what follows it", () => {
    expect(editIni(FILE, [{ kind: "rename-section", section: "okta", to: "okta.EU" }])).toBe(
      fileWith(["[okta] ; tail", "[okta.EU] ; tail"]),
    );
    const text = "[a] x\n[b]\n[a]]\n";
    expect(editIni(text, [{ kind: "rename-section", section: "a", to: "c" }])).toBe(
      "[c] x\n[b]\n[c]]\n",
    );
  });
});

describe("bytes around the edit", () => {
  test("line endings, mark and the missing final newline stay", () => {
    const windows = "\uFEFF[a]\r\nx = 1\r\n\r\n[b]\r\ny = 2";
    expect(editIni(windows, [set("a", "z", "\n  1\n  2")])).toBe(
      windows.replace("1\r\n", "1\r\nz:\r\n  1\r\n  2\r\n"),
    );
    expect(editIni(windows, [set("b", "z", "1")])).toBe(`${windows}\r\nz = 1`);
    expect(editIni(windows, [{ kind: "remove", section: "b", key: "y" }])).toBe(
      windows.slice(0, -"\r\ny = 2".length),
    );
    expect(editIni("[a]\r\nx = 1\r", [set("a", "y", "2")])).toBe("[a]\r\nx = 1\r\ny = 2");
    expect(editIni("[a]\nx = 1\r\n", [set("a", "y", "2")])).toBe("[a]\nx = 1\r\ny = 2\r\n");
  });
});
