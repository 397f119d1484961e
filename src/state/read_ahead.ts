/**
 * Sources give their records in much the same order each time: what is likely to be looked for next is read
 * many at a time, which costs a fraction of looking for one after the other.
 *
 * @module
 */

import type { SqliteRow } from "../runtime/sqlite.ts";

/** Rows that are read at once, and how many such pages are at hand. */
const pageSize = 256;
const maxPages = 4;

/** As far may the next record be from the one before it to count as the next in order. */
const nearRows = 64;

/** The rows that are likely to be looked for next, by their keys. */
export class ReadAhead {
  readonly #read: (after: number, limit: number) => readonly SqliteRow[];
  readonly #pages: Map<string, SqliteRow>[] = [];
  /** The last row that was read. */
  #last = 0;
  /** The last row that had to be looked for. */
  #found = 0;
  #isAtEnd = false;

  /** @param read The rows after an id, in the order of their ids. */
  constructor(read: (after: number, limit: number) => readonly SqliteRow[]) {
    this.#read = read;
    this.#continue();
  }

  /** The row of a key, when it is at hand. */
  take(key: string): SqliteRow | undefined {
    for (let page = this.#pages.length - 1; page >= 0; page--) {
      const row = this.#pages[page]?.get(key);
      if (row === undefined) continue;
      // It is near the end of what is at hand.
      if (page === this.#pages.length - 1) this.#continue();
      return row;
    }
    return undefined;
  }

  /** Notes which row was found that was not at hand: two near each other are the begin of an order. */
  found(id: number): void {
    const isNext = id > this.#found && id - this.#found <= nearRows;
    this.#found = id;
    if (!isNext) return;
    this.#pages.length = 0;
    this.#last = id;
    this.#isAtEnd = false;
    this.#continue();
  }

  #continue(): void {
    if (this.#isAtEnd) return;
    const rows = this.#read(this.#last, pageSize);
    this.#isAtEnd = rows.length < pageSize;
    this.#last = Number(rows.at(-1)?.id ?? this.#last);
    this.#pages.push(new Map(rows.map((row) => [String(row.key), row])));
    if (this.#pages.length > maxPages) this.#pages.shift();
  }
}
