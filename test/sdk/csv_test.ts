/**
 * How CSV text becomes records: cells, rows, headers, delimiters and broken quotes.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { SourceError } from "../../src/base/errors.ts";
import type { CsvSettings } from "../../src/sdk/csv/csv.ts";
import { createFolder, type Outcome, put, read } from "./csv_reading.ts";

const folder = createFolder();
let files = 0;

function readText(text: string, settings: Partial<CsvSettings> = {}): Promise<Outcome> {
  return read(put(folder, `${files++}.csv`, text), settings);
}

describe("cells", () => {
  test("are text, with quotes undone and nothing trimmed", async () => {
    const { records, lines, error } = await readText(
      'Serial Number,Asset Tag,Assigned To,Notes\nC02XK0AAJHD2,0042, Jane Doe ,"says ""hi"", twice"\n',
    );
    expect(records).toEqual([{
      "Serial Number": "C02XK0AAJHD2",
      "Asset Tag": "0042",
      "Assigned To": " Jane Doe ",
      "Notes": 'says "hi", twice',
    }]);
    expect(lines).toEqual([]);
    expect(error).toBeUndefined();
  });

  test("keep line breaks inside quotes as they are", async () => {
    const { records } = await readText('a,b\r\n"1\r\n2","x\ny"\r\n"3\r4",z\r\n');
    expect(records).toEqual([{ a: "1\r\n2", b: "x\ny" }, { a: "3\r4", b: "z" }]);
  });

  test("keep quotes that do not begin them", async () => {
    const { records, lines } = await readText('a,b\n5" disk,x""y\n');
    expect(records).toEqual([{ a: '5" disk', b: 'x""y' }]);
    expect(lines).toEqual([]);
  });

  test("may be empty", async () => {
    const { records } = await readText('a,b\n,\n"",""\n');
    expect(records).toEqual([{ a: "", b: "" }, { a: "", b: "" }]);
  });

  test("may be quoted with another character", async () => {
    const { records } = await readText("a,b\n'1,''2''',\"3\n", { quote: "'" });
    expect(records).toEqual([{ a: "1,'2'", b: '"3' }]);
  });
});

describe("line ends", () => {
  const expected = [{ a: "1", b: "2" }, { a: "3", b: "4" }];
  const texts = {
    "LF": "a,b\n1,2\n3,4\n",
    "CRLF": "a,b\r\n1,2\r\n3,4\r\n",
    "CR": "a,b\r1,2\r3,4\r",
    "CR CR LF": "a,b\r\r\n1,2\r\r\n3,4\r\r\n",
    "LF and CRLF mixed": "a,b\n1,2\r\n3,4\n",
    "none at the end": "a,b\n1,2\n3,4",
    "blanks after the last quote": 'a,b\n1,2\n3,"4"  ',
    "CR after the last quote": 'a,b\n1,2\n3,"4"\r',
    "blank lines everywhere": "\n\na,b\n\n1,2\n\r\n\n3,4\n\n\n",
  };
  for (const [name, text] of Object.entries(texts)) {
    test(name, async () => {
      const { records, lines } = await readText(text);
      expect(records).toEqual(expected);
      expect(lines).toEqual([]);
    });
  }

  test("CR, with LF inside a cell", async () => {
    const { records } = await readText('a,b\r"1\n2",3\r');
    expect(records).toEqual([{ a: "1\n2", b: "3" }]);
  });
});

describe("delimiters", () => {
  const cases: readonly (readonly [string, string, Record<string, string>])[] = [
    ["semicolon", "a;b\n1,5;2\n", { a: "1,5", b: "2" }],
    ["tab", "a\tb\n1;5\t2\n", { a: "1;5", b: "2" }],
    ["bar", "a|b\n1|2\n", { a: "1", b: "2" }],
    ["comma, with semicolons inside a quoted header", '"a;b;c",d\n1,2\n', { "a;b;c": "1", d: "2" }],
    ["comma, with semicolons in an open header", "a (x; y; z),b\n1,2\n", {
      "a (x; y; z)": "1",
      b: "2",
    }],
    ["semicolon, with commas in the header", "a, b, c;d\n1;2\n", { "a, b, c": "1", d: "2" }],
    ["comma, with semicolons in the header and one in a row", "a (x; y; z),b\n;1,2\n", {
      "a (x; y; z)": ";1",
      b: "2",
    }],
    ["semicolon, with a comma in every row", "a, b;c;d\n1,5;2;3\n", {
      "a, b": "1,5",
      c: "2",
      d: "3",
    }],
    ["one column", "name\nx y\n", { name: "x y" }],
    ["one column whose quoted header has semicolons", '"a;b"\n1\n', { "a;b": "1" }],
    ["one column whose open header has a semicolon", "a; b\n1\n", { "a; b": "1" }],
    ["a quoted header with doubled quotes", '"a ""x;y"" z",b\n1,2\n', { 'a "x;y" z': "1", b: "2" }],
    ["a quoted header with a line break", '"a;\n;b",c\n1,2\n', { "a;\n;b": "1", c: "2" }],
    ["Excel's line", "sep=;\r\na,x;b\r\n1;2\r\n", { "a,x": "1", b: "2" }],
    ["Excel's line with another character", "sep=^\na^b\n1^2\n", { a: "1", b: "2" }],
  ];
  for (const [name, text, expected] of cases) {
    test(`auto: ${name}`, async () => {
      const { records, lines } = await readText(text);
      expect(records).toEqual([expected]);
      expect(lines).toEqual([]);
    });
  }

  test("a row too short does not hide the delimiter", async () => {
    const { records } = await readText("a;b;c\n1;2\n");
    expect(records).toEqual([{ a: "1", b: "2", c: null }]);
  });

  test("asked for: no guessing", async () => {
    const { records } = await readText("a;b;c,d\n1;2;3,4\n", { delimiter: "," });
    expect(records).toEqual([{ "a;b;c": "1;2;3", d: "4" }]);
  });

  test("asked for: goes before Excel's line, which is no header", async () => {
    const { records } = await readText("sep=;\na,b\n1;,2\n", { delimiter: "," });
    expect(records).toEqual([{ a: "1;", b: "2" }]);
  });
});

describe("headers", () => {
  test("are keys literally", async () => {
    const { records } = await readText("A.b , c,constructor,2,1\n1,2,3,4,5\n");
    expect(records).toEqual([{ "A.b ": "1", " c": "2", constructor: "3", "2": "4", "1": "5" }]);
  });

  test("__proto__ is a key like any other", async () => {
    const { records } = await readText("a,__proto__,toString\n1,evil,x\n2\n");
    for (const record of records) {
      expect(Object.keys(record)).toEqual(["a", "__proto__", "toString"]);
      expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    }
    expect(records.map((record) => record["__proto__"])).toEqual(["evil", null]);
    expect(({} as Record<string, unknown>)["evil"]).toBeUndefined();
  });

  test("twice the same: the last column counts, even where it is missing", async () => {
    const { records, lines } = await readText("\n\nSerial,b,Serial\n1,2,3\n4,5\n");
    expect(records).toEqual([{ Serial: "3", b: "2" }, { Serial: null, b: "5" }]);
    expect(lines[0]).toBe(
      'warning: F: line 3 names the column "Serial" 2 times; the last one counts.',
    );
  });

  test("without a name are reported", async () => {
    const { records, lines } = await readText("a,,\n1,2,3\n");
    expect(records).toEqual([{ a: "1", "": "3" }]);
    expect(lines).toEqual([
      "warning: F: line 1 has 2 columns without a name, which no mapping can use.",
    ]);
  });

  test("alone: no records", async () => {
    const { records, lines, error } = await readText("a,b\r\n");
    expect({ records, lines, error }).toEqual({
      records: [],
      lines: ["info: F has a header and no rows."],
      error: undefined,
    });
  });

  for (const [name, text] of Object.entries({ "": "empty", "\n\r\n": "blank lines" })) {
    test(`none (${text}): no records`, async () => {
      const { records, lines, error } = await readText(name);
      expect({ records, lines, error }).toEqual({
        records: [],
        lines: ["info: F is empty."],
        error: undefined,
      });
    });
  }
});

describe("ragged rows", () => {
  test("missing cells are null, surplus ones ignored, and the lines are reported once", async () => {
    const { records, lines } = await readText(
      'a,b,c\n"1\n1","\n",3\n4,5\n\n6,7,8,9,10\n"x\r\ny",11,12\n13\n14,15\n16\n17\n18,19,20\n',
    );
    expect(records.slice(1, 3)).toEqual([{ a: "4", b: "5", c: null }, { a: "6", b: "7", c: "8" }]);
    expect(records).toHaveLength(9);
    expect(lines).toEqual([
      "warning: F: 6 rows do not have the 3 cells of the header (lines 5, 7, 10, 11, 12, …); " +
      "missing cells are null, surplus cells are ignored.",
    ]);
  });

  test("one of them", async () => {
    const { lines } = await readText("a,b\r\n1\r\n");
    expect(lines).toEqual([
      "warning: F: 1 row does not have the 2 cells of the header (line 2); " +
      "missing cells are null, surplus cells are ignored.",
    ]);
  });

  test("far into the file, after quoted line breaks, in lines that end in CRLF", async () => {
    const row = '"x\r\ny",2,"3"\r\n';
    const { lines } = await readText(`sep=,\r\na,b,c\r\n${row.repeat(50_000)}1,2\r\n${row}1,2`);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      "2 rows do not have the 3 cells of the header (lines 100003, 100006)",
    );
  });
});

describe("quotes", () => {
  test("not closed: the line, after all records before it", async () => {
    const { records, error, message } = await readText('a,b\n"1\n1",2\n3,4\n5,"6\n7,8\n9,10\n');
    expect(records).toEqual([{ a: "1\n1", b: "2" }, { a: "3", b: "4" }]);
    expect(error).toBeInstanceOf(SourceError);
    expect(message).toBe(
      "Cannot read F: the quote opened on line 5 is not closed before the end of the file.",
    );
  });

  test("not closed in a later cell of a row: the line where the cell begins", async () => {
    const { records, message } = await readText('a,b,c\n1,"2\n2","3\n4,5\n');
    expect(records).toEqual([]);
    expect(message).toContain("the quote opened on line 3 is not closed");
  });

  test("not closed in the header", async () => {
    const { message } = await readText('\na,"b\n1,2\n');
    expect(message).toContain("the quote opened on line 2 is not closed");
  });

  test("not doubled inside a cell are reported", async () => {
    const { records, lines } = await readText('a,b\n1,2\n"3"x"4",5\n"6" ,7\n');
    expect(records[1]).toEqual({ a: '3"x"4', b: "5" });
    expect(lines).toEqual([
      "warning: F: 1 quoted cell has a quote inside that is not doubled (line 3).",
    ]);
  });
});

describe("a carriage return before the closing quote", () => {
  test("of the last cell belongs to it, whatever ends the line", async () => {
    for (const end of ["\n", "\r\n"]) {
      const text = ["a,b", '1,"x\r"', '2,"y\r\r"', "3,z", '4,"q"""', '"\r","\r"', ""].join(end);
      const { records, lines } = await readText(text);
      expect(records.map(({ b }) => b)).toEqual(["x\r", "y\r\r", "z", 'q"', "\r"]);
      expect(records[4]?.a).toBe("\r");
      expect(lines).toEqual([]);
    }
  });

  test("in a file whose lines end in it", async () => {
    const { records } = await readText('a,b\r1,"x\r"\r2,y\r');
    expect(records).toEqual([{ a: "1", b: "x\r" }, { a: "2", b: "y" }]);
  });

  test("far into a file, beside characters that stand for nothing", async () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => `${at},"\ufdd0${at}\r"`);
    const { records } = await readText(["a,b", ...rows, ""].join("\r\n"));
    expect(records).toHaveLength(20_000);
    expect(records.every(({ a, b }) => b === `\ufdd0${a}\r`)).toBe(true);
  });
});

describe("what programs leave in a file", () => {
  test("the header once more: skipped, and the lines are reported", async () => {
    const { records, lines } = await readText("sn,name\nA1,x\nsn,name\nA2,y\nsn,name\n");
    expect(records.map(({ sn }) => sn)).toEqual(["A1", "A2"]);
    expect(lines).toEqual([
      "warning: F: 2 rows repeat the header and are skipped (lines 3, 5).",
    ]);
    expect((await readText("sn\nsn\n")).records).toEqual([{ sn: "sn" }]);
  });

  test("Ctrl-Z at the end: skipped, with and without a line break around it", async () => {
    for (const end of ["\x1a", "\n\x1a", "\r\n\x1a\r\n", "\n\x1a\x1a\n"]) {
      const { records, lines } = await readText(`sn,name\nA1,x${end}`);
      expect(records).toEqual([{ sn: "A1", name: "x" }]);
      expect(lines).toEqual(["info: F: Ctrl-Z at the end of the file is skipped."]);
    }
  });

  test("PowerShell's #TYPE: skipped, and lines are counted on", async () => {
    const type = "#TYPE Selected.System.Management.ManagementObject";
    const { records, lines } = await readText(`${type}\r\n"sn";"name"\r\n"A1";"x"\r\n"A2"\r\n`);
    expect(records).toEqual([{ sn: "A1", name: "x" }, { sn: "A2", name: null }]);
    expect(lines[0]).toBe("info: F: line 1 is #TYPE of PowerShell, and is skipped.");
    expect(lines[1]).toContain("(line 4)");
    // Only as the first line, and only as PowerShell writes it.
    expect((await readText("#TYPES,b\n1,2\n")).records).toEqual([{ "#TYPES": "1", b: "2" }]);
  });
});

describe("quotes after a backslash", () => {
  test("are quotes where only so the rows fit the header, which is reported", async () => {
    const text =
      'sn,name,note\nA1,"say \\"hi\\", twice",x\nA2,"C:\\\\temp\\\\",y\nA3,5\\" disk,z\n';
    const { records, lines, error } = await readText(text);
    expect(error).toBeUndefined();
    expect(records).toEqual([
      { sn: "A1", name: 'say "hi", twice', note: "x" },
      { sn: "A2", name: "C:\\temp\\", note: "y" },
      { sn: "A3", name: '5" disk', note: "z" },
    ]);
    expect(lines).toEqual([
      'info: F: from line 2 on, \\" is read as a quote and \\\\ as a backslash: only so the rows fit the header.',
    ]);
  });

  test("with an even number of them, where nothing but the cells shifts", async () => {
    const { records } = await readText('sn,name\nA1,"a\\",\\"b"\nA2,c\n');
    expect(records).toEqual([{ sn: "A1", name: 'a","b' }, { sn: "A2", name: "c" }]);
  });

  test("end a cell where the rows fit the header so", async () => {
    const { records, lines } = await readText('sn,path\n"A1","C:\\"\n"A2","\\\\server\\share\\"\n');
    expect(records.map(({ path }) => path)).toEqual(["C:\\", "\\\\server\\share\\"]);
    expect(lines).toEqual([]);
  });

  test("that come late in a long file hold from there on", async () => {
    const plain = Array.from({ length: 20_000 }, (_, at) => `${at},"x, ${at}"`);
    const { records } = await readText(
      ["sn,name", ...plain, 'L1,"5\\" disk"', 'L2,"a\\\\"', ""].join("\n"),
    );
    expect(records).toHaveLength(20_002);
    expect(records.slice(-2).map(({ name }) => name)).toEqual(['5" disk', "a\\"]);
  });

  test("that fit neither way end the reading at their line, after all rows before", async () => {
    const text = 'sn,name\nA1,x\nA2,"C:\\"\nA3,y\nA4,"5\\" "disk"\nA5,z\n';
    const { records, message, error } = await readText(text);
    expect(error).toBeInstanceOf(SourceError);
    expect(message).toContain("on line 5 a quote comes after a backslash");
    expect(records.map(({ sn }) => sn)).toEqual(["A1", "A2", "A3"]);
  });
});
