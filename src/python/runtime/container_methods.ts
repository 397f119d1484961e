/**
 * The methods of lists, tuples, dicts, records, sets, views and iterators.
 *
 * @module
 */

import { c1, ck } from "./calls.ts";
import { eq, hk, order, t } from "./compare.ts";
import {
  asSet,
  dictOf,
  dictSet,
  dictUpdate,
  makeSet,
  mapDelete,
  mapSet,
  view,
} from "./containers.ts";
import { dictKeys, dictPairs, dictValues } from "./dict_items.ts";
import { errorType, PyError, raise, raiseKeyError } from "./errors.ts";
import { typeName, types } from "./kinds.ts";
import { isInt } from "./numbers.ts";
import { setOperation } from "./operators.ts";
import { changeable, recordValue } from "./records.ts";
import { b_repr } from "./repr.ts";
import { iter, list, position } from "./sequences.ts";
import {
  addMethods,
  allowsOld,
  isRecord,
  type Mapping,
  native,
  nothing,
  PyDict,
  PyIter,
  PyTuple,
  type PyView,
  setKeywords,
  state,
  typeKey,
  type Value,
} from "./types.ts";

/** An item with what it is sorted by. */
interface Keyed {
  readonly item: Value;
  readonly key: Value;
}

/** Sorts a JavaScript array as list.sort() does. */
export function sortItems(items: Value[], key: Value, reverse: boolean, compare?: Value): Value[] {
  if (key !== undefined && key !== null || compare !== undefined && compare !== null) {
    const pairs = items.map((item) => ({
      item,
      key: key === undefined || key === null ? item : c1(key, item),
    }));
    const by = compare
      ? (a: Keyed, b: Keyed) => Number(ck(compare, [a.key, b.key]))
      : (a: Keyed, b: Keyed) => orderForSort(a.key, b.key);
    return sorted(pairs, by, reverse).map((pair) => pair.item);
  }
  return sorted(items.slice(), orderForSort, reverse);
}

function orderForSort(a: Value, b: Value): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  // CPython asks whether the later item is less.
  const result = order(b, a, "<");
  return Number.isNaN(result) ? 0 : -result;
}

/** Stable in both directions, as Python's sort. */
function sorted<T>(items: T[], by: (a: T, b: T) => number, reverse: boolean): T[] {
  if (!reverse) return items.sort(by);
  return items.sort((a, b) => by(b, a));
}

function indexOf(
  items: Value[],
  wanted: Value,
  start: Value = 0,
  stop: Value = items.length,
): number {
  const first = Number(start);
  const last = Number(stop);
  const from = first < 0 ? Math.max(0, first + items.length) : first;
  const to = last < 0 ? last + items.length : Math.min(last, items.length);
  for (let at = from; at < to; at++) if (items[at] === wanted || eq(items[at], wanted)) return at;
  return -1;
}

function needIndex(at: number, text: string): number {
  return at < 0 ? raise("ValueError", text) : at;
}

function popItem(items: Value[], index: Value = -1): Value {
  if (items.length === 0) raise("IndexError", "pop from empty list");
  if (!isInt(index)) {
    raise("TypeError", `'${typeName(index)}' object cannot be interpreted as an integer`);
  }
  const at = position(index, changeable(items).length);
  if (at < 0) raise("IndexError", "pop index out of range");
  return items.splice(at, 1)[0];
}

addMethods<Value[]>(types.list, {
  append: [1, 1, (items, item) => {
    changeable(items).push(item);
    return null;
  }],
  extend: [
    1,
    1,
    nothing((items: Value[], more) => list(more).forEach((item) => changeable(items).push(item))),
  ],
  insert: [
    2,
    2,
    nothing((items: Value[], at, item) => changeable(items).splice(Number(at), 0, item)),
  ],
  pop: [0, 1, popItem],
  remove: [
    1,
    1,
    nothing((items: Value[], item) =>
      changeable(items).splice(needIndex(indexOf(items, item), "list.remove(x): x not in list"), 1)
    ),
  ],
  clear: [0, 0, nothing((items: Value[]) => changeable(items).splice(0, items.length))],
  index: [
    1,
    3,
    (items, item, start, stop) =>
      needIndex(indexOf(items, item, start, stop), `${b_repr(item)} is not in list`),
  ],
  count: [1, 1, (items, item) => items.filter((other) => other === item || eq(other, item)).length],
  reverse: [0, 0, nothing((items: Value[]) => changeable(items).reverse())],
  copy: [0, 0, (items) => items.slice()],
  sort: [
    0,
    3,
    nothing((items: Value[], ...args) => {
      const [compare, key, reverse] = allowsOld() ? args : [null, ...args];
      const result = sortItems(
        changeable(items),
        key,
        t(reverse),
        compare,
      );
      items.splice(0, items.length, ...result);
    }),
    "key reverse",
  ],
});
setKeywords(types.list, "sort", ([self, ...rest], pairs) => {
  const items = Array.isArray(self) ? self : [];
  const named = Object.fromEntries(pairs);
  const result = sortItems(
    changeable(items),
    named["key"],
    t(named["reverse"]),
    named["cmp"] ?? rest[0],
  );
  items.splice(0, items.length, ...result);
  return null;
});

addMethods<PyTuple>(types.tuple, {
  index: [
    1,
    3,
    (value, item, start, stop) =>
      needIndex(indexOf(value.a, item, start, stop), "tuple.index(x): x not in tuple"),
  ],
  count: [
    1,
    1,
    (value, item) => value.a.filter((other) => other === item || eq(other, item)).length,
  ],
});

