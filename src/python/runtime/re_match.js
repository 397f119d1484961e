/** Compiled patterns, matches and what is done with them. @module */
// deno-lint-ignore-file no-control-regex -- what Python calls printable or ASCII is defined by code

import { c1 } from "./calls.js";
import { PyError, raise, reError } from "./errors.js";
import { typeName } from "./kinds.js";
import { FLAGS } from "./re_brackets.js";
import { PatternReader } from "./re_syntax.js";
import { gen, isWide, len } from "./sequences.js";
import { newType, PyBytes, PyTuple, state } from "./types.js";

const BEYOND = /[^\x00-\x7f]/;

/** A compiled pattern: JavaScript's regular expressions, made when first needed. */
class Pattern {
  constructor(pattern, flags) {
    this.pattern = pattern;
    this.flags = flags;
    this.made = new Map();
    this.beyond = BEYOND.test(pattern);
    const reader = new PatternReader(pattern, flags, false);
    reader.read();
    this.count = reader.groups;
    this.names = reader.names;
    this.unsure = reader.unsure;
    this.flags = reader.flags;
  }

  /** The JavaScript expression for a text. `whole`: it must reach the end; `extra`: more flags. */
  expression(text, whole, extra, advance = false) {
    // Texts of ASCII only match the same with the plain classes, which are faster.
    const wide = this.beyond || BEYOND.test(text);
    const key = `${wide ? "u" : ""}${whole ? "$" : ""}${extra}${advance ? "+" : ""}`;
    let made = this.made.get(key);
    if (made === undefined) {
      const unicode = wide && (state.version === 3 || Boolean(this.flags & FLAGS.U));
      const shift = advance ? 1 : 0;
      const source = new PatternReader(this.pattern, this.flags, unicode, shift).read();
      const flags = `${this.flags & FLAGS.I ? "i" : ""}${wide ? "u" : ""}${extra}`;
      made = new RegExp(
        advance ? advancing(source) : whole ? `(?:${source})(?![^])` : source,
        flags,
      );
      this.made.set(key, made);
    }
    return made;
  }
}

/** A match that is not empty: what is left of the text after it differs from what was before. */
function advancing(source) {
  return `(?=([^]*))(?:${source})(?!\\1(?![^]))`;
}

/** The type of compiled patterns. */
export const patternType = newType(
  "re.Pattern",
  undefined,
  () => raise("TypeError", "cannot create 're.Pattern' instances"),
  Pattern.prototype,
);

/** A match: JavaScript's result and where it was found. */
class Match {
  constructor(pattern, text, result, whole) {
    this.pattern = pattern;
    this.text = text;
    this.result = result;
    this.whole = whole;
  }
}

/** The type of matches. */
export const matchType = newType(
  "re.Match",
  undefined,
  () => raise("TypeError", "cannot create 're.Match' instances"),
  Match.prototype,
);

const cache = new Map();

