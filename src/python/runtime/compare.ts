/**
 * Truth, equality, order and hashing of Python values.
 *
 * @module
 */

import { raise } from "./errors.ts";
import { typeName, typeOf, types, viewTypes } from "./kinds.ts";
import { bytesText, oldValue } from "./lenient.ts";
import { fv, isInt, isNumber } from "./numbers.ts";
import { recordKeys, recordValue } from "./records.ts";
import {
  addHooks,
  allowsOld,
  type HashKey,
  isRecord,
  type Mapping,
  type Numeric,
  ownType,
  PyBytes,
  PyDict,
  PyFloat,
  PyLazy,
  type PyObject,
  PyRange,
  type PyRecord,
  PySet,
  PyTuple,
  PyView,
  state,
  typeKey,
  type Value,
} from "./types.ts";

/** Is the value true in an `if`? */
export function t(value: Value): boolean {
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
  const type = value[typeKey];
  if (type === undefined) {
    for (const key in value) if (Object.hasOwn(value, key)) return true;
    return false;
  }
  if (value instanceof PyFloat) return value.v !== 0;
  if (value instanceof PyLazy) return t(oldValue(value));
  const truth = type.$info.truth;
  return truth === undefined ? true : truth(value);
}

addHooks<PyTuple>(types.tuple, { truth: (value) => value.a.length > 0 });
addHooks<PyDict>(types.dict, { truth: (value) => value.m.size > 0 });
for (const type of [types.set, types.frozenset]) {
  addHooks<PySet>(type, { truth: (value) => value.m.size > 0 });
}
addHooks<PyBytes>(types.bytes, { truth: (value) => value.s !== "" });
addHooks<PyRange>(types.range, { truth: (value) => value.length > 0 });
for (const type of Object.values(viewTypes)) {
  addHooks<PyView>(type, { truth: (value) => t(value.dict) });
}

function sameItems(a: Value[], b: Value[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at] && !eq(a[at], b[at])) return false;
  return true;
}

/** Entries of a dict or record as a PyDict-like lookup. */
function dictSize(value: Mapping): number {
  return value instanceof PyDict ? value.m.size : recordKeys(value).length;
}

