/**
 * From bytes to text: marks, UTF-8, the fallback to Windows-1252, and encodings asked for by name.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { SourceError } from "../../src/base/errors.ts";
import { csvOptions } from "../../src/sdk/csv/csv.ts";
import { readOption } from "../../src/sdk/option.ts";
import { createFolder, put, read } from "./csv_reading.ts";

const folder = createFolder();
let files = 0;

function file(...parts: readonly (string | readonly number[] | Uint8Array)[]): string {
  const bytes = Buffer.concat(
    parts.map((part) => typeof part === "string" ? Buffer.from(part) : Uint8Array.from(part)),
  );
  return put(folder, `${files++}.csv`, bytes);
}

function utf16(text: string, order: "le" | "be"): Uint8Array {
  const bytes = Buffer.from(text, "utf16le");
  return order === "le" ? bytes : bytes.swap16();
}

const text = 'Straße,"Ort\n2"\r\nMüller €,😀\r\n';
const expected = [{ "Straße": "Müller €", "Ort\n2": "😀" }];

describe("auto", () => {
  const readable = {
    "UTF-8": file(text),
    "UTF-8 with a mark": file([0xef, 0xbb, 0xbf], text),
    "UTF-16 LE with a mark": file([0xff, 0xfe], utf16(text, "le")),
    "UTF-16 BE with a mark": file([0xfe, 0xff], utf16(text, "be")),
  };
  for (const [name, path] of Object.entries(readable)) {
    test(name, async () => {
      const { records, lines } = await read(path);
      expect(records).toEqual(expected);
      expect(lines).toEqual([]);
    });
  }

  test("UTF-16 without a mark", async () => {
    for (const order of ["le", "be"] as const) {
      const { records } = await read(file(utf16("Name,Ort\nMüller,1\n", order)));
      expect(records).toEqual([{ Name: "Müller", Ort: "1" }]);
    }
  });

  test("only a mark: an empty file", async () => {
    const { records, lines } = await read(file([0xef, 0xbb, 0xbf]));
    expect({ records, lines }).toEqual({ records: [], lines: ["info: F is empty."] });
  });

  test("Windows-1252 from the first line that is not UTF-8, with one warning", async () => {
    // Line 4 would be valid UTF-8: É and a no-break space are C9 A0.
    const path = file("a,b\n1,2\n", [0x80, 0xfc], ",2\n", [0xc9, 0xa0], ",3\n", [0xdf], ",4\n");
    const { records, lines } = await read(path);
    expect(records.map((record) => record["a"])).toEqual(["1", "€ü", "É\u00a0", "ß"]);
    expect(lines).toEqual([
      "warning: F: line 3 is not UTF-8; the file is read as Windows-1252 (Latin-1). " +
      "Set encoding if that is wrong.",
    ]);
  });

  test("in a UTF-8 file only the damaged bytes are Windows-1252", async () => {
    const path = file("a,b\nü,1\n", [0xfc], ",2\nß,3\n", [0xe4], ",é 4\nö,5\n");
    const { records, lines } = await read(path);
    expect(records.map((record) => record["a"])).toEqual(["ü", "ü", "ß", "ä", "ö"]);
    expect(records[3]?.["b"]).toBe("é 4");
    expect(lines).toEqual([
      "warning: F: line 3 is not UTF-8, though the file is; such bytes are read as Windows-1252. " +
      "Set encoding if that is wrong.",
    ]);
  });

  test("a mark says UTF-8 although nothing but the damage is beyond ASCII", async () => {
    const path = file([0xef, 0xbb, 0xbf], "a,b\n", [0xfc], ",2\nß,3\n");
    const { records } = await read(path);
    expect(records.map((record) => record["a"])).toEqual(["ü", "ß"]);
  });

  test("a line cut off in the middle of a character", async () => {
    const { records } = await read(file("a,ß\nü,", [0xe2, 0x82]));
    expect(records).toEqual([{ a: "ü", ß: "â‚" }]);
  });

  test("the line of the first bad byte is right in a file of CR", async () => {
    const { lines } = await read(file("a,b\r1,2\r", [0xfc], ",2\r"));
    expect(lines[0]).toContain("line 3 is not UTF-8");
  });
});

describe("what is no text file", () => {
  test("a workbook", async () => {
    const { error, message } = await read(file([0x50, 0x4b, 3, 4, 20, 0, 6, 0, 8, 0]));
    expect(error).toBeInstanceOf(SourceError);
    expect(message).toBe("Cannot read F: it is an Excel workbook or a zip archive, not CSV.");
  });

  test("zero bytes", async () => {
    const { message } = await read(file("a,b", [0, 1, 2], "\n"), { encoding: "utf-8" });
    expect(message).toBe("Cannot read F: it has zero bytes, so it is not a text file.");
  });
});

describe("asked for", () => {
  test("a mark goes before it", async () => {
    for (const path of [file([0xef, 0xbb, 0xbf], text), file([0xff, 0xfe], utf16(text, "le"))]) {
      expect((await read(path, { encoding: "windows-1252" })).records).toEqual(expected);
    }
  });

  test("windows-1252 is not questioned", async () => {
    const { records, lines } = await read(file("a,b\nü,2\n"), { encoding: "windows-1252" });
    expect(records).toEqual([{ a: "Ã¼", b: "2" }]);
    expect(lines).toEqual([]);
  });

  test("utf-8 with other bytes: an error with the line, after the blocks before", async () => {
    const row = '"x\nü",2\n';
    const path = file("a,b\n", row.repeat(20_000), [0xfc], ",2\n", row);
    const { records, error, message } = await read(path, { encoding: "utf-8" });
    expect(error).toBeInstanceOf(SourceError);
    expect(message).toBe("Cannot read F: line 40002 is not utf-8.");
    expect(records.length).toBeGreaterThan(10_000);
    expect(records.at(-1)).toEqual({ a: "x\nü", b: "2" });
  });

  test("utf-16le with half a character", async () => {
    const half = file(utf16("a,b\n1,2\n", "le"), [0x33]);
    expect((await read(half, { encoding: "utf-16le" })).message).toContain(
      "line 3 is not utf-16le",
    );
    const surrogate = file(utf16("a,b\n1,2\n3,", "le"), [0x00, 0xd8], utf16("\n4,5\n", "le"));
    const { message } = await read(surrogate, { encoding: "utf-16le" });
    expect(message).toContain("line 3 is not utf-16le");
  });

  test("shift_jis and others", async () => {
    const path = file("a,b\n", [0x93, 0xfa, 0x96, 0x7b], ",2\n");
    const { records } = await read(path, { encoding: "shift_jis" });
    expect(records).toEqual([{ a: "日本", b: "2" }]);
  });
});

describe("the option encoding", () => {
  const names = {
    "": "auto",
    "AUTO": "auto",
    "UTF8": "utf-8",
    "utf-8-sig": "utf-8",
    "latin-1": "windows-1252",
    "Latin1": "windows-1252",
    "iso-8859-1": "windows-1252",
    "cp1252": "windows-1252",
    "utf-16": "utf-16le",
    "iso-8859-15": "iso-8859-15",
  };
  for (const [written, meant] of Object.entries(names)) {
    test(`"${written}" is ${meant}`, () => {
      expect(readOption(csvOptions.encoding, written)).toEqual({ ok: true, value: meant });
    });
  }

  test("what nobody knows is refused", () => {
    expect(readOption(csvOptions.encoding, "utf-9")).toEqual({
      ok: false,
      code: "invalid",
      problem: 'is not the name of an encoding: "utf-9"; try auto, utf-8 or windows-1252',
    });
  });
});

describe("the options delimiter and quote", () => {
  const words = { "": "auto", auto: "auto", Tab: "\t", "\\t": "\t", ";": ";", semicolon: ";" };
  for (const [written, meant] of Object.entries({ ...words, "^": "^", space: " " })) {
    test(`delimiter "${written}"`, () => {
      expect(readOption(csvOptions.delimiter, written)).toEqual({ ok: true, value: meant });
    });
  }

  test("what is not one character is refused", () => {
    for (const written of [";;", "colon", '"']) {
      expect(readOption(csvOptions.delimiter, written).ok).toBe(false);
    }
    expect(readOption(csvOptions.quote, "''").ok).toBe(false);
    expect(readOption(csvOptions.quote, "'")).toEqual({ ok: true, value: "'" });
  });
});
