/**
 * The constructors of the built-in types, and how their values are shown.
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- what Python calls printable or ASCII is defined by code

import { decodeText, encodeText } from "./codecs.ts";
import { t } from "./compare.ts";
import { dictSet, dictUpdate, makeSet } from "./containers.ts";
import { errors, errorType, isSubtype, type PyError, raise } from "./errors.ts";
import { constructs, typeName, typeOf, types, viewTypes } from "./kinds.ts";
import { oldValue, textOf } from "./lenient.ts";
import { flt, fv, isFloat, isInt, isNumber, norm, readFloat, readInt } from "./numbers.ts";
import { b_repr, str } from "./repr.ts";
import { iter, list } from "./sequences.ts";
import {
  addFields,
  addHooks,
  addMethods,
  allowsOld,
  type Hooks,
  type Int,
  type Numeric,
  ownType,
  PyBytes,
  PyDict,
  PyFloat,
  PyLazy,
  PyRange,
  type PySet,
  PySlice,
  PyTuple,
  type PyView,
  state,
  typeKey,
  type Value,
} from "./types.ts";

function toRadix(base: Value): number {
  if (base === undefined) return 10;
  if (!isInt(base)) {
    raise("TypeError", `'${typeName(base)}' object cannot be interpreted as an integer`);
  }
  const radix = Number(base);
  if (radix !== 0 && (radix < 2 || radix > 36)) {
    raise("ValueError", "int() base must be >= 2 and <= 36, or 0");
  }
  return radix;
}

function toInt(given: Value, base: Value): Value {
  const value = given instanceof PyLazy ? oldValue(given) : given;
  if (value === undefined) return 0;
  const radix = toRadix(base);
  if (typeof value === "string" || value instanceof PyBytes) {
    const text = typeof value === "string" ? value : value.s;
    const read = readInt(text, radix);
    if (read === undefined) {
      raise("ValueError", `invalid literal for int() with base ${radix}: ${b_repr(value)}`);
    }
    return read;
  }
  if (base !== undefined) raise("TypeError", "int() can't convert non-string with explicit base");
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (isInt(value)) return typeof value === "boolean" ? Number(value) : value;
  const own = ownType(value)?.$info.whole;
  if (own !== undefined) return own(value);
  if (!isFloat(value)) {
    raise(
      "TypeError",
      state.version === 2
        ? `int() argument must be a string or a number, not '${typeName(value)}'`
        : `int() argument must be a string, a bytes-like object or a real number, not '${
          typeName(value)
        }'`,
    );
  }
  const float = fv(value);
  if (Number.isNaN(float)) raise("ValueError", "cannot convert float NaN to integer");
  if (!Number.isFinite(float)) raise("OverflowError", "cannot convert float infinity to integer");
  return norm(BigInt(Math.trunc(float)));
}

function toFloat(given: Value): Value {
  const value = given instanceof PyBytes ? given.s : given;
  if (value === undefined) return new PyFloat(0);
  if (typeof value === "string") {
    return readFloat(value) ??
      raise(
        "ValueError",
        state.version === 2 && value.trim() === ""
          ? "could not convert string to float: "
          : `could not convert string to float: ${state.version === 2 ? value : b_repr(value)}`,
      );
  }
  if (!isNumber(value)) {
    const own = ownType(value)?.$info.number;
    if (own !== undefined) return own(value);
    const text = textOf(value);
    if (text !== undefined) return toFloat(text);
    raise(
      "TypeError",
      `float() argument must be a string or a real number, not '${typeName(value)}'`,
    );
  }
  return isFloat(value) ? value : flt(fv(value));
}

function toDict(source: Value): PyDict {
  const out = new PyDict();
  if (source !== undefined) dictUpdate(out, source);
  return out;
}

function toBytes(value: Value = "", encoding?: Value, mode?: Value): Value {
  if (state.version === 2) return str(value);
  if (typeof value === "string") {
    if (encoding === undefined) raise("TypeError", "string argument without an encoding");
    return encodeText(value, encoding, mode);
  }
  if (value instanceof PyBytes) return value;
  if (isInt(value)) return new PyBytes("\0".repeat(Number(value)));
  return new PyBytes(list(value).map((byte) => String.fromCharCode(Number(byte))).join(""));
}

function toStr(value: Value, encoding?: Value, mode?: Value): Value {
  if (value === undefined) return "";
  if (encoding === undefined) return str(value);
  const isText = typeof value === "string" && allowsOld();
  if (isText || value instanceof PyBytes) return decodeText(value, encoding, mode);
  return raise("TypeError", `decoding to str: need a bytes-like object, ${typeName(value)} found`);
}

constructs("str", 0, 3, toStr, "object encoding errors");
constructs("int", 0, 2, toInt, "x base");
constructs("float", 0, 1, toFloat);
constructs("bool", 0, 1, (value) => value !== undefined && t(value));
constructs("list", 0, 1, (value) => value === undefined ? [] : list(value));
constructs(
  "tuple",
  0,
  1,
  (value) =>
    value instanceof PyTuple && value[typeKey] === types.tuple
      ? value
      : new PyTuple(value === undefined ? [] : list(value)),
);
constructs("set", 0, 1, (value) => makeSet(value === undefined ? [] : iter(value)));
constructs("frozenset", 0, 1, (value) => makeSet(value === undefined ? [] : iter(value), true));
constructs("bytes", 0, 3, toBytes, "source encoding errors");
constructs("dict", 0, 1, toDict);
types.dict.$keywords = ([source], pairs) => {
  const out = toDict(source);
  for (const [name, value] of pairs) dictSet(out, name, value);
  return out;
};
constructs("type", 1, 1, typeOf);
constructs("range", 1, 3, makeRange);
constructs(
  "slice",
  1,
  3,
  (a, b, c) => b === undefined ? new PySlice(null, a, null) : new PySlice(a, b, c ?? null),
);

/** A range from the arguments of range(). Raises TypeError for what is no int, ValueError for a step of 0. */
export function makeRange(a: Value, b?: Value, c: Value = 1): PyRange {
  if (state.lenient && [a, b, c].some(isFloat)) {
    const whole = (value: Value) => isFloat(value) ? Math.floor(fv(value)) : value;
    return makeRange(whole(a), whole(b), whole(c));
  }
  for (const value of [a, b ?? 0, c]) {
    if (!isInt(value)) {
      raise("TypeError", `'${typeName(value)}' object cannot be interpreted as an integer`);
    }
  }
  if (Number(c) === 0) raise("ValueError", "range() arg 3 must not be zero");
  return b === undefined
    ? new PyRange(0, Number(a), 1)
    : new PyRange(Number(a), Number(b), Number(c));
}

