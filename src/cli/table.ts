/**
 * Rows of text in columns.
 *
 * @module
 */

import { neutralise } from "../logging/log.ts";

/** Characters of a cell that its column may grow for: one long name must not push all rows apart. */
const widestCell = 80;

/**
 * Rows as lines whose columns are aligned, indented by two spaces; each row stays one line. A cell that
 * is very long is written in full and shifts the rest of its row only.
 */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(neutralise));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0).filter((size) => size <= widestCell))
  );
  return rows
    .map((row) =>
      `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}`
    )
    .join("\n");
}
