/** Truth, equality, order and hashing of Python values. @module */

import { raise } from "./errors.js";
import { typeName, typeOf, types } from "./kinds.js";
import { fv, isInt, isNumber } from "./numbers.js";
import {
  isRecord,
  PyBytes,
  PyDict,
  PyFloat,
  PyRange,
  PySet,
  PyTuple,
  PyView,
  state,
  TYPE,
} from "./types.js";

/** Is the value true in an `if`? */
export function t(value) {
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      return value !== "";
    case "number":
      return value !== 0;
    case "bigint":
      return value !== 0n;
    case "function":
      return true;
    default:
  }
  if (value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.length > 0;
  const type = value[TYPE];
  if (type === undefined) {
    for (const key in value) if (Object.hasOwn(value, key)) return true;
    return false;
  }
  if (value instanceof PyFloat) return value.v !== 0;
  const truth = type.$info.truth;
  return truth === undefined ? true : truth(value);
}

types.tuple.$info.truth = (value) => value.a.length > 0;
types.dict.$info.truth = (value) => value.m.size > 0;
types.set.$info.truth = types.frozenset.$info.truth = (value) => value.m.size > 0;
types.bytes.$info.truth = (value) => value.s !== "";
types.range.$info.truth = (value) => value.length > 0;
types.dict_view.$info.truth = (value) => t(value.dict);

/** The own keys of a record, in order. */
export function recordKeys(record) {
  return Object.keys(record);
}

/** Marks a list that belongs to a record as unchangeable, lists inside it too. */
export function mark(value) {
  if (!Array.isArray(value) || !Object.isExtensible(value)) return value;
  Object.preventExtensions(value);
  for (let at = 0; at < value.length; at++) if (Array.isArray(value[at])) mark(value[at]);
  return value;
}

/** The value of a record's key; undefined when it has none. */
export function recordValue(record, key) {
  const value = record[key];
  if (
    value === null || typeof value === "string" || typeof value === "number" ||
    typeof value === "boolean"
  ) {
    return value;
  }
  if (value === undefined || !Object.hasOwn(record, key)) return undefined;
  return Array.isArray(value) ? mark(value) : value;
}

function sameItems(a, b) {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at] && !eq(a[at], b[at])) return false;
  return true;
}

/** Entries of a dict or record as a PyDict-like lookup. */
function dictSize(value) {
  return value instanceof PyDict ? value.m.size : recordKeys(value).length;
}

function sameDicts(a, b) {
  if (dictSize(a) !== dictSize(b)) return false;
  const keys = a instanceof PyDict ? a.m.keys() : recordKeys(a);
  for (const hash of keys) {
    const mine = a instanceof PyDict ? a.m.get(hash) : recordValue(a, hash);
    const other = b instanceof PyDict
      ? b.m.get(a instanceof PyDict ? hash : hk(hash))
      : typeof hash === "string"
      ? recordValue(b, plainKey(hash))
      : undefined;
    if (other === undefined || !(mine === other || eq(mine, other))) return false;
  }
  return true;
}

/** The string behind a hash key. */
function plainKey(hash) {
  return hash.startsWith("\x01s") ? hash.slice(2) : hash;
}

function isDict(value) {
  return value instanceof PyDict || isRecord(value);
}

