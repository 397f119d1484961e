/**
 * Operators on any values.
 *
 * @module
 */

import { eq, hk, t } from "./compare.ts";
import { dictOf, dictUpdate, makeSet } from "./containers.ts";
import { raise } from "./errors.ts";
import { typeName, unsupported } from "./kinds.ts";
import { bytesText, oldValue, textOf } from "./lenient.ts";
import {
  addNumbers,
  bits,
  divNumbers,
  floordivNumbers,
  fv,
  isFloat,
  isInt,
  isNumber,
  modNumbers,
  mulNumbers,
  negative,
  norm,
  powNumbers,
  shift,
  subNumbers,
} from "./numbers.ts";
import { percent } from "./percent.ts";
import { changeable, recordValue } from "./records.ts";
import { iter, list } from "./sequences.ts";
import {
  type Int,
  isRecord,
  ownType,
  PyBytes,
  PyDict,
  PyIter,
  PyRange,
  PySet,
  PyTuple,
  PyView,
  state,
  type Value,
} from "./types.ts";

/** An operator that a type defines itself (dates, counters). */
function own(op: string, a: Value, b?: Value): Value {
  for (const value of [a, b]) {
    const run = ownType(value)?.$info.operate;
    const result = run === undefined ? undefined : run(op, a, b);
    if (result !== undefined) return result;
  }
  return undefined;
}

/** a + b. Raises TypeError, as all operators, for types that do not go together. */
export function add(a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") {
    return (a | 0) === a && (b | 0) === b ? a + b : addNumbers(a, b);
  }
  if (typeof a === "string" && typeof b === "string") return a + b;
  if (isNumber(a) && isNumber(b)) return addNumbers(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return a.concat(b);
  if (a instanceof PyTuple && b instanceof PyTuple) return new PyTuple(a.a.concat(b.a));
  if (a instanceof PyBytes && b instanceof PyBytes) return new PyBytes(a.s + b.s);
  return own("+", a, b) ?? addFails(a, b);
}

function addFails(a: Value, b: Value): Value {
  const [x, y] = [oldValue(a), oldValue(b)];
  if (x !== undefined || y !== undefined) return add(x ?? a, y ?? b);
  if (typeof a === "string" && state.version === 2) {
    raise("TypeError", `cannot concatenate 'str' and '${typeName(b)}' objects`);
  }
  if (typeof a === "string") {
    raise("TypeError", `can only concatenate str (not "${typeName(b)}") to str`);
  }
  if (Array.isArray(a)) {
    raise("TypeError", `can only concatenate list (not "${typeName(b)}") to list`);
  }
  if (a instanceof PyTuple) {
    raise("TypeError", `can only concatenate tuple (not "${typeName(b)}") to tuple`);
  }
  return unsupported("+", a, b);
}

/** a - b */
export function sub(a: Value, b: Value): Value {
  if (isNumber(a) && isNumber(b)) return subNumbers(a, b);
  return setOperation("-", a, b) ?? own("-", a, b) ?? unsupported("-", a, b);
}

/** a * b */
export function mul(a: Value, b: Value): Value {
  if (isNumber(a) && isNumber(b)) return mulNumbers(a, b);
  const result = isInt(b) ? repeated(a, b) : isInt(a) ? repeated(b, a) : undefined;
  if (result === undefined && state.lenient) {
    const [x, y] = [oldValue(a) ?? oldCount(a), oldValue(b) ?? oldCount(b)];
    if (x !== a || y !== b) return mul(x, y);
  }
  if (result !== undefined) return result;
  const swapped = [a, b].find((value) =>
    typeof value === "string" || Array.isArray(value) || value instanceof PyTuple
  );
  const custom = own("*", a, b);
  if (custom === undefined && swapped !== undefined) {
    raise(
      "TypeError",
      `can't multiply sequence by non-int of type '${typeName(swapped === a ? b : a)}'`,
    );
  }
  return custom ?? unsupported("*", a, b);
}

