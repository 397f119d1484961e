/**
 * `timestamp`: a date to Unix seconds, reporting what is not a date.
 *
 * @module
 */

import { defineConverter, readDate } from "../src/sdk/mod.ts";

const call = "timestamp";

export const timestamp = defineConverter({
  name: call,
  summary:
    "Turns a date (ISO 8601; UTC when it names no zone) into Unix seconds. Anything that is not a date stays unchanged, with an error in the log.",
  params: {},
  examples: [
    { call, value: "2019-01-02T03:04:05.123Z", result: 1546398245 },
    { call, value: "2019-01-02T03:04:05+02:00", result: 1546391045 },
    { call, value: "2019-01-02", result: 1546387200 },
    { call, value: 1546398245.5, result: 1546398245 },
    { call, value: "2019-1-2", result: "2019-1-2", reports: "warning" },
    { call, value: "abc", result: "abc", reports: "error" },
    { call, value: null, result: null },
  ],
  convert({ value, report }) {
    if (value === null || value === undefined) return null;
    const seconds = readDate(value);
    if (typeof seconds === "number") return seconds;
    if (seconds === "doubtful") report("the date is not in the form YYYY-MM-DD", "warning");
    else report("the value is not a date");
    return value;
  },
});
