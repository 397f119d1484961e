/**
 * `split`: one part of a text.
 *
 * @module
 */

import { defineConverter, isEmpty, splitWords } from "../src/sdk/mod.ts";

export const split = defineConverter({
  name: "split",
  summary: "Splits a text and takes one of its parts.",
  params: {
    on: { help: "The text to split at; any run of white space when not given." },
    index: {
      help: "Which part: 0 is the first, 1 the second, -1 the last.",
      default: "0",
    },
  },
  examples: [
    { call: "split:on=,|index=1", value: "a,b,c", result: "b" },
    { call: "split:on=,|index=-1", value: "a,b,c", result: "c" },
    { call: "split:on=,|index=5", value: "a,b", result: "a,b", reports: "error" },
    { call: "split", value: "a b  c", result: "a" },
    { call: "split:on=", value: "a,b", result: "a,b", reports: "error" },
    { call: "split:on=,", value: 12, result: 12, reports: "error" },
    { call: "split:on=,", value: null, result: null },
    { call: "split:index=one", value: "a b", result: "a b", reports: "error" },
    { call: "split", value: " ", result: " ", reports: "error" },
  ],
  convert({ value, params: { on, index = "0" }, report }) {
    if (isEmpty(value)) return value;
    const problem = problemWith(value, on, index);
    const part = problem === undefined ? pickPart(String(value), on, Number(index)) : undefined;
    if (part === undefined) report(problem ?? `the text has no part ${index}`);
    return part ?? value;
  },
});

function problemWith(value: unknown, on: unknown, index: unknown): string | undefined {
  if (typeof value !== "string") return "the value is not text";
  if (on === "" || on === true) return "the parameter on is empty";
  if (!/^\s*[+-]?\d+\s*$/.test(String(index))) return "the parameter index is not a whole number";
  return undefined;
}

function pickPart(text: string, on: string | true | undefined, index: number): string | undefined {
  return (typeof on === "string" ? text.split(on) : splitWords(text)).at(index);
}
