/**
 * Records as JSON, also those that hold numbers that JSON cannot.
 *
 * @module
 */

function asText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** A value as JSON; numbers too large for JSON become texts. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, asText);
}
