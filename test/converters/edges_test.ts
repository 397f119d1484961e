/**
 * The corners that the worked examples do not show.
 *
 * @module
 */

import { expect, test } from "bun:test";
import type { SourceRecord } from "../../src/sdk/mod.ts";
import { run, services } from "./converter_run.ts";

async function resultOf(call: string, value: unknown, record: SourceRecord = {}): Promise<unknown> {
  return (await run(call, { value, record, services })).result;
}

async function problemsOf(
  call: string,
  value: unknown,
  record: SourceRecord = {},
): Promise<string[]> {
  return (await run(call, { value, record, services })).problems.map(({ problem }) => problem);
}

test("no problem quotes the value: it may be personal, and problems are counted by their text", async () => {
  const record = { a: { secret: "s3cret" }, extension_attributes: "s3cret" };
  for (
    const call of [
      "split:on=,|index=9",
      "timestamp",
      "memberOf:a=b",
      "concat:values=a",
      "capitalize",
    ]
  ) {
    for (const value of ["s3cret", ["s3cret"], { a: "s3cret" }]) {
      expect(JSON.stringify(await problemsOf(call, value, record))).not.toContain("s3cret");
    }
  }
});

test("empty values pass through the text converters untouched and without a problem", async () => {
  for (const call of ["split", "split_email", "first_from_full", "last_from_full", "capitalize"]) {
    for (const value of [null, "", 0, false]) {
      expect(await run(call, { value, services })).toEqual({
        result: value,
        problems: [],
        thrown: undefined,
      });
    }
  }
});

test("split takes Python's white space and whole numbers", async () => {
  expect(await resultOf("split:index=-1", "\u00a0a\u2003b\u0085\n")).toBe("b");
  expect(await resultOf("split:index=1", "a\ufeffb c")).toBe("c");
  expect(await resultOf("split:index= +1 ", "a b")).toBe("b");
  expect(await problemsOf("split:index=1.5", "a b")).toEqual([
    "the parameter index is not a whole number",
  ]);
  expect(await problemsOf("split:on", "a,b")).toEqual(["the parameter on is empty"]);
  expect(await problemsOf("split:on=,|index=2", "a,b")).toEqual(["the text has no part 2"]);
});

test("split gives empty parts of explicit separators", async () => {
  expect(await resultOf("split:on=,|index=1", "a,,b")).toBe("");
});

test("capitalize keeps characters beyond the first plane whole", async () => {
  expect(await resultOf("capitalize", "𐐨ABC")).toBe("𐐀abc");
  expect(await resultOf("capitalize", "éCOLE")).toBe("École");
});

test("concat reaches own fields only and quotes both ways", async () => {
  expect(await resultOf(`concat:values="a",toString,'b'`, null)).toBe("ab");
  expect(await resultOf("concat:values=''", null)).toBe("");
  expect(await resultOf(`concat:values='"'`, null)).toBe('"');
  expect(await problemsOf("concat:values=n", null, { n: 5 })).toEqual(["the field n is not text"]);
  expect(await problemsOf("concat:values", null)).toEqual(["values has an empty element"]);
  expect(await resultOf("concat:values=", null)).toBeNull();
});

test("first_field stops at the first filled field", async () => {
  expect(await resultOf("first_field:fields=a,b", "", { a: "x", b: null })).toBe("x");
  expect(await resultOf("first_field:fields=a,b", 0, { b: "y" })).toBe("y");
  expect(await resultOf("first_field:fields=a", "  ")).toBe("  ");
  expect(await problemsOf("first_field", null)).toEqual(["the parameter fields is missing"]);
});

test("ldap_timestamp rounds down and never leaves the calendar", async () => {
  expect(await resultOf("ldap_timestamp", "131000000009999999")).toBe(1455526400);
  expect(await resultOf("ldap_timestamp", -10_000_000)).toBe(-11644473601);
  expect(await resultOf("ldap_timestamp", -10_000_001)).toBe(-11644473602);
  expect(await resultOf("ldap_timestamp", 131000000000000000n)).toBe(1455526400);
  expect(await resultOf("ldap_timestamp", " +131000000000000000 ")).toBe(1455526400);
  expect(await resultOf("ldap_timestamp", 9223372036854775807n)).toBe(253402300799);
  expect(await resultOf("ldap_timestamp", "-9223372036854775807")).toBe(253402300799);
  expect(await resultOf("ldap_timestamp", "0")).toBe(253402300799);
  expect(await resultOf("ldap_timestamp", 0n)).toBe(253402300799);
  expect(await resultOf("ldap_timestamp", 1.5)).toBe(1.5);
  expect(await resultOf("ldap_timestamp", "20190102030405.0Z")).toBe("20190102030405.0Z");
});

test("memberOf takes the first group in the order of the call", async () => {
  expect(await resultOf("memberOf:B=2|A=1", ["A", "B"])).toBe("2");
  expect(await resultOf("memberOf:A", ["A"])).toBe(true);
  expect(await resultOf("memberOf:default=D", ["default"])).toBe("D");
  expect(await resultOf("memberOf:A=1", { A: 0 })).toBe("1");
  expect(await resultOf("memberOf:toString=1|__proto__=2|default=D", {})).toBe("D");
  expect(await problemsOf("memberOf:A=1", 5)).toEqual(["the value is neither a list nor text"]);
});

test("casper_extension_attribute takes a missing list for an empty one", async () => {
  expect(await resultOf("casper_extension_attribute:attr=A|default=z", null)).toBe("z");
  const record = { extension_attributes: [null, { name: "A", value: null }] };
  expect(await resultOf("casper_extension_attribute:attr=A|default=z", null, record)).toBeNull();
});
