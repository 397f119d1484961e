/**
 * The methods of sets.
 *
 * @module
 */

import { hk, isSubset } from "./compare.ts";
import { asSet } from "./containers.ts";
import { raiseKeyError } from "./errors.ts";
import { types } from "./kinds.ts";
import { setOperation } from "./operators.ts";
import {
  addMethods,
  type MethodEntry,
  nothing,
  type PyFunction,
  type PySet,
  type Value,
} from "./types.ts";

function combined(op: string, set: PySet, others: Value[]): PySet {
  let out = setOf("|", set, set);
  for (const other of others) out = setOf(op, out, asSet(other));
  return out;
}

/** The result of an operation on two sets. */
export function setOf(op: string, a: PySet, b: PySet): PySet {
  return setOperation(op, a, b) ?? a;
}

function combine(op: string): (set: PySet, ...others: Value[]) => PySet {
  return (set, ...others) => combined(op, set, others);
}

function changing(op: string): PyFunction {
  return nothing((set: PySet, ...others) => {
    for (const other of others) set.m = setOf(op, set, asSet(other)).m;
  });
}

const setMethods: Record<string, MethodEntry<PySet>> = {
  union: [0, Infinity, combine("|")],
  intersection: [0, Infinity, combine("&")],
  difference: [0, Infinity, combine("-")],
  symmetric_difference: [1, 1, combine("^")],
  issubset: [1, 1, (set, other) => isSubset(set, asSet(other))],
  issuperset: [1, 1, (set, other) => isSubset(asSet(other), set)],
  isdisjoint: [1, 1, (set, other) => setOf("&", set, asSet(other)).m.size === 0],
  copy: [0, 0, (set) => setOf("|", set, set)],
};
addMethods<PySet>(types.frozenset, setMethods);
addMethods<PySet>(types.set, {
  ...setMethods,
  add: [
    1,
    1,
    nothing((set: PySet, item) => {
      if (!set.m.has(hk(item))) set.m.set(hk(item), item);
    }),
  ],
  discard: [1, 1, nothing((set: PySet, item) => set.m.delete(hk(item)))],
  remove: [1, 1, nothing((set: PySet, item) => set.m.delete(hk(item)) || raiseKeyError(item))],
  pop: [0, 0, (set) => {
    for (const [key, item] of set.m) {
      set.m.delete(key);
      return item;
    }
    return raiseKeyError("pop from an empty set");
  }],
  clear: [0, 0, nothing((set: PySet) => set.m.clear())],
  update: [0, Infinity, changing("|")],
  intersection_update: [0, Infinity, changing("&")],
  difference_update: [0, Infinity, changing("-")],
  symmetric_difference_update: [1, 1, changing("^")],
});
