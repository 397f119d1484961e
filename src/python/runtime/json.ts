/**
 * The json module.
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- what Python calls printable or ASCII is defined by code

import { c1 } from "./calls.ts";
import { lt, t } from "./compare.ts";
import { dictSet } from "./containers.ts";
import { dictPairs } from "./dict_items.ts";
import { errorType, PyError, raise } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { oldValue } from "./lenient.ts";
import { floatRepr, flt, fv, intText, isFloat, isInt, norm } from "./numbers.ts";
import { list } from "./sequences.ts";
import { needText } from "./text.ts";
import {
  isRecord,
  type Mapping,
  members,
  native,
  PyBytes,
  PyDict,
  type PyFunction,
  PyTuple,
  state,
  type Value,
} from "./types.ts";

const tokenPattern =
  /[ \t\n\r]*(?:([{}[\],:])|"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*)"|(-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)|(true|false|null|NaN|-?Infinity))/y;
const constantWords: Record<string, Value> = {
  true: true,
  false: false,
  null: null,
  NaN: NaN,
  Infinity,
  "-Infinity": -Infinity,
};

/** Reads JSON; whole numbers become ints, others floats. */
class Reader {
  declare readonly text: string;
  at = 0;
  depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  fail(message: string, at = this.at): never {
    const before = this.text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    const type = state.version === 2 ? errorType("ValueError") : errorType("JSONDecodeError");
    throw new PyError(type, [`${message}: line ${line} column ${column} (char ${at})`]);
  }

  token(): RegExpExecArray | null {
    tokenPattern.lastIndex = this.at;
    const match = tokenPattern.exec(this.text);
    if (match !== null) this.at = tokenPattern.lastIndex;
    return match;
  }

  skip(): void {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at++;
  }

  document(): Value {
    const value = this.value();
    this.skip();
    if (this.at < this.text.length) this.fail("Extra data");
    return value;
  }

  value(): Value {
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
    if (word !== undefined) return constantWords[word];
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

  array(): Value[] {
    const items: Value[] = [];
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

  object(): PyDict {
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
function loads(text: Value): Value {
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

const defaultOptions: Record<string, Value> = {
  ensure_ascii: true,
  allow_nan: true,
  sort_keys: false,
  skipkeys: false,
  indent: null,
  separators: null,
  default: null,
};

/** How json.dumps() writes. */
interface Options {
  readonly ascii: boolean;
  readonly nan: boolean;
  readonly sorted: boolean;
  readonly skips: boolean;
  readonly indent: string | null;
  readonly comma: string;
  readonly colon: string;
  readonly fallback: Value;
}

/** json.dumps */
function dumps(value: Value, options: Record<string, Value> = {}): string {
  const o = { ...defaultOptions, ...options };
  const given = o["indent"];
  const indent = given === null || given === undefined
    ? null
    : typeof given === "string"
    ? given
    : " ".repeat(Number(given));
  const [comma, colon] = o["separators"] === null
    ? [indent === null || state.version === 2 ? ", " : ",", ": "]
    : list(o["separators"]);
  return writeJson(
    value,
    {
      ascii: t(o["ensure_ascii"]),
      nan: t(o["allow_nan"]),
      sorted: t(o["sort_keys"]),
      skips: t(o["skipkeys"]),
      indent,
      comma: needText(comma),
      colon: needText(colon),
      fallback: o["default"],
    },
    "\n",
    0,
  );
}

function writeJson(value: Value, o: Options, margin: string, depth: number): string {
  if (typeof value === "string") return text(value, o);
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (isInt(value)) return intText(value);
  if (isFloat(value)) return number(fv(value), o);
  if (depth > 100) raise("ValueError", "Circular reference detected");
  if (Array.isArray(value) || value instanceof PyTuple) {
    const items = Array.isArray(value) ? value : value.a;
    const write = items.map((item) => (m: string) => writeJson(item, o, m, depth + 1));
    return block("[", "]", write, o, margin);
  }
  if (value instanceof PyDict || isRecord(value)) return writeObject(value, o, margin, depth);
  const old = oldValue(value);
  if (old !== undefined) return writeJson(old, o, margin, depth + 1);
  if (o.fallback !== null) return writeJson(c1(o.fallback, value), o, margin, depth + 1);
  return raise(
    "TypeError",
    state.version === 2
      ? `${typeName(value)} is not JSON serializable`
      : `Object of type ${typeName(value)} is not JSON serializable`,
  );
}

function writeObject(value: Mapping, o: Options, margin: string, depth: number): string {
  const pairs: [string, Value][] = [];
  for (const [key, item] of dictPairs(value)) {
    const name = jsonKey(key, o);
    if (name !== undefined) pairs.push([name, item]);
  }
  if (o.sorted) pairs.sort(([a], [b]) => lt(a, b) ? -1 : lt(b, a) ? 1 : 0);
  const write = pairs.map(([key, item]) => (m: string) =>
    text(key, o) + o.colon + writeJson(item, o, m, depth + 1)
  );
  return block("{", "}", write, o, margin);
}

function block(
  open: string,
  close: string,
  parts: readonly ((margin: string) => string)[],
  o: Options,
  margin: string,
): string {
  if (parts.length === 0) return open + close;
  if (o.indent === null) return open + parts.map((part) => part(margin)).join(o.comma) + close;
  const inner = margin + o.indent;
  return open + inner + parts.map((part) => part(inner)).join(o.comma + inner) + margin + close;
}

function text(value: string, o: Options): string {
  const quoted = JSON.stringify(value);
  if (!o.ascii) return quoted;
  return quoted
    .replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function number(value: number, o: Options): string {
  if (Number.isFinite(value)) return floatRepr(value);
  if (!o.nan) raise("ValueError", "Out of range float values are not JSON compliant");
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

function jsonKey(key: Value, o: Options): string | undefined {
  if (typeof key === "string") return key;
  if (typeof key === "boolean") return key ? "true" : "false";
  if (key === null) return "null";
  if (isInt(key)) return intText(key);
  if (isFloat(key)) return floatRepr(fv(key));
  if (o.skips) return undefined;
  return raise("TypeError", `keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

const dumpsFunction: PyFunction = native("dumps", 1, 1, (value: Value) => dumps(value));
dumpsFunction.$keywords = ([value], pairs) => {
  const options = Object.fromEntries(pairs);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(defaultOptions, name) && name !== "encoding") {
      raise("TypeError", `JSONEncoder.__init__() got an unexpected keyword argument '${name}'`);
    }
  }
  return dumps(value, options);
};

/** The members of json. */
export const jsonModule = members({
  loads: [1, 2, loads, "s encoding"],
  dumps: dumpsFunction,
  JSONDecodeError: errorType("JSONDecodeError"),
});
