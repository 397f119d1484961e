/**
 * Making and changing dicts, sets and lists by index.
 *
 * @module
 */

import { hk } from "./compare.ts";
import { dictPairs } from "./dict_items.ts";
import { raise, raiseKeyError } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { oldValue } from "./lenient.ts";
import { fv, isInt, isNumber } from "./numbers.ts";
import { changeable, recordDelete, recordSet, recordValue } from "./records.ts";
import { isWide, iter, list, position, sliceBounds } from "./sequences.ts";
import {
  isRecord,
  type Mapping,
  ownType,
  PyBytes,
  PyDict,
  PyRange,
  PySet,
  PyTuple,
  PyView,
  state,
  typeKey,
  type Value,
} from "./types.ts";

/** Sets dict[key]; an equal key that is there already stays. */
export function dictSet(dict: PyDict, key: Value, value: Value): void {
  const hash = hk(key);
  if (hash !== key && !dict.m.has(hash)) (dict.o ??= new Map()).set(hash, key);
  dict.m.set(hash, value);
}

/** Removes dict[key]; false when there is none. */
export function dictDelete(dict: PyDict, key: Value): boolean {
  const hash = hk(key);
  if (dict.o !== null) dict.o.delete(hash);
  return dict.m.delete(hash);
}

/** Sets dict[key] of a dict or record. */
export function mapSet(dict: Mapping, key: Value, value: Value): void {
  if (dict instanceof PyDict) dictSet(dict, key, value);
  else recordSet(dict, key, value);
}

/** Removes dict[key] of a dict or record; false when there is none. */
export function mapDelete(dict: Mapping, key: Value): boolean {
  return dict instanceof PyDict ? dictDelete(dict, key) : recordDelete(dict, key);
}

/** A dict from keys and values in turn. */
export function dict(flatItems: Value[]): PyDict {
  const out = new PyDict();
  for (let at = 0; at < flatItems.length; at += 2) dictSet(out, flatItems[at], flatItems[at + 1]);
  return out;
}

/** A plain dict with the entries of a dict or record. */
export function dictOf(source: Mapping): PyDict {
  const out = new PyDict();
  if (source instanceof PyDict) {
    out.m = new Map(source.m);
    out.o = source.o === null ? null : new Map(source.o);
  } else for (const [key, value] of dictPairs(source)) dictSet(out, key, value);
  return out;
}

/** Adds what dict(source) or update(source) takes: a mapping or an iterable of pairs. */
export function dictUpdate(out: Mapping, source: Value): void {
  if (source instanceof PyDict || isRecord(source)) {
    for (const [key, value] of dictPairs(source)) mapSet(out, key, value);
    return;
  }
  let index = 0;
  for (const item of iter(source)) {
    if (typeof item === "number" || item === null) {
      raise(
        "TypeError",
        `cannot convert dictionary update sequence element #${index} to a sequence`,
      );
    }
    const pair = list(item);
    if (pair.length !== 2) {
      raise(
        "ValueError",
        `dictionary update sequence element #${index} has length ${pair.length}; 2 is required`,
      );
    }
    mapSet(out, pair[0], pair[1]);
    index++;
  }
}

/** Keys and values in turn, for `**mapping` in a display. */
export function flat(mapping: Value): Value[] {
  if (!(mapping instanceof PyDict) && !isRecord(mapping)) {
    raise("TypeError", `'${typeName(mapping)}' object is not a mapping`);
  }
  return dictPairs(mapping).flat(1);
}

export function asSet(value: Value): PySet {
  return value instanceof PySet ? value : makeSet(iter(value));
}

/** A set of the items. */
export function makeSet(items: Iterable<Value>, frozen = false): PySet {
  const out = new PySet(frozen);
  for (const item of items) {
    const hash = hk(item);
    if (!out.m.has(hash)) out.m.set(hash, item);
  }
  return out;
}

function index(length: number, at: Value, what: string): number {
  if (!isInt(at)) {
    if (state.lenient && isNumber(at)) return position(Math.floor(fv(at)), length);
    const tail = typeName(at);
    raise(
      "TypeError",
      what === "string"
        ? `string indices must be integers, not '${tail}'`
        : `${what} indices must be integers or slices, not ${tail}`,
    );
  }
  return position(at, length);
}

/** object[key]; a key that the record does not have gives None. */
export function item(object: Value, key: Value): Value {
  if (typeof key === "string" && isRecord(object)) return recordValue(object, key) ?? null;
  return itemStrict(object, key);
}

