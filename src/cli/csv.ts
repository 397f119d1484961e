/**
 * Rows as CSV for spreadsheets.
 *
 * @module
 */

import { stringifyExactJson } from "../base/json.ts";

/** A value as a CSV cell that no spreadsheet takes for a formula. */
export function csvCell(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : stringifyExactJson(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line, without its end. */
export function csvRow(cells: readonly unknown[]): string {
  return cells.map(csvCell).join(",");
}
