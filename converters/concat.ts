/**
 * `concat`: several fields and fixed texts, one after another.
 *
 * @module
 */

import { defineConverter, type SourceRecord, strippedField } from "../src/sdk/mod.ts";

/** The text that one element of `values` stands for; nothing when it stands for none. */
function resolveElement(element: string, record: SourceRecord): string | undefined {
  if (element === "") return undefined;
  const quoted = /^(["'])(.*)\1$/s.exec(element);
  return quoted?.[2] ?? strippedField(record, element);
}

const call = "concat:values=first,' ',last";

export const concat = defineConverter({
  name: "concat",
  summary:
    "Joins top-level fields of the record and quoted texts; the mapping's own value is not used. White space around a field's text is removed, and a field that the record lacks counts as empty.",
  params: {
    values: {
      help:
        "What to join, separated by commas without blanks: names of top-level fields, or texts in single or double quotes. A quoted text cannot contain a comma.",
    },
  },
  examples: [
    { call, record: { first: " Ann ", last: "Lee" }, result: "Ann Lee" },
    { call, record: { first: "Ann" }, result: "Ann " },
    {
      call: "concat:values=first, last",
      record: { first: "Ann", last: "Lee" },
      result: "Ann",
    },
    {
      call: "concat:values=first,last",
      record: { first: "Ann", last: null },
      result: null,
      reports: "error",
    },
    {
      call: "concat:values=first,,last",
      record: { first: "Ann", last: "Lee" },
      result: null,
      reports: "error",
    },
    { call: "concat", record: { first: "Ann" }, result: null },
  ],
  reads({ values }) {
    const elements = typeof values === "string" ? values.split(",") : [];
    return elements.filter((element) => element !== "" && !/^["']/.test(element));
  },
  convert({ record, params: { values }, report }) {
    if (values === undefined || values === "") return null;
    let joined = "";
    for (const element of values === true ? [""] : values.split(",")) {
      const text = resolveElement(element, record);
      if (text === undefined) {
        report(
          element === "" ? "values has an empty element" : `the field ${element} is not text`,
        );
        return null;
      }
      joined += text;
    }
    return joined;
  },
});
