/** The methods of sets. @module */

import { hk, isSubset } from "./compare.js";
import { noKey, nothing } from "./container_methods.js";
import { makeSet } from "./containers.js";
import { types } from "./kinds.js";
import { setOperation } from "./operators.js";
import { iter } from "./sequences.js";
import { addMethods, PySet } from "./types.js";

/** The value as a set. */
export function asSet(value) {
  return value instanceof PySet ? value : makeSet(iter(value));
}

function combine(op) {
  return (set, ...others) => {
    let out = set;
    for (const other of others) out = setOperation(op, out, asSet(other));
    return others.length === 0 ? setOperation("|", set, set) : out;
  };
}

const setMethods = {
  union: [0, Infinity, combine("|")],
  intersection: [0, Infinity, combine("&")],
  difference: [0, Infinity, combine("-")],
  symmetric_difference: [1, 1, combine("^")],
  issubset: [1, 1, (set, other) => isSubset(set, asSet(other))],
  issuperset: [1, 1, (set, other) => isSubset(asSet(other), set)],
  isdisjoint: [1, 1, (set, other) => setOperation("&", set, asSet(other)).m.size === 0],
  copy: [0, 0, (set) => setOperation("|", set, set)],
};
const changing = (op) =>
  nothing((set, ...others) => {
    for (const other of others) set.m = setOperation(op, set, asSet(other)).m;
  });
addMethods(types.frozenset, setMethods);
addMethods(types.set, {
  ...setMethods,
  add: [
    1,
    1,
    nothing((set, item) => {
      if (!set.m.has(hk(item))) set.m.set(hk(item), item);
    }),
  ],
  discard: [1, 1, nothing((set, item) => set.m.delete(hk(item)))],
  remove: [1, 1, nothing((set, item) => set.m.delete(hk(item)) || noKey(item))],
  pop: [0, 0, (set) => {
    for (const [key, item] of set.m) {
      set.m.delete(key);
      return item;
    }
    return noKey("pop from an empty set");
  }],
  clear: [0, 0, nothing((set) => set.m.clear())],
  update: [0, Infinity, changing("|")],
  intersection_update: [0, Infinity, changing("&")],
  difference_update: [0, Infinity, changing("-")],
  symmetric_difference_update: [1, 1, changing("^")],
});
