/**
 * `first_field`: the first of several fields that is filled.
 *
 * @module
 */

import { defineConverter, isEmpty, strippedField } from "../src/sdk/mod.ts";

const call = "first_field:fields=a,b";

export const firstField = defineConverter({
  name: "first_field",
  summary:
    "Keeps the value if there is one, else takes the first of some top-level text fields that is not blank, without the white space around it; null when all are.",
  params: {
    fields: { help: "Names of top-level fields, in order, separated by commas without blanks." },
  },
  examples: [
    { call, value: null, record: { a: "", b: " x " }, result: "x" },
    { call, value: "v", record: { a: "", b: " x " }, result: "v" },
    { call, value: null, record: { a: " " }, result: null },
    { call, value: null, record: { a: null, b: "x" }, result: null, reports: "error" },
  ],
  reads: ({ fields }) => typeof fields === "string" ? fields.split(",") : [],
  convert({ value, record, params: { fields }, report }) {
    if (!isEmpty(value)) return value;
    if (typeof fields !== "string") {
      report("the parameter fields is missing");
      return null;
    }
    for (const key of fields.split(",")) {
      const text = strippedField(record, key);
      if (text === undefined) {
        report(`the field ${key} is not text`);
        return null;
      }
      if (text !== "") return text;
    }
    return null;
  },
});
