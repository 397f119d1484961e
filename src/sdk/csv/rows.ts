/**
 * From the text of a CSV file to records, row by row, with file lines kept count of.
 *
 * @module
 */

import { SourceError } from "../../base/errors.ts";
import type { SourceRecord } from "../../base/record.ts";
import type { Dialect } from "./dialect.ts";
import { longestLine } from "./file.ts";
import { type Escape, hasEscapedQuote, type MarkedText, markText } from "./marks.ts";
import type { CsvFindings } from "./findings.ts";
import { createTable, isBlankRow, isHeader, readPlainRow, type Table, toRecord } from "./table.ts";

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

/** Loads papaparse on first use: most runs need no CSV. */
export async function loadParser(dialect: Dialect, quote: string): Promise<RowParser> {
  const { default: papa } = await import("papaparse");
  const { delimiter, newline } = dialect;
  return new papa.Parser({ delimiter, newline, quoteChar: quote, escapeChar: quote });
}

/** Ctrl-Z, which ended a text file under CP/M and DOS. */
// deno-lint-ignore no-control-regex
const endMarks = /\x1a+$/;

const carriageReturn = 13;

/** What a {@linkcode RowReader} reads with. */
export interface RowSettings {
  readonly path: string;
  readonly parser: RowParser;
  readonly dialect: Dialect;
  readonly findings: CsvFindings;
  readonly quote: string;
}

/** Text as it was parsed, and what it came to. */
interface Reading {
  readonly marked: MarkedText;
  readonly parsed: Parsed;
}

/** Turns the text of one file, fed in blocks, into records; the first row is the header. */
export class RowReader {
  readonly #path: string;
  readonly #parser: RowParser;
  readonly #delimiter: string;
  readonly #newline: "\n" | "\r";
  readonly #quote: string;
  readonly #findings: CsvFindings;
  #table: Table | undefined;
  /** The start of a row that the last text did not finish, and the line on which it begins. */
  #rest = "";
  #restLine: number;
  /** How much text to wait for, so that a long row is not parsed from its start again and again. */
  #enough = 0;
  #line: number;
  #count = 0;
  /** How quotes inside of cells are written; undefined until a backslash before one raises the question. */
  #escape: Escape | undefined;
  /** Why nothing can be read any more. */
  #failure: SourceError | undefined;