/** A whole number for a float that Python 2's division would have given as one. */
function oldCount(value: Value): Value {
  return isFloat(value) ? norm(BigInt(Math.floor(fv(value)))) : value;
}

function countable(value: Value): boolean {
  return typeof value === "string" || Array.isArray(value) || value instanceof PyTuple ||
    value instanceof PyBytes;
}

function repeated(value: Value, times: Int): Value {
  const count = Math.max(0, Number(times));
  if (count > 2 ** 63 && countable(value)) {
    raise("OverflowError", "cannot fit 'int' into an index-sized integer");
  }
  const sequence = typeof value === "string" || Array.isArray(value) || value instanceof PyTuple;
  if (!sequence && !(value instanceof PyBytes)) return undefined;
  if (count > 50000000) raise("MemoryError");
  if (typeof value === "string") return value.repeat(count);
  if (value instanceof PyBytes) return new PyBytes(value.s.repeat(count));
  const items = Array.isArray(value) ? value : value.a;
  const out = [];
  for (let n = 0; n < count; n++) for (const item of items) out.push(item);
  return Array.isArray(value) ? out : new PyTuple(out);
}

/** Python 3's / */
export function div(a: Value, b: Value): Value {
  if (isNumber(a) && isNumber(b)) return divNumbers(a, b);
  return own("/", a, b) ?? unsupported("/", a, b);
}

/** Python 2's / : ints give an int. */
export function div2(a: Value, b: Value): Value {
  return isInt(a) && isInt(b) ? floordivNumbers(a, b) : div(a, b);
}

/** a // b */
export function floordiv(a: Value, b: Value): Value {
  if (isNumber(a) && isNumber(b)) return floordivNumbers(a, b);
  return own("//", a, b) ?? unsupported("//", a, b);
}

/** a % b, formatting when a is a text. */
export function mod(a: Value, b: Value): Value {
  if (typeof a === "string") return percent(a, b);
  if (a instanceof PyBytes) {
    return state.lenient ? percent(bytesText(a), b) : new PyBytes(percent(a.s, b));
  }
  if (isNumber(a) && isNumber(b)) return modNumbers(a, b);
  return own("%", a, b) ?? unsupported("%", a, b);
}

/** a ** b */
export function pow(a: Value, b: Value): Value {
  if (isNumber(a) && isNumber(b)) return powNumbers(a, b);
  return own("**", a, b) ?? unsupported("** or pow()", a, b);
}

/** a << b */
export function shl(a: Value, b: Value): Value {
  return isInt(a) && isInt(b) ? shift("<<", a, b) : unsupported("<<", a, b);
}

/** a >> b */
export function shr(a: Value, b: Value): Value {
  return isInt(a) && isInt(b) ? shift(">>", a, b) : unsupported(">>", a, b);
}

function setItems(value: Value): PySet | undefined {
  if (value instanceof PySet) return value;
  return value instanceof PyView && value.kind !== "values" ? makeSet(list(value)) : undefined;
}

/** | & - ^ of sets and key views; undefined when they are none. */
export function setOperation(op: string, a: Value, b: Value): PySet | undefined {
  const [x, y] = [setItems(a), setItems(b)];
  if (x === undefined || y === undefined) return undefined;
  const out = new PySet(x.frozen);
  for (const [key, item] of x.m) {
    if (op === "|" || (op === "&") === y.m.has(key)) out.m.set(key, item);
  }
  if (op === "|" || op === "^") {
    for (const [key, item] of y.m) if (!x.m.has(key)) out.m.set(key, item);
  }
  return out;
}

function bitwise(op: string, a: Value, b: Value): Value {
  if (isInt(a) && isInt(b)) return bits(op, a, b);
  if (
    op === "|" && a instanceof PyDict && (b instanceof PyDict || isRecord(b)) &&
    ownType(a)?.$info.operate === undefined
  ) {
    const out = dictOf(a);
    for (const [key, value] of dictOf(b).m) out.m.set(key, value);
    return out;
  }
  return setOperation(op, a, b) ?? own(op, a, b) ?? unsupported(op, a, b);
}

