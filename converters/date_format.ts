/**
 * `date_format`: a date to Unix seconds, silently keeping what is no date.
 *
 * @module
 */

import { defineConverter, readDate, readSpacedDate } from "../src/sdk/mod.ts";

const call = "date_format";

export const dateFormat = defineConverter({
  name: call,
  summary:
    "Turns a date (ISO 8601, or YYYY-MM-DD HH:mm:ss, always taken as UTC) into Unix seconds. Anything that is not a date stays unchanged.",
  params: {},
  examples: [
    { call, value: "2019-01-02 03:04:05", result: 1546398245 },
    { call, value: "2019-01-02 03:04:05 +02:00", result: 1546398245 },
    { call, value: "2019-01-02 03:04", result: "2019-01-02 03:04" },
    { call, value: "2019-01-02", result: 1546387200 },
    { call, value: "2019-01-02T03:04:05Z", result: 1546398245 },
    { call, value: "2019-01-02T03:04:05+02:00", result: 1546391045 },
    { call, value: "01/02/2019", result: "01/02/2019", reports: "warning" },
    { call, value: "abc", result: "abc" },
    { call, value: "", result: "" },
    { call, value: null, result: null },
  ],
  convert({ value, report }) {
    if (typeof value !== "string" && !(value instanceof Date)) return value;
    const spaced = typeof value === "string" && value.includes(" ");
    const seconds = spaced ? readSpacedDate(value) : readDate(value);
    if (typeof seconds === "number") return seconds;
    if (seconds === "doubtful") report("the date is not in the form YYYY-MM-DD", "warning");
    return value;
  },
});
