/**
 * The paths of records: what counts as one, and what is told of it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { DistinctTexts, mostDistinct } from "../../src/app/distinct.ts";
import { suggestMappings } from "../../src/app/field_suggestions.ts";
import {
  describeShape,
  listPaths,
  PathSample,
  type SampledPath,
  shareOf,
} from "../../src/app/source_paths.ts";
import type { SourceRecord } from "../../src/base/record.ts";

function sampleOf(records: readonly SourceRecord[]): ReadonlyMap<string, SampledPath> {
  const sample = new PathSample();
  for (const record of records) sample.look(record);
  return new Map(sample.paths().map((path) => [path.path, path]));
}

test("the shape of a value shows its form and not its letters", () => {
  expect(describeShape("C02XK0AA")).toBe("C09Xx0Ax");
  expect(describeShape("ann.lee@example.com")).toBe("axx.lxx@exxxxxx.cxx");
  expect(describeShape("2024-05-01 10:00")).toBe("2999-09-09 19:09");
  expect(describeShape("Grün Straße 12")).toBe("Gxxx Sxxxxx 19");
  expect(describeShape(true)).toBe("true");
  expect(describeShape([1, 2])).toBe("list of 2");
  expect(describeShape(new Uint8Array(3))).toBe("3 bytes");
  expect(describeShape("x".repeat(100))).toBe(`${"x".repeat(40)}…`);
});

test("objects are followed, of lists the first element, and what is blank everywhere is a path", () => {
  const records: readonly SourceRecord[] = [
    { a: { b: 1, c: null }, list: [{ x: 1 }, { y: 2 }], empty: {}, none: [], "d.e": "f" },
    { a: { b: "two" }, list: [{ z: 3 }], constructor: { name: "n" } },
  ];
  expect(listPaths(records)).toEqual([
    "a.b",
    "a.c",
    "constructor.name",
    "d.e",
    "empty",
    "list",
    "list.0.x",
    "list.0.z",
    "none",
  ]);
});

test("a path that is null where another record goes on below it is none", () => {
  expect(listPaths([{ site: null }, { site: { name: "Berlin" } }])).toEqual(["site.name"]);
  expect(listPaths([{ site: "HQ" }, { site: { name: "Berlin" } }])).toEqual(["site", "site.name"]);
});

test("types by how often they are there, and what every text is written like", () => {
  const paths = sampleOf([
    { mixed: "a", date: "2024-05-01", zero: 0, big: 12345678901234567890n, flag: "yes" },
    { mixed: 1, date: "2024-05-01T10:00:00Z", zero: false, flag: "No" },
    { mixed: 2, date: "", zero: null, flag: "TRUE" },
  ]);
  expect(paths.get("mixed")).toMatchObject({ types: ["number", "text"], filled: 3, distinct: 3 });
  expect(paths.get("date")).toMatchObject({ format: "date", filled: 2 });
  expect(paths.get("zero")).toMatchObject({ types: ["number", "boolean"], filled: 2 });
  expect(paths.get("big")).toMatchObject({ types: ["number"], examples: ["19999999999999999999"] });
  expect(paths.get("flag")?.format).toBe("boolean");
});

test("records that use ids as keys are bounded, and it is said", () => {
  const sample = new PathSample();
  for (let index = 0; index < 6000; index++) sample.look({ [`id${index}`]: index });
  expect(sample.paths()).toHaveLength(5000);
  expect(sample.hasMore).toBe(true);
  expect(sample.count).toBe(6000);
});

test("different texts are counted exactly up to the bound", () => {
  const texts = new DistinctTexts();
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < mostDistinct; index++) texts.add(`value ${index}`);
  }
  expect(texts.count).toBe(mostDistinct);
  texts.add("one more");
  expect(texts.count).toBeUndefined();
});

test("only all of the records are 100 %, and one of many is not 0 %", () => {
  expect(shareOf({ filled: 99_999 }, 100_000)).toBe("99 %");
  expect(shareOf({ filled: 1 }, 100_000)).toBe("1 %");
  expect(shareOf({ filled: 0 }, 100_000)).toBe("0 %");
  expect(shareOf({ filled: 4 }, 4)).toBe("100 %");
});

test("suggestions: names in any spelling, types that fit, and no list of values that does not", () => {
  const paths = [
    ...sampleOf([
      { hardware: { serialNumber: "S1", osVersion: "14" }, state: "Berlin", when: "soon", n: [1] },
      { hardware: { serialNumber: "S2", osVersion: "13" }, state: "Rome", when: "later", n: [2] },
    ]).values(),
  ];
  const found = suggestMappings([
    { field: "SERIAL_NUMBER" },
    { field: "17C2", label: "OS version" },
    { field: "STATE", type: "dropdown", values: new Set(["In use", "Lost"]) },
    { field: "WHEN", type: "date" },
    { field: "N" },
  ], paths);
  expect(found).toEqual([
    {
      field: "SERIAL_NUMBER",
      path: "hardware.serialNumber",
      reasons: ["the path ends in its name"],
    },
    { field: "17C2", path: "hardware.osVersion", reasons: ["the path ends in its name"] },
  ]);
});
