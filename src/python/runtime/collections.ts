/**
 * The collections module.
 *
 * @module
 */

import { c0 } from "./calls.ts";
import { gt, hk } from "./compare.ts";
import { sortItems } from "./container_methods.ts";
import { dictSet, dictUpdate } from "./containers.ts";
import { dictPairs } from "./dict_items.ts";
import { raise } from "./errors.ts";
import { types } from "./kinds.ts";
import { isInt } from "./numbers.ts";
import { add, sub } from "./operators.ts";
import { b_repr, dictRepr } from "./repr.ts";
import { gen, iter, list } from "./sequences.ts";
import { needText } from "./text.ts";
import {
  addFields,
  addHooks,
  addMethods,
  type Callable,
  isRecord,
  members,
  native,
  newType,
  type Pair,
  PyDict,
  type PyObject,
  PyTuple,
  type PyType,
  typeKey,
  type Value,
} from "./types.ts";

/** A kind of dict: a PyDict that names its own type. */
function kindOfDict(name: string, make: Callable): PyType {
  const type = newType(name, types.dict, make);
  addHooks<PyDict>(type, { truth: (value) => value.m.size > 0 });
  return type;
}

function made(type: PyType): PyDict {
  return Object.assign(new PyDict(), { [typeKey]: type });
}

function withPairs(made: Value, pairs: readonly Pair[]): Value {
  if (made instanceof PyDict) { for (const [name, value] of pairs) dictSet(made, name, value); }
  return made;
}

const orderedType: PyType = kindOfDict("OrderedDict", (source) => {
  const out = made(orderedType);
  if (source !== undefined) dictUpdate(out, source);
  return out;
});
Object.assign(orderedType, { $name: "OrderedDict", $least: 0, $most: 1 });
orderedType.$keywords = ([source], pairs) => withPairs(orderedType(source), pairs);
addHooks<PyDict>(orderedType, {
  repr: (value) =>
    value.m.size === 0
      ? "OrderedDict()"
      : `OrderedDict([${dictPairs(value).map((pair) => b_repr(new PyTuple(pair))).join(", ")}])`,
});

const defaultType: PyType = kindOfDict("collections.defaultdict", (factory = null, source) => {
  const out = made(defaultType);
  out.factory = factory;
  if (source !== undefined) dictUpdate(out, source);
  return out;
});
Object.assign(defaultType, { $name: "defaultdict", $least: 0, $most: 2 });
addHooks<PyDict>(defaultType, {
  missing: (dict, key) => {
    if (dict.factory === null) raise("KeyError", key);
    const value = c0(dict.factory);
    dictSet(dict, key, value);
    return value;
  },
  repr: (value) => `defaultdict(${b_repr(value.factory)}, ${dictRepr(value)})`,
});

function countInto(counter: PyDict, source: Value, sign = 1): void {
  if (source instanceof PyDict || isRecord(source)) {
    for (const [key, value] of dictPairs(source)) {
      const old = counter.m.get(hk(key)) ?? 0;
      dictSet(counter, key, sign > 0 ? add(old, value) : sub(old, value));
    }
    return;
  }
  for (const item of iter(source)) dictSet(counter, item, add(counter.m.get(hk(item)) ?? 0, sign));
}

const counterType: PyType = kindOfDict("Counter", (source) => {
  const out = made(counterType);
  if (source !== undefined && source !== null) countInto(out, source);
  return out;
});
Object.assign(counterType, { $name: "Counter", $least: 0, $most: 1 });
counterType.$keywords = ([source], pairs) => withPairs(counterType(source), pairs);

function mostCommon(counter: PyDict, most: Value = null): Value[] {
  const count = native("count", 1, 1, (pair: PyTuple) => pair.a[1]);
  const pairs = sortItems(dictPairs(counter).map((pair) => new PyTuple(pair)), count, true);
  return most === null ? pairs : pairs.slice(0, Math.max(0, Number(most)));
}

addMethods<PyDict>(counterType, {
  most_common: [0, 1, mostCommon, "n"],
  elements: [0, 0, (counter) => {
    function* items(): Generator<Value> {
      for (const [key, count] of dictPairs(counter)) {
        for (let n = 0; n < Number(count); n++) yield key;
      }
    }
    return gen(items());
  }],
  update: [0, 1, (counter, source) => {
    if (source !== undefined) countInto(counter, source);
    return null;
  }],
  subtract: [0, 1, (counter, source) => {
    if (source !== undefined) countInto(counter, source, -1);
    return null;
  }],
});
addHooks<PyDict>(counterType, {
  missing: () => 0,
  repr: (value) =>
    value.m.size === 0
      ? "Counter()"
      : `Counter({${
        mostCommon(value).map((pair) => list(pair).map(b_repr).join(": ")).join(", ")
      }})`,
  operate: (op: string, a: Value, b: Value) => {
    if (!(a instanceof PyDict) || !(b instanceof PyDict) || !["+", "-", "|", "&"].includes(op)) {
      return undefined;
    }
    const out = made(counterType);
    const keys = new Map([...dictPairs(a), ...dictPairs(b)].map(([key]) => [hk(key), key]));
    for (const [hash, key] of keys) {
      const [x, y] = [a.m.get(hash) ?? 0, b.m.get(hash) ?? 0];
      const count = op === "+"
        ? add(x, y)
        : op === "-"
        ? sub(x, y)
        : (op === "|") === gt(x, y)
        ? x
        : y;
      if (gt(count, 0)) dictSet(out, key, count);
    }
    return out;
  },
});

