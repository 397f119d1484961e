/**
 * The methods of texts (and, where they make sense, of bytes).
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- what Python calls printable or ASCII is defined by code

import { decodeText, encodeText } from "./codecs.ts";
import { hk } from "./compare.ts";
import { itemStrict } from "./containers.ts";
import { raise } from "./errors.ts";
import { formatTemplate } from "./format.ts";
import { typeName, types } from "./kinds.ts";
import { list } from "./sequences.ts";
import {
  affix,
  all,
  cased,
  countText,
  expandtabs,
  findText,
  found,
  isLower,
  isUpper,
  join,
  needText,
  onlySpace,
  pad,
  partition,
  replaceText,
  rsplitText,
  splitlines,
  splitText,
  stripText,
  swapcase,
  zfill,
} from "./text.ts";
import { capitalize, title } from "./title_case.ts";
import {
  addMethods,
  allowsOld,
  native,
  PyBytes,
  PyDict,
  PyTuple,
  setKeywords,
  type Value,
} from "./types.ts";

/** Python 3: a dict from code points; Python 2: a table of characters, and some to delete. */
function translate(text: string, map: Value, gone: Value): string {
  if (map === null || typeof map === "string") {
    return Array.from(text).filter((char) => !needText(gone ?? "").includes(char))
      .map((char) =>
        map !== null && char.charCodeAt(0) < map.length ? map[char.charCodeAt(0)] : char
      ).join("");
  }
  let out = "";
  for (const char of text) {
    const to = map instanceof PyDict
      ? map.m.get(hk(char.codePointAt(0)))
      : itemStrict(map, char.codePointAt(0));
    if (to === undefined) out += char;
    else if (to !== null) out += typeof to === "string" ? to : String.fromCodePoint(Number(to));
  }
  return out;
}

/** str.maketrans */
function maketrans(from: Value, to?: Value, gone?: Value): Value {
  const map = new PyDict();
  if (to === undefined) {
    if (!(from instanceof PyDict)) {
      raise("TypeError", "if you give only one argument to maketrans it must be a dict");
    }
    for (const [key, value] of from.m) {
      map.m.set(typeof key === "string" ? key.codePointAt(0) : key, value);
    }
    return map;
  }
  const [left, right] = [Array.from(needText(from)), Array.from(needText(to))];
  if (left.length !== right.length) {
    raise("ValueError", "the first two maketrans arguments must have equal length");
  }
  left.forEach((char, at) => map.m.set(char.codePointAt(0), right[at]?.codePointAt(0)));
  for (const char of needText(gone ?? "")) map.m.set(char.codePointAt(0), null);
  return map;
}

const digits = "\\p{Nd}\\u00b2\\u00b3\\u00b9\\u2070\\u2074-\\u2079\\u2080-\\u2089\\u2460-\\u2468";

addMethods<string>(types.str, {
  strip: [0, 1, (s, chars) => stripText(s, chars, true, true)],
  lstrip: [0, 1, (s, chars) => stripText(s, chars, true, false)],
  rstrip: [0, 1, (s, chars) => stripText(s, chars, false, true)],
  split: [0, 2, splitText, "sep maxsplit"],
  rsplit: [0, 2, rsplitText, "sep maxsplit"],
  splitlines: [0, 1, splitlines, "keepends"],
  partition: [1, 1, (s, separator) => partition(s, separator, false)],
  rpartition: [1, 1, (s, separator) => partition(s, separator, true)],
  replace: [2, 3, replaceText, "old new count"],
  find: [1, 3, (s, needle, start, end) => findText(s, needle, start, end, false)],
  rfind: [1, 3, (s, needle, start, end) => findText(s, needle, start, end, true)],
  index: [1, 3, (s, needle, start, end) => found(findText(s, needle, start, end, false))],
  rindex: [1, 3, (s, needle, start, end) => found(findText(s, needle, start, end, true))],
  startswith: [
    1,
    3,
    (s, wanted, start, end) => affix(s, wanted, start, end, (part, one) => part.startsWith(one)),
  ],
  endswith: [
    1,
    3,
    (s, wanted, start, end) => affix(s, wanted, start, end, (part, one) => part.endsWith(one)),
  ],
  count: [1, 3, countText],
  upper: [0, 0, (s) => s.toUpperCase()],
  lower: [0, 0, (s) => s.toLowerCase()],
  casefold: [0, 0, (s) => s.toLowerCase().replaceAll("ß", "ss")],
  title: [0, 0, title],
  capitalize: [0, 0, capitalize],
  swapcase: [0, 0, swapcase],
  zfill: [1, 1, zfill],
  center: [1, 2, (s, width, fill) => pad(s, width, fill, true, true)],
  ljust: [1, 2, (s, width, fill) => pad(s, width, fill, false, true)],
  rjust: [1, 2, (s, width, fill) => pad(s, width, fill, true, false)],
  join: [1, 1, join],
  isdigit: [0, 0, all(new RegExp(`^[${digits}]+$`, "u"))],
  isdecimal: [0, 0, all(/^\p{Nd}+$/u)],
  isnumeric: [0, 0, all(/^\p{N}+$/u)],
  isalpha: [0, 0, all(/^\p{L}+$/u)],
  isalnum: [0, 0, all(/^[\p{L}\p{N}]+$/u)],
  isspace: [0, 0, all(onlySpace)],
  isupper: [0, 0, isUpper],
  islower: [0, 0, isLower],
  istitle: [0, 0, (s) => cased.test(s) && title(s) === s],
  isascii: [0, 0, all(/^[\x00-\x7f]*$/)],
  isprintable: [0, 0, all(/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u)],
  isidentifier: [0, 0, all(/^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u)],
  encode: [0, 2, (s, name, mode) => encodeText(s, name, mode), "encoding errors"],
  expandtabs: [0, 1, expandtabs, "tabsize"],
  translate: [1, 2, translate],
  removeprefix: [
    1,
    1,
    (s, prefix) => s.startsWith(needText(prefix)) ? s.slice(needText(prefix).length) : s,
  ],
  removesuffix: [
    1,
    1,
    (s, suffix) =>
      s.endsWith(needText(suffix)) ? s.slice(0, s.length - needText(suffix).length) : s,
  ],
  format: [0, Infinity, (s, ...args) => formatTemplate(s, args, undefined)],
  format_map: [1, 1, (s, names) => formatTemplate(s, [], names)],
});
setKeywords(types.str, "format", ([template, ...args], pairs) => {
  const names = new PyDict();
  for (const [name, value] of pairs) names.m.set(name, value);
  return formatTemplate(needText(template), args, names);
});
types.str.$info.statics.maketrans = native("maketrans", 1, 3, maketrans);

