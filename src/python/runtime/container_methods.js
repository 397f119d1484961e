/** The methods of lists, tuples, dicts, records, sets, views and iterators. @module */

import { c1, ck } from "./calls.js";
import { eq, hk, order, recordValue } from "./compare.js";
import { dictDelete, dictOf, dictSet, dictUpdate, makeSet, view } from "./containers.js";
import { errors, PyError, raise } from "./errors.js";
import { typeName, types } from "./kinds.js";
import { isInt } from "./numbers.js";
import { setOperation } from "./operators.js";
import { b_repr } from "./repr.js";
import { changeable, dictKeys, dictPairs, dictValues, iter, list, position } from "./sequences.js";
import { asSet } from "./set_methods.js";
import { addMethods, isRecord, native, PyDict, PyIter, PyTuple, state } from "./types.js";

/** Sorts a JavaScript array as list.sort() does. */
export function sortItems(items, key, reverse, compare) {
  if (key !== undefined && key !== null || compare !== undefined && compare !== null) {
    const pairs = items.map((item) => ({
      item,
      key: key === undefined || key === null ? item : c1(key, item),
    }));
    const by = compare
      ? (a, b) => Number(ck(compare, [a.key, b.key]))
      : (a, b) => orderForSort(a.key, b.key);
    return sorted(pairs, by, reverse).map((pair) => pair.item);
  }
  return sorted(items.slice(), orderForSort, reverse);
}

function orderForSort(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  // CPython asks whether the later item is less.
  const result = order(b, a, "<");
  return Number.isNaN(result) ? 0 : -result;
}

/** Stable in both directions, as Python's sort. */
function sorted(items, by, reverse) {
  if (!reverse) return items.sort(by);
  return items.reverse().sort((a, b) => by(b, a)).reverse().reverse();
}

function indexOf(items, wanted, start = 0, stop = items.length) {
  const from = start < 0 ? Math.max(0, start + items.length) : start;
  const to = stop < 0 ? stop + items.length : Math.min(stop, items.length);
  for (let at = from; at < to; at++) if (items[at] === wanted || eq(items[at], wanted)) return at;
  return -1;
}

function needIndex(at, text) {
  return at < 0 ? raise("ValueError", text) : at;
}

function popItem(items, index = -1) {
  if (items.length === 0) raise("IndexError", "pop from empty list");
  if (!isInt(index)) {
    raise("TypeError", `'${typeName(index)}' object cannot be interpreted as an integer`);
  }
  const at = position(index, changeable(items).length);
  if (at < 0) raise("IndexError", "pop index out of range");
  return items.splice(at, 1)[0];
}

/** Makes a function that does the same and gives None. */
export const nothing = (run) => (...args) => {
  run(...args);
  return null;
};

addMethods(types.list, {
  append: [1, 1, (items, item) => {
    changeable(items).push(item);
    return null;
  }],
  extend: [
    1,
    1,
    nothing((items, more) => list(more).forEach((item) => changeable(items).push(item))),
  ],
  insert: [2, 2, nothing((items, at, item) => changeable(items).splice(Number(at), 0, item))],
  pop: [0, 1, popItem],
  remove: [
    1,
    1,
    nothing((items, item) =>
      changeable(items).splice(needIndex(indexOf(items, item), "list.remove(x): x not in list"), 1)
    ),
  ],
  clear: [0, 0, nothing((items) => changeable(items).splice(0, items.length))],
  index: [
    1,
    3,
    (items, item, start, stop) =>
      needIndex(indexOf(items, item, start, stop), `${b_repr(item)} is not in list`),
  ],
  count: [1, 1, (items, item) => items.filter((other) => other === item || eq(other, item)).length],
  reverse: [0, 0, nothing((items) => changeable(items).reverse())],
  copy: [0, 0, (items) => items.slice()],
  sort: [
    0,
    3,
    nothing((items, ...args) => {
      const [compare, key, reverse] = state.version === 2 ? args : [null, ...args];
      const result = sortItems(
        changeable(items),
        key,
        reverse !== undefined && reverse !== false && reverse !== 0,
        compare,
      );
      items.splice(0, items.length, ...result);
    }),
    "key reverse",
  ],
});
types.list.$info.methods.sort.$keywords = ([items, ...rest], pairs) => {
  const named = Object.fromEntries(pairs);
  const result = sortItems(
    changeable(items),
    named.key,
    Boolean(Number(named.reverse ?? 0)),
    named.cmp ?? rest[0],
  );
  items.splice(0, items.length, ...result);
  return null;
};