function sameDicts(a: Mapping, b: Mapping): boolean {
  if (dictSize(a) !== dictSize(b)) return false;
  const keys = a instanceof PyDict ? a.m.keys() : recordKeys(a);
  for (const hash of keys) {
    const mine = a instanceof PyDict ? a.m.get(hash) : recordValue(a, String(hash));
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
function plainKey(hash: string): string {
  return hash.startsWith("\x01s") ? hash.slice(2) : hash;
}

function isDict(value: Value): value is Mapping {
  return value instanceof PyDict || isRecord(value);
}

/** Python's ==. */
export function eq(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (isNumber(a)) return isNumber(b) ? sameNumber(a, b) : equalsNumber(b, a);
  if (isNumber(b)) return equalsNumber(a, b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return state.lenient && sameOldText(a, b);
  }
  if (Array.isArray(a)) return Array.isArray(b) && sameItems(a, b);
  if (a instanceof PyTuple) return b instanceof PyTuple && sameItems(a.a, b.a);
  if (isDict(a)) return isDict(b) && sameDicts(a, b);
  if (a instanceof PySet) {
    return b instanceof PySet && a.m.size === b.m.size && [...a.m.keys()].every((k) => b.m.has(k));
  }
  if (a instanceof PyBytes) return b instanceof PyBytes && a.s === b.s;
  if (a instanceof PyRange) return b instanceof PyRange && sameItems([...a], [...b]);
  if (a instanceof PyView) return b instanceof PyView && a.dict === b.dict && a.kind === b.kind;
  const type = ownType(a);
  return type?.$info.equal !== undefined && ownType(b) === type && type.$info.equal(a, b);
}

/** Numbers of other kinds say themselves what they are equal to. */
function equalsNumber(value: Value, number: Numeric): boolean {
  const { number: isNumeric, equal } = ownType(value)?.$info ?? {};
  return isNumeric !== undefined && equal !== undefined && equal(value, number);
}

/** In Python 2 bytes and text are equal when they read alike. */
function sameOldText(a: Value, b: Value): boolean {
  if (typeof a === "string") return b instanceof PyBytes && bytesText(b) === a;
  return typeof b === "string" && a instanceof PyBytes && bytesText(a) === b;
}

function sameNumber(a: Numeric, b: Numeric): boolean {
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
export function is(a: Value, b: Value): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

const highUnits = /[\ud800-\uffff]/;

/** Order of texts by code point. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  if (!highUnits.test(a) || !highUnits.test(b)) return a < b ? -1 : 1;
  const x = Array.from(a, (char) => char.codePointAt(0) ?? 0);
  const y = Array.from(b, (char) => char.codePointAt(0) ?? 0);
  for (let at = 0; at < x.length && at < y.length; at++) {
    const difference = (x[at] ?? 0) - (y[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

/** Below zero, zero or above as a < b, a == b, a > b; NaN when neither. */
export function order(a: Value, b: Value, op: string): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (isNumber(a) && isNumber(b)) return orderNumbers(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return orderItems(a, b, op);
  if (a instanceof PyTuple && b instanceof PyTuple) return orderItems(a.a, b.a, op);
  if (a instanceof PyBytes && b instanceof PyBytes) return compareText(a.s, b.s);
  const compare = ownType(a)?.$info.compare;
  if (compare !== undefined) {
    const result = compare(a, b);
    if (result !== undefined) return result;
  }
  const reversed = ownType(b)?.$info.number === undefined ? undefined : ownType(b)?.$info.compare;
  const result = reversed?.(b, a);
  if (result !== undefined) return -result;
  if (allowsOld()) return orderByType(oldValue(a) ?? a, oldValue(b) ?? b);
  return raise(
    "TypeError",
    `'${op}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`,
  );
}

function orderNumbers(a: Numeric, b: Numeric): number {
  if (isInt(a) && isInt(b)) return a < b ? -1 : a > b ? 1 : 0;
  const x = a instanceof PyFloat ? a.v : a;
  const y = b instanceof PyFloat ? b.v : b;
  return x < y ? -1 : x > y ? 1 : Number.isNaN(x) || Number.isNaN(y) ? NaN : 0;
}

function orderItems(a: Value[], b: Value[], op: string): number {
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) if (!eq(a[at], b[at])) return order(a[at], b[at], op);
  return a.length - b.length;
}

/** Python 2 orders values of different types: None, numbers, then by the type's name. */
function orderByType(a: Value, b: Value): number {
  const rank = (value: Value) =>
    value === null ? "" : isNumber(value) ? "\x01" : `\x02${typeName(value)}`;
  const [x, y] = [rank(a), rank(b)];
  if (x !== y) return x < y ? -1 : 1;
  if (isDict(a) && isDict(b)) return dictSize(a) - dictSize(b);
  return a === b ? 0 : -1;
}

/** a < b; sets are compared as subsets. Raises TypeError as Python does. */
export function lt(a: Value, b: Value): boolean {
  if (typeof a === "number" && typeof b === "number") return a < b;
  if (a instanceof PySet && b instanceof PySet) return a.m.size < b.m.size && isSubset(a, b);
  return order(a, b, "<") < 0;
}

/** a <= b; see {@link lt}. */
export function le(a: Value, b: Value): boolean {
  if (typeof a === "number" && typeof b === "number") return a <= b;
  if (a instanceof PySet && b instanceof PySet) return isSubset(a, b);
  return order(a, b, "<=") <= 0;
}

/** a > b; see {@link lt}. */
export function gt(a: Value, b: Value): boolean {
  if (typeof a === "number" && typeof b === "number") return a > b;
  if (a instanceof PySet && b instanceof PySet) return lt(b, a);
  return order(a, b, ">") > 0;
}

/** a >= b; see {@link lt}. */
export function ge(a: Value, b: Value): boolean {
  if (typeof a === "number" && typeof b === "number") return a >= b;
  if (a instanceof PySet && b instanceof PySet) return isSubset(b, a);
  return order(a, b, ">=") >= 0;
}

/** Is every member of set `a` in set `b`? */
export function isSubset(a: PySet, b: PySet): boolean {
  for (const key of a.m.keys()) if (!b.m.has(key)) return false;
  return true;
}

const identities = new WeakMap();
let lastIdentity = 0;

/** What a value is looked up by in a dict or set: equal values give equal keys. */
export function hk(value: Value): HashKey {
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

function objectKey(value: PyObject | Value[] | PyRecord): HashKey {
  if (value instanceof PyFloat) {
    return Number.isSafeInteger(value.v) ? value.v + 0 : BigInt(value.v);
  }
  if (value instanceof PyTuple) return `\x01t${value.a.map(partKey).join(",")}`;
  if (value instanceof PyBytes) return state.lenient ? bytesText(value) : `\x01b${value.s}`;
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
function partKey(value: Value): string {
  const key = hk(value);
  if (typeof key === "string") return `s${key.length}:${key}`;
  if (typeof key !== "object" && typeof key !== "function" || key === null) {
    return `${typeof key}${key}`;
  }
  if (!identities.has(key)) identities.set(key, ++lastIdentity);
  return `i${identities.get(key)}`;
}
