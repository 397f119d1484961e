/**
 * JSON that keeps whole numbers as they are: beyond 2^53 they are bigints, which JSON.parse rounds and
 * JSON.stringify refuses.
 *
 * @module
 */

import type { ZodType } from "zod";

/** What the language has, and its type library does not know yet (proposal-json-parse-with-source). */
interface JsonWithSource {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  /** A value that is written as this text. */
  rawJSON(text: string): unknown;
}

const withSource = JSON as unknown as JsonWithSource;

/** Every whole number below it has fewer digits, or fits. */
const digits = 16;
const longRun = /\d{16}/g;

/**
 * Whether digits in a row stand where a number begins. Many texts have such rows, in strings or after a
 * decimal point; only a number is worth the slow way of parsing.
 */
function hasLongNumber(text: string): boolean {
  longRun.lastIndex = 0;
  while (longRun.test(text)) {
    let at = longRun.lastIndex - digits - 1;
    if (text[at] === "-") at--;
    if (at < 0 || ":,[ \t\r\n".includes(text.charAt(at))) return true;
  }
  return false;
}

function exactInteger(_key: string, value: unknown, { source = "" }: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/**
 * Parses JSON; whole numbers that a number cannot hold become bigints.
 *
 * @throws {SyntaxError}
 */
export function parseExactJson(text: string): unknown {
  return hasLongNumber(text) ? withSource.parse(text, exactInteger) : JSON.parse(text);
}

function rawInteger(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? withSource.rawJSON(String(value)) : value;
}

/** Writes JSON; bigints become whole numbers with all their digits. */
export function stringifyExactJson(value: unknown, space?: number): string {
  try {
    return JSON.stringify(value, undefined, space);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // A bigint, which is rare; a ring throws once more.
    return JSON.stringify(value, rawInteger, space);
  }
}

/** The value of a JSON text; undefined when it is not JSON, or not of the shape. */
export function parseJson<T>(text: string, shape: ZodType<T>): T | undefined {
  try {
    return shape.safeParse(parseExactJson(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
