/**
 * The syntax of converter calls.
 *
 * @module
 */

import { expect, test } from "bun:test";
import type { ConverterParams } from "../../src/sdk/mod.ts";
import { parseConverterCall } from "../../src/transform/converter_call.ts";

const calls: [text: string, name: string, params: ConverterParams][] = [
  ["split", "split", {}],
  ["split:on=,|index=1", "split", { on: ",", index: "1" }],
  ["memberOf:Admins=Boss|default=D", "memberOf", { Admins: "Boss", default: "D" }],
  ["x:flag", "x", { flag: true }],
  ["x:flag|a=", "x", { flag: true, a: "" }],
  ["x:a=b=c", "x", { a: "b=c" }],
  ["x:url=http://127.0.0.1:8080/?a=b", "x", { url: "http://127.0.0.1:8080/?a=b" }],
  ["x: a = b ", "x", { " a ": " b " }],
  [" x :a=b", " x ", { a: "b" }],
  ["x:a=1|a=2", "x", { a: "2" }],
  ["split:|,1", "split", { "": true, ",1": true }],
  ["x:", "x", { "": true }],
  ["x:=b", "x", { "": "b" }],
  ["", "", {}],
];

test.each(calls)("%p", (text, name, params) => {
  expect(parseConverterCall(text)).toEqual({ name, params });
});

test("a parameter may have any name", () => {
  const { params } = parseConverterCall("memberOf:__proto__=a|constructor=b");
  expect(Object.entries(params)).toEqual([["__proto__", "a"], ["constructor", "b"]]);
});
