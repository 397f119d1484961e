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
  /** The name of each column; undefined where a later one has the same. */
  readonly names: readonly (string | undefined)[];
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
  const names = header.map((name, place) => places.get(name) === place ? name : undefined);
  return { header, width: header.length, columns, names, empty };
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

/** Whether a part of a text is a cell; nearly all differ in their length already. */
function isCell(text: string, start: number, end: number, cell = ""): boolean {
  return end - start === cell.length && text.startsWith(cell, start);
}

/**
 * A row of text without quotes as a record, read without a list of its cells in between; undefined for a row
 * that has to be looked at cell by cell: it may be blank or the header, or does not fit it.
 *
 * @param start Where it begins in the text.
 * @param end Where its last cell ends.
 */
export function readPlainRow(
  text: string,
  start: number,
  end: number,
  delimiter: string,
  { header, names, empty }: Table,
): SourceRecord | undefined {
  const last = names.length - 1;
  // Where there is a single column, the text would be searched to its end for a delimiter, row by row.
  if (last < 1) return undefined;
  const record: Record<string, unknown> = { ...empty };
  let at = start;
  for (let place = 0; place < last; place++) {
    const next = text.indexOf(delimiter, at);
    if (next < 0 || next >= end) return undefined;
    if (place === 0 && isCell(text, start, next, header[0])) return undefined;
    const name = names[place];
    if (name !== undefined) record[name] = text.slice(at, next);
    at = next + delimiter.length;
  }
  const surplus = text.indexOf(delimiter, at);
  if (surplus >= 0 && surplus < end) return undefined;
  const name = names[last];
  if (name !== undefined) record[name] = text.slice(at, end);
  return record;
}

/** A row as a record: cells that are missing are null, surplus ones are left out. */
export function toRecord(row: readonly string[], table: Table): SourceRecord {
  const record: Record<string, unknown> = { ...table.empty };
  for (const { name, place } of table.columns) record[name] = row[place] ?? null;
  return record;
}