addMethods(types.tuple, {
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
export function dictGet(dict, key) {
  if (dict instanceof PyDict) return dict.m.get(hk(key));
  return typeof key === "string" ? recordValue(dict, key) : void hk(key);
}

function writable(dict) {
  if (isRecord(dict)) raise("TypeError", "the record is read-only; change a copy: dict(record)");
  return dict;
}

/** Raises KeyError. */
export function noKey(key) {
  throw new PyError(errors.KeyError, [key]);
}

const pairTuples = (dict) => dictPairs(dict).map((pair) => new PyTuple(pair));
const onlyOld = (name, run) => (dict) => {
  if (state.version === 3) raise("AttributeError", `'dict' object has no attribute '${name}'`);
  return run(dict);
};
const iterating = (values) => new PyIter(values[Symbol.iterator]());

function popKey(dict, key, fallback) {
  const value = dictGet(writable(dict), key);
  if (value === undefined) return fallback === undefined ? noKey(key) : fallback;
  dictDelete(dict, key);
  return value;
}

function setDefault(dict, key, fallback = null) {
  const value = dictGet(dict, key);
  if (value !== undefined) return value;
  dictSet(writable(dict), key, fallback);
  return fallback;
}

function popLast(dict) {
  const key = dictKeys(writable(dict)).at(-1);
  if (key === undefined) noKey("popitem(): dictionary is empty");
  return new PyTuple([key, popKey(dict, key)]);
}

addMethods(types.dict, {
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
    if (state.version === 3) raise("AttributeError", "'dict' object has no attribute 'has_key'");
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
    nothing((dict, other) => other !== undefined && dictUpdate(writable(dict), other)),
  ],
  clear: [
    0,
    0,
    nothing((dict) => {
      writable(dict).m.clear();
      dict.o = null;
    }),
  ],
});
types.dict.$info.methods.update.$keywords = ([dict, other], pairs) => {
  if (other !== undefined) dictUpdate(writable(dict), other);
  for (const [name, value] of pairs) dictSet(writable(dict), name, value);
  return null;
};
types.dict.$info.statics.fromkeys = native("fromkeys", 1, 2, (keys, value = null) => {
  const out = new PyDict();
  for (const key of iter(keys)) dictSet(out, key, value);
  return out;
});

/** What a dict of a special kind carries besides its entries. */
export function extras(dict) {
  const { m: _m, o: _o, ...rest } = dict;
  for (const symbol of Object.getOwnPropertySymbols(dict)) rest[symbol] = dict[symbol];
  return rest;
}

/** The next item of an iterator; StopIteration (or the fallback) at its end. */
export function nextItem(iterator, fallback) {
  if (!(iterator instanceof PyIter)) {
    raise("TypeError", `'${typeName(iterator)}' object is not an iterator`);
  }
  const { done, value } = iterator.next();
  if (!done) return value;
  if (fallback !== undefined) return fallback;
  throw new PyError(errors.StopIteration, []);
}

addMethods(types.generator, {
  next: [0, 0, (iterator) => {
    if (state.version === 3) raise("AttributeError", "'generator' object has no attribute 'next'");
    return nextItem(iterator);
  }],
});
addMethods(types.dict_view, {
  isdisjoint: [
    1,
    1,
    (value, other) => setOperation("&", makeSet(iter(value)), asSet(other)).m.size === 0,
  ],
});
