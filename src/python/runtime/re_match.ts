/**
 * Compiled patterns, matches and what is done with them.
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- what Python calls printable or ASCII is defined by code

import { c1 } from "./calls.ts";
import { PyError, raise, reError } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { flagValues } from "./re_brackets.ts";
import { PatternReader } from "./re_syntax.ts";
import { gen, isWide, len } from "./sequences.ts";
import {
  newType,
  PyBytes,
  type PyIter,
  type PyObject,
  PyTuple,
  type PyType,
  state,
  typeKey,
  type Value,
} from "./types.ts";

const beyondPattern = /[^\x00-\x7f]/;

/** A compiled pattern: JavaScript's regular expressions, made when first needed. */
export class Pattern implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly pattern: string;
  declare readonly flags: number;
  declare readonly count: number;
  declare readonly names: ReadonlyMap<string, number>;
  /** Groups whose value JavaScript forgets where Python keeps it. */
  declare readonly unsure: ReadonlySet<number>;
  readonly #beyond: boolean;
  readonly #made = new Map<string, RegExp>();
  constructor(pattern: string, flags: number) {
    this.pattern = pattern;
    this.#beyond = beyondPattern.test(pattern);
    const reader = new PatternReader(pattern, flags, false);
    reader.read();
    this.count = reader.groups;
    this.names = reader.names;
    this.unsure = reader.unsure;
    this.flags = reader.flags;
  }

  /** The JavaScript expression for a text. `whole`: it must reach the end; `extra`: more flags. */
  expression(text: string, whole: boolean, extra: string, advance = false): RegExp {
    // Texts of ASCII only match the same with the plain classes, which are faster.
    const wide = this.#beyond || beyondPattern.test(text);
    const key = `${wide ? "u" : ""}${whole ? "$" : ""}${extra}${advance ? "+" : ""}`;
    let made = this.#made.get(key);
    if (made === undefined) {
      const unicode = wide && (state.version === 3 || Boolean(this.flags & flagValues.U));
      const shift = advance ? 1 : 0;
      const source = new PatternReader(this.pattern, this.flags, unicode, shift).read();
      const flags = `${this.flags & flagValues.I ? "i" : ""}${wide ? "u" : ""}${extra}`;
      made = new RegExp(
        advance ? advancing(source) : whole ? `(?:${source})(?![^])` : source,
        flags,
      );
      this.#made.set(key, made);
    }
    return made;
  }
}

/** A match that is not empty: what is left of the text after it differs from what was before. */
function advancing(source: string): string {
  return `(?=([^]*))(?:${source})(?!\\1(?![^]))`;
}

/** The type of compiled patterns. */
export const patternType: PyType = newType(
  "re.Pattern",
  undefined,
  () => raise("TypeError", "cannot create 're.Pattern' instances"),
  Pattern.prototype,
);

/** JavaScript's result: what the groups took, and where. */
interface Found extends Array<string | undefined> {
  index: number;
  /** Found by an expression with a first group of our own. */
  advanced?: boolean;
}

/** A match: JavaScript's result and where it was found. */
export class Match implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly pattern: Pattern;
  declare readonly text: string;
  declare readonly result: Found;
  declare readonly whole: boolean;
  constructor(pattern: Pattern, text: string, result: Found, whole: boolean) {
    this.pattern = pattern;
    this.text = text;
    this.result = result;
    this.whole = whole;
  }
}

/** The type of matches. */
export const matchType: PyType = newType(
  "re.Match",
  undefined,
  () => raise("TypeError", "cannot create 're.Match' instances"),
  Match.prototype,
);

const cache = new Map<string, Pattern>();

/** A compiled pattern, kept for the next time. Raises re.error. */
export function compile(pattern: Value, flags: Value = 0): Pattern {
  if (pattern instanceof Pattern) return pattern;
  if (pattern instanceof PyBytes) raise("TypeError", "patterns of bytes are not supported");
  if (typeof pattern !== "string") {
    raise("TypeError", "first argument must be string or compiled pattern");
  }
  const key = `${state.version}:${flags}:${pattern}`;
  let made = cache.get(key);
  if (made === undefined) {
    if (cache.size > 200) cache.clear();
    made = new Pattern(pattern, Number(flags));
    cache.set(key, made);
  }
  return made;
}

