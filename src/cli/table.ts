/**
 * Rows of text in columns.
 *
 * @module
 */

import { neutralise } from "../logging/log.ts";

/** Rows as lines whose columns are aligned, indented by two spaces; each row stays one line. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(neutralise));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows
    .map((row) =>
      `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}`
    )
    .join("\n");
}
