/**
 * `last_from_full`: the last name of a full name.
 *
 * @module
 */

import { AgentError, defineConverter, isEmpty } from "../src/sdk/mod.ts";

const call = "last_from_full";

export const lastFromFull = defineConverter({
  name: call,
  summary: "Takes the text after the last space: the last name out of a full name.",
  params: {},
  examples: [
    { call, value: "Ann Marie Lee", result: "Lee" },
    { call, value: "Ann ", result: "" },
    { call, value: "Cher", result: "Cher" },
    { call, value: null, result: null },
    { call, value: 5, result: null, fails: true },
  ],
  convert({ value }) {
    if (isEmpty(value)) return value;
    if (typeof value !== "string") throw new AgentError("the value is not text");
    return value.slice(value.lastIndexOf(" ") + 1);
  },
});