/** Python's ==. */
export function eq(a, b) {
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return sameNumber(a, b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && sameItems(a, b);
  if (a instanceof PyTuple) return b instanceof PyTuple && sameItems(a.a, b.a);
  if (isDict(a)) return isDict(b) && sameDicts(a, b);
  if (a instanceof PySet) {
    return b instanceof PySet && a.m.size === b.m.size && [...a.m.keys()].every((k) => b.m.has(k));
  }
  if (a instanceof PyBytes) return b instanceof PyBytes && a.s === b.s;
  if (a instanceof PyRange) return b instanceof PyRange && sameItems([...a], [...b]);
  if (a instanceof PyView) return b instanceof PyView && a.dict === b.dict && a.kind === b.kind;
  const same = a[TYPE].$info.equal;
  return same !== undefined && b[TYPE] === a[TYPE] && same(a, b);
}

function sameNumber(a, b) {
  if (typeof a === "bigint" || typeof b === "bigint") {
    const [x, y] = [a, b].map((one) =>
      one instanceof PyFloat ? one.v : Number.isNaN(one) ? 0.5 : one
    );
    // deno-lint-ignore eqeqeq -- JavaScript compares big and plain numbers exactly with ==
    return x == y;
  }
  return fv(a) === fv(b);
}

/** Python's `is`. */
export function is(a, b) {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

const HIGH = /[\ud800-\uffff]/;

/** Order of texts by code point. */
function compareText(a, b) {
  if (a === b) return 0;
  if (!HIGH.test(a) || !HIGH.test(b)) return a < b ? -1 : 1;
  const x = Array.from(a, (char) => char.codePointAt(0));
  const y = Array.from(b, (char) => char.codePointAt(0));
  for (let at = 0; at < x.length && at < y.length; at++) if (x[at] !== y[at]) return x[at] - y[at];
  return x.length - y.length;
}

/** Below zero, zero or above as a < b, a == b, a > b; NaN when neither. */
export function order(a, b, op) {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (isNumber(a) && isNumber(b)) return orderNumbers(a, b);
  const list = Array.isArray(a) && Array.isArray(b);
  if (list || (a instanceof PyTuple && b instanceof PyTuple)) {
    return list ? orderItems(a, b, op) : orderItems(a.a, b.a, op);
  }
  if (a instanceof PyBytes && b instanceof PyBytes) return compareText(a.s, b.s);
  const compare = a !== null && typeof a === "object" ? a[TYPE]?.$info.compare : undefined;
  if (compare !== undefined) {
    const result = compare(a, b);
    if (result !== undefined) return result;
  }
  if (state.version === 2) return orderByType(a, b);
  return raise(
    "TypeError",
    `'${op}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`,
  );
}

function orderNumbers(a, b) {
  if (isInt(a) && isInt(b)) return a < b ? -1 : a > b ? 1 : 0;
  const x = a instanceof PyFloat ? a.v : a;
  const y = b instanceof PyFloat ? b.v : b;
  return x < y ? -1 : x > y ? 1 : Number.isNaN(x) || Number.isNaN(y) ? NaN : 0;
}

function orderItems(a, b, op) {
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) if (!eq(a[at], b[at])) return order(a[at], b[at], op);
  return a.length - b.length;
}

/** Python 2 orders values of different types: None, numbers, then by the type's name. */
function orderByType(a, b) {
  const rank = (value) => value === null ? "" : isNumber(value) ? "\x01" : `\x02${typeName(value)}`;
  const [x, y] = [rank(a), rank(b)];
  if (x !== y) return x < y ? -1 : 1;
  if (isDict(a) && isDict(b)) return dictSize(a) - dictSize(b);
  return a === b ? 0 : -1;
}

/** a < b; sets are compared as subsets. Raises TypeError as Python does. */
export function lt(a, b) {
  if (typeof a === "number" && typeof b === "number") return a < b;
  if (a instanceof PySet && b instanceof PySet) return a.m.size < b.m.size && isSubset(a, b);
  return order(a, b, "<") < 0;
}

/** a <= b; see {@link lt}. */
export function le(a, b) {
  if (typeof a === "number" && typeof b === "number") return a <= b;
  if (a instanceof PySet && b instanceof PySet) return isSubset(a, b);
  return order(a, b, "<=") <= 0;
}

/** a > b; see {@link lt}. */
export function gt(a, b) {
  if (typeof a === "number" && typeof b === "number") return a > b;
  if (a instanceof PySet && b instanceof PySet) return lt(b, a);
  return order(a, b, ">") > 0;
}

/** a >= b; see {@link lt}. */
export function ge(a, b) {
  if (typeof a === "number" && typeof b === "number") return a >= b;
  if (a instanceof PySet && b instanceof PySet) return isSubset(b, a);
  return order(a, b, ">=") >= 0;
}

/** Is every member of set `a` in set `b`? */
export function isSubset(a, b) {
  for (const key of a.m.keys()) if (!b.m.has(key)) return false;
  return true;
}

const identities = new WeakMap();
let lastIdentity = 0;

/** What a value is looked up by in a dict or set: equal values give equal keys. */
export function hk(value) {
  switch (typeof value) {
    case "string":
      return value.charCodeAt(0) === 1 ? `\x01s${value}` : value;
    case "number":
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
    case "boolean":
      return value ? 1 : 0;
    case "object":
      return value === null ? null : objectKey(value);
    default:
      return value;
  }
}

function objectKey(value) {
  if (value instanceof PyFloat) {
    return Number.isSafeInteger(value.v) ? value.v + 0 : BigInt(value.v);
  }
  if (value instanceof PyTuple) return `\x01t${value.a.map(partKey).join(",")}`;
  if (value instanceof PyBytes) return `\x01b${value.s}`;
  if (value instanceof PySet && value.frozen) {
    return `\x01f${[...value.m.values()].map(partKey).sort().join(",")}`;
  }
  if (Array.isArray(value) || isDict(value) || value instanceof PySet || value instanceof PyView) {
    raise("TypeError", `unhashable type: '${typeName(value)}'`);
  }
  const key = typeOf(value).$info.key;
  return key === undefined ? value : `\x01o${key(value)}`;
}

/** The key of a tuple's element as text that no other element has. */
function partKey(value) {
  const key = hk(value);
  if (typeof key === "string") return `s${key.length}:${key}`;
  if (typeof key !== "object" && typeof key !== "function" || key === null) {
    return `${typeof key}${key}`;
  }
  if (!identities.has(key)) identities.set(key, ++lastIdentity);
  return `i${identities.get(key)}`;
}
