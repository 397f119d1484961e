/**
 * `ldap_timestamp`: Windows file time to Unix seconds.
 *
 * @module
 */

import { defineConverter } from "../src/sdk/mod.ts";

const call = "ldap_timestamp";

/** Seconds from 1601 to 1970. */
const epochGap = 11644473600n;
// The years 1 to 9999; Active Directory writes "never" as the greatest number of all.
const earliest = -62135596800n;
const latest = 253402300799n;

export const ldapTimestamp = defineConverter({
  name: call,
  summary:
    "Turns a Windows file time, as Active Directory keeps in accountExpires or lastLogon, into Unix seconds. 0 and 9223372036854775807 both mean never; they and times beyond the calendar become the last second of the year 9999.",
  params: {},
  examples: [
    { call, value: "131000000000000000", result: 1455526400 },
    { call, value: 0, result: 253402300799 },
    { call, value: -1, result: -11644473601 },
    { call, value: "9223372036854775807", result: 253402300799 },
    { call, value: "abc", result: "abc" },
    { call, value: null, result: null },
  ],
  convert({ value }) {
    const ticks = wholeNumber(value);
    if (ticks === undefined) return value;
    // "Account-Expires attribute": an account that is set back to never expire has 0.
    if (ticks === 0n) return Number(latest);
    // BigInt division cuts toward zero; times before 1601 must be rounded down.
    const seconds = (ticks - (ticks < 0n ? 9_999_999n : 0n)) / 10_000_000n - epochGap;
    return Number(seconds < earliest || seconds > latest ? latest : seconds);
  },
});

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^\s*[+-]?\d+\s*$/.test(value)) {
    return BigInt(value.trim().replace(/^\+/, ""));
  }
  return undefined;
}
