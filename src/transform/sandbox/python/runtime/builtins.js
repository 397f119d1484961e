/** The built-in functions and types. @module */

import { attribute, attrStrict, c1, ck } from "./calls.js";
import { decodeText, encodeText } from "./codecs.js";
import { eq, order, t } from "./compare.js";
import { nextItem, sortItems } from "./container_methods.js";
import { dictSet, dictUpdate, makeSet } from "./containers.js";
import { errors, isSubtype, raise } from "./errors.js";
import { formatValue } from "./format.js";
import { constructs, typeName, typeOf, types } from "./kinds.js";
import { fixedDigits } from "./decimal.js";
import {
  flt,
  fv,
  intText,
  isFloat,
  isInt,
  isNumber,
  negative,
  norm,
  readFloat,
  readInt,
} from "./numbers.js";
import { add, floordiv, mod, pow } from "./operators.js";
import { asciiText } from "./percent.js";
import { b_repr, str } from "./repr.js";
import { gen, iter, iterator, len, list } from "./sequences.js";
import {
  isRecord,
  native,
  PyBytes,
  PyDict,
  PyFloat,
  PyRange,
  PySet,
  PySlice,
  PyTuple,
  state,
  TYPE,
} from "./types.js";

/** Built-in functions by name, for the `$` object. */
export const builtins = Object.create(null);

function define(name, least, most, run, names) {
  builtins[name] = native(name, least, most, run, names);
}

function toInt(value, base) {
  if (value === undefined) return 0;
  if (typeof value === "string" || value instanceof PyBytes) {
    const text = typeof value === "string" ? value : value.s;
    const radix = base === undefined ? 10 : Number(base);
    if (radix !== 0 && (radix < 2 || radix > 36)) {
      raise("ValueError", "int() base must be >= 2 and <= 36, or 0");
    }
    const read = readInt(text, radix);
    if (read === undefined) {
      raise("ValueError", `invalid literal for int() with base ${radix}: ${b_repr(value)}`);
    }
    return read;
  }
  if (base !== undefined) raise("TypeError", "int() can't convert non-string with explicit base");
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (isInt(value)) return typeof value === "boolean" ? Number(value) : value;
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

function toFloat(value) {
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
    raise(
      "TypeError",
      `float() argument must be a string or a real number, not '${typeName(value)}'`,
    );
  }
  return isFloat(value) ? value : flt(fv(value));
}

function toDict(source) {
  const out = new PyDict();
  if (source !== undefined) dictUpdate(out, source);
  return out;
}

function toBytes(value = "", encoding, mode) {
  if (state.version === 2) return str(value);
  if (typeof value === "string") {
    if (encoding === undefined) raise("TypeError", "string argument without an encoding");
    return encodeText(value, encoding, mode);
  }
  if (value instanceof PyBytes) return value;
  if (isInt(value)) return new PyBytes("\0".repeat(Number(value)));
  return new PyBytes(String.fromCharCode(...list(value)));
}

