/**
 * Text without quotes is read in a way of its own: it must come to the same as the same table in quotes.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { type CsvSettings, readCsvFiles } from "../../src/sdk/csv/csv.ts";
import { createFolder, defaults, keepLog, put } from "./csv_reading.ts";

const folder = createFolder();

/** The table in quotes; what is no cell to quote, such as a blank line, stays as it is. */
function quoteAll(text: string, delimiter: string): string {
  // deno-lint-ignore no-control-regex
  const lines = /[^\r\n\x1a]+/g;
  return text.replaceAll(
    lines,
    (line) => line.split(delimiter).map((cell) => `"${cell}"`).join(delimiter),
  );
}

/** The records of a file with their places, and what is logged, without its path. */
async function readAll(name: string, text: string, settings: Partial<CsvSettings>) {
  const path = put(folder, name, text);
  const log = keepLog();
  const options = { ...defaults, ...settings, filename: path, directory: "" };
  const signal = new AbortController().signal;
  const records: unknown[] = [];
  for await (const page of readCsvFiles({ options, log, signal })) {
    const { locate } = page as { locate?: (index: number) => string };
    for (const [index, record] of page.entries()) {
      records.push([Object.entries(record), locate?.(index).replace(path, "FILE")]);
    }
  }
  return { records, lines: log.lines.map((line) => line.replace(path, "FILE")) };
}

const tables: readonly (readonly [name: string, text: string, settings?: Partial<CsvSettings>])[] =
  [
    ["rows", "a,b,c\n1,2,3\n4,5,6\n"],
    ["the last line without a line break", "a,b\n1,2\n3,4"],
    ["line breaks of Windows", "a,b\r\n1,2\r\n3,\r\n"],
    ["several carriage returns", "a,b\r\r\n1,2\r\r\n"],
    ["line breaks of old Macs", "a,b\r1,2\r3,4\r"],
    ["blank lines", "a,b\n\n1,2\n\n\n3,4\n"],
    ["empty cells", "a,b,c\n,,\n1,,3\n,2,\n"],
    ["ragged rows", "a,b,c\n1\n1,2\n1,2,3,4\n1,2,3\n"],
    ["a header that comes again", "a,b\n1,2\na,b\na,x\n3,4\n"],
    ["a header that begins with a blank name", ",b\n,1\n,b\n2,3\n"],
    ["two columns of one name", "a,b,a\n1,2,3\n4,5\n"],
    ["a column called __proto__", "a,__proto__\n1,2\n"],
    ["a single column", "a\n1\n\na\n2\n", { delimiter: "," }],
    ["a delimiter of two units", "a😀b\n1😀2\n3😀\n", { delimiter: "😀" }],
    ["Ctrl-Z at the end", "a,b\n1,2\n\x1a"],
    ["Ctrl-Z on a line of its own", "a,b\n1,2\n\x1a\n3,4\n"],
  ];

test.each(tables)("%s", async (_name, text, settings = {}) => {
  const delimiter = settings.delimiter ?? ",";
  const plain = await readAll("plain.csv", text, { delimiter, ...settings });
  const quoted = await readAll("quoted.csv", quoteAll(text, delimiter), { delimiter, ...settings });
  expect(plain).toEqual(quoted);
  expect(plain.records.length).toBeGreaterThan(0);
});

test("blocks with and without quotes take turns", async () => {
  const row = (index: number) => `${index},${"x".repeat(90)}\n`;
  const many = (from: number) =>
    Array.from({ length: 1500 }, (_, index) => row(from + index)).join("");
  const text = `a,b\n${many(0)}9000,"two\nlines"\n${many(1500)}1\n`;
  const { records, lines } = await readAll("turns.csv", text, {});
  expect(records).toHaveLength(3002);
  expect(records[0]).toEqual([[["a", "0"], ["b", "x".repeat(90)]], "line 2 of FILE"]);
  expect(records[1500]).toEqual([[["a", "9000"], ["b", "two\nlines"]], "line 1502 of FILE"]);
  expect(records[3000]).toEqual([[["a", "2999"], ["b", "x".repeat(90)]], "line 3003 of FILE"]);
  expect(records[3001]).toEqual([[["a", "1"], ["b", null]], "line 3004 of FILE"]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("(line 3004)");
});
