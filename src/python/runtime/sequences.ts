/**
 * Iteration, unpacking, indices and slices.
 *
 * @module
 */

import { dictKeys, viewItems } from "./dict_items.ts";
import { raise } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { oldValue } from "./lenient.ts";
import { fv, isInt, isNumber } from "./numbers.ts";
import { recordKeys } from "./records.ts";
import {
  type HashKey,
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

/** Iterates over a Map and notices when its size changes, as Python does. */
function* guarded<T>(map: Map<HashKey, Value>, source: Iterable<T>, what: string): Generator<T> {
  const size = map.size;
  for (const item of source) {
    yield item;
    if (map.size !== size) raise("RuntimeError", `${what} changed size during iteration`);
  }
}

/** Something that `for … of` runs over. */
export function iter(value: Value): Iterable<Value> {
  if (Array.isArray(value) || typeof value === "string") return value;
  if (typeof value === "object" && value !== null) {
    if (value instanceof PyTuple) return value.a;
    if (value instanceof PyDict) return guarded(value.m, dictKeys(value), "dictionary");
    if (value instanceof PyIter || value instanceof PyRange) return value;
    if (value instanceof PySet) return guarded(value.m, value.m.values(), "Set");
    if (value instanceof PyView) {
      if (value.settled !== undefined) return value.settled;
      return value.dict instanceof PyDict && !state.lenient
        ? guarded(value.dict.m, viewItems(value), "dictionary")
        : viewItems(value);
    }
    if (isRecord(value)) return recordKeys(value);
    if (value instanceof PyBytes) return Array.from(value.s, (char) => char.charCodeAt(0));
    const own = ownType(value)?.$info.iterate;
    if (own !== undefined) return own(value);
  }
  return raise("TypeError", `'${typeName(value)}' object is not iterable`);
}

/** All items in a fresh array. */
export function list(value: Value): Value[] {
  return Array.from(iter(value));
}

/** Wraps a JavaScript iterator. */
export function gen(source: Iterator<Value, unknown, Value>): PyIter {
  return new PyIter(source);
}

/** The iterator of a value, as iter() gives it. */
export function iterator(value: Value): PyIter {
  return value instanceof PyIter ? value : new PyIter(iter(value)[Symbol.iterator]());
}

const surrogatePairs = /[\ud800-\udbff]/;

/** Does the text hold characters that JavaScript counts as two? */
export function isWide(text: string): boolean {
  return surrogatePairs.test(text);
}

/** Python's len(). Raises TypeError. */
export function len(value: Value): number {
  if (typeof value === "string") {
    return surrogatePairs.test(value) ? Array.from(value).length : value.length;
  }
  if (Array.isArray(value)) return value.length;
  if (typeof value === "object" && value !== null) {
    if (value instanceof PyTuple) return value.a.length;
    if (value instanceof PyDict || value instanceof PySet) return value.m.size;
    if (value instanceof PyRange) return value.settled?.length ?? value.length;
    if (value instanceof PyBytes) return value.s.length;
    if (value instanceof PyView) return value.settled?.length ?? len(value.dict);
    if (isRecord(value)) return recordKeys(value).length;
    const { size, iterate } = ownType(value)?.$info ?? {};
    if (size !== undefined) return Number(size(value));
    if (iterate !== undefined) return iterate(value).length;
  }
  const old = oldValue(value);
  return old === undefined
    ? raise("TypeError", `object of type '${typeName(value)}' has no len()`)
    : len(old);
}

/** The parts of an assignment to `count` targets. */
export function unpack(value: Value, count: number): Value[] {
  const parts = Array.isArray(value)
    ? value
    : value instanceof PyTuple
    ? value.a
    : limited(value, count);
  if (parts.length === count) return parts;
  if (parts.length < count) {
    return raise(
      "ValueError",
      `not enough values to unpack (expected ${count}, got ${parts.length})`,
    );
  }
  return raise("ValueError", `too many values to unpack (expected ${count})`);
}

/** At most one item more than wanted, so that endless iterators end. */
function limited(value: Value, count: number): Value[] {
  const parts = [];
  if (value === null || typeof value === "number") {
    raise("TypeError", `cannot unpack non-iterable ${typeName(value)} object`);
  }
  for (const item of iter(value)) {
    parts.push(item);
    if (parts.length > count) break;
  }
  return parts;
}

/** The parts for targets with a starred one after `before` others. */
export function unpackStar(value: Value, before: number, after: number): Value[] {
  const parts = list(value);
  if (parts.length < before + after) {
    raise(
      "ValueError",
      `not enough values to unpack (expected at least ${before + after}, got ${parts.length})`,
    );
  }
  const end = parts.length - after;
  return [...parts.slice(0, before), parts.slice(before, end), ...parts.slice(end)];
}

/** The index of a slice as a number; undefined for None. */
function bound(value: Value): number | undefined {
  if (value === null) return undefined;
  if (!isInt(value)) {
    if (state.lenient && isNumber(value)) return Math.floor(fv(value));
    raise("TypeError", "slice indices must be integers or None or have an __index__ method");
  }
  return Number(value);
}

/** First index, end and step of a slice over `length` items. */
export function sliceBounds(
  length: number,
  start: Value,
  stop: Value,
  step: Value,
): { first: number; last: number; by: number } {
  const by = bound(step) ?? 1;
  if (by === 0) raise("ValueError", "slice step cannot be zero");
  const clamp = (at: number, low: number, high: number) => {
    const index = at < 0 ? at + length : at;
    return index < low ? low : index > high ? high : index;
  };
  const [low, high] = by > 0 ? [0, length] : [-1, length - 1];
  const first = bound(start);
  const last = bound(stop);
  return {
    first: first === undefined ? (by > 0 ? 0 : length - 1) : clamp(first, low, high),
    last: last === undefined ? (by > 0 ? length : -1) : clamp(last, low, high),
    by,
  };
}

/** Whether JavaScript takes the bound of a slice as Python does. */
function isPlainBound(bound: Value): bound is number | null {
  return bound === null || (typeof bound === "number" && (bound | 0) === bound);
}

function sliceItems(items: Value[], start: Value, stop: Value, step: Value): Value[] {
  if (step === null && isPlainBound(start) && isPlainBound(stop)) {
    return items.slice(start ?? 0, stop ?? undefined);
  }
  const { first, last, by } = sliceBounds(items.length, start, stop, step);
  if (by === 1) return items.slice(first, Math.max(first, last));
  const picked = [];
  for (let at = first; by > 0 ? at < last : at > last; at += by) picked.push(items[at]);
  return picked;
}

function sliceText(text: string, start: Value, stop: Value, step: Value): string {
  const { first, last, by } = sliceBounds(text.length, start, stop, step);
  if (by === 1) return text.slice(first, Math.max(first, last));
  let picked = "";
  for (let at = first; by > 0 ? at < last : at > last; at += by) picked += text[at];
  return picked;
}

/** object[start:stop:step] */
export function slice(object: Value, start: Value, stop: Value, step: Value): Value {
  if (typeof object === "string") {
    if (surrogatePairs.test(object)) {
      return sliceItems(Array.from(object), start, stop, step).join("");
    }
    return sliceText(object, start, stop, step);
  }
  if (Array.isArray(object)) return sliceItems(object, start, stop, step);
  if (object instanceof PyTuple) return new PyTuple(sliceItems(object.a, start, stop, step));
  if (object instanceof PyBytes) return new PyBytes(sliceText(object.s, start, stop, step));
  if (object instanceof PyRange && object.settled === undefined) {
    const { first, last, by } = sliceBounds(object.length, start, stop, step);
    return new PyRange(
      object.start + first * object.step,
      object.start + last * object.step,
      object.step * by,
    );
  }
  if (object instanceof PyDict || isRecord(object)) raise("TypeError", "unhashable type: 'slice'");
  const old = oldValue(object);
  if (old !== undefined) return slice(old, start, stop, step);
  return raise("TypeError", `'${typeName(object)}' object is not subscriptable`);
}

/** Index into `length` items, negative from the end; -1 when out of range. */
export function position(index: Int, length: number): number {
  const at = typeof index === "number" ? index : Number(index);
  const real = at < 0 ? at + length : at;
  return real >= 0 && real < length ? real : -1;
}
