/**
 * How a CSV file is written: its delimiter and its line break, detected from its first lines.
 *
 * @module
 */

/** How cells and rows are separated in one file. */
export interface Dialect {
  readonly delimiter: string;
  readonly newline: "\n" | "\r";
  /** Length of the line above the header that is not a row, its line break included; mostly 0. */
  readonly skip: number;
  /** Whether that line is PowerShell's `#TYPE`, not Excel's `sep=;`. */
  readonly isTyped: boolean;
}

/** The delimiters that `auto` considers; on a tie the first counts. */
const candidates = [",", ";", "\t", "|"];

/** How much of the file is looked at, in characters and in rows after the header. */
const longestSample = 64 * 1024;
const maxSampleRows = 20;

const sepLine = /^"?sep=([^"\r\n])"?(?:\r\n|\n|\r|$)/iu;

/** "Export-Csv": Windows PowerShell writes the type of the objects first, unless -NoTypeInformation. */
const typeLine = /^"?#TYPE [^\r\n]*(?:\r\n|\n|\r|$)/;

/**
 * Detects the dialect of a file from its first lines.
 *
 * With `auto`, an Excel line `sep=;` decides. Else those of comma, semicolon, tab and bar are in
 * question that the header has outside quotes and that the next rows have too; the one for which most
 * of the next rows have as many cells as the header wins, then the one that makes most columns, then
 * the comma. So a header `Price (USD; EUR)` does no harm in a comma file, nor in a file of one column.
 *
 * @param head Text of the start of the file, whole lines.
 * @param delimiter `auto` or the delimiter itself.
 */
export function findDialect(head: string, delimiter: string, quote: string): Dialect {
  const sep = sepLine.exec(head);
  const type = typeLine.exec(head);
  const skip = (sep ?? type)?.[0].length ?? 0;
  const chosen = delimiter === "auto" ? sep?.[1] : delimiter;
  const sample = blankQuoted(
    head.slice(skip, skip + longestSample),
    quote,
    chosen === undefined ? candidates : [chosen],
  );
  const rows = sample.split(/[\r\n]+/).filter((row) => row !== "");
  return {
    delimiter: chosen ?? bestDelimiter(rows[0] ?? "", rows.slice(1, 1 + maxSampleRows)),
    newline: sample.includes("\r") && !sample.includes("\n") ? "\r" : "\n",
    skip,
    isTyped: type !== null,
  };
}

/** The text with each quoted cell replaced by one neutral character. */
function blankQuoted(text: string, quote: string, delimiters: readonly string[]): string {
  const q = literal(quote);
  const before = `^|[${delimiters.map(literal).join("")}\\r\\n]`;
  const cell = new RegExp(`(${before})${q}[^${q}]*(?:${q}${q}[^${q}]*)*(?:${q}|$)`, "gu");
  return text.replace(cell, "$1x");
}

/** A regular expression for one character. */
function literal(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function bestDelimiter(header: string, rows: readonly string[]): string {
  const scored = candidates.map((delimiter) => {
    const columns = header.split(delimiter).length;
    const counts = rows.map((row) => row.split(delimiter).length);
    return {
      delimiter,
      columns,
      seen: counts.length === 0 || counts.some((count) => count > 1),
      fitting: counts.filter((count) => count === columns).length,
    };
  });
  const [best] = scored
    .filter((candidate) => candidate.columns > 1 && candidate.seen)
    .sort((a, b) => b.fitting - a.fitting || b.columns - a.columns);
  return best?.delimiter ?? ",";
}