for (const type of [types.int, types.float]) {
  addFields<Numeric>(type, {
    real: (value) => typeof value === "boolean" ? Number(value) : value,
    imag: (value) => isInt(value) ? 0 : new PyFloat(0),
  });
}
addFields<Int>(types.int, {
  numerator: (value) => typeof value === "boolean" ? Number(value) : value,
  denominator: () => 1,
});
addMethods<Int>(types.int, {
  bit_length: [0, 0, (value) => {
    const size = BigInt(value);
    return size === 0n ? 0 : (size < 0n ? -size : size).toString(2).length;
  }],
});
addMethods<number | PyFloat>(types.float, {
  is_integer: [0, 0, (value) => Number.isInteger(fv(value))],
});

for (const type of Object.values(viewTypes)) {
  addHooks<PyView>(type, {
    repr: (value) => `dict_${value.kind}(${b_repr(list(value))})`,
  });
}
addHooks<PySet>(types.set, {
  repr: (value) => {
    const items = [...value.m.values()].map(b_repr).join(", ");
    if (state.version === 2) return `set([${items}])`;
    return items === "" ? "set()" : `{${items}}`;
  },
});
addHooks<PySet>(types.frozenset, {
  repr: (value) => {
    const items = [...value.m.values()].map(b_repr).join(", ");
    if (state.version === 2) return `frozenset([${items}])`;
    return items === "" ? "frozenset()" : `frozenset({${items}})`;
  },
});
addHooks<PyBytes>(types.bytes, { repr: bytesRepr });
addHooks<PyRange>(types.range, {
  repr: ({ start, stop, step }) => `range(${start}, ${stop}${step === 1 ? "" : `, ${step}`})`,
});

function bytesRepr(value: PyBytes): string {
  const mark = value.s.includes("'") && !value.s.includes('"') ? '"' : "'";
  return `b${mark}${
    value.s.replace(/[\\\x00-\x1f\x7f-\xff'"]/g, (char) => byteText(char, mark))
  }${mark}`;
}

function byteText(char: string, mark: string): string {
  const escapes: Record<string, string> = {
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
  };
  const simple = escapes[char];
  if (simple !== undefined) return simple;
  if (char === "'" || char === '"') return char === mark ? `\\${char}` : char;
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

const errorHooks: Hooks<PyError> = {
  text: (error) => {
    if (error.args.length === 0) return "";
    if (error.args.length > 1) return b_repr(new PyTuple(error.args));
    return isSubtype(error[typeKey], errorType("KeyError"))
      ? b_repr(error.args[0])
      : str(error.args[0]);
  },
  repr: (error) => {
    const tail = state.version === 2 && error.args.length === 1 ? "," : "";
    return `${error[typeKey].$info.name}(${error.args.map(b_repr).join(", ")}${tail})`;
  },
};
for (const type of Object.values(errors)) addHooks(type, errorHooks);
addFields<PyError>(errorType("BaseException"), {
  args: (error) => new PyTuple(error.args.slice()),
  message: (error) => {
    if (state.version === 3) return undefined;
    return error.args.length === 1 ? error.args[0] : "";
  },
});
