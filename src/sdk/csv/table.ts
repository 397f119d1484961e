/**
 * The header of a CSV file and the rows under it.
 *
 * @module
 */

import type { SourceRecord } from "../../base/record.ts";

/** The header of a file, made ready for its rows. */
export interface Table {
  readonly header: readonly string[];
  /** How many cells the header has. */
  readonly width: number;
  /** Each name once, with the index of its last column. */
  readonly columns: readonly { readonly name: string; readonly place: number }[];
  /** A record of nulls. Its copies share one hidden class, and in them `__proto__` is a plain key. */
  readonly empty: SourceRecord;
}

/** Takes the first row for the header; the last of several columns of one name counts. */
export function createTable(header: readonly string[]): Table {
  const places = new Map(header.map((name, place) => [name, place]));
  const columns = [...places].map(([name, place]) => ({ name, place }));
  const empty = {};
  for (const { name } of columns) {
    // An assignment would set the prototype where the name is `__proto__`.
    Object.defineProperty(empty, name, {
      value: null,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return { header, width: header.length, columns, empty };
}

/** Whether a row comes from a blank line. */
export function isBlankRow(row: readonly string[]): boolean {
  return row.length === 1 && row[0] === "";
}

/** Whether a row is the header once more; of a single column it could be a value like any other. */
export function isHeader(row: readonly string[], { header, width }: Table): boolean {
  // Every row is asked about: nearly all differ in the first cell.
  if (width < 2 || row[0] !== header[0] || row.length !== width) return false;
  return header.some((name) => name !== "") && row.every((cell, place) => cell === header[place]);
}

/** A row as a record: cells that are missing are null, surplus ones are left out. */
export function toRecord(row: readonly string[], table: Table): SourceRecord {
  const record: Record<string, unknown> = { ...table.empty };
  for (const { name, place } of table.columns) record[name] = row[place] ?? null;
  return record;
}
