/**
 * `memberOf`: a result chosen by what a list, or a text, contains.
 *
 * @module
 */

import { defineConverter, isObject } from "../src/sdk/mod.ts";

const call = "memberOf:Admins=Boss|default=D";

export const memberOf = defineConverter({
  name: "memberOf",
  summary:
    "Chooses a result by group: each parameter is a group and its result, for example memberOf:Admins=Boss. The first group that is in the value (an element of a list, or a part of a text) gives the result; without any, the parameter default does, else null. Group names cannot contain = or |.",
  params: "any",
  examples: [
    { call, value: ["Admins", "Users"], result: "Boss" },
    { call, value: [], result: "D" },
    { call, value: "xxAdminsyy", result: "Boss" },
    { call, value: null, result: null, reports: "error" },
    { call: "memberOf:Admins=Boss", value: ["Users"], result: null },
  ],
  convert({ value, params, report }) {
    if (typeof value !== "string" && !Array.isArray(value) && !isObject(value)) {
      report("the value is neither a list nor text");
      return null;
    }
    for (const needle in params) {
      if (needle !== "default" && contains(value, needle)) return params[needle];
    }
    return params.default ?? null;
  },
});

/** Python's `needle in value`. */
function contains(value: string | readonly unknown[] | object, needle: string): boolean {
  return typeof value === "string" || Array.isArray(value)
    ? value.includes(needle)
    : Object.hasOwn(value, needle);
}
