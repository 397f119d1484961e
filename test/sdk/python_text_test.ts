/**
 * Text as Python sees it.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { splitWords, strip, strippedField } from "../../src/sdk/python_text.ts";

// Every character for which Python 3's `str.isspace` holds.
const spaces = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680" +
  "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

test("strip removes all of Python's white space at the ends and nothing else", () => {
  expect(strip(`${spaces}a b${spaces}`)).toBe("a b");
  expect(strip(spaces)).toBe("");
  expect(strip("\ufeffa\u200b\u180e")).toBe("\ufeffa\u200b\u180e");
});

test("splitWords gives the words between runs of white space", () => {
  for (const space of spaces) expect(splitWords(`a${space}b`)).toEqual(["a", "b"]);
  expect(splitWords("  a  b ")).toEqual(["a", "b"]);
  expect(splitWords("a")).toEqual(["a"]);
  expect(splitWords("")).toEqual([]);
  expect(splitWords(spaces)).toEqual([]);
});

test("strippedField distinguishes missing from unfit", () => {
  expect(strippedField({ a: " x " }, "a")).toBe("x");
  expect(strippedField({}, "a")).toBe("");
  expect(strippedField({}, "toString")).toBe("");
  expect(strippedField({ a: null }, "a")).toBeUndefined();
  expect(strippedField({ a: 5 }, "a")).toBeUndefined();
});