/** The text to look in. Raises TypeError for what is none. */
export function subject(text: Value): string {
  if (typeof text !== "string") {
    raise(
      "TypeError",
      state.version === 2
        ? "expected string or buffer"
        : `expected string or bytes-like object, got '${typeName(text)}'`,
    );
  }
  return text;
}

/** Code units before the character at `position`. */
function unitsAt(text: string, position: Value = 0): number {
  const at = Math.max(0, Number(position));
  return isWide(text) ? Array.from(text).slice(0, at).join("").length : Math.min(at, text.length);
}

/** The first match, null when there is none; `mode`: search, match or full. */
export function find(
  pattern: Pattern,
  text: Value,
  mode: string,
  start?: Value,
  stop?: Value,
): Match | null {
  const source = subject(text);
  const within = stop === undefined ? source : source.slice(0, unitsAt(source, stop));
  const expression = pattern.expression(within, mode === "full", mode === "search" ? "g" : "y");
  expression.lastIndex = unitsAt(within, start);
  const result = expression.exec(within);
  return result === null ? null : new Match(pattern, within, result, mode === "full");
}

/**
 * All matches, as JavaScript's results. After an empty one, Python 3 looks for one that is not
 * empty at the same place; Python 2 goes on.
 */
function* results(pattern: Pattern, text: string): Generator<Found> {
  const expression = pattern.expression(text, false, "g");
  let at = 0;
  while (at <= text.length) {
    expression.lastIndex = at;
    const result = expression.exec(text);
    if (result === null) return;
    yield result;
    at = endOf(result);
    if (result[0] !== "") continue;
    const longer = state.version === 3 ? fullMatchAt(pattern, text, at) : null;
    if (longer !== null) yield longer;
    const wide = expression.unicode && (text.codePointAt(at) ?? 0) > 0xffff;
    at = longer !== null ? endOf(longer) : at + (wide ? 2 : 1);
  }
}

function endOf(found: Found): number {
  return found.index + (found[0] ?? "").length;
}

/** A match at a place that takes at least one character; null when there is none. */
function fullMatchAt(pattern: Pattern, text: string, at: number): Found | null {
  const expression = pattern.expression(text, false, "y", true);
  expression.lastIndex = at;
  const found = expression.exec(text);
  if (found === null) return null;
  // The first group is our own.
  const result: (string | undefined)[] = [found[0], ...found.slice(2)];
  return Object.assign(result, { index: found.index, advanced: true });
}

/** The number of a group given by name or number. Raises IndexError. */
export function groupNumber(match: Match, key: Value): number {
  const { pattern } = match;
  const number = typeof key === "string" ? pattern.names.get(key) : Number(key);
  if (number === undefined || !(number >= 0 && number <= pattern.count)) {
    raise("IndexError", "no such group");
  }
  return number;
}

/** What a group took, or `fallback`. */
export function groupValue(match: Match, number: number, fallback: Value = null): Value {
  const { pattern, result } = match;
  sure(pattern, number);
  return result[number] === undefined ? fallback : result[number];
}

/** Python keeps the last value of a group that a later round left out; JavaScript does not. */
function sure(pattern: Pattern, number: number): void {
  if (!pattern.unsure.has(number)) return;
  throw new PyError(reError, [
    `the value of group ${number} is not supported, for it is optional inside a repetition`,
  ]);
}

/** What all groups took. */
export function allGroups(match: Match, fallback: Value = null): Value[] {
  const values: Value[] = [];
  for (let at = 1; at <= match.pattern.count; at++) values.push(groupValue(match, at, fallback));
  return values;
}

