/**
 * The source csv_assets, from the texts of its options to its records.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { findSource, sources } from "../../../src/sources/mod.ts";
import { csvAssets } from "../../../src/sources/csv_assets/mod.ts";
import { createFolder, put } from "../../sdk/csv_reading.ts";
import { readSource } from "../csv_reading.ts";

const folder = createFolder();
const file = put(folder, "assets.csv", "Serial Number;Asset.Tag\r\nC02XK0AAJHD2;0042\r\n");

describe("csv_assets", () => {
  test("reads a file with nothing but its name given", async () => {
    const records = await readSource(csvAssets, { filename: file, sync_field: "BARCODE" });
    expect(records).toEqual([{ "Serial Number": "C02XK0AAJHD2", "Asset.Tag": "0042" }]);
  });

  test("reads a directory", async () => {
    const records = await readSource(csvAssets, { directory: folder, sync_field: "BARCODE" });
    expect(records).toHaveLength(1);
  });

  test("obeys encoding, delimiter and quote", async () => {
    const bytes = Uint8Array.from([
      0x61,
      0x09,
      0x62,
      0x0a,
      0x27,
      0xfc,
      0x09,
      0x27,
      0x09,
      0x32,
      0x0a,
    ]);
    const texts = { encoding: "latin-1", delimiter: "tab", quote: "'", sync_field: "BARCODE" };
    const filename = put(folder, "latin.txt", bytes);
    expect(await readSource(csvAssets, { ...texts, filename })).toEqual([{ a: "ü\t", b: "2" }]);
  });

  test("wants exactly one of filename and directory", async () => {
    const texts = { filename: " ", sync_field: "BARCODE" };
    await expect(readSource(csvAssets, texts)).rejects.toThrow("give filename or directory");
    const both = { filename: file, directory: folder, sync_field: "BARCODE" };
    await expect(readSource(csvAssets, both)).rejects.toThrow("mutually exclusive");
  });

  test("fails its check on a file that is not there", async () => {
    const texts = { filename: `${file}x`, sync_field: "BARCODE" };
    await expect(readSource(csvAssets, texts)).rejects.toThrow("it does not exist");
  });

  test("is declared as Oomnitza and old ini files know it", () => {
    expect(csvAssets.mappingName).toBe("CSV_assets");
    expect(csvAssets.kind).toBe("assets");
    expect(csvAssets.mappings).toEqual({});
    const shown = Object.entries(csvAssets.options).filter(([, option]) => !option.advanced);
    expect(shown.map(([key, { example }]) => [key, example])).toEqual([
      ["filename", "/some/path/to/file/assets.csv"],
      ["directory", "/some/path/to/files"],
      ["sync_field", "BARCODE"],
    ]);
  });
});

test("the list of sources is by name, and each is found by it", () => {
  const names = sources.map(({ name }) => name);
  expect(names).toEqual(names.toSorted());
  for (const source of sources) expect(findSource(source.name)).toBe(source);
  expect(findSource("csv_assets.suffix")).toBeUndefined();
  expect(findSource("constructor")).toBeUndefined();
});
