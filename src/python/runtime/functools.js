/** The functools and operator modules. @module */

import { builtins } from "./builtins.js";
import { attrStrict, ck, m0, mk } from "./calls.js";
import { eq, ge, gt, le, lt, t } from "./compare.js";
import { itemStrict } from "./containers.js";
import { raise } from "./errors.js";
import { add, and, contains, div, floordiv, mod, mul, neg, or, sub, xor } from "./operators.js";
import { members, newType, PyTuple } from "./types.js";

function partial(run, ...fixed) {
  const make = (named) => {
    const call = (...args) => ck(run, [...fixed, ...args], named);
    call.$name = "partial";
    call.$keywords = (args, pairs) => {
      const names = new Set(pairs.map(([name]) => name));
      return ck(run, [...fixed, ...args], [
        ...named.filter(([name]) => !names.has(name)),
        ...pairs,
      ]);
    };
    return call;
  };
  return make([]);
}

/** The members of functools. */
export const functoolsModule = members({
  reduce: builtins.reduce,
  partial: [1, Infinity, partial],
  cmp_to_key: [1, 1, (compare) => (value) => new Ordered(value, compare)],
});
functoolsModule.partial.$keywords = ([run, ...fixed], pairs) => {
  const call = (...args) => ck(run, [...fixed, ...args], pairs);
  return Object.assign(call, {
    $name: "partial",
    $keywords: (args, more) => {
      const names = new Set(more.map(([name]) => name));
      return ck(run, [...fixed, ...args], [...pairs.filter(([name]) => !names.has(name)), ...more]);
    },
  });
};

/** What cmp_to_key makes: ordered by the function. */
class Ordered {
  constructor(value, compare) {
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
orderedKey.$info.compare = (a, b) => Number(ck(a.by, [a.value, b.value]));
orderedKey.$info.equal = (a, b) => Number(ck(a.by, [a.value, b.value])) === 0;

const several = (read) => (...keys) => (value) =>
  keys.length === 1 ? read(value, keys[0]) : new PyTuple(keys.map((key) => read(value, key)));
const path = (value, name) =>
  name.split(".").reduce((at, part) => {
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
    (name, ...args) => (value) => args.length === 0 ? m0(value, name) : mk(value, name, args),
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