  constructor({ path, parser, dialect, findings, quote }: RowSettings) {
    this.#path = path;
    this.#parser = parser;
    this.#delimiter = dialect.delimiter;
    this.#newline = dialect.newline;
    this.#quote = quote;
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
   * @throws {SourceError} When a row has grown beyond 16 MB, or the last text could not be read to its end.
   */
  push(more: string): SourceRecord[] {
    if (this.#failure !== undefined) throw this.#failure;
    this.#refuseLongRow();
    const text = this.#rest + more;
    const isEnough = text.length >= this.#enough;
    // Where backslashes escape, they do so outside of quotes, too.
    if (isEnough && this.#escape !== "backslash" && !text.includes(this.#quote)) {
      return this.#readPlain(text);
    }
    this.#line += countBreaks(more, more.length, this.#newline);
    if (!isEnough) {
      this.#rest = text;
      return [];
    }
    const reading = this.#parse(text, true);
    const records = this.#read(reading);
    const { marked, parsed } = reading;
    const rest = marked.restore(marked.text.slice(parsed.meta.cursor));
    this.#keepRest(rest, this.#line - countBreaks(rest, rest.length, this.#newline));
    return records;
  }

  #keepRest(rest: string, line: number): void {
    this.#rest = rest;
    this.#restLine = line;
    this.#enough = Math.min(rest.length * 2, longestLine);
  }

  /** The records of what is left at the end of the file, and why it could not be read to its end. */
  finish(): { readonly records: SourceRecord[]; readonly failure: SourceError | undefined } {
    if (this.#failure !== undefined) return { records: [], failure: this.#failure };
    this.#refuseLongRow();
    const left = this.#rest.replace(endMarks, "");
    if (left.length < this.#rest.length) this.#findings.endMark();
    // papaparse recognises blanks after a closing quote only before a line break.
    const reading = this.#parse(left + this.#newline, false);
    const { marked, parsed } = reading;
    const open = this.#openQuote(marked.text, parsed, "before the end of the file");
    if (open !== undefined) parsed.data.pop();
    const records = this.#read(reading);
    return { records, failure: this.#failure ?? open };
  }

  #mark(raw: string, escape: Escape): MarkedText {
    return markText(raw, { quote: this.#quote, newline: this.#newline, escape });
  }

  #parseAs(raw: string, escape: Escape, ignoreLastRow: boolean): Reading {
    const marked = this.#mark(raw, escape);
    return { marked, parsed: this.#parser.parse(marked.text, 0, ignoreLastRow) };
  }

  /**
   * Parses, and where a backslash is before a quote, finds out what it is: the last character of a cell,
   * as in `"C:\"`, or an escape, as in `"5\" disk"`. What makes the rows fit the header holds for the
   * rest of the file.
   */
  #parse(raw: string, ignoreLastRow: boolean): Reading {
    if (this.#escape === "backslash") return this.#parseAs(raw, "backslash", ignoreLastRow);
    const doubled = this.#parseAs(raw, "doubled", ignoreLastRow);
    if (!hasEscapedQuote(raw, this.#quote)) return doubled;
    const faults = this.#findFaults(doubled);
    if (faults.rows === 0) {
      this.#escape = "doubled";
      return doubled;
    }
    const backslash = this.#parseAs(raw, "backslash", ignoreLastRow);
    const others = this.#findFaults(backslash);
    if (this.#escape === undefined && others.stray === undefined && others.rows < faults.rows) {
      this.#escape = "backslash";
      const at = raw.indexOf(`\\${this.#quote}`);
      const line = this.#restLine + countBreaks(raw, at, this.#newline);
      this.#findings.backslashes(this.#quote, line);
      return backslash;
    }
    return faults.stray === undefined ? doubled : this.#undecided(doubled, faults.stray);
  }

  /** Rows that do not have the width of the header, or a quote where none may be. */
  #findFaults({ marked: { text }, parsed }: Reading): {
    readonly rows: number;
    /** The first row with a stray quote after a backslash. */
    readonly stray: Parsed["errors"][number] | undefined;
  } {
    const width = this.#table?.width ?? parsed.data.find((row) => !isBlankRow(row))?.length;
    const faulty = new Set<number>();
    for (const [index, row] of parsed.data.entries()) {
      if (row.length !== width && !isBlankRow(row)) faulty.add(index);
    }
    const strays = parsed.errors.filter(({ code, row }) =>
      code === "InvalidQuotes" && row < parsed.data.length
    );
    for (const { row } of strays) faulty.add(row);
    const escaped = strays.find(({ index }) => {
      const end = text.indexOf(this.#newline, index);
      return hasEscapedQuote(text.slice(index, end < 0 ? undefined : end), this.#quote);
    });
    return { rows: faulty.size, stray: escaped };
  }

  /** The rows before the one that is ambiguous; it ends the reading. */
  #undecided({ marked, parsed }: Reading, { row, index }: Parsed["errors"][number]): Reading {
    const line = this.#restLine + countBreaks(marked.text, index, this.#newline);
    this.#failure = new SourceError(
      `Cannot read ${this.#path}: on line ${line} a quote comes after a backslash, and the rows do not show whether it ends the cell.`,
      { hint: "Export the file with the quotes inside of cells doubled." },
    );
    const errors = parsed.errors.filter((error) => error.row < row);
    return { marked, parsed: { ...parsed, data: parsed.data.slice(0, row), errors } };
  }

  #read({ marked, parsed }: Reading): SourceRecord[] {
    const { text } = marked;
    this.#noteStrayQuotes(text, parsed);
    const records: SourceRecord[] = [];
    const rows: number[] = [];
    const start = this.#restLine;
    const lineOf = (index: number) => this.#findLine(parsed, index, start);
    for (const [index, cells] of parsed.data.entries()) {
      if (this.#newline === "\n") dropReturn(cells);
      const row = marked.isMarked ? cells.map(marked.toCell) : cells;
      const record = this.#readRow(row, index, lineOf);
      if (record === undefined) continue;
      records.push(record);
      rows.push(index);
    }
    return this.#createPage(records, (at) => lineOf(rows[at] ?? 0));
  }

  /** Reads text without quotes, in which every line is a row. */
  #readPlain(text: string): SourceRecord[] {
    const newline = this.#newline;
    const records: SourceRecord[] = [];
    const lines: number[] = [];
    let line = this.#restLine;
    let start = 0;
    for (let at = text.indexOf(newline); at >= 0; at = text.indexOf(newline, start)) {
      const end = newline === "\n" ? beforeReturns(text, start, at) : at;
      const record = this.#readPlainRow(text, start, end, line);
      if (record !== undefined) {
        records.push(record);
        lines.push(line);
      }
      line++;
      start = at + 1;
    }
    this.#keepRest(text.slice(start), line);
    this.#line = line;
    return this.#createPage(records, (at) => lines[at] ?? line);
  }

  #readPlainRow(text: string, start: number, end: number, line: number): SourceRecord | undefined {
    const delimiter = this.#delimiter;
    const record = this.#table && readPlainRow(text, start, end, delimiter, this.#table);
    if (record !== undefined) return record;
    return this.#readRow(text.slice(start, end).split(delimiter), line, (index) => index);
  }

  /** The record of a row; undefined where it is blank, the header, or the end of a file of DOS. */
  #readRow(
    row: readonly string[],
    index: number,
    lineOf: (index: number) => number,
  ): SourceRecord | undefined {
    if (isBlankRow(row)) return undefined;
    if (row.length === 1 && row[0]?.replace(endMarks, "") === "") {
      this.#findings.endMark();
      return undefined;
    }
    if (this.#table === undefined) {
      this.#table = createTable(row);
      this.#findings.header(row, lineOf(index));
      return undefined;
    }
    if (isHeader(row, this.#table)) {
      this.#findings.repeatedHeader(() => lineOf(index));
      return undefined;
    }
    if (row.length !== this.#table.width) this.#findings.ragged(() => lineOf(index));
    return toRecord(row, this.#table);
  }

  #createPage(records: SourceRecord[], lineOf: (at: number) => number): SourceRecord[] {
    this.#count += records.length;
    return Object.assign(records, {
      locate: (at: number) => `line ${lineOf(at)} of ${this.#path}`,
    });
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
  #findLine(parsed: Parsed, index: number, start = this.#restLine): number {
    let line = start;
    for (const row of parsed.data.slice(0, index)) {
      line++;
      for (const cell of row) line += countBreaks(cell, cell.length, this.#newline);
    }
    return line;
  }
}

/** Where a line ends when the carriage returns before its line break are left out. */
function beforeReturns(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && text.charCodeAt(at - 1) === carriageReturn) at--;
  return at;
}

/** Rows are split at line feeds, so in a file from Windows the last cell ends in a carriage return. */
function dropReturn(row: string[]): void {
  const last = row.at(-1);
  if (last?.endsWith("\r")) row[row.length - 1] = last.replace(/\r+$/, "");
}

/** How many line breaks there are before `end`. */
function countBreaks(text: string, end: number, newline: string): number {
  let count = 0;
  for (let at = text.indexOf(newline); at >= 0 && at < end; at = text.indexOf(newline, at + 1)) {
    count++;
  }
  return count;
}
