/**
 * The functools and operator modules.
 *
 * @module
 */

import { reduce } from "./builtins.ts";
import { attrStrict, ck, mk } from "./calls.ts";
import { eq, ge, gt, le, lt, t } from "./compare.ts";
import { itemStrict } from "./containers.ts";
import { raise } from "./errors.ts";
import { add, and, contains, div, floordiv, mod, mul, neg, or, sub, xor } from "./operators.ts";
import { needText } from "./text.ts";
import {
  addHooks,
  members,
  native,
  newType,
  type Pair,
  type PyFunction,
  type PyObject,
  PyTuple,
  type PyType,
  typeKey,
  type Value,
} from "./types.ts";

/** A function with some arguments given already. */
function fixedCall(run: Value, fixed: Value[], named: readonly Pair[]): PyFunction {
  const call = (...args: Value[]) => ck(run, [...fixed, ...args], named);
  return Object.assign(call, {
    $name: "partial",
    $keywords: (args: Value[], pairs: readonly Pair[]) => {
      const names = new Set(pairs.map(([name]) => name));
      const kept = named.filter(([name]) => !names.has(name));
      return ck(run, [...fixed, ...args], [...kept, ...pairs]);
    },
  });
}

const partial = native(
  "partial",
  1,
  Infinity,
  (run: Value, ...fixed: Value[]) => fixedCall(run, fixed, []),
);
Object.assign(partial, {
  $keywords: ([run, ...fixed]: Value[], pairs: readonly Pair[]) => fixedCall(run, fixed, pairs),
});

/** The members of functools. */
export const functoolsModule: Record<string, Value> = members({
  reduce,
  partial,
  cmp_to_key: [1, 1, (compare) => (value: Value) => new Ordered(value, compare)],
});

/** What cmp_to_key makes: ordered by the function. */
class Ordered implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly value: Value;
  declare readonly by: Value;
  constructor(value: Value, compare: Value) {
    this.value = value;
    this.by = compare;
  }
}
const orderedKey = newType(
  "functools.KeyWrapper",
  undefined,
  () => raise("TypeError", "cannot create"),
  Ordered.prototype,
);
addHooks<Ordered>(orderedKey, {
  compare: (a, b) => Number(ck(a.by, [a.value, b.value])),
  equal: (a, b) => Number(ck(a.by, [a.value, b.value])) === 0,
});

const several = (read: (value: Value, key: Value) => Value) => (...keys: Value[]): PyFunction =>
  native(
    "getter",
    1,
    1,
    (value: Value) =>
      keys.length === 1 ? read(value, keys[0]) : new PyTuple(keys.map((key) => read(value, key))),
  );
const path = (value: Value, name: Value): Value =>
  needText(name).split(".").reduce((at: Value, part) => {
    if (part.startsWith("__")) raise("AttributeError", part);
    return attrStrict(at, part);
  }, value);

/** The members of operator. */
export const operatorModule = members({
  itemgetter: [1, Infinity, several(itemStrict)],
  attrgetter: [1, Infinity, several(path)],
  methodcaller: [
    1,
    Infinity,
    (name, ...args) => (value: Value) => mk(value, needText(name), args),
  ],
  add: [2, 2, add],
  sub: [2, 2, sub],
  mul: [2, 2, mul],
  truediv: [2, 2, div],
  floordiv: [2, 2, floordiv],
  mod: [2, 2, mod],
  neg: [1, 1, neg],
  and_: [2, 2, and],
  or_: [2, 2, or],
  xor: [2, 2, xor],
  concat: [2, 2, add],
  not_: [1, 1, (value) => !t(value)],
  truth: [1, 1, t],
  eq: [2, 2, eq],
  ne: [2, 2, (a, b) => !eq(a, b)],
  lt: [2, 2, lt],
  le: [2, 2, le],
  gt: [2, 2, gt],
  ge: [2, 2, ge],
  contains: [2, 2, (container, item) => contains(item, container)],
  getitem: [2, 2, itemStrict],
});
