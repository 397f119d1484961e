/**
 * Findings about a CSV file that do not keep it from being read, reported with line numbers.
 *
 * @module
 */

import type { Log } from "../../logging/log.ts";

/** Some occurrences, of which the first lines are named. */
interface Occurrences {
  count: number;
  readonly lines: number[];
}

const maxListedLines = 5;

function add(occurrences: Occurrences, line: () => number): void {
  occurrences.count++;
  if (occurrences.lines.length < maxListedLines) occurrences.lines.push(line());
}

function describeLines({ count, lines }: Occurrences): string {
  const more = count > lines.length ? ", …" : "";
  return `${lines.length === 1 ? "line" : "lines"} ${lines.join(", ")}${more}`;
}

/** Collects the findings of one file; {@linkcode CsvFindings.report} writes one warning for each kind. */
export class CsvFindings {
  readonly #file: string;
  readonly #log: Log;
  readonly #ragged: Occurrences = { count: 0, lines: [] };
  readonly #strayQuotes: Occurrences = { count: 0, lines: [] };
  readonly #repeated: Occurrences = { count: 0, lines: [] };
  #width = 0;

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /** Takes the header and warns at once of names that are missing or occur more than once. */
  header(names: readonly string[], line: number): void {
    this.#width = names.length;
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const [name, count] of counts) {
      if (count === 1 || name === "") continue;
      this.#warn(`line ${line} names the column "${name}" ${count} times; the last one counts.`);
    }
    const nameless = counts.get("") ?? 0;
    if (nameless === 0) return;
    const columns = nameless === 1 ? "a column" : `${nameless} columns`;
    this.#warn(`line ${line} has ${columns} without a name, which no mapping can use.`);
  }

  /** A row that has more or fewer cells than the header. */
  ragged(line: () => number): void {
    add(this.#ragged, line);
  }

  /** A quoted cell with a quote in it that is neither doubled nor the end of the cell. */
  strayQuote(line: () => number): void {
    add(this.#strayQuotes, line);
  }

  /** A row that is the header once more, as in files that were put together. */
  repeatedHeader(line: () => number): void {
    add(this.#repeated, line);
  }

  /** The first line is PowerShell's, not the header. */
  typeLine(): void {
    this.#log.info(`${this.#file}: line 1 is #TYPE of PowerShell, and is skipped.`);
  }

  /** The file ends in Ctrl-Z, as files of DOS do. */
  endMark(): void {
    this.#log.info(`${this.#file}: Ctrl-Z at the end of the file is skipped.`);
  }

  /** Quotes inside of cells are escaped by backslashes, as the rows from a line on show. */
  backslashes(quote: string, line: number): void {
    this.#log.info(
      `${this.#file}: from line ${line} on, \\${quote} is read as a quote and \\\\ as a backslash: only so the rows fit the header.`,
    );
  }

  /** Writes what was collected. */
  report(): void {
    const repeated = this.#repeated;
    if (repeated.count > 0) {
      const rows = repeated.count === 1
        ? "1 row repeats the header and is skipped"
        : `${repeated.count} rows repeat the header and are skipped`;
      this.#warn(`${rows} (${describeLines(repeated)}).`);
    }
    const ragged = this.#ragged;
    if (ragged.count > 0) {
      const rows = ragged.count === 1 ? "1 row does" : `${ragged.count} rows do`;
      this.#warn(
        `${rows} not have the ${this.#width} cells of the header (${describeLines(ragged)}); ` +
          "missing cells are null, surplus cells are ignored.",
      );
    }
    const stray = this.#strayQuotes;
    if (stray.count === 0) return;
    const cells = stray.count === 1 ? "1 quoted cell has" : `${stray.count} quoted cells have`;
    this.#warn(`${cells} a quote inside that is not doubled (${describeLines(stray)}).`);
  }

  /** Says that there are no records. */
  reportEmpty(): void {
    const what = this.#width === 0 ? "is empty" : "has a header and no rows";
    this.#log.info(`${this.#file} ${what}.`);
  }

  #warn(message: string): void {
    this.#log.warning(`${this.#file}: ${message}`);
  }
}
