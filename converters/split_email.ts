/**
 * `split_email`: the local part of an e-mail address.
 *
 * @module
 */

import { AgentError, defineConverter, isEmpty } from "../src/sdk/mod.ts";

const call = "split_email";

export const splitEmail = defineConverter({
  name: call,
  summary: "Takes the text before the first @: the name out of an e-mail address.",
  params: {},
  examples: [
    { call, value: "ann@example.com", result: "ann" },
    { call, value: "a@b@c", result: "a" },
    { call, value: "nobody", result: "nobody" },
    { call, value: "@x", result: "" },
    { call, value: "", result: "" },
    { call, value: 5, result: null, fails: true },
  ],
  convert({ value }) {
    if (isEmpty(value)) return value;
    if (typeof value !== "string") throw new AgentError("the value is not text");
    const at = value.indexOf("@");
    return at === -1 ? value : value.slice(0, at);
  },
});
