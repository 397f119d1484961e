/**
 * Values of the Jamf Pro API as the Classic API writes them.
 *
 * @module
 */

import { isObject } from "../../sdk/mod.ts";

function follow(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split(".")) current = isObject(current) ? current[key] : undefined;
  return current;
}

/** The value at the first path that leads to one; a blank text, as the Classic API has it, where none does. */
export function at(value: unknown, paths: string | readonly string[]): unknown {
  const found = [paths].flat().map((path) => follow(value, path));
  return found.find((one) => one !== undefined && one !== null) ?? "";
}

/** The objects of a list; none where there is no list. */
export function objectsAt(value: unknown, path: string): readonly Record<string, unknown>[] {
  const list = follow(value, path);
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/**
 * `2026-01-05T08:14:03.000Z` in the three forms of the Classic API: `key` (UTC here; a day stays a
 * day), `key_epoch` in milliseconds and `key_utc`. What never was has a blank text and 0.
 */
export function momentForms(key: string, text: unknown): Record<string, unknown> {
  const time = typeof text === "string" ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || time === 0) {
    return { [key]: "", [`${key}_epoch`]: 0, [`${key}_utc`]: "" };
  }
  const iso = new Date(time).toISOString();
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(`${text}`);
  return {
    [key]: isDay ? text : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`,
    [`${key}_epoch`]: time,
    [`${key}_utc`]: iso.replace("Z", "+0000"),
  };
}