/** A compiled pattern, kept for the next time. Raises re.error. */
export function compile(pattern, flags = 0) {
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
export function subject(text) {
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
function unitsAt(text, position = 0) {
  const at = Math.max(0, Number(position));
  return isWide(text) ? Array.from(text).slice(0, at).join("").length : Math.min(at, text.length);
}

/** The first match, null when there is none; `mode`: search, match or full. */
export function find(pattern, text, mode, start, stop) {
  const within = stop === undefined ? subject(text) : subject(text).slice(0, unitsAt(text, stop));
  const expression = pattern.expression(within, mode === "full", mode === "search" ? "g" : "y");
  expression.lastIndex = unitsAt(within, start);
  const result = expression.exec(within);
  return result === null ? null : new Match(pattern, within, result, mode === "full");
}

/**
 * All matches, as JavaScript's results. After an empty one, Python 3 looks for one that is not
 * empty at the same place; Python 2 goes on.
 */
function* results(pattern, text) {
  const expression = pattern.expression(subject(text), false, "g");
  let at = 0;
  while (at <= text.length) {
    expression.lastIndex = at;
    const result = expression.exec(text);
    if (result === null) return;
    yield result;
    at = result.index + result[0].length;
    if (result[0] !== "") continue;
    const longer = state.version === 3 ? fullMatchAt(pattern, text, at) : null;
    if (longer !== null) yield longer;
    const wide = expression.unicode && text.codePointAt(at) > 0xffff;
    at += longer !== null ? longer[0].length : wide ? 2 : 1;
  }
}

/** A match at a place that takes at least one character; null when there is none. */
function fullMatchAt(pattern, text, at) {
  const expression = pattern.expression(text, false, "y", true);
  expression.lastIndex = at;
  const found = expression.exec(text);
  if (found === null) return null;
  // The first group is our own.
  const result = [found[0], ...found.slice(2)];
  return Object.assign(result, { index: found.index, advanced: true });
}

/** The number of a group given by name or number. Raises IndexError. */
export function groupNumber(match, key) {
  const { pattern } = match;
  const number = typeof key === "string" ? pattern.names.get(key) : Number(key);
  if (number === undefined || !(number >= 0 && number <= pattern.count)) {
    raise("IndexError", "no such group");
  }
  return number;
}

/** What a group took, or `fallback`. */
export function groupValue(match, number, fallback = null) {
  const { pattern, result } = match;
  sure(pattern, number);
  return result[number] === undefined ? fallback : result[number];
}

/** Python keeps the last value of a group that a later round left out; JavaScript does not. */
function sure(pattern, number) {
  if (!pattern.unsure.has(number)) return;
  throw new PyError(reError, [
    `the value of group ${number} is not supported, for it is optional inside a repetition`,
  ]);
}

/** What all groups took. */
export function allGroups(match, fallback = null) {
  const values = [];
  for (let at = 1; at <= match.pattern.count; at++) values.push(groupValue(match, at, fallback));
  return values;
}

/** Start and end of a group in characters; -1 when it took no part. */
export function span(match, key = 0) {
  const number = groupNumber(match, key);
  const { pattern, result, text, whole } = match;
  sure(pattern, number);
  let range = [result.index, result.index + result[0].length];
  if (number > 0) {
    const advanced = result.advanced === true;
    const expression = pattern.expression(text, whole, "dy", advanced);
    expression.lastIndex = result.index;
    range = expression.exec(text).indices[advanced ? number + 1 : number] ?? [-1, -1];
  }
  return isWide(text) ? range.map((at) => at < 0 ? at : len(text.slice(0, at))) : range;
}

const TEMPLATE = /\\(?:g<([^>]*)>|(\d{1,2})|([^]))/g;
const ESCAPES = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v", a: "\x07", b: "\b", "\\": "\\" };

/** The text that replaces a match. */
export function expandTemplate(template, match) {
  if (!template.includes("\\")) return template;
  return template.replace(TEMPLATE, (whole, name, number, other) => {
    if (other !== undefined) {
      if (ESCAPES[other] !== undefined) return ESCAPES[other];
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
    return groupValue(match, at, "");
  });
}

/** The text with matches replaced, and how many were. */
export function substitute(pattern, replacement, text, most = 0) {
  let out = "";
  let end = 0;
  let done = 0;
  let before = -1;
  for (const result of results(pattern, text)) {
    if (Number(most) > 0 && done >= Number(most)) break;
    if (state.version === 2 && result[0] === "" && result.index === before) continue;
    const match = new Match(pattern, text, result, false);
    const fresh = typeof replacement === "string"
      ? expandTemplate(replacement, match)
      : c1(replacement, match);
    if (typeof fresh !== "string") {
      raise("TypeError", `expected str instance, ${typeName(fresh)} found`);
    }
    out += text.slice(end, result.index) + fresh;
    end = before = result.index + result[0].length;
    done++;
  }
  return [out + text.slice(end), done];
}

/** The text split at matches, with what groups took between. */
export function splitBy(pattern, text, most = 0) {
  const parts = [];
  let end = 0;
  for (const result of results(pattern, text)) {
    if (Number(most) > 0 && parts.length >= Number(most) * (pattern.count + 1)) break;
    if (result[0] === "" && state.version === 2) continue;
    const match = new Match(pattern, text, result, false);
    parts.push(text.slice(end, result.index), ...allGroups(match));
    end = result.index + result[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

/** All matches as findall() gives them. */
export function findAll(pattern, text) {
  return Array.from(results(pattern, text), (result) => {
    const match = new Match(pattern, text, result, false);
    if (pattern.count === 0) return result[0];
    const groups = allGroups(match, "");
    return pattern.count === 1 ? groups[0] : new PyTuple(groups);
  });
}

/** An iterator over the matches. */
export function findIter(pattern, text) {
  subject(text);
  function* matches() {
    for (const result of results(pattern, text)) yield new Match(pattern, text, result, false);
  }
  return gen(matches());
}
