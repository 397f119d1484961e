/**
 * The texts of values: str(), repr().
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- what Python calls printable or ASCII is defined by code

import { general } from "./decimal.ts";
import { dictPairs } from "./dict_items.ts";
import { raise } from "./errors.ts";
import { typeName, typeOf } from "./kinds.ts";
import { bytesText, oldValue } from "./lenient.ts";
import { floatRepr, fv, intText } from "./numbers.ts";
import {
  isRecord,
  type Mapping,
  ownType,
  PyBytes,
  PyDict,
  PyFloat,
  type PyFunction,
  PyLazy,
  PyTuple,
  state,
  typeKey,
  type Value,
} from "./types.ts";

const simpleEscapes: Record<string, string> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
const special = /[\\\n\r\t\x00-\x1f\x7f-\xa0\xad]|[^\x00-\xff]/u;
const printablePattern = /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u;

/** The text in quotes, as repr() writes it. */
function quoteText(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  if (
    !special.test(text) && !text.includes(mark) &&
    (state.version === 3 || !/[^\x00-\x7f]/.test(text))
  ) {
    return mark + text + mark;
  }
  let out = "";
  for (const char of text) {
    out += char === mark ? `\\${char}` : simpleEscapes[char] ?? escaped(char);
  }
  return mark + out + mark;
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code >= 32 && code < 127) return char;
  if (code > 160 && code !== 173 && state.version === 3 && printablePattern.test(char)) return char;
  return escapedCode(code);
}

/** \xe9, é or \U000000e9, whichever is long enough. */
export function escapedCode(code: number): string {
  const hex = code.toString(16);
  if (code < 256) return `\\x${hex.padStart(2, "0")}`;
  return code < 65536 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** The values whose text is being written: one that holds itself is shown as dots. */
const open: Value[] = [];

function nested(value: Value, write: () => string): string {
  if (Array.isArray(value) && open.includes(value)) return "[...]";
  if ((value instanceof PyDict || isRecord(value)) && open.includes(value)) return "{...}";
  if (open.length > 60) {
    raise("RecursionError", "maximum recursion depth exceeded while getting the repr of an object");
  }
  open.push(value);
  try {
    return write();
  } finally {
    open.pop();
  }
}

/** Python's repr(). */
export function b_repr(value: Value): string {
  switch (typeof value) {
    case "string":
      return quoteText(value);
    case "number":
      return Number.isInteger(value) ? intText(value) : floatRepr(value);
    case "boolean":
      return value ? "True" : "False";
    case "bigint":
      return intText(value) + (state.version === 2 ? "L" : "");
    case "function":
      return functionText(value);
    default:
  }
  if (value === null || value === undefined) return "None";
  return nested(value, () => objectRepr(value));
}

function functionText(value: PyFunction): string {
  if (value.$info) return `<${state.version === 2 ? "type" : "class"} '${value.$info.name}'>`;
  return `<function ${value.$name ?? "?"}>`;
}

function objectRepr(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(b_repr).join(", ")}]`;
  if (value instanceof PyFloat) return floatRepr(value.v);
  if (value instanceof PyLazy) return b_repr(oldValue(value));
  if (value instanceof PyTuple) {
    const own = value[typeKey].$info.repr;
    if (own) return own(value);
    return value.a.length === 1
      ? `(${b_repr(value.a[0])},)`
      : `(${value.a.map(b_repr).join(", ")})`;
  }
  const type = typeOf(value);
  if (type.$info.repr) return type.$info.repr(value);
  if (value instanceof PyDict || isRecord(value)) return dictRepr(value);
  return `<${typeName(value)} object>`;
}

/** {key: value, …} */
export function dictRepr(value: Mapping): string {
  return `{${dictPairs(value).map(([key, item]) => `${b_repr(key)}: ${b_repr(item)}`).join(", ")}}`;
}

/** Python's str(). */
export function str(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" && Number.isInteger(value)) return intText(value);
  if (typeof value === "bigint") return intText(value);
  if (state.version === 2 && (typeof value === "number" || value instanceof PyFloat)) {
    return shortFloat(fv(value));
  }
  const text = ownType(value)?.$info.text;
  if (text !== undefined) return text(value);
  if (value instanceof PyBytes && state.lenient) return bytesText(value);
  if (value instanceof PyLazy) return str(oldValue(value));
  return b_repr(value);
}

/** Python 2 shows floats with 12 significant digits. */
function shortFloat(value: number): string {
  if (!Number.isFinite(value)) return floatRepr(value);
  const text = (value < 0 || Object.is(value, -0) ? "-" : "") + general(value, 12, false, "e", 11);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
