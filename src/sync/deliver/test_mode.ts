/**
 * `--testmode`: what would be sent is shown instead, record by record, as JSON with sorted keys.
 *
 * @module
 */

import { stringifyExactJson } from "../../base/json.ts";
import type { Sink } from "./deliver.ts";

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** JSON with sorted keys, two spaces deep. */
export function sortedJson(value: unknown): string {
  return stringifyExactJson(sorted(value), 2);
}

/** A sink that shows every request and sends nothing. */
export function createTestModeSink(print: (text: string) => void): Sink {
  return {
    writes: false,
    post(request) {
      print(sortedJson(request.payload));
      return Promise.resolve({ status: 200, body: "" });
    },
  };
}