/** A tuple type with named fields, as collections.namedtuple(name, names). */
export function namedtuple(typeName: Value, names: Value): PyType {
  const own = needText(typeName);
  const all = typeof names === "string"
    ? names.replaceAll(",", " ").split(/\s+/).filter((name) => name !== "")
    : list(names).map((name) => needText(name));
  for (const name of all) {
    if (!/^[\p{L}][\p{L}\p{N}_]*$/u.test(name)) {
      raise("ValueError", `Type names and field names must be valid identifiers: ${b_repr(name)}`);
    }
  }
  class Named extends PyTuple {}
  const type = newType(own, types.tuple, (...values) => new Named(values), Named.prototype);
  Object.assign(type, { $name: own, $least: all.length, $most: all.length, $names: all });
  all.forEach((name, at) => addFields<Named>(type, { [name]: (value) => value.a[at] }));
  addFields<Named>(type, { _fields: () => new PyTuple([...all]) });
  const asDict = (value: Named) => {
    const out = new PyDict();
    all.forEach((name, at) => out.m.set(name, value.a[at]));
    return out;
  };
  const replace = (value: Named, ...fresh: Value[]) =>
    new Named(all.map((_, at) => fresh[at] ?? value.a[at]));
  addMethods<Named>(type, {
    _asdict: [0, 0, asDict],
    _replace: [0, all.length, replace, all.join(" ") || "_"],
  });
  addHooks<Named>(type, {
    truth: (value) => value.a.length > 0,
    repr: (value) =>
      `${own}(${all.map((name, at) => `${name}=${b_repr(value.a[at])}`).join(", ")})`,
  });
  return type;
}

/** A deque is a list with ends that grow; `most` limits it. */
class Deque implements PyObject {
  declare readonly [typeKey]: PyType;
  items: Value[] = [];
  declare readonly most: number;
  constructor(most: number) {
    this.most = most;
  }
}

const dequeType = newType("collections.deque", undefined, (source, most = null) => {
  const deque = new Deque(most === null ? Infinity : Number(most));
  for (const item of source === undefined ? [] : iter(source)) push(deque, item);
  return deque;
}, Deque.prototype);
Object.assign(dequeType, { $name: "deque", $least: 0, $most: 2, $names: ["iterable", "maxlen"] });

function push(deque: Deque, item: Value): null {
  deque.items.push(item);
  if (deque.items.length > deque.most) deque.items.shift();
  return null;
}

function taken(items: Value[], last: boolean): Value {
  if (items.length === 0) raise("IndexError", "pop from an empty deque");
  return last ? items.pop() : items.shift();
}

addMethods<Deque>(dequeType, {
  append: [1, 1, push],
  appendleft: [1, 1, (deque, item) => {
    deque.items.unshift(item);
    if (deque.items.length > deque.most) deque.items.pop();
    return null;
  }],
  pop: [0, 0, (deque) => taken(deque.items, true)],
  popleft: [0, 0, (deque) => taken(deque.items, false)],
  extend: [1, 1, (deque, more) => {
    for (const item of iter(more)) push(deque, item);
    return null;
  }],
  clear: [0, 0, (deque) => {
    deque.items = [];
    return null;
  }],
});
addHooks<Deque>(dequeType, {
  iterate: (deque) => deque.items,
  truth: (deque) => deque.items.length > 0,
  item: (deque, key) => {
    const at = isInt(key) ? (Number(key) < 0 ? Number(key) + deque.items.length : Number(key)) : -1;
    return deque.items[at] === undefined
      ? raise("IndexError", "deque index out of range")
      : deque.items[at];
  },
  repr: (deque) =>
    `deque(${b_repr(deque.items)}${deque.most === Infinity ? "" : `, maxlen=${deque.most}`})`,
});

/** The members of collections. */
export const collectionsModule = members({
  OrderedDict: orderedType,
  defaultdict: defaultType,
  Counter: counterType,
  namedtuple: [2, 2, namedtuple],
  deque: dequeType,
});
