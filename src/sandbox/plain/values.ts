/**
 * The values and operations of plain bodies: those for which the agent and its sandbox give the same.
 *
 * Whatever is outside of that is not decided here: {@linkcode unsure} sends the record to the sandbox.
 *
 * @module
 */

import { isObject } from "../../base/record.ts";

/** What a plain body works on. Lists hold texts. */
export type Plain = string | number | boolean | null | undefined | readonly string[] | Table;

/** A table that stands in the body, from texts to what stands there. */
export type Table = ReadonlyMap<string, string | number | boolean | null>;

/** A part of a plain body at work on one record. */
export type Step = (frame: Frame) => Plain;

/** What a body has while it works on a record. */
export interface Frame {
  readonly record: unknown;
  readonly slots: Plain[];
}

/** Thrown when the sandbox has to decide about the record. */
export const undecided: unique symbol = Symbol("undecided");

/** Leaves the record to the sandbox. */
export function unsure(): never {
  throw undecided;
}

/** Characters of a text, beyond which it is left to the sandbox and its limits. */
const longest = 10_000;
/** Control characters that mean something between the processes, halves of characters, and what sorts above these. */
// deno-lint-ignore no-control-regex -- those are what it looks for
const strange = /[\0-\x08\ud800-\uffff]/;
/** Characters of which both engines, and Python, know case and white space alike. */
const simple = /^[\t\n\r\x20-\x7e]*$/;

/** Whether a text of a body or a record is one that plain bodies work on. */
export function isOrdinary(value: string): boolean {
  return value.length <= longest && !strange.test(value);
}

/** A text that is not too long. */
export function bounded(text: string): string {
  return text.length > longest ? unsure() : text;
}

/** A value as the source or the mapping gave it. */
export function given(value: unknown): Plain {
  switch (typeof value) {
    case "string":
      return isOrdinary(value) ? value : unsure();
    case "boolean":
      return value;
    case "number":
      // Beyond that, numbers come back as ints with all their digits.
      return Math.abs(value) <= Number.MAX_SAFE_INTEGER && !Object.is(value, -0) ? value : unsure();
    default:
      return value === null ? null : unsure();
  }
}

/** Whether JSON writes an object as it is: no dates, no lists, nothing with a way of its own. */
export function isPlainObject(thing: unknown): thing is Record<string, unknown> {
  if (!isObject(thing) || "toJSON" in thing) return false;
  const prototype: unknown = Object.getPrototypeOf(thing);
  return prototype === Object.prototype || prototype === null;
}

/** The value at a path of keys; `missing` where the last object has none, or lacks one before it. */
export function readPath(record: unknown, path: readonly string[], missing: () => Plain): Plain {
  let found = record;
  for (const key of path) {
    if (!isPlainObject(found)) return unsure();
    if (!Object.hasOwn(found, key)) return missing();
    found = found[key];
  }
  return given(found);
}

/** A text; the sandbox knows what to say of anything else. */
export function text(value: Plain): string {
  return typeof value === "string" ? value : unsure();
}

/** A text of which case and white space are the same everywhere. */
export function simpleText(value: Plain): string {
  return typeof value === "string" && simple.test(value) ? value : unsure();
}

/** A list; the sandbox knows what to say of anything else. */
export function list(value: Plain): readonly string[] {
  return Array.isArray(value) ? value as readonly string[] : unsure();
}

/** What is neither a list nor a table. */
export function single(value: Plain): Exclude<Plain, readonly string[] | Table> {
  return typeof value === "object" && value !== null ? unsure() : value;
}

/** Makes a list of texts. */
export function listOf(items: readonly Step[]): Step {
  return (frame) => items.map((item) => text(item(frame)));
}

/** A number of a text that has digits alone, after a sign at most; a whole number is one itself. */
export function wholeNumberOf(value: Plain): number {
  if (typeof value === "number") return whole(value);
  const number = /^-?\d{1,15}$/.test(text(value)) ? Number(value) : unsure();
  return Object.is(number, -0) ? unsure() : number;
}

/** A whole number that every language and engine calculates alike. */
function whole(value: Plain): number {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : unsure();
}

/** Whole numbers added up, taken from each other or multiplied. */
export function calculated(operator: string, left: Plain, right: Plain): number {
  const [a, b] = [whole(left), whole(right)];
  const result = operator === "+" ? a + b : operator === "-" ? a - b : a * b;
  return Object.is(result, -0) ? unsure() : whole(result);
}

/** The digits of a whole number, which every language writes alike. */
export function digits(value: Plain): string {
  return Number.isSafeInteger(value) ? String(value) : unsure();
}

/** The parts with a separator between them, made only when the whole is not too long. */
export function joinTexts(parts: readonly string[], separator: string): string {
  let size = (parts.length - 1) * separator.length;
  for (const part of parts) size += part.length;
  return size > longest ? unsure() : parts.join(separator);
}

/** What is put together from a text before each value, and one at the end. */
export function joined(
  texts: readonly string[],
  values: readonly Step[],
  write: (value: Plain) => string,
): Step {
  if (!texts.every(isOrdinary)) refuse();
  return (frame) => {
    let whole = texts[0] ?? "";
    for (let at = 0; at < values.length; at++) {
      const value = values[at]?.(frame);
      whole += (typeof value === "string" ? value : write(value)) + (texts[at + 1] ?? "");
    }
    return bounded(whole);
  };
}

/** Whether two values come in this order: both are texts, or both numbers. */
export function ordered(operator: string, a: Plain, b: Plain): boolean {
  const isText = typeof a === "string" && typeof b === "string";
  if (!isText && !(typeof a === "number" && typeof b === "number")) return unsure();
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    default:
      return a >= b;
  }
}

/** What a statement gives when the body goes on behind it. */
export const goesOn: unique symbol = Symbol("goes on");

/** A statement: the result of the body, or {@linkcode goesOn}. */
export type Statement = (frame: Frame) => Plain | typeof goesOn;

/** Statements one after the other. */
export function sequence(statements: readonly Statement[]): Statement {
  const [only] = statements;
  if (statements.length === 1 && only !== undefined) return only;
  return (frame) => {
    for (let at = 0; at < statements.length; at++) {
      const ended = (statements[at] as Statement)(frame);
      if (ended !== goesOn) return ended;
    }
    return goesOn;
  };
}

/**
 * `try` with what follows it. What catches errors is no part of it: with an error, the sandbox decides
 * about the record from its beginning. The last part is run whether the others end the body or not,
 * and what it gives goes before what they gave.
 */
export function attempt(tried: Statement, last: Statement | undefined): Statement {
  if (last === undefined) return tried;
  return (frame) => {
    const ended = tried(frame);
    const lastEnded = last(frame);
    return lastEnded === goesOn ? ended : lastEnded;
  };
}

/** Thrown while a body is looked through, for what is not plain. */
export const notPlain: unique symbol = Symbol("not plain");

/** How many expressions a plain body may have: each takes a text of limited length at most. */
export const mostParts = 500;

/** Says that a body is not plain. */
export function refuse(): never {
  throw notPlain;
}

/** A body that is plain: it does each of its steps once at most, and changes nothing. */
export interface PlainBody {
  /** How many slots its frame has, the first being the value. */
  readonly slots: number;
  readonly run: Statement;
}

/** Builds a plain body; undefined when it is not plain. */
export function buildPlain(build: () => PlainBody): PlainBody | undefined {
  try {
    return build();
  } catch (thrown) {
    if (thrown === notPlain) return undefined;
    throw thrown;
  }
}
