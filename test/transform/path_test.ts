/**
 * Path lookup: the table of the Python connector's behaviour, with a final index allowed.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { compilePath, lookUp } from "../../src/transform/path.ts";

const table: [record: unknown, path: string, result: unknown][] = [
  [{ a: { b: 1 } }, "a.b", 1],
  [{ a: [{ b: 1 }] }, "a.0.b", 1],
  [{ a: [1, 2] }, "a.0", 1], // the Python connector: null
  [{ a: [{ b: 1 }] }, "a.b", null],
  [{ a: [{ b: 1 }] }, "a.5.b", null],
  [{ "a.b": 2 }, "a.b", 2],
  [{ a: { "b.c": 7 } }, "a.b.c", 7],
  [{ a: null }, "a.b", null],
  [{ a: 5 }, "a.b", null],
  [{ a: {} }, "a.b", null],
  [{ a: { b: 0 } }, "a.b", 0],
  [{ A: 1 }, "a", null],
];

const more: [record: unknown, path: string, result: unknown][] = [
  [{ a: 1 }, "a", 1],
  [{ a: undefined }, "a", null],
  [{ a: false }, "a", false],
  [{ a: "" }, "a", ""],
  [{ a: [] }, "a", []],
  [{}, "a", null],
  [null, "a", null],
  [undefined, "a.b", null],
  ["abc", "length", null],
  ["abc", "0", null],
  [{ a: "abc" }, "a.0", null],
  [{ a: [1, 2] }, "a.1", 2],
  [{ a: [1, 2] }, "a.01", 2],
  [{ a: [1, 2] }, "a.2", null],
  [{ a: [1, 2] }, "a.-1", null],
  [{ a: [1, 2] }, "a.1e0", null],
  [{ a: [1, 2] }, "a.", null],
  [{ a: [1, 2] }, "a.length", null],
  [{ a: [[1, 2], [3]] }, "a.0.1", 2],
  [{ a: [[1, 2], [3]] }, "a.length.0", null],
  [[{ b: 1 }], "0.b", 1],
  [[7], "0", 7],
  [{ a: { 0: "zero" } }, "a.0", "zero"],
  [{ 0: { b: 1 } }, "0.b", 1],
  [{ "a.b": { c: 1 } }, "a.b.c", null],
  [{ a: { x: 1 }, "a.b": 2 }, "a.b", null],
  [{ a: { b: { c: { d: { e: "deep" } } } } }, "a.b.c.d.e", "deep"],
  [{ "": 1 }, "", 1],
  [{ "a.": 1 }, "a.", 1],
  [{ a: { "": 1 } }, "a.", 1],
];

describe.each(["compiled", "once"])("%s", (way) => {
  test.each([...table, ...more])("%j at %p is %j", (record, path, result) => {
    expect(way === "compiled" ? compilePath(path)(record) : lookUp(record, path)).toEqual(result);
  });
});

test("nothing inherited is reached", () => {
  for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]) {
    for (
      const path of [
        key,
        `a.${key}`,
        `${key}.${key}`,
        `a.${key}.name`,
        `date.${key}`,
        `list.${key}`,
      ]
    ) {
      expect(lookUp({ a: { b: 1 }, date: new Date(0), list: [1] }, path)).toBeNull();
    }
  }
});

test("own keys with such names are read", () => {
  const record = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "x": {"toString": 3}}');
  expect(lookUp(record, "__proto__.a")).toBe(1);
  expect(lookUp(record, "constructor")).toBe(2);
  expect(lookUp(record, "x.toString")).toBe(3);
});

test("records without a prototype are read", () => {
  const record = Object.assign(Object.create(null), {
    a: Object.assign(Object.create(null), { b: 1 }),
  });
  expect(lookUp(record, "a.b")).toBe(1);
});

test("one compiled path serves records of every shape", () => {
  const lookup = compilePath("a.0.b");
  expect([{ a: [{ b: 1 }] }, { a: { 0: { b: 2 } } }, { a: 5 }, null].map(lookup)).toEqual([
    1,
    2,
    null,
    null,
  ]);
});
