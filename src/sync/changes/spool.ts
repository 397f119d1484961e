/**
 * A list that is too long for memory, in a temporary file beside the state file.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../../base/json.ts";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { AgentError, messageOf } from "../../base/errors.ts";
import { readLines } from "./line_reader.ts";

/** Characters that are written at once. */
const chunk = 256 * 1024;

/** Values of one line, and characters after which one ends: a long list is read faster than single values. */
const maxLineValues = 100;
const maxLineLength = 64 * 1024;

/** Values of one kind, kept as lines of JSON lists for their owner only. Everything throws `AgentError` when the disk fails. */
export class Spool<T> {
  readonly #path: string;
  readonly #file: number;
  #text = "";
  #length = 0;
  /** The line that is not complete yet: how many values it has, and their characters. */
  #lineValues = 0;
  #lineLength = 0;

  /** Opens an empty spool beside a file. */
  constructor(beside: string) {
    this.#path = `${beside}-${crypto.randomUUID()}.spool`;
    this.#file = attempt(this.#path, () => openSync(this.#path, "wx+", 0o600));
    // Open, it needs no name: it goes with this process, however that ends. Windows waits for the end.
    this.#remove();
  }

  /** How many values it has. */
  get length(): number {
    return this.#length;
  }

  /** Adds a value; throws what JSON says when it cannot be written as such. */
  add(value: T): void {
    const text = stringifyExactJson(value);
    this.#text += this.#lineValues === 0 ? "[" : ",";
    this.#text += text;
    this.#length++;
    this.#lineValues++;
    this.#lineLength += text.length;
    if (this.#lineValues < maxLineValues && this.#lineLength < maxLineLength) return;
    this.#endLine();
    if (this.#text.length >= chunk) this.#flush();
  }

  /** All values, in the order they came. */
  *values(): Generator<T> {
    if (this.#lineValues > 0) this.#endLine();
    this.#flush();
    for (const { text } of readLines(this.#file)) yield* parseExactJson(text) as T[];
  }

  /** Forgets all values. */
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

  #endLine(): void {
    this.#text += "]\n";
    this.#lineValues = 0;
    this.#lineLength = 0;
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
