/** The collections module. @module */

import { c0 } from "./calls.js";
import { hk } from "./compare.js";
import { sortItems } from "./container_methods.js";
import { dictSet, dictUpdate } from "./containers.js";
import { raise } from "./errors.js";
import { types } from "./kinds.js";
import { isInt } from "./numbers.js";
import { add, sub } from "./operators.js";
import { b_repr, dictRepr } from "./repr.js";
import { dictPairs, gen, iter, list } from "./sequences.js";
import { addMethods, isRecord, members, native, newType, PyDict, PyTuple, TYPE } from "./types.js";

const filledDict = (value) => value.m.size > 0;

/** A kind of dict: a PyDict that names its own type. */
function kindOfDict(name, make) {
  const type = newType(name, types.dict, make);
  type.$info.truth = filledDict;
  return type;
}

function made(type, more) {
  const out = new PyDict();
  out[TYPE] = type;
  return Object.assign(out, more);
}

const orderedType = kindOfDict("OrderedDict", (source) => {
  const out = made(orderedType);
  if (source !== undefined) dictUpdate(out, source);
  return out;
});
Object.assign(orderedType, { $name: "OrderedDict", $least: 0, $most: 1 });
orderedType.$keywords = ([source], pairs) => {
  const out = orderedType(source);
  for (const [name, value] of pairs) dictSet(out, name, value);
  return out;
};
orderedType.$info.repr = (value) =>
  value.m.size === 0
    ? "OrderedDict()"
    : `OrderedDict([${dictPairs(value).map((pair) => b_repr(new PyTuple(pair))).join(", ")}])`;

const defaultType = kindOfDict("collections.defaultdict", (factory = null, source) => {
  const out = made(defaultType, { factory });
  if (source !== undefined) dictUpdate(out, source);
  return out;
});
Object.assign(defaultType, { $name: "defaultdict", $least: 0, $most: 2 });
defaultType.$info.missing = (dict, key) => {
  if (dict.factory === null) raise("KeyError", key);
  const value = c0(dict.factory);
  dictSet(dict, key, value);
  return value;
};
defaultType.$info.repr = (value) => `defaultdict(${b_repr(value.factory)}, ${dictRepr(value)})`;

function countInto(counter, source, sign = 1) {
  if (source instanceof PyDict || isRecord(source)) {
    for (const [key, value] of dictPairs(source)) {
      const old = counter.m.get(hk(key)) ?? 0;
      dictSet(counter, key, sign > 0 ? add(old, value) : sub(old, value));
    }
    return;
  }
  for (const item of iter(source)) dictSet(counter, item, (counter.m.get(hk(item)) ?? 0) + sign);
}

const counterType = kindOfDict("Counter", (source) => {
  const out = made(counterType);
  if (source !== undefined && source !== null) countInto(out, source);
  return out;
});
Object.assign(counterType, { $name: "Counter", $least: 0, $most: 1 });
counterType.$keywords = ([source], pairs) => {
  const out = counterType(source);
  for (const [name, value] of pairs) dictSet(out, name, value);
  return out;
};

function mostCommon(counter, most = null) {
  const pairs = sortItems(
    dictPairs(counter).map((pair) => new PyTuple(pair)),
    native("count", 1, 1, (pair) => pair.a[1]),
    true,
  );
  return most === null ? pairs : pairs.slice(0, Math.max(0, Number(most)));
}