/** Python 2's texts are bytes as well: decoding one gives the same text. */
addMethods<string>(types.str, {
  decode: [0, 2, (s, name, mode) => {
    if (!allowsOld()) raise("AttributeError", "'str' object has no attribute 'decode'");
    return decodeText(s, name, mode);
  }, "encoding errors"],
});

const bytesOf = (value: Value): Value => typeof value === "string" ? new PyBytes(value) : value;
const bytesMethods = (
  "strip lstrip rstrip replace startswith endswith find rfind index rindex count upper lower isdigit isalpha " +
  "isalnum isspace isupper islower title capitalize swapcase center ljust rjust zfill partition rpartition rsplit " +
  "splitlines expandtabs removeprefix removesuffix"
).split(" ");
for (const name of bytesMethods) {
  const plain = types.str.$info.methods[name];
  if (plain === undefined) continue;
  const { $least = 0, $most = 0 } = plain;
  const unwrap = (value: Value) => {
    if (typeof value === "string" && !allowsOld()) {
      raise("TypeError", "a bytes-like object is required, not 'str'");
    }
    return value instanceof PyBytes ? value.s : value;
  };
  types.bytes.$info.methods[name] = native(name, $least, $most, (self: PyBytes, ...args) => {
    const result = plain(self.s, ...args.map(unwrap));
    if (result instanceof PyTuple) return new PyTuple(result.a.map(bytesOf));
    if (Array.isArray(result)) return result.map(bytesOf);
    return bytesOf(result);
  });
}
function needBytes(value: Value): string {
  if (value instanceof PyBytes) return value.s;
  if (typeof value === "string" && allowsOld()) return value;
  return raise("TypeError", `a bytes-like object is required, not '${typeName(value)}'`);
}

/** bytes.translate: `map` has a character for each of the 256, or is None. */
function translateBytes({ s }: PyBytes, map: Value, gone: Value): PyBytes {
  const table = map === null ? undefined : needBytes(map);
  if (table !== undefined && table.length !== 256) {
    raise("ValueError", "translation table must be 256 characters long");
  }
  const left = gone === undefined ? "" : needBytes(gone);
  const kept = Array.from(s).filter((char) => !left.includes(char));
  return new PyBytes(kept.map((char) => table?.[char.charCodeAt(0)] ?? char).join(""));
}

/** A table for translate, with another byte for each of `from`. Raises ValueError. */
function maketransBytes(from: Value, to: Value): PyBytes {
  const [left, right] = [needBytes(from), needBytes(to)];
  if (left.length !== right.length) {
    raise("ValueError", "maketrans arguments must have same length");
  }
  const table = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
  Array.from(left).forEach((char, at) => table[char.charCodeAt(0)] = right[at] ?? char);
  return new PyBytes(table.join(""));
}
types.bytes.$info.statics.maketrans = native("maketrans", 2, 2, maketransBytes);

addMethods<PyBytes>(types.bytes, {
  translate: [1, 2, translateBytes, "table delete"],
  decode: [0, 2, (b, name, mode) => decodeText(b, name, mode), "encoding errors"],
  hex: [
    0,
    0,
    (b) => Array.from(b.s, (c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join(""),
  ],
  split: [
    0,
    2,
    (b, separator, most) =>
      splitText(b.s, separator instanceof PyBytes ? separator.s : null, most ?? -1)
        .map((part) => new PyBytes(part)),
    "sep maxsplit",
  ],
  join: [
    1,
    1,
    (b, items) =>
      new PyBytes(
        list(items).map((item) => item instanceof PyBytes ? item.s : needText(item)).join(b.s),
      ),
  ],
});