/** Start and end of a group in characters; -1 when it took no part. */
export function span(match: Match, key: Value = 0): number[] {
  const number = groupNumber(match, key);
  const { pattern, result, text, whole } = match;
  sure(pattern, number);
  let range: number[] = [result.index, endOf(result)];
  if (number > 0) {
    const advanced = result.advanced === true;
    const expression = pattern.expression(text, whole, "dy", advanced);
    expression.lastIndex = result.index;
    range = expression.exec(text)?.indices?.[advanced ? number + 1 : number] ?? [-1, -1];
  }
  return isWide(text) ? range.map((at) => at < 0 ? at : len(text.slice(0, at))) : range;
}

const templatePattern = /\\(?:g<([^>]*)>|(\d{1,2})|([^]))/g;
const escapes: Record<string, string> = {
  n: "\n",
  r: "\r",
  t: "\t",
  f: "\f",
  v: "\v",
  a: "\x07",
  b: "\b",
  "\\": "\\",
};

/** The text that replaces a match. */
export function expandTemplate(template: string, match: Match): string {
  if (!template.includes("\\")) return template;
  return template.replace(templatePattern, (whole, name, number, other) => {
    if (other !== undefined) {
      const escape = escapes[other];
      if (escape !== undefined) return escape;
      if (/[a-zA-Z]/.test(other) && state.version === 3) {
        throw new PyError(reError, [`bad escape \\${other}`]);
      }
      return whole;
    }
    if (number === "0" || number === "00") return "\0";
    const key = number ?? name;
    const named = match.pattern.names.get(key);
    if (named === undefined && !/^\d+$/.test(key)) {
      raise("IndexError", `unknown group name '${key}'`);
    }
    const at = named ?? Number(key);
    if (at > match.pattern.count) throw new PyError(reError, [`invalid group reference ${at}`]);
    return String(groupValue(match, at, ""));
  });
}

/** The text with matches replaced, and how many were. */
export function substitute(
  pattern: Pattern,
  replacement: Value,
  text: Value,
  most: Value = 0,
): [string, number] {
  let out = "";
  let end = 0;
  let done = 0;
  let before = -1;
  const source = subject(text);
  for (const result of results(pattern, source)) {
    if (Number(most) > 0 && done >= Number(most)) break;
    if (state.version === 2 && result[0] === "" && result.index === before) continue;
    const match = new Match(pattern, source, result, false);
    const fresh = typeof replacement === "string"
      ? expandTemplate(replacement, match)
      : c1(replacement, match);
    if (typeof fresh !== "string") {
      raise("TypeError", `expected str instance, ${typeName(fresh)} found`);
    }
    out += source.slice(end, result.index) + fresh;
    end = before = endOf(result);
    done++;
  }
  return [out + source.slice(end), done];
}

/** The text split at matches, with what groups took between. */
export function splitBy(pattern: Pattern, text: Value, most: Value = 0): Value[] {
  const parts: Value[] = [];
  let end = 0;
  const source = subject(text);
  for (const result of results(pattern, source)) {
    if (Number(most) > 0 && parts.length >= Number(most) * (pattern.count + 1)) break;
    if (result[0] === "" && state.version === 2) continue;
    const match = new Match(pattern, source, result, false);
    parts.push(source.slice(end, result.index), ...allGroups(match));
    end = endOf(result);
  }
  parts.push(source.slice(end));
  return parts;
}

/** All matches as findall() gives them. */
export function findAll(pattern: Pattern, text: Value): Value[] {
  const source = subject(text);
  return Array.from(results(pattern, source), (result): Value => {
    const match = new Match(pattern, source, result, false);
    if (pattern.count === 0) return result[0];
    const groups = allGroups(match, "");
    return pattern.count === 1 ? groups[0] : new PyTuple(groups);
  });
}

/** An iterator over the matches. */
export function findIter(pattern: Pattern, text: Value): PyIter {
  const source = subject(text);
  function* matches(): Generator<Value> {
    for (const result of results(pattern, source)) yield new Match(pattern, source, result, false);
  }
  return gen(matches());
}