addMethods(counterType, {
  most_common: [0, 1, mostCommon, "n"],
  elements: [0, 0, (counter) => {
    function* items() {
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
Object.assign(counterType.$info, {
  missing: () => 0,
  repr: (value) =>
    value.m.size === 0
      ? "Counter()"
      : `Counter({${
        mostCommon(value).map((pair) => `${b_repr(pair.a[0])}: ${b_repr(pair.a[1])}`).join(", ")
      }})`,
  operate: (op, a, b) => {
    if (!(a instanceof PyDict) || !(b instanceof PyDict) || !["+", "-", "|", "&"].includes(op)) {
      return undefined;
    }
    const out = counterType();
    const keys = new Map([...dictPairs(a), ...dictPairs(b)].map(([key]) => [hk(key), key]));
    for (const [hash, key] of keys) {
      const [x, y] = [a.m.get(hash) ?? 0, b.m.get(hash) ?? 0];
      const count = op === "+"
        ? x + y
        : op === "-"
        ? x - y
        : op === "|"
        ? Math.max(x, y)
        : Math.min(x, y);
      if (count > 0) dictSet(out, key, count);
    }
    return out;
  },
});

/** A tuple type with named fields. */
function namedtuple(typeName, names) {
  const all = typeof names === "string"
    ? names.replaceAll(",", " ").split(/\s+/).filter((name) => name !== "")
    : list(names);
  for (const name of all) {
    if (!/^[a-zA-Z]\w*$/.test(name)) {
      raise("ValueError", `Type names and field names must be valid identifiers: ${b_repr(name)}`);
    }
  }
  class Named extends PyTuple {}
  const type = newType(typeName, types.tuple, (...values) => new Named(values), Named.prototype);
  Object.assign(type, { $name: typeName, $least: all.length, $most: all.length, $names: all });
  all.forEach((name, at) => type.$info.fields[name] = (value) => value.a[at]);
  const asDict = (value) => {
    const out = new PyDict();
    all.forEach((name, at) => out.m.set(name, value.a[at]));
    return out;
  };
  addMethods(type, {
    _asdict: [0, 0, asDict],
    _replace: [
      0,
      all.length,
      (value, ...fresh) => new Named(all.map((_, at) => fresh[at] ?? value.a[at])),
      all.join(" ") || "_",
    ],
  });
  type.$info.fields._fields = () => new PyTuple(all);
  type.$info.truth = (value) => value.a.length > 0;
  type.$info.repr = (value) =>
    `${typeName}(${all.map((name, at) => `${name}=${b_repr(value.a[at])}`).join(", ")})`;
  return type;
}

/** A deque is a list with ends that grow; `most` limits it. */
class Deque {
  constructor(items, most) {
    this.items = items;
    this.most = most;
  }
}

const dequeType = newType("collections.deque", undefined, (source, most = null) => {
  const deque = new Deque([], most);
  for (const item of source === undefined ? [] : iter(source)) push(deque, item);
  return deque;
}, Deque.prototype);
Object.assign(dequeType, { $name: "deque", $least: 0, $most: 2, $names: ["iterable", "maxlen"] });

function push(deque, item) {
  deque.items.push(item);
  if (deque.most !== null && deque.items.length > Number(deque.most)) deque.items.shift();
  return null;
}

function taken(items, last) {
  if (items.length === 0) raise("IndexError", "pop from an empty deque");
  return last ? items.pop() : items.shift();
}

addMethods(dequeType, {
  append: [1, 1, push],
  appendleft: [1, 1, (deque, item) => {
    deque.items.unshift(item);
    if (deque.most !== null && deque.items.length > Number(deque.most)) deque.items.pop();
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
Object.assign(dequeType.$info, {
  iterate: (deque) => deque.items,
  truth: (deque) => deque.items.length > 0,
  item: (deque, key) => {
    const at = isInt(key) ? (Number(key) < 0 ? Number(key) + deque.items.length : Number(key)) : -1;
    return deque.items[at] === undefined
      ? raise("IndexError", "deque index out of range")
      : deque.items[at];
  },
  repr: (deque) =>
    `deque(${b_repr(deque.items)}${deque.most === null ? "" : `, maxlen=${deque.most}`})`,
});

/** The members of collections. */
export const collectionsModule = members({
  OrderedDict: orderedType,
  defaultdict: defaultType,
  Counter: counterType,
  namedtuple: [2, 2, namedtuple],
  deque: dequeType,
});
