/**
 * `capitalize`: a capital first, all others small.
 *
 * @module
 */

import { defineConverter, isEmpty } from "../src/sdk/mod.ts";

export const capitalize = defineConverter({
  name: "capitalize",
  summary: "Makes the first character upper-case and all others lower-case.",
  params: {},
  examples: [
    { call: "capitalize", value: "hELLO wORLD", result: "Hello world" },
    { call: "capitalize", value: 12, result: 12, reports: "error" },
    { call: "capitalize", value: null, result: null },
  ],
  convert({ value, report }) {
    if (isEmpty(value)) return value;
    if (typeof value !== "string") {
      report("the value is not text");
      return value;
    }
    const first = String.fromCodePoint(value.codePointAt(0) ?? 0);
    return first.toUpperCase() + value.slice(first.length).toLowerCase();
  },
});