/** object[key]; a missing key raises KeyError, as in Python. */
export function itemStrict(object: Value, key: Value): Value {
  if (Array.isArray(object)) return element(object, key, "list");
  if (typeof object === "string") return character(object, key);
  if (typeof object === "object" && object !== null) {
    if (object instanceof PyDict) return lookUp(object, key);
    if (object instanceof PyTuple) return element(object.a, key, "tuple");
    if (isRecord(object)) {
      const value = typeof key === "string" ? recordValue(object, key) : undefined;
      return value === undefined ? raiseKeyError(key) : value;
    }
    if (object instanceof PyBytes) {
      const at = index(object.s.length, key, "byte");
      return at < 0 ? raise("IndexError", "index out of range") : object.s.charCodeAt(at);
    }
    if (object instanceof PyRange && object.settled === undefined) {
      const at = index(object.length, key, "range");
      return at < 0
        ? raise("IndexError", "range object index out of range")
        : object.start + at * object.step;
    }
    const own = ownType(object)?.$info.item;
    if (own !== undefined) return own(object, key);
    const old = oldValue(object);
    if (old !== undefined) return itemStrict(old, key);
  }
  return raise("TypeError", `'${typeName(object)}' object is not subscriptable`);
}

function element(items: Value[], key: Value, what: string): Value {
  if (typeof key === "number") {
    const value = items[key < 0 ? key + items.length : key];
    if (value !== undefined && Number.isInteger(key)) return value;
  }
  const at = index(items.length, key, what);
  if (at < 0) raise("IndexError", `${what} index out of range`);
  return items[at];
}

function character(text: string, key: Value): string {
  const chars = isWide(text) ? Array.from(text) : text;
  const at = index(chars.length, key, "string");
  return chars[at] ?? raise("IndexError", "string index out of range");
}

function lookUp(object: PyDict, key: Value): Value {
  const value = object.m.get(hk(key));
  if (value !== undefined) return value;
  const own = object[typeKey].$info.missing;
  return own === undefined ? raiseKeyError(key) : own(object, key);
}

/** object[key] = value */
export function setitem(object: Value, key: Value, value: Value): void {
  if (Array.isArray(object)) {
    if (!isInt(key) && !(state.lenient && isNumber(key))) {
      raise("TypeError", `list indices must be integers or slices, not ${typeName(key)}`);
    }
    const at = position(isInt(key) ? key : Math.floor(fv(key)), object.length);
    if (at < 0) raise("IndexError", "list assignment index out of range");
    changeable(object)[at] = value;
  } else if (object instanceof PyDict) dictSet(object, key, value);
  else if (isRecord(object)) recordSet(object, key, value);
  else if (ownType(object)?.$info.setItem) ownType(object)?.$info.setItem?.(object, key, value);
  else if (Array.isArray(oldValue(object))) setitem(oldValue(object), key, value);
  else raise("TypeError", `'${typeName(object)}' object does not support item assignment`);
}

/** Python's `object.name = value`; raises AttributeError where the object takes no such attribute. */
export function setattr(object: Value, name: string, value: Value): void {
  if (isRecord(object)) return recordSet(object, name, value);
  const set = ownType(object)?.$info.setField;
  if (set !== undefined) {
    set(object, name, value);
    return;
  }
  raise("AttributeError", `'${typeName(object)}' object has no attribute '${name}'`);
}

/** object[start:stop:step] = value */
export function setslice(
  object: Value,
  start: Value,
  stop: Value,
  step: Value,
  value: Value,
): void {
  if (!Array.isArray(object)) {
    raise("TypeError", `'${typeName(object)}' object does not support item assignment`);
  }
  const items = list(value);
  const { first, last, by } = sliceBounds(changeable(object).length, start, stop, step);
  if (by === 1) {
    object.splice(first, Math.max(0, last - first), ...items);
    return;
  }
  const places: number[] = [];
  for (let at = first; by > 0 ? at < last : at > last; at += by) places.push(at);
  if (places.length !== items.length) {
    raise(
      "ValueError",
      `attempt to assign sequence of size ${items.length} to extended slice of size ${places.length}`,
    );
  }
  places.forEach((at, index) => object[at] = items[index]);
}

/** del object[key] */
export function delitem(object: Value, key: Value): void {
  if (Array.isArray(object)) {
    if (!isInt(key)) {
      raise("TypeError", `list indices must be integers or slices, not ${typeName(key)}`);
    }
    const at = position(key, object.length);
    if (at < 0) raise("IndexError", "list assignment index out of range");
    changeable(object).splice(at, 1);
  } else if (object instanceof PyDict) {
    if (!dictDelete(object, key)) raiseKeyError(key);
  } else if (isRecord(object)) {
    if (!recordDelete(object, key)) raiseKeyError(key);
  } else raise("TypeError", `'${typeName(object)}' object doesn't support item deletion`);
}

/** del object[start:stop:step] */
export function delslice(object: Value, start: Value, stop: Value, step: Value): void {
  if (!Array.isArray(object)) {
    raise("TypeError", `'${typeName(object)}' object does not support item deletion`);
  }
  const { first, last, by } = sliceBounds(changeable(object).length, start, stop, step);
  const gone = new Set<number>();
  for (let at = first; by > 0 ? at < last : at > last; at += by) gone.add(at);
  const kept = object.filter((_, at) => !gone.has(at));
  object.splice(0, object.length, ...kept);
}

/** keys(), values() or items(): a list in Python 2, a view in Python 3. */
export function view(dict: Mapping, kind: "keys" | "values" | "items"): PyView {
  return new PyView(dict, kind);
}