function toStr(value, encoding, mode) {
  if (value === undefined) return "";
  return encoding === undefined ? str(value) : decodeText(value, encoding, mode);
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
    value instanceof PyTuple && value[TYPE] === types.tuple
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

function makeRange(a, b, c = 1) {
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

/** In Python 2 range() gives a list. */
define(
  "range",
  1,
  3,
  (a, b, c) => state.version === 2 ? [...makeRange(a, b, c)] : makeRange(a, b, c),
);
builtins.range.$info = types.range.$info;
define("xrange", 1, 3, makeRange);
for (
  const name of [
    "str",
    "int",
    "float",
    "bool",
    "list",
    "tuple",
    "set",
    "frozenset",
    "bytes",
    "dict",
    "type",
    "slice",
  ]
) {
  builtins[name] = types[name];
}
Object.assign(builtins, { unicode: types.str, basestring: types.basestring, long: types.int });
types.str.$info.base = types.basestring;
for (const name of Object.keys(errors)) builtins[name] = errors[name];
builtins.NotImplemented = null;

define("len", 1, 1, len);
define("repr", 1, 1, b_repr);
define("ascii", 1, 1, (value) => asciiText(b_repr(value)));
define("print", 0, Infinity, (...values) => builtins.print.$keywords(values, []));

function isInstance(value, type) {
  if (type instanceof PyTuple) return type.a.some((one) => isInstance(value, one));
  if (typeof type !== "function" || !type.$info) {
    raise("TypeError", "isinstance() arg 2 must be a type, a tuple of types, or a union");
  }
  const own = typeOf(value);
  if (type === types.object) return true;
  if (state.version === 2 && type === types.bytes) return typeof value === "string";
  return isSubtype(own, type) || own.$info === type.$info;
}
define("isinstance", 2, 2, isInstance);
define(
  "issubclass",
  2,
  2,
  (type, wanted) =>
    wanted instanceof PyTuple
      ? wanted.a.some((one) => isSubtype(type, one))
      : isSubtype(type, wanted),
);
define("callable", 1, 1, (value) => typeof value === "function");
define("hasattr", 2, 2, (value, name) => {
  if (isRecord(value)) return Object.hasOwn(value, name);
  return !name.startsWith("__") && attribute(value, name) !== undefined;
});
define("getattr", 2, 3, (value, name, fallback) => {
  const hidden = typeof name !== "string" || name.startsWith("__");
  if (isRecord(value) && !hidden) return attribute(value, name) ?? fallback ?? null;
  const found = hidden ? undefined : attribute(value, name);
  if (found !== undefined) return found;
  return fallback === undefined
    ? (hidden ? raise("AttributeError", String(name)) : attrStrict(value, name))
    : fallback;
});

function best(name, wanted) {
  const pick = (args, key, fallback) => {
    const items = args.length === 1 ? list(args[0]) : args;
    if (items.length === 0) {
      if (fallback !== undefined) return fallback;
      raise(
        "ValueError",
        `${name}() arg is an empty sequence`,
      );
    }
    let top = items[0];
    let topKey = key === undefined || key === null ? top : c1(key, top);
    for (const item of items.slice(1)) {
      const itemKey = key === undefined || key === null ? item : c1(key, item);
      if (order(itemKey, topKey, wanted < 0 ? "<" : ">") * wanted > 0) {
        [top, topKey] = [item, itemKey];
      }
    }
    return top;
  };
  define(name, 1, Infinity, (...args) => pick(args));
  builtins[name].$keywords = (args, pairs) => {
    const named = Object.fromEntries(pairs);
    return pick(args, named.key, named.default);
  };
}
best("min", -1);
best("max", 1);

define("sum", 1, 2, (items, start = 0) => {
  if (typeof start === "string") {
    raise("TypeError", "sum() can't sum strings [use ''.join(seq) instead]");
  }
  let total = start;
  for (const item of iter(items)) total = add(total, item);
  return total;
}, "iterable start");
define("any", 1, 1, (items) => {
  for (const item of iter(items)) if (t(item)) return true;
  return false;
});
define("all", 1, 1, (items) => {
  for (const item of iter(items)) if (!t(item)) return false;
  return true;
});
define("sorted", 1, 4, (items, ...args) => {
  const [compare, key, reverse] = state.version === 2 ? args : [null, null, null];
  if (state.version === 3 && args.length > 0) raise("TypeError", "sorted expected 1 argument");
  return sortItems(list(items), key, reverse, compare);
});
builtins.sorted.$keywords = ([items, compare], pairs) => {
  const named = Object.fromEntries(pairs);
  for (const name of Object.keys(named)) {
    if (!["key", "reverse", "cmp"].includes(name)) {
      raise("TypeError", `sort() got an unexpected keyword argument '${name}'`);
    }
  }
  return sortItems(
    list(items),
    named.key,
    named.reverse !== undefined && t(named.reverse),
    named.cmp ?? compare,
  );
};
define("reversed", 1, 1, (items) => {
  if (items instanceof PySet) raise("TypeError", "'set' object is not reversible");
  return gen(list(items).reverse()[Symbol.iterator]());
});

/** A lazy sequence; in Python 2 a list. */
function lazy(source) {
  return state.version === 2 ? [...source] : gen(source);
}

function* zipped(columns) {
  const sources = columns.map((column) => iterator(column));
  for (;;) {
    const row = [];
    for (const source of sources) {
      const { done, value } = source.next();
      if (done) return;
      row.push(value);
    }
    if (row.length === 0) return;
    yield row;
  }
}

function* mapped(f, columns) {
  if (columns.length === 1) {
    for (const item of iter(columns[0])) yield f === null ? item : c1(f, item);
  } else if (state.version === 2) {
    const lists = columns.map((column) => list(column));
    const size = Math.max(...lists.map((one) => one.length));
    for (let at = 0; at < size; at++) {
      const row = lists.map((one) => one[at] ?? null);
      yield f === null ? new PyTuple(row) : ck(f, row);
    }
  } else for (const row of zipped(columns)) yield ck(f, row);
}

function* filtered(f, items) {
  for (const item of iter(items)) if (f === null ? t(item) : t(c1(f, item))) yield item;
}

function* tuples(rows) {
  for (const row of rows) yield new PyTuple(row);
}

define("zip", 0, Infinity, (...columns) => lazy(tuples(zipped(columns))));
builtins.zip.$keywords = (columns, [[name, value]]) => {
  if (name !== "strict") raise("TypeError", `zip() got an unexpected keyword argument '${name}'`);
  const lists = columns.map((column) => list(column));
  if (t(value) && lists.some((one) => one.length !== lists[0].length)) {
    raise("ValueError", "zip() arguments have different lengths");
  }
  return lazy(tuples(zipped(lists)));
};
define("map", 2, Infinity, (f, ...columns) => {
  for (const column of columns) iter(column);
  return lazy(mapped(f, columns));
});
define("filter", 2, 2, (f, items) => {
  if (state.version === 3) return gen(filtered(f, items));
  const kept = [...filtered(f, items)];
  if (typeof items === "string") return kept.join("");
  return items instanceof PyTuple ? new PyTuple(kept) : kept;
});
define("enumerate", 1, 2, (items, start = 0) => {
  function* pairs() {
    let at = Number(start);
    for (const item of iter(items)) yield new PyTuple([at++, item]);
  }
  iter(items);
  return gen(pairs());
}, "iterable start");
define("iter", 1, 2, (value, sentinel) => {
  if (sentinel === undefined) return iterator(value);
  function* calls() {
    for (;;) {
      const item = ck(value, []);
      if (eq(item, sentinel)) return;
      yield item;
    }
  }
  return gen(calls());
});
define("next", 1, 2, nextItem);
define("reduce", 2, 3, (f, items, start) => {
  const values = list(items);
  if (start !== undefined) values.unshift(start);
  if (values.length === 0) raise("TypeError", "reduce() of empty iterable with no initial value");
  return values.reduce((total, value) => ck(f, [total, value]));
});
define("cmp", 2, 2, (a, b) => eq(a, b) ? 0 : order(a, b, "<") < 0 ? -1 : 1);

define("abs", 1, 1, (value) => {
  if (!isNumber(value)) raise("TypeError", `bad operand type for abs(): '${typeName(value)}'`);
  if (typeof value === "number" || value instanceof PyFloat) {
    return isInt(value) ? Math.abs(value) : flt(Math.abs(fv(value)));
  }
  return value < 0 ? negative(value) : Number(value) === value ? value : norm(BigInt(value));
});
define("divmod", 2, 2, (a, b) => new PyTuple([floordiv(a, b), mod(a, b)]));
define("pow", 2, 3, (a, b, c) => c === undefined ? pow(a, b) : mod(pow(a, b), c));
define("round", 1, 2, round, "number ndigits");
define("hex", 1, 1, (value) => based(value, 16, "0x"));
define("oct", 1, 1, (value) => based(value, 8, state.version === 2 ? "0" : "0o"));
define("bin", 1, 1, (value) => based(value, 2, "0b"));
define("ord", 1, 1, (value) => {
  if (value instanceof PyBytes && value.s.length === 1) return value.s.charCodeAt(0);
  if (typeof value !== "string") {
    raise("TypeError", `ord() expected string of length 1, but ${typeName(value)} found`);
  }
  if (len(value) !== 1) {
    raise("TypeError", `ord() expected a character, but string of length ${len(value)} found`);
  }
  return value.codePointAt(0);
});
define("chr", 1, 1, (code) => {
  const top = state.version === 2 ? 255 : 0x10ffff;
  if (!isInt(code)) {
    raise("TypeError", `'${typeName(code)}' object cannot be interpreted as an integer`);
  }
  if (code < 0 || code > top) {
    raise("ValueError", `chr() arg not in range(0x${(top + 1).toString(16)})`);
  }
  return String.fromCodePoint(Number(code));
});
define("unichr", 1, 1, (code) => String.fromCodePoint(Number(code)));
define("format", 1, 2, (value, spec = "") => formatValue(value, spec));

function based(value, base, prefix) {
  if (!isInt(value)) {
    raise("TypeError", `'${typeName(value)}' object cannot be interpreted as an integer`);
  }
  const text = intText(value, base);
  return text.startsWith("-") ? `-${prefix}${text.slice(1)}` : prefix + text;
}

/** Python 3 rounds halves to even and gives an int; Python 2 away from zero, a float. */
function round(value, places) {
  if (!isNumber(value)) {
    raise("TypeError", `type ${typeName(value)} doesn't define __round__ method`);
  }
  const digits = places === undefined || places === null ? undefined : Number(places);
  if (isInt(value) && state.version === 3) return roundInt(value, digits ?? 0);
  const float = fv(value);
  if (!Number.isFinite(float)) {
    if (digits !== undefined || state.version === 2) return float;
    raise(
      Number.isNaN(float) ? "ValueError" : "OverflowError",
      `cannot convert float ${Number.isNaN(float) ? "NaN" : "infinity"} to integer`,
    );
  }
  const away = state.version === 2;
  const size = (digits ?? 0) >= 0
    ? Number(fixedDigits(float, Math.min(digits ?? 0, 330), away))
    : roundTens(float, -digits, away);
  const signed = float < 0 || Object.is(float, -0) ? -size : size;
  if (digits === undefined && state.version === 3) return norm(BigInt(Math.trunc(signed)));
  return flt(signed);
}

function roundTens(float, places, away) {
  if (places > 330) return 0;
  const unit = 10 ** places;
  const quotient = Math.abs(float) / unit;
  const floor = Math.floor(quotient);
  const rest = quotient - floor;
  return (rest > 0.5 || (rest === 0.5 && (away || floor % 2 === 1)) ? floor + 1 : floor) * unit;
}

function roundInt(value, digits) {
  if (digits >= 0) return typeof value === "boolean" ? Number(value) : value;
  if (digits < -5000) return 0;
  const unit = 10n ** BigInt(-digits);
  const whole = BigInt(value);
  const down = whole - ((whole % unit) + unit) % unit;
  const twice = (whole - down) * 2n;
  return norm(twice > unit || (twice === unit && (down / unit) % 2n !== 0n) ? down + unit : down);
}

types.dict_view.$info.repr = (value) => `dict_${value.kind}(${b_repr(list(value))})`;
types.set.$info.repr = (value) => {
  const items = [...value.m.values()].map(b_repr).join(", ");
  if (state.version === 2) return `set([${items}])`;
  return items === "" ? "set()" : `{${items}}`;
};
types.frozenset.$info.repr = (value) => {
  const items = [...value.m.values()].map(b_repr).join(", ");
  if (state.version === 2) return `frozenset([${items}])`;
  return items === "" ? "frozenset()" : `frozenset({${items}})`;
};
types.bytes.$info.repr = (value) => {
  const mark = value.s.includes("'") && !value.s.includes('"') ? '"' : "'";
  return `b${mark}${
    value.s.replace(/[\\\x00-\x1f\x7f-\xff'"]/g, (char) => byteText(char, mark))
  }${mark}`;
};
types.range.$info.repr = ({ start, stop, step }) =>
  `range(${start}, ${stop}${step === 1 ? "" : `, ${step}`})`;

function byteText(char, mark) {
  const simple = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }[char];
  if (simple !== undefined) return simple;
  if (char === "'" || char === '"') return char === mark ? `\\${char}` : char;
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

for (const name of Object.keys(errors)) {
  const { $info } = errors[name];
  $info.text = (error) => {
    if (error.args.length === 0) return "";
    if (error.args.length > 1) return b_repr(new PyTuple(error.args));
    return isSubtype(error[TYPE], errors.KeyError) ? b_repr(error.args[0]) : str(error.args[0]);
  };
  $info.repr = (error) => {
    const tail = state.version === 2 && error.args.length === 1 ? "," : "";
    return `${error[TYPE].$info.name}(${error.args.map(b_repr).join(", ")}${tail})`;
  };
}
Object.assign(errors.BaseException.$info.fields, {
  args: (error) => new PyTuple(error.args.slice()),
  message: (error) => {
    if (state.version === 3) return undefined;
    return error.args.length === 1 ? error.args[0] : "";
  },
});
