/**
 * CSV files as a source: the options that say which and how, the check, and the records.
 *
 * @module
 */

import { z } from "zod";
import { messageOf, SourceError } from "../../base/errors.ts";
import { ownEntry, type SourceRecord } from "../../base/record.ts";
import { canonicalEncoding } from "./charset.ts";
import { findDialect } from "./dialect.ts";
import { type CsvContext, listCsvFiles, probeFile, TextFile } from "./file.ts";
import { CsvFindings } from "./findings.ts";
import { loadParser, RowReader } from "./rows.ts";
import { opt, type Option, type Values } from "../option.ts";

export type { CsvContext };

/** Words for delimiters that an ini file cannot hold, or that are easily overlooked in one. */
const delimiterWords: Readonly<Record<string, string>> = {
  auto: "auto",
  tab: "\t",
  "\\t": "\t",
  comma: ",",
  semicolon: ";",
  pipe: "|",
  space: " ",
};

const encoding: Option<string> = {
  ...opt.text(
    "Encoding of the files. auto detects UTF-8 and UTF-16 and reads anything else as Windows-1252 (Latin-1), with a warning. Otherwise utf-8, utf-16le, windows-1252, latin-1 or any name that web browsers know; a byte order mark in a file takes precedence.",
    { default: "auto", advanced: true },
  ),
  schema: z.string().transform((value, context) => {
    const name = canonicalEncoding(value);
    if (name !== undefined) return name;
    const message = `is not the name of an encoding: "${value}"; try auto, utf-8 or windows-1252`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }),
};

const delimiter: Option<string> = {
  ...opt.text(
    "The character between two cells. auto detects comma, semicolon, tab or | from the first lines of each file. Otherwise the character itself, or tab, comma, semicolon, pipe or space.",
    { default: "auto", advanced: true },
  ),
  schema: z.string().transform((value, context) => {
    const word = ownEntry(delimiterWords, value.trim().toLowerCase());
    if (word !== undefined) return word;
    if (/^[^"\r\n\ufeff]$/u.test(value)) return value;
    const message = `is neither auto nor a single character that can separate cells: "${value}"`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }),
};

const quote: Option<string> = {
  ...opt.text(
    'The character around cells that contain delimiters, quotes or line breaks; doubled inside of them. Usually ".',
    { default: '"', advanced: true },
  ),
  schema: z.string().transform((value, context) => {
    if (/^[^\r\n\ufeff]$/.test(value)) return value;
    context.addIssue({ code: "custom", message: `is not one character: "${value}"` });
    return z.NEVER;
  }),
};

/** The options of a source that reads CSV files. */
export const csvOptions = {
  filename: opt.path("The CSV file to read. Give either this or directory.", {
    default: "",
    example: "/some/path/to/file/assets.csv",
  }),
  directory: {
    ...opt.path(
      "A directory whose .csv files are all read, in order of their names, each with its own header; subdirectories are not read. Give either this or filename.",
      { default: "", example: "/some/path/to/files" },
    ),
    alternative: true,
  },
  encoding,
  delimiter,
  quote,
} as const;

/** Which files are read and how: the values of {@linkcode csvOptions}. */
export type CsvValues = Values<typeof csvOptions>;

export type CsvSettings = Pick<CsvValues, "encoding" | "delimiter" | "quote">;

/** The rule between the {@linkcode csvOptions}: what is wrong, or nothing. */
export function csvRule(values: CsvValues): string | undefined {
  if (values.filename !== "" && values.directory !== "") {
    return "filename and directory are mutually exclusive: leave one of them blank";
  }
  if (values.filename === "" && values.directory === "") {
    return "give filename or directory";
  }
  if (values.delimiter === values.quote) return "delimiter and quote are the same character";
  return undefined;
}

/**
 * Checks that there is something to read: the file, or one readable .csv file in the directory.
 *
 * @throws {SourceError} Saying what is wrong.
 */
export async function checkCsv(context: CsvContext & { options: CsvValues }): Promise<void> {
  const { filename, directory } = context.options;
  if (filename !== "") return await probeFile(filename);
  let first: unknown;
  for (const path of await listCsvFiles(directory)) {
    try {
      return await probeFile(path);
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

/**
 * Reads the file or all files of the directory that the options name. A file of a directory that cannot
 * be read does not keep the others from being read.
 *
 * @throws {SourceError} At the end, naming every file that could not be read.
 */
export async function* readCsvFiles(
  context: CsvContext & { options: CsvValues },
): AsyncGenerator<readonly SourceRecord[]> {
  const { filename, directory } = context.options;
  const files = filename === "" ? await listCsvFiles(directory) : [filename];
  const failures: SourceError[] = [];
  for (const file of files) {
    try {
      yield* readBatches(file, context.options, context);
    } catch (error) {
      if (filename !== "" || !(error instanceof SourceError)) throw error;
      context.log.error(error.message);
      failures.push(error);
    }
  }
  if (failures.length > 0) throw summary(directory, files.length, failures);
}

function summary(directory: string, total: number, failures: readonly SourceError[]): SourceError {
  const [first] = failures;
  const what = `${failures.length} of the ${total} files in ${directory} could not be read`;
  return new SourceError(`${what}. ${failures.map(messageOf).join(" ")}`, {
    hint: first?.hint,
    cause: first,
  });
}

/**
 * Reads one file. The first row names the keys, literally; every value is text as it stands, or null
 * where a row is too short. Blank lines are skipped. The file is never held in memory as a whole, and
 * is closed when the caller stops or the signal is aborted.
 *
 * @throws {SourceError} Naming file and line, after all records before that line.
 */
async function* readBatches(
  path: string,
  settings: CsvSettings,
  context: CsvContext,
): AsyncGenerator<readonly SourceRecord[]> {
  const file = await TextFile.open(path, settings.encoding, context);
  const findings = new CsvFindings(path, context.log);
  try {
    const head = await file.next(1) ?? "";
    const dialect = findDialect(head, settings.delimiter, settings.quote);
    const parser = await loadParser(dialect, settings.quote);
    if (dialect.isTyped) findings.typeLine();
    const rows = new RowReader({ path, parser, dialect, findings, quote: settings.quote });
    let text: string | undefined = head.slice(dialect.skip);
    while (text !== undefined) {
      yield rows.push(text);
      text = await file.next(rows.line);
    }
    const { records, failure } = rows.finish();
    yield records;
    if (failure !== undefined) throw failure;
    if (rows.count === 0) findings.reportEmpty();
  } finally {
    await file.close();
    findings.report();
  }
}
