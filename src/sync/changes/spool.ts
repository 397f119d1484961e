/**
 * Lists that are too long for memory, in a temporary file beside the state file.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../../base/json.ts";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { AgentError, messageOf } from "../../base/errors.ts";
import { readLines } from "./line_reader.ts";

/** Characters that are written at once. */
const chunk = 256 * 1024;

/** A text of lines, for its owner only. Everything throws `AgentError` when the disk fails. */
export class TextSpool {
  readonly #path: string;
  readonly #file: number;
  #text = "";

  /** Opens an empty spool beside a file. */
  constructor(beside: string) {
    this.#path = `${beside}-${crypto.randomUUID()}.spool`;
    this.#file = attempt(this.#path, () => openSync(this.#path, "wx+", 0o600));
    // Open, it needs no name: it goes with this process, however that ends. Windows waits for the end.
    this.#remove();
  }

  /** Adds some text, which need not be a whole line. */
  add(text: string): void {
    this.#text += text;
    if (this.#text.length >= chunk) this.#flush();
  }

  /** All lines that are complete. */
  *lines(): Generator<string> {
    this.#flush();
    for (const { text } of readLines(this.#file)) yield text;
  }

  /** Forgets all of it. */
  close(): void {
    closeSync(this.#file);
    this.#remove();
  }

  #remove(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // It is still open, on a system that minds: closing removes it.
    }
  }

  #flush(): void {
    if (this.#text === "") return;
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    attempt(this.#path, () => {
      for (let offset = 0; offset < bytes.length;) offset += writeSync(this.#file, bytes, offset);
    });
  }
}

/** Values of one kind, kept as JSON lines. Everything throws `AgentError` when the disk fails. */
export class Spool<T> {
  readonly #lines: TextSpool;
  #length = 0;

  /** Opens an empty spool beside a file. */
  constructor(beside: string) {
    this.#lines = new TextSpool(beside);
  }

  /** How many values it has. */
  get length(): number {
    return this.#length;
  }

  /** Adds a value; throws what JSON says when it cannot be written as such. */
  add(value: T): void {
    this.#lines.add(`${stringifyExactJson(value)}\n`);
    this.#length++;
  }

  /** All values, in the order they came. */
  *values(): Generator<T> {
    for (const text of this.#lines.lines()) yield parseExactJson(text) as T;
  }

  /** Forgets all values. */
  close(): void {
    this.#lines.close();
  }
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new AgentError(`Cannot use ${path}: ${messageOf(error)}`, {
      hint:
        "Mapped records are stored there before they are sent: check the free space and the permissions of the folder.",
      cause: error,
    });
  }
}
