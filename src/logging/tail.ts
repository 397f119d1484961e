/**
 * The end of a log file, and what comes to it.
 *
 * @module
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { AgentError, messageOf } from "../base/errors.ts";

/** Bytes looked at for the last lines. */
const window = 1_048_576;
/** Milliseconds between two looks. */
const pause = 500;

/** What a file holds from an offset on, and where it ends now. */
function readFrom(path: string, from: number | "end"): { text: string; end: number } {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const { size } = fstatSync(file);
    // Shorter than before: the file is a new one, for the old was put aside.
    const start = from === "end" || from > size ? Math.max(0, size - window) : from;
    const bytes = Buffer.alloc(Math.min(size - start, window));
    const count = readSync(file, bytes, 0, bytes.length, start);
    return { text: bytes.toString("utf8", 0, count), end: start + count };
  } catch (error) {
    throw new AgentError(`Cannot read the log ${path}: ${messageOf(error)}`, {
      hint:
        "The file exists once the service has run; reading it may require administrator rights.",
      cause: error,
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Gives the last lines of a log file, one by one, and with `follow` those that are written until
 * `signal` is aborted.
 *
 * @throws {AgentError} When the file cannot be read.
 */
export async function* tailLog(
  path: string,
  options: { readonly lines: number; readonly follow: boolean; readonly signal: AbortSignal },
): AsyncGenerator<string> {
  const { lines, follow, signal } = options;
  let { text, end } = readFrom(path, "end");
  const last = text.split("\n");
  let rest = last.pop() ?? "";
  yield* lines === 0 ? [] : last.slice(-lines);
  while (follow && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    ({ text, end } = readFrom(path, end));
    const more = (rest + text).split("\n");
    rest = more.pop() ?? "";
    yield* more;
  }
}
