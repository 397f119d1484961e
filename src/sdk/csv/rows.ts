/**
 * From the text of a CSV file to records, row by row, with file lines kept count of.
 *
 * @module
 */

import { SourceError } from "../../base/errors.ts";
import type { SourceRecord } from "../../base/record.ts";
import type { Dialect } from "./dialect.ts";
import { longestLine } from "./file.ts";
import type { CsvFindings } from "./findings.ts";

/** What papaparse answers. */
interface Parsed {
  readonly data: string[][];
  /** `row` counts from 0 in `data`, or is its length for the row that was not finished. */
  readonly errors: readonly {
    readonly code: string;
    readonly row: number;
    readonly index: number;
  }[];
  /** `cursor` is where the first row that was not finished begins. */
  readonly meta: { readonly cursor: number };
}

/** The low-level parser of papaparse: text to rows of cells. */
export interface RowParser {
  parse(text: string, baseIndex: number, ignoreLastRow: boolean): Parsed;
}

/** The header of a file, made ready for its rows. */
interface Table {
  /** How many cells the header has. */
  readonly width: number;
  /** Each name once, with the index of its last column. */
  readonly columns: readonly { readonly name: string; readonly index: number }[];
  /** A record of nulls. Its copies share one hidden class, and in them `__proto__` is a plain key. */
  readonly empty: SourceRecord;
}

/** Loads papaparse on first use: most runs need no CSV. */
export async function loadParser(dialect: Dialect, quote: string): Promise<RowParser> {
  const { default: papa } = await import("papaparse");
  const { delimiter, newline } = dialect;
  return new papa.Parser({ delimiter, newline, quoteChar: quote, escapeChar: quote });
}

/** Turns the text of one file, fed in blocks, into records; the first row is the header. */
export class RowReader {
  readonly #path: string;
  readonly #parser: RowParser;
  readonly #newline: "\n" | "\r";
  readonly #findings: CsvFindings;
  #table: Table | undefined;
  /** The start of a row that the last text did not finish, and the line on which it begins. */
  #rest = "";
  #restLine: number;
  /** How much text to wait for, so that a long row is not parsed from its start again and again. */
  #enough = 0;
  #line: number;
  #count = 0;

  constructor(path: string, parser: RowParser, dialect: Dialect, findings: CsvFindings) {
    this.#path = path;
    this.#parser = parser;
    this.#newline = dialect.newline;
    this.#findings = findings;
    this.#line = this.#restLine = dialect.skip > 0 ? 2 : 1;
  }

  /** The number of the file line with which the next text begins. */
  get line(): number {
    return this.#line;
  }

  /** How many records there were so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * The records of all rows that end in this text.
   *
   * @throws {SourceError} When a row has grown beyond 16 MB.
   */
  push(more: string): SourceRecord[] {
    this.#refuseLongRow();
    const text = this.#rest + more;
    this.#line += countBreaks(more, more.length, this.#newline);
    if (text.length < this.#enough) {
      this.#rest = text;
      return [];
    }
    const parsed = this.#parser.parse(text, 0, true);
    const records = this.#read(text, parsed);
    this.#rest = text.slice(parsed.meta.cursor);
    this.#restLine = this.#line - countBreaks(this.#rest, this.#rest.length, this.#newline);
    this.#enough = Math.min(this.#rest.length * 2, longestLine);
    return records;
  }

  /** The records of what is left at the end of the file, and why it could not be read to its end. */
  finish(): { readonly records: SourceRecord[]; readonly failure: SourceError | undefined } {
    this.#refuseLongRow();
    // papaparse recognises blanks after a closing quote only before a line break.
    const text = this.#rest + this.#newline;
    const parsed = this.#parser.parse(text, 0, false);
    const failure = this.#openQuote(text, parsed, "before the end of the file");
    if (failure !== undefined) parsed.data.pop();
    return { records: this.#read(text, parsed), failure };
  }

  #read(text: string, parsed: Parsed): SourceRecord[] {
    this.#noteStrayQuotes(text, parsed);
    const records: SourceRecord[] = [];
    for (const [index, row] of parsed.data.entries()) {
      dropReturn(row);
      if (row.length === 1 && row[0] === "") continue;
      if (this.#table === undefined) {
        this.#table = createTable(row);
        this.#findings.header(row, this.#findLine(parsed, index));
        continue;
      }
      if (row.length !== this.#table.width) {
        this.#findings.ragged(() => this.#findLine(parsed, index));
      }
      records.push(toRecord(row, this.#table));
    }
    this.#count += records.length;
    return records;
  }

  #noteStrayQuotes(text: string, parsed: Parsed): void {
    let last = -1;
    for (const { code, row, index } of parsed.errors) {
      // Each stray quote of a cell is an error of its own; an unfinished row will be parsed again.
      if (code !== "InvalidQuotes" || row >= parsed.data.length || index === last) continue;
      last = index;
      this.#findings.strayQuote(() => this.#restLine + countBreaks(text, index, this.#newline));
    }
  }

  #openQuote(text: string, parsed: Parsed, where: string): SourceError | undefined {
    const open = parsed.errors.find((error) => error.code === "MissingQuotes");
    if (open === undefined) return undefined;
    const line = this.#restLine + countBreaks(text, open.index, this.#newline);
    return new SourceError(
      `Cannot read ${this.#path}: the quote opened on line ${line} is not closed ${where}.`,
      { hint: "Close it, or double the quotes that belong to the text of a cell." },
    );
  }

  #refuseLongRow(): void {
    if (this.#rest.length <= longestLine) return;
    const parsed = this.#parser.parse(this.#rest, 0, false);
    throw this.#openQuote(this.#rest, parsed, "within 16 MB") ?? new SourceError(
      `Cannot read ${this.#path}: the row on line ${this.#restLine} is longer than 16 MB.`,
    );
  }

  /** The file line on which a row begins; counted only when asked for. */
  #findLine(parsed: Parsed, index: number): number {
    let line = this.#restLine;
    for (const row of parsed.data.slice(0, index)) {
      line++;
      for (const cell of row) line += countBreaks(cell, cell.length, this.#newline);
    }
    return line;
  }
}

/** Rows are split at line feeds, so in a file from Windows the last cell ends in a carriage return. */
function dropReturn(row: string[]): void {
  const last = row.at(-1);
  if (last?.endsWith("\r")) row[row.length - 1] = last.replace(/\r+$/, "");
}

function createTable(header: readonly string[]): Table {
  const lastIndex = new Map(header.map((name, index) => [name, index]));
  const columns = [...lastIndex].map(([name, index]) => ({ name, index }));
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
  return { width: header.length, columns, empty };
}

function toRecord(row: readonly string[], table: Table): SourceRecord {
  const record: Record<string, unknown> = { ...table.empty };
  for (const { name, index } of table.columns) record[name] = row[index] ?? null;
  return record;
}

/** How many line breaks there are before `end`. */
function countBreaks(text: string, end: number, newline: string): number {
  let count = 0;
  for (let at = text.indexOf(newline); at >= 0 && at < end; at = text.indexOf(newline, at + 1)) {
    count++;
  }
  return count;
}
