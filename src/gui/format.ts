/**
 * How times, positions and values are written on the pages.
 *
 * @module
 */
import { stringifyExactJson } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";

/** A moment for people: `2026-03-01 07:30:05 UTC`. */
export function moment(iso: string): string {
  return `${iso.slice(0, 19).replace("T", " ")} UTC`;
}

/** The time between two moments: `3.2 s`, `4 min 10 s`. */
export function duration(from: string | Date, to: string | Date): string {
  const seconds = (new Date(to).getTime() - new Date(from).getTime()) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** A value as JSON of several lines, without secrets. */
export function json(redactor: Redactor, value: unknown): string {
  return redactor.redact(stringifyExactJson(value ?? null, 2));
}

/** A page with a query: `failed?section=okta`. */
export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  return `${path}?${new URLSearchParams(query)}`;
}
