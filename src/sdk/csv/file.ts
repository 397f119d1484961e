/**
 * CSV files on disk: finding them, saying what is wrong with them, and reading them block by block.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Stats } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, SourceError } from "../../base/errors.ts";
import type { SourceContext } from "../source.ts";
import { createLineDecoder, type LineDecoder } from "./charset.ts";

/** What reading a file needs of the {@linkcode SourceContext}. */
export type CsvContext = Pick<SourceContext<unknown>, "log" | "signal">;

/** Bytes of text read at once. A cell that is kept alive keeps its whole block alive, so not more. */
const blockSize = 64 * 1024;

/** Longest line, row and cell, in bytes or UTF-16 units: what bounds the memory on a broken file. */
export const longestLine = 16 * 1024 * 1024;

function fileError(path: string, error: unknown): SourceError {
  return new SourceError(`Cannot read ${path}: ${messageOf(error)}.`, { cause: error });
}

async function readStats(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Opens a regular file; anything else could block for ever. */
async function openFile(path: string): Promise<FileHandle> {
  const stats = await readStats(path);
  if (!stats.isFile()) {
    const hint = stats.isDirectory() ? "Name a directory with the option directory." : undefined;
    throw new SourceError(`Cannot read ${path}: it is not a file.`, { hint });
  }
  try {
    return await open(path, "r");
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * Makes sure that a file can be opened.
 *
 * @throws {SourceError} Saying why not.
 */
export async function probeFile(path: string): Promise<void> {
  await (await openFile(path)).close();
}

/**
 * The CSV files directly inside a directory, by name in the order of their code units: names that
 * end in `.csv` in any case and do not begin with a dot. Directories are left out, broken links are not.
 *
 * @throws {SourceError} When the directory cannot be listed or has no such file.
 */
export async function listCsvFiles(directory: string): Promise<string[]> {
  if (!(await readStats(directory)).isDirectory()) {
    throw new SourceError(`Cannot read ${directory}: it is not a directory.`, {
      hint: "Name a single file with the option filename.",
    });
  }
  let entries;
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    throw fileError(directory, error);
  }
  const files = entries
    .filter((entry) => /^[^.].*\.csv$/is.test(entry.name) && !entry.isDirectory())
    .map((entry) => entry.name)
    .sort((a, b) => (a < b ? -1 : 1));
  if (files.length > 0) return files.map((name) => join(directory, name));
  throw new SourceError(`Cannot read ${directory}: there is no .csv file directly inside.`);
}

/** A file being read as text, in blocks of whole lines. */
export class TextFile {
  readonly #path: string;
  readonly #encoding: string;
  readonly #context: CsvContext;
  readonly #handle: FileHandle;
  #buffer = Buffer.allocUnsafe(blockSize);
  #filled = 0;
  #ended = false;
  #decoder: LineDecoder | undefined;

  private constructor(path: string, encoding: string, context: CsvContext, handle: FileHandle) {
    this.#path = path;
    this.#encoding = encoding;
    this.#context = context;
    this.#handle = handle;
  }

  /**
   * Opens a file.
   *
   * @param encoding Canonical name or `auto`.
   * @throws {SourceError} When there is no such file or it may not be read.
   */
  static async open(path: string, encoding: string, context: CsvContext): Promise<TextFile> {
    return new TextFile(path, encoding, context, await openFile(path));
  }

  /**
   * The next whole lines, or `undefined` at the end of the file.
   *
   * @param line Number of the line with which they begin, for messages about bytes.
   * @throws {SourceError} When the file cannot be read or is not in its encoding.
   */
  async next(line: number): Promise<string | undefined> {
    for (;;) {
      await this.#fill();
      if (this.#filled === 0) return undefined;
      const bytes = this.#buffer.subarray(0, this.#filled);
      const skip = this.#decoder === undefined;
      this.#decoder ??= createLineDecoder(bytes, this.#encoding, this.#path, this.#context.log);
      const end = this.#ended ? this.#filled : this.#decoder.lineEnd(bytes);
      if (end > 0) return this.#take(this.#decoder, skip ? this.#decoder.mark : 0, end, line);
      this.#grow(line);
    }
  }

  /** Closes the file; nothing can be read after. */
  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #fill(): Promise<void> {
    while (!this.#ended && this.#filled < this.#buffer.length) {
      this.#context.signal.throwIfAborted();
      const free = this.#buffer.length - this.#filled;
      try {
        const { bytesRead } = await this.#handle.read(this.#buffer, this.#filled, free, null);
        this.#ended = bytesRead === 0;
        this.#filled += bytesRead;
      } catch (error) {
        throw fileError(this.#path, error);
      }
    }
  }

  #take(decoder: LineDecoder, start: number, end: number, line: number): string {
    const text = decoder.decode(this.#buffer.subarray(start, end), line);
    this.#buffer.copyWithin(0, end, this.#filled);
    this.#filled -= end;
    return text;
  }

  /** Makes room for a line that is longer than the buffer. */
  #grow(line: number): void {
    if (this.#buffer.length >= longestLine) {
      throw new SourceError(`Cannot read ${this.#path}: line ${line} is longer than 16 MB.`);
    }
    const larger = Buffer.allocUnsafe(this.#buffer.length * 2);
    this.#buffer.copy(larger, 0, 0, this.#filled);
    this.#buffer = larger;
  }
}