/** The value of a key; undefined when there is none. */
export function dictGet(dict: Mapping, key: Value): Value {
  if (dict instanceof PyDict) return dict.m.get(hk(key));
  return typeof key === "string" ? recordValue(dict, key) : void hk(key);
}

const pairTuples = (dict: Mapping): PyTuple[] => dictPairs(dict).map((pair) => new PyTuple(pair));
const onlyOld = (name: string, run: (dict: Mapping) => Value) => (dict: Mapping): Value => {
  if (!allowsOld()) raise("AttributeError", `'dict' object has no attribute '${name}'`);
  return run(dict);
};
const iterating = (values: Value[]) => new PyIter(values[Symbol.iterator]());

function popKey(dict: Mapping, key: Value, fallback?: Value): Value {
  const value = dictGet(dict, key);
  if (value === undefined) return fallback === undefined ? raiseKeyError(key) : fallback;
  mapDelete(dict, key);
  return value;
}

function setDefault(dict: Mapping, key: Value, fallback: Value = null): Value {
  const value = dictGet(dict, key);
  if (value !== undefined) return value;
  mapSet(dict, key, fallback);
  return fallback;
}

function popLast(dict: Mapping): PyTuple {
  const key = dictKeys(dict).at(-1);
  if (key === undefined) raiseKeyError("popitem(): dictionary is empty");
  return new PyTuple([key, popKey(dict, key)]);
}

addMethods<Mapping>(types.dict, {
  get: [1, 2, (dict, key, fallback = null) => {
    if (typeof key === "string" && isRecord(dict)) {
      return recordValue(dict, key) ?? (Object.hasOwn(dict, key) ? null : fallback);
    }
    const value = dictGet(dict, key);
    return value === undefined ? fallback : value;
  }],
  keys: [0, 0, (dict) => state.version === 2 ? dictKeys(dict) : view(dict, "keys")],
  values: [0, 0, (dict) => state.version === 2 ? dictValues(dict) : view(dict, "values")],
  items: [0, 0, (dict) => state.version === 2 ? pairTuples(dict) : view(dict, "items")],
  iterkeys: [0, 0, onlyOld("iterkeys", (dict) => iterating(dictKeys(dict)))],
  itervalues: [0, 0, onlyOld("itervalues", (dict) => iterating(dictValues(dict)))],
  iteritems: [0, 0, onlyOld("iteritems", (dict) => iterating(pairTuples(dict)))],
  viewkeys: [0, 0, onlyOld("viewkeys", (dict) => view(dict, "keys"))],
  viewvalues: [0, 0, onlyOld("viewvalues", (dict) => view(dict, "values"))],
  viewitems: [0, 0, onlyOld("viewitems", (dict) => view(dict, "items"))],
  has_key: [1, 1, (dict, key) => {
    if (!allowsOld()) raise("AttributeError", "'dict' object has no attribute 'has_key'");
    return dictGet(dict, key) !== undefined;
  }],
  copy: [0, 0, (dict) => {
    const out = dictOf(dict);
    return dict instanceof PyDict ? Object.assign(out, extras(dict)) : out;
  }],
  pop: [1, 2, popKey],
  popitem: [0, 1, popLast],
  setdefault: [1, 2, setDefault],
  update: [
    0,
    1,
    nothing((dict: Mapping, other) => other !== undefined && dictUpdate(dict, other)),
  ],
  clear: [
    0,
    0,
    nothing((dict: Mapping) => {
      for (const key of dictKeys(dict)) mapDelete(dict, key);
    }),
  ],
});
setKeywords(types.dict, "update", ([self, other], pairs) => {
  const dict = self instanceof PyDict || isRecord(self) ? self : new PyDict();
  if (other !== undefined) dictUpdate(dict, other);
  for (const [name, value] of pairs) mapSet(dict, name, value);
  return null;
});
types.dict.$info.statics.fromkeys = native("fromkeys", 1, 2, (keys, value = null) => {
  const out = new PyDict();
  for (const key of iter(keys)) dictSet(out, key, value);
  return out;
});

/** What a dict of a special kind carries besides its entries. */
export function extras(dict: PyDict): Partial<PyDict> {
  const { m: _m, o: _o, ...rest } = dict;
  return Object.hasOwn(dict, typeKey) ? { ...rest, [typeKey]: dict[typeKey] } : rest;
}

/** The next item of an iterator; StopIteration (or the fallback) at its end. */
export function nextItem(iterator: Value, fallback?: Value): Value {
  if (!(iterator instanceof PyIter)) {
    raise("TypeError", `'${typeName(iterator)}' object is not an iterator`);
  }
  const { done, value } = iterator.next();
  if (!done) return value;
  if (fallback !== undefined) return fallback;
  throw new PyError(errorType("StopIteration"), []);
}

addMethods<PyIter>(types.generator, {
  send: [1, 1, (iterator, value) => {
    const { done, value: item } = iterator.source.next(value);
    return done ? raise("StopIteration") : item;
  }],
  close: [0, 0, (iterator) => {
    iterator.source.return?.();
    return null;
  }],
  next: [0, 0, (iterator) => {
    if (!allowsOld()) raise("AttributeError", "'generator' object has no attribute 'next'");
    return nextItem(iterator);
  }],
});
addMethods<PyView>(types.dict_view, {
  isdisjoint: [
    1,
    1,
    (value, other) => setOperation("&", makeSet(iter(value)), asSet(other))?.m.size === 0,
  ],
});
