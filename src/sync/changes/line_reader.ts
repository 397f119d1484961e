/**
 * The lines of an open file, however long it is.
 *
 * @module
 */

import { readSync } from "node:fs";

/** Bytes that are read at once. */
const chunk = 256 * 1024;
const newline = 10;

/** A line and where it ends in the file, its newline included. */
export interface Line {
  readonly text: string;
  readonly end: number;
}

/** Reads an open file line by line, from an offset. What follows the last newline is no line. */
export function* readLines(file: number, begin = 0): Generator<Line> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(chunk);
  let rest = new Uint8Array();
  let position = begin;
  let end = begin;
  while (true) {
    const size = readSync(file, buffer, 0, chunk, position);
    if (size === 0) return;
    position += size;
    const bytes = new Uint8Array(rest.length + size);
    bytes.set(rest);
    bytes.set(buffer.subarray(0, size), rest.length);
    let start = 0;
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, start)) {
      end += at + 1 - start;
      yield { text: decoder.decode(bytes.subarray(start, at)), end };
      start = at + 1;
    }
    rest = bytes.slice(start);
  }
}
