/** The json module. @module */
// deno-lint-ignore-file no-control-regex -- what Python calls printable or ASCII is defined by code

import { c1 } from "./calls.js";
import { lt, t } from "./compare.js";
import { dictSet } from "./containers.js";
import { errors, PyError, raise } from "./errors.js";
import { typeName } from "./kinds.js";
import { floatRepr, flt, fv, intText, isFloat, isInt, norm } from "./numbers.js";
import { dictPairs } from "./sequences.js";
import { isRecord, members, native, PyBytes, PyDict, PyTuple, state } from "./types.js";

const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*)"|(-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)|(true|false|null|NaN|-?Infinity))/y;
const WORDS = { true: true, false: false, null: null, NaN: NaN, Infinity, "-Infinity": -Infinity };

/** Reads JSON; whole numbers become ints, others floats. */
class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.depth = 0;
  }

  fail(message, at = this.at) {
    const before = this.text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    const type = state.version === 2 ? errors.ValueError : errors.JSONDecodeError;
    throw new PyError(type, [`${message}: line ${line} column ${column} (char ${at})`]);
  }

  token() {
    TOKEN.lastIndex = this.at;
    const match = TOKEN.exec(this.text);
    if (match !== null) this.at = TOKEN.lastIndex;
    return match;
  }

  skip() {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at++;
  }

  document() {
    const value = this.value();
    this.skip();
    if (this.at < this.text.length) this.fail("Extra data");
    return value;
  }

  value() {
    this.skip();
    const at = this.at;
    const match = this.token();
    if (match === null) return this.fail("Expecting value", at);
    const [, mark, string, number, fraction, exponent, word] = match;
    if (string !== undefined) return string.includes("\\") ? JSON.parse(`"${string}"`) : string;
    if (number !== undefined) {
      if (fraction !== undefined || exponent !== undefined) return flt(Number(number));
      return number.length < 16 ? Number(number) + 0 : norm(BigInt(number));
    }
    if (word !== undefined) return WORDS[word];
    if (++this.depth > 200) {
      raise("RecursionError", "maximum recursion depth exceeded while decoding a JSON document");
    }
    const result = mark === "{"
      ? this.object()
      : mark === "["
      ? this.array()
      : this.fail("Expecting value", at);
    this.depth--;
    return result;
  }

  array() {
    const items = [];
    this.skip();
    if (this.text[this.at] === "]") {
      this.at++;
      return items;
    }
    for (;;) {
      items.push(this.value());
      this.skip();
      const mark = this.text[this.at];
      if (mark !== "," && mark !== "]") this.fail("Expecting ',' delimiter");
      this.at++;
      if (mark === "]") return items;
    }
  }

  object() {
    const out = new PyDict();
    this.skip();
    if (this.text[this.at] === "}") {
      this.at++;
      return out;
    }
    for (;;) {
      this.skip();
      if (this.text[this.at] !== '"') {
        this.fail("Expecting property name enclosed in double quotes");
      }
      const key = this.value();
      this.skip();
      if (this.text[this.at] !== ":") this.fail("Expecting ':' delimiter");
      this.at++;
      dictSet(out, key, this.value());
      this.skip();
      const mark = this.text[this.at];
      if (mark !== "," && mark !== "}") this.fail("Expecting ',' delimiter");
      this.at++;
      if (mark === "}") return out;
    }
  }
}

/** json.loads */
function loads(text) {
  const source = text instanceof PyBytes ? text.s : text;
  if (typeof source !== "string") {
    raise(
      "TypeError",
      state.version === 2
        ? "expected string or buffer"
        : `the JSON object must be str, bytes or bytearray, not ${typeName(text)}`,
    );
  }
  return new Reader(source).document();
}

const DEFAULTS = {
  ensure_ascii: true,
  allow_nan: true,
  sort_keys: false,
  skipkeys: false,
  indent: null,
  separators: null,
  default: null,
};

/** json.dumps */
function dumps(value, options = {}) {
  const o = { ...DEFAULTS, ...options };
  const indent = o.indent === null
    ? null
    : typeof o.indent === "string"
    ? o.indent
    : " ".repeat(Number(o.indent));
  const [comma, colon] = o.separators === null
    ? [indent === null || state.version === 2 ? ", " : ",", ": "]
    : (o.separators.a ?? o.separators);
  return writeJson(value, { ...o, indent, comma, colon }, "\n", 0);
}

function writeJson(value, o, margin, depth) {
  if (typeof value === "string") return text(value, o);
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (isInt(value)) return intText(value);
  if (isFloat(value)) return number(fv(value), o);
  if (depth > 100) raise("ValueError", "Circular reference detected");
  if (Array.isArray(value) || value instanceof PyTuple) {
    const items = Array.isArray(value) ? value : value.a;
    return block("[", "]", items.map((item) => (m) => writeJson(item, o, m, depth + 1)), o, margin);
  }
  if (value instanceof PyDict || isRecord(value)) {
    let pairs = dictPairs(value).map(([key, item]) => [jsonKey(key, o), item]).filter(([key]) =>
      key !== undefined
    );
    if (t(o.sort_keys)) pairs = pairs.sort(([a], [b]) => lt(a, b) ? -1 : lt(b, a) ? 1 : 0);
    const parts = pairs.map(([key, item]) => (m) =>
      text(key, o) + o.colon + writeJson(item, o, m, depth + 1)
    );
    return block("{", "}", parts, o, margin);
  }
  if (o.default !== null) return writeJson(c1(o.default, value), o, margin, depth + 1);
  return raise(
    "TypeError",
    state.version === 2
      ? `${typeName(value)} is not JSON serializable`
      : `Object of type ${typeName(value)} is not JSON serializable`,
  );
}

function block(open, close, parts, o, margin) {
  if (parts.length === 0) return open + close;
  if (o.indent === null) return open + parts.map((part) => part(margin)).join(o.comma) + close;
  const inner = margin + o.indent;
  return open + inner + parts.map((part) => part(inner)).join(o.comma + inner) + margin + close;
}

function text(value, o) {
  const quoted = JSON.stringify(value);
  if (!t(o.ensure_ascii)) return quoted;
  return quoted
    .replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function number(value, o) {
  if (Number.isFinite(value)) return floatRepr(value);
  if (!t(o.allow_nan)) raise("ValueError", "Out of range float values are not JSON compliant");
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

function jsonKey(key, o) {
  if (typeof key === "string") return key;
  if (typeof key === "boolean") return key ? "true" : "false";
  if (key === null) return "null";
  if (isInt(key)) return intText(key);
  if (isFloat(key)) return floatRepr(fv(key));
  if (t(o.skipkeys)) return undefined;
  return raise("TypeError", `keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

const dumpsFunction = native("dumps", 1, 1, (value) => dumps(value));
dumpsFunction.$keywords = ([value], pairs) => {
  const options = Object.fromEntries(pairs);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(DEFAULTS, name) && name !== "encoding") {
      raise("TypeError", `JSONEncoder.__init__() got an unexpected keyword argument '${name}'`);
    }
  }
  return dumps(value, options);
};

/** The members of json. */
export const jsonModule = members({
  loads: [1, 2, loads, "s encoding"],
  dumps: dumpsFunction,
  JSONDecodeError: errors.JSONDecodeError,
});
