/**
 * Standard output and standard error: results go to the one, log lines and progress to the other.
 *
 * @module
 */

import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { Environment } from "../base/environment.ts";

/** The two streams of the program. */
export interface Console {
  /** Writes a result and a newline to standard output. */
  print(text: string): void;
  /** Writes a line to standard error, above the status line. */
  note(line: string): void;
  /** Shows a line that changes in place; without text it goes away. Nothing where nobody watches. */
  status(text: string | undefined): void;
  /** Whether a person watches standard error. */
  readonly isTerminal: boolean;
  /** Whether a person watches standard output. */
  readonly isOutputTerminal: boolean;
  /** Whether colours are wanted where a person watches; https://no-color.org. */
  readonly wantsColour: boolean;
}

/** Standard input. */
export interface Input {
  /** Whether a person types there. */
  readonly isTerminal: boolean;
  /** Everything up to its end. */
  readAll(): Promise<string>;
}

/** Opens the standard input of this process. */
export function openInput(): Input {
  return {
    // Created when it is needed: opening the stream takes time.
    get isTerminal() {
      return process.stdin.isTTY === true;
    },
    readAll: () => text(process.stdin),
  };
}

const stdout = 1;
const stderr = 2;

/** Writes all of a text, also to a pipe that is full at the moment. */
function write(file: number, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(file, bytes));
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === "EAGAIN") {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
        continue;
      }
      // The reader of the pipe has gone: nobody is left to read the error.
      if (code === "EPIPE" || code === "EOF") return;
      throw error;
    }
  }
}

/** Opens the streams of this process. */
export function openConsole(env: Environment): Console {
  const isTerminal = process.stderr.isTTY === true && env.TERM !== "dumb";
  let shown = "";
  function clear(): string {
    return shown === "" ? "" : "\r\x1b[K";
  }
  return {
    isTerminal,
    isOutputTerminal: process.stdout.isTTY === true,
    wantsColour: (env.NO_COLOR ?? "") === "",
    print: (text) => {
      if (shown !== "") write(stderr, clear());
      write(stdout, `${text}\n`);
      if (shown !== "") write(stderr, shown);
    },
    note: (line) => write(stderr, `${clear()}${line}\n${shown}`),
    status(text) {
      if (!isTerminal) return;
      const width = Math.max(20, (process.stderr.columns || 80) - 1);
      const line = (text ?? "").slice(0, width);
      write(stderr, clear() + line);
      shown = line;
    },
  };
}