/** a & b */
export function and(a: Value, b: Value): Value {
  return bitwise("&", a, b);
}

/** a | b */
export function or(a: Value, b: Value): Value {
  return bitwise("|", a, b);
}

/** a ^ b */
export function xor(a: Value, b: Value): Value {
  return bitwise("^", a, b);
}

export function neg(value: Value): Value {
  if (isNumber(value)) {
    return typeof value === "number" && !Number.isInteger(value) ? -value : negative(value);
  }
  return own("neg", value) ??
    raise("TypeError", `bad operand type for unary -: '${typeName(value)}'`);
}

export function pos(value: Value): Value {
  if (!isNumber(value)) raise("TypeError", `bad operand type for unary +: '${typeName(value)}'`);
  return typeof value === "boolean" ? Number(value) : value;
}

export function invert(value: Value): Value {
  if (!isInt(value)) raise("TypeError", `bad operand type for unary ~: '${typeName(value)}'`);
  return norm(-BigInt(value) - 1n);
}

/** a += b: lists grow in place. */
export function iadd(a: Value, b: Value): Value {
  if (!Array.isArray(a)) {
    const old = oldValue(a);
    return Array.isArray(old) ? iadd(old, b) : add(a, b);
  }
  for (const item of list(b)) changeable(a).push(item);
  return a;
}

/** a |= b and its like: sets, dicts and lists change in place. */
export function inplace(op: string, a: Value, b: Value): Value {
  if (op === "*" && Array.isArray(a)) {
    const out = list(mul(a, b));
    changeable(a).splice(0, a.length, ...out);
    return a;
  }
  if (op === "|" && (a instanceof PyDict || isRecord(a)) && !ownType(a)?.$info.operate) {
    dictUpdate(a, b);
    return a;
  }
  if (a instanceof PySet && !a.frozen) {
    const out = setOperation(op, a, b) ?? unsupported(`${op}=`, a, b);
    a.m = out.m;
    return a;
  }
  if (op === "*") return mul(a, b);
  return op === "-" ? sub(a, b) : bitwise(op, a, b);
}

/** Python's `in`. */
export function contains(item: Value, container: Value): boolean {
  if (typeof container === "string") {
    const text = textOf(item);
    if (text !== undefined) return container.includes(text);
    raise("TypeError", `'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (Array.isArray(container)) return inItems(item, container);
  if (typeof container === "object" && container !== null) {
    if (container instanceof PyTuple) return inItems(item, container.a);
    if (container instanceof PyDict || container instanceof PySet) return container.m.has(hk(item));
    if (isRecord(container)) {
      return typeof item === "string" && recordValue(container, item) !== undefined;
    }
    if (container instanceof PyRange && isInt(item)) {
      const offset = (Number(item) - container.start) / container.step;
      return Number.isInteger(offset) && offset >= 0 && offset < container.length;
    }
    if (container instanceof PyView && container.kind === "keys") {
      return contains(item, container.dict);
    }
    if (container instanceof PyBytes && item instanceof PyBytes) {
      return container.s.includes(item.s);
    }
    if (state.lenient && container instanceof PyBytes && typeof item === "string") {
      return bytesText(container).includes(item);
    }
    if (
      container instanceof PyIter || container instanceof PyView || container instanceof PyBytes
    ) {
      for (const other of iter(container)) if (eq(other, item)) return true;
      return false;
    }
    const { contains: own, iterate } = ownType(container)?.$info ?? {};
    if (own !== undefined) return t(own(container, item));
    if (iterate !== undefined) return inItems(item, list(container));
  }
  return raise("TypeError", `argument of type '${typeName(container)}' is not iterable`);
}

function inItems(item: Value, items: Value[]): boolean {
  if (typeof item === "string") return items.includes(item);
  for (let at = 0; at < items.length; at++) {
    if (items[at] === item || eq(items[at], item)) return true;
  }
  return false;
}
