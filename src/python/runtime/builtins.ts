/**
 * The built-in functions and types.
 *
 * @module
 */

import { makeRange } from "./builtin_types.ts";
import { attribute, attrStrict, c1, ck } from "./calls.ts";
import { eq, order, t } from "./compare.ts";
import { sortItems } from "./container_methods.ts";
import { errors, isSubtype, raise } from "./errors.ts";
import { typeOf, types } from "./kinds.ts";
import { add } from "./operators.ts";
import { asciiText } from "./percent.ts";
import { b_repr } from "./repr.ts";
import { gen, iter, len, list } from "./sequences.ts";
import {
  allowsOld,
  type Callable,
  emptyTable,
  isRecord,
  native,
  type PyFunction,
  PySet,
  PyTuple,
  type PyType,
  state,
  type Value,
} from "./types.ts";

/** Built-in functions by name, for the `$` object. */
export const builtins: Record<string, Value> = emptyTable();

/** Adds a built-in function; see `native` for the arguments. */
export function define(
  name: string,
  least: number,
  most: number,
  run: Callable,
  names?: string,
): PyFunction {
  const made = native(name, least, most, run as PyFunction, names);
  builtins[name] = made;
  return made;
}

/** In Python 2 range() gives a list. */
define(
  "range",
  1,
  3,
  (a, b, c) => state.version === 2 ? [...makeRange(a, b, c)] : makeRange(a, b, c),
).$info = types.range.$info;
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
  ] as const
) {
  builtins[name] = types[name];
}
Object.assign(builtins, { unicode: types.str, basestring: types.basestring, long: types.int });
types.str.$info.base = types.basestring;
Object.assign(builtins, errors);
builtins["NotImplemented"] = null;

define("len", 1, 1, len);
define("repr", 1, 1, b_repr);
define("ascii", 1, 1, (value) => asciiText(b_repr(value)));

function isInstance(value: Value, type: Value): boolean {
  if (type instanceof PyTuple) return type.a.some((one) => isInstance(value, one));
  if (typeof type !== "function" || !type.$info) {
    raise("TypeError", "isinstance() arg 2 must be a type, a tuple of types, or a union");
  }
  const own = typeOf(value);
  if (type === types.object) return true;
  if (state.version === 2 && type === types.bytes) return typeof value === "string";
  return isSubtype(own, type) || own.$info === type.$info;
}
function needType(value: Value): PyType {
  if (typeof value === "function" && hasInfo(value)) return value;
  return raise("TypeError", "issubclass() arg 1 must be a class");
}

function hasInfo(value: PyFunction): value is PyType {
  return value.$info !== undefined;
}
define("isinstance", 2, 2, isInstance);
define(
  "issubclass",
  2,
  2,
  (type, wanted) =>
    wanted instanceof PyTuple
      ? wanted.a.some((one) => isSubtype(needType(type), one))
      : isSubtype(needType(type), wanted),
);
define("callable", 1, 1, (value) => typeof value === "function");
define("hasattr", 2, 2, (value, name) => {
  if (typeof name !== "string") raise("TypeError", "hasattr(): attribute name must be string");
  if (isRecord(value)) return Object.hasOwn(value, name);
  return !name.startsWith("__") && attribute(value, name) !== undefined;
});
define("getattr", 2, 3, (value, name, fallback) => {
  if (typeof name !== "string") raise("TypeError", "attribute name must be string");
  const hidden = name.startsWith("__");
  if (isRecord(value) && !hidden) return attribute(value, name) ?? fallback ?? null;
  const found = hidden ? undefined : attribute(value, name);
  if (found !== undefined) return found;
  if (fallback !== undefined) return fallback;
  return hidden ? raise("AttributeError", name) : attrStrict(value, name);
});

function best(name: string, wanted: number): void {
  const pick = (args: Value[], key?: Value, fallback?: Value): Value => {
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
  define(name, 1, Infinity, (...args) => pick(args)).$keywords = (args, pairs) => {
    const named = Object.fromEntries(pairs);
    return pick(args, named["key"], named["default"]);
  };
}
best("min", -1);
best("max", 1);

define("sum", 1, 2, (items, start = 0) => {
  if (typeof start === "string") {
    raise("TypeError", "sum() can't sum strings [use ''.join(seq) instead]");
  }
  let total: Value = start;
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
  const [compare, key, reverse] = allowsOld() ? args : [null, null, null];
  if (!allowsOld() && args.length > 0) raise("TypeError", "sorted expected 1 argument");
  return sortItems(list(items), key, t(reverse), compare);
}).$keywords = ([items, compare], pairs) => {
  const named = Object.fromEntries(pairs);
  for (const name of Object.keys(named)) {
    if (!["key", "reverse", "cmp"].includes(name)) {
      raise("TypeError", `sort() got an unexpected keyword argument '${name}'`);
    }
  }
  return sortItems(
    list(items),
    named["key"],
    t(named["reverse"]),
    named["cmp"] ?? compare,
  );
};
define("reversed", 1, 1, (items) => {
  if (items instanceof PySet) raise("TypeError", "'set' object is not reversible");
  return gen(list(items).reverse()[Symbol.iterator]());
});

/** functools.reduce, and Python 2's built-in. */
export const reduce: PyFunction = define("reduce", 2, 3, (f, items, start) => {
  const values = list(items);
  if (start !== undefined) values.unshift(start);
  if (values.length === 0) raise("TypeError", "reduce() of empty iterable with no initial value");
  return values.reduce((total, value) => ck(f, [total, value]));
});
define("cmp", 2, 2, (a, b) => eq(a, b) ? 0 : order(a, b, "<") < 0 ? -1 : 1);
