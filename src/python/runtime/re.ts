/**
 * The re module.
 *
 * @module
 */

import { type PyError, reError } from "./errors.ts";
import { flagValues } from "./re_brackets.ts";
import {
  allGroups,
  compile,
  expandTemplate,
  find,
  findAll,
  findIter,
  groupNumber,
  groupValue,
  type Match,
  matchType,
  type Pattern,
  patternType,
  span,
  splitBy,
  subject,
  substitute,
} from "./re_match.ts";
import { b_repr } from "./repr.ts";
import {
  addFields,
  addHooks,
  addMethods,
  members,
  PyDict,
  type PyFunction,
  PyTuple,
  state,
  type Value,
} from "./types.ts";

addMethods<Pattern>(patternType, {
  match: [1, 3, (p, text, start, stop) => find(p, text, "match", start, stop), "string pos endpos"],
  fullmatch: [
    1,
    3,
    (p, text, start, stop) => find(p, text, "full", start, stop),
    "string pos endpos",
  ],
  search: [
    1,
    3,
    (p, text, start, stop) => find(p, text, "search", start, stop),
    "string pos endpos",
  ],
  findall: [1, 1, findAll],
  finditer: [1, 1, findIter],
  sub: [2, 3, (p, fresh, text, most) => substitute(p, fresh, text, most)[0], "repl string count"],
  subn: [
    2,
    3,
    (p, fresh, text, most) => new PyTuple(substitute(p, fresh, text, most)),
    "repl string count",
  ],
  split: [1, 2, splitBy, "string maxsplit"],
});
addFields<Pattern>(patternType, {
  pattern: (p) => p.pattern,
  flags: (p) => p.flags | (state.version === 3 ? 32 : 0),
  groups: (p) => p.count,
  groupindex: (p) => namedGroups(p, (number) => number),
});
addHooks<Pattern>(patternType, { repr: (p) => `re.compile(${b_repr(p.pattern)})` });

function namedGroups(pattern: Pattern, value: (number: number) => Value): PyDict {
  const out = new PyDict();
  for (const [name, number] of pattern.names) out.m.set(name, value(number));
  return out;
}

addMethods<Match>(matchType, {
  group: [0, Infinity, (match, ...keys) => {
    if (keys.length <= 1) return groupValue(match, groupNumber(match, keys[0] ?? 0));
    return new PyTuple(keys.map((key) => groupValue(match, groupNumber(match, key))));
  }],
  groups: [0, 1, (match, fallback) => new PyTuple(allGroups(match, fallback)), "default"],
  groupdict: [
    0,
    1,
    (match, fallback) => namedGroups(match.pattern, (at) => groupValue(match, at, fallback)),
    "default",
  ],
  start: [0, 1, (match, key) => span(match, key)[0]],
  end: [0, 1, (match, key) => span(match, key)[1]],
  span: [0, 1, (match, key) => new PyTuple(span(match, key))],
  expand: [1, 1, (match, template) => expandTemplate(subject(template), match)],
});
addFields<Match>(matchType, {
  string: (match) => match.text,
  re: (match) => match.pattern,
  lastindex: (match) => {
    for (let at = match.pattern.count; at > 0; at--) if (match.result[at] !== undefined) return at;
    return null;
  },
  lastgroup: (match) => {
    for (const [name, number] of [...match.pattern.names].reverse()) {
      if (match.result[number] !== undefined) return name;
    }
    return null;
  },
});
addHooks<Match>(matchType, {
  item: (match, key) => groupValue(match, groupNumber(match, key)),
  repr: (match) =>
    `<re.Match object; span=${b_repr(new PyTuple(span(match)))}, match=${b_repr(match.result[0])}>`,
});

function escapePattern(text: Value): string {
  if (state.version === 2) {
    return subject(text).replace(/[^a-zA-Z0-9]/g, (char) => char === "\0" ? "\\000" : `\\${char}`);
  }
  return subject(text).replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, (char) => `\\${char}`);
}

/** The method of that name as a function that takes the pattern, and flags at its end. */
const through = (name: string, texts: number): PyFunction => {
  const method = patternType.$info.methods[name];
  return (pattern: Value, ...args: Value[]) =>
    method?.(compile(pattern, args[texts + 1]), ...args.slice(0, texts + 1));
};
const simple = (mode: string) => (pattern: Value, text: Value, flags: Value): Value =>
  find(compile(pattern, flags), text, mode);

/** The members of re. */
export const reModule = members({
  compile: [1, 2, compile, "pattern flags"],
  match: [2, 3, simple("match"), "pattern string flags"],
  fullmatch: [2, 3, simple("full"), "pattern string flags"],
  search: [2, 3, simple("search"), "pattern string flags"],
  findall: [
    2,
    3,
    (pattern, text, flags) => findAll(compile(pattern, flags), text),
    "pattern string flags",
  ],
  finditer: [
    2,
    3,
    (pattern, text, flags) => findIter(compile(pattern, flags), text),
    "pattern string flags",
  ],
  sub: [3, 5, through("sub", 2), "pattern repl string count flags"],
  subn: [3, 5, through("subn", 2), "pattern repl string count flags"],
  split: [2, 4, through("split", 1), "pattern string maxsplit flags"],
  escape: [1, 1, escapePattern],
  purge: [0, 0, () => null],
  error: reError,
  ...flagValues,
  IGNORECASE: flagValues.I,
  LOCALE: flagValues.L,
  MULTILINE: flagValues.M,
  DOTALL: flagValues.S,
  UNICODE: flagValues.U,
  VERBOSE: flagValues.X,
  ASCII: flagValues.A,
});
addHooks<PyError>(reError, {
  text: (error) => String(error.args[0] ?? ""),
  repr: (error) => `error(${error.args.map(b_repr).join(", ")})`,
});
