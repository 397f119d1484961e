/**
 * What the CSV tests share: real files in a folder of their own, and reading them to the end.
 *
 * @module
 */

import { afterAll } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../../src/logging/log.ts";
import type { SourceRecord } from "../../src/base/record.ts";
import { type CsvSettings, readCsvFiles } from "../../src/sdk/csv/csv.ts";

/** A log that keeps its lines, as `level: message`. */
export interface KeptLog extends Log {
  readonly lines: string[];
}

/** Creates a {@linkcode KeptLog}. */
export function keepLog(): KeptLog {
  const lines: string[] = [];
  const log: KeptLog = {
    lines,
    debug: (message) => void lines.push(`debug: ${message}`),
    info: (message) => void lines.push(`info: ${message}`),
    warning: (message) => void lines.push(`warning: ${message}`),
    error: (message) => void lines.push(`error: ${message}`),
    write: ({ level, message }) => void lines.push(`${level}: ${message}`),
    named: () => log,
  };
  return log;
}

/** A folder that is removed after the tests of the file that calls. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "csv_test_"));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Writes a file into a folder and returns its path; text is written as UTF-8. */
export function put(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The options as they are when nothing is set. */
export const defaults: CsvSettings = { encoding: "auto", delimiter: "auto", quote: '"' };

/** What came of reading a file to its end. */
export interface Outcome {
  readonly records: readonly SourceRecord[];
  /** Log lines, without the path of the file. */
  readonly lines: readonly string[];
  /** What was thrown at the end. */
  readonly error: unknown;
  /** Its message, without the path of the file. */
  readonly message: string | undefined;
}

/** Reads any stream of records to its end, keeping what it throws. */
export async function drain(
  records: AsyncIterable<unknown>,
): Promise<{ records: SourceRecord[]; error: unknown }> {
  const all: SourceRecord[] = [];
  try {
    for await (const item of records) {
      for (const record of Array.isArray(item) ? item : [item]) all.push(record as SourceRecord);
    }
  } catch (error) {
    return { records: all, error };
  }
  return { records: all, error: undefined };
}

/** Reads one file to its end. */
export async function read(path: string, settings: Partial<CsvSettings> = {}): Promise<Outcome> {
  const log = keepLog();
  const context = { log, signal: new AbortController().signal };
  const options = { filename: path, directory: "", ...defaults, ...settings };
  const { records, error } = await drain(readCsvFiles({ ...context, options }));
  return {
    records,
    lines: log.lines.map((line) => line.replaceAll(path, "F")),
    error,
    message: error instanceof Error ? error.message.replaceAll(path, "F") : undefined,
  };
}
