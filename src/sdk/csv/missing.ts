/**
 * Which of the mapped columns CSV files lack, by their headers, and what was probably meant.
 *
 * @module
 */

import { closest, distance } from "fastest-levenshtein";
import { SourceError } from "../../base/errors.ts";
import type { Log } from "../../logging/log.ts";
import type { MissingPaths, Wanted } from "../source.ts";
import type { CsvValues } from "./csv.ts";
import { findDialect } from "./dialect.ts";
import { type CsvContext, listCsvFiles, TextFile } from "./file.ts";
import { loadParser } from "./rows.ts";

/** The first rows of a file, blank ones left out. */
interface Head {
  readonly path: string;
  readonly delimiter: string;
  readonly rows: readonly { readonly cells: readonly string[]; readonly line: number }[];
}

/** Rows in which a header is looked for when the first row is none. */
const maxRows = 30;

const delimiters = [",", ";", "\t", "|", "^", "~", ":"];

/** Reading says what is odd about the encoding. */
const quiet: Log = {
  debug: () => {},
  info: () => {},
  warning: () => {},
  error: () => {},
  write: () => {},
  named: () => quiet,
};

async function readHead(path: string, values: CsvValues, signal: AbortSignal): Promise<Head> {
  const file = await TextFile.open(path, values.encoding, { log: quiet, signal });
  try {
    const text = await file.next(1) ?? "";
    const dialect = findDialect(text, values.delimiter, values.quote);
    const parser = await loadParser(dialect, values.quote);
    const { data } = parser.parse(text.slice(dialect.skip) + dialect.newline, 0, false);
    let line = dialect.skip > 0 ? 2 : 1;
    const rows: { cells: string[]; line: number }[] = [];
    for (const row of data.slice(0, maxRows * 2)) {
      const cells = row.map((cell) => cell.replace(/\r+$/, ""));
      if (cells.some((cell) => cell.trim() !== "")) rows.push({ cells, line });
      line += 1 + row.join("").split(dialect.newline).length - 1;
    }
    return { path, delimiter: dialect.delimiter, rows: rows.slice(0, maxRows) };
  } finally {
    await file.close();
  }
}

function normalize(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase().replace(/[\s_-]+/g, " ");
}

/** The column that was probably meant. */
function suggest(path: string, available: readonly string[]): string | undefined {
  const wanted = normalize(path);
  const same = available.find((name) => normalize(name) === wanted);
  if (same !== undefined || available.length === 0) return same;
  const near = closest(wanted, available.map(normalize));
  if (distance(wanted, near) > Math.max(1, Math.floor(wanted.length / 3))) return undefined;
  return available.find((name) => normalize(name) === near);
}

function isDelimiterIn(cell: string, delimiter: string, wanted: ReadonlySet<string>): boolean {
  return cell.includes(delimiter) &&
    cell.split(delimiter).some((part) => wanted.has(part.replace(/^"|"$/g, "")));
}

/** What is wrong with a file whose header has none of the wanted columns; undefined when it is not clear. */
function findCause(head: Head, wanted: ReadonlySet<string>): string | undefined {
  for (const [index, { cells, line }] of head.rows.entries()) {
    const above = index === 0 ? "" : `Line ${line} looks like the header`;
    if (index > 0 && cells.some((cell) => wanted.has(cell))) {
      return `${above}: remove the lines above it`;
    }
    for (const delimiter of delimiters) {
      if (!cells.some((cell) => isDelimiterIn(cell, delimiter, wanted))) continue;
      const shown = delimiter === "\t" ? "tab" : delimiter;
      const how = delimiter === head.delimiter
        ? "Whole lines are in quotes, so that each is one cell: export the file without them"
        : `The cells seem to be parted by "${shown}": set delimiter = ${shown}`;
      return above === "" ? how : `${above}, and the lines above it must be removed. ${how}`;
    }
  }
  return undefined;
}

function describe(path: string, isFile: boolean, cause: string | undefined): string | undefined {
  if (cause === undefined) return undefined;
  return isFile ? `${cause}.` : `${path}: ${cause}.`;
}

/**
 * The wanted columns that no file has. Files that cannot be read are left to the reading, which says why.
 */
export async function findMissingColumns(
  { options, wanted, signal }: CsvContext & { options: CsvValues; wanted: Wanted },
): Promise<MissingPaths | undefined> {
  const { filename, directory } = options;
  const paths = new Set(wanted.paths);
  const available = new Set<string>();
  const causes: string[] = [];
  try {
    const files = filename === "" ? await listCsvFiles(directory) : [filename];
    for (const file of files) {
      const head = await readHead(file, options, signal);
      const header = head.rows[0]?.cells ?? [];
      for (const name of header) available.add(name);
      if (header.length === 0 || header.some((name) => paths.has(name))) continue;
      const cause = describe(file, filename !== "", findCause(head, paths));
      if (cause !== undefined) causes.push(cause);
    }
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
  if (available.size === 0) return undefined;
  const names = [...available];
  const missing = [...paths].filter((path) => !available.has(path));
  return {
    where: filename === "" ? `the header of any file in ${directory}` : `the header of ${filename}`,
    paths: missing.map((path) => ({ path, suggestion: suggest(path, names) })),
    available: names,
    hint: causes.length === 0 ? undefined : causes.slice(0, 3).join(" "),
  };
}
