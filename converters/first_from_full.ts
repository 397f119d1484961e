/**
 * `first_from_full`: the first name of a full name.
 *
 * @module
 */

import { AgentError, defineConverter, isEmpty } from "../src/sdk/mod.ts";

const call = "first_from_full";

export const firstFromFull = defineConverter({
  name: call,
  summary: "Takes the text before the first space: the first name out of a full name.",
  params: {},
  examples: [
    { call, value: "Ann Marie Lee", result: "Ann" },
    { call, value: " Ann", result: "" },
    { call, value: "Cher", result: "Cher" },
    { call, value: null, result: null },
    { call, value: 5, result: null, fails: true },
  ],
  convert({ value }) {
    if (isEmpty(value)) return value;
    if (typeof value !== "string") throw new AgentError("the value is not text");
    const space = value.indexOf(" ");
    return space === -1 ? value : value.slice(0, space);
  },
});
