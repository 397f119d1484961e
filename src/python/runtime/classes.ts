/**
 * Classes of bodies: single methods and attributes, without metaclasses.
 *
 * @module
 */

import { builtins, define } from "./builtins.ts";
import { ck } from "./calls.ts";
import { lt, t } from "./compare.ts";
import { dictSet } from "./containers.ts";
import { errorType, isSubtype, PyError, raise } from "./errors.ts";
import { attributesOf, PyInstance, PySuper, Wrapped } from "./instances.ts";
import { isType, typeName, typeOf, types } from "./kinds.ts";
import { list } from "./sequences.ts";
import { needText } from "./text.ts";
import {
  addHooks,
  type Hooks,
  newType,
  type Pair,
  PyDict,
  type PyFunction,
  type PyType,
  type TypeInfo,
  typeKey,
  type Value,
} from "./types.ts";

newType("method", undefined, () => raise("TypeError", "cannot create"), Wrapped.prototype);
for (const kind of ["staticmethod", "classmethod", "property"]) {
  define(kind, 1, 1, (run) => new Wrapped(kind, run));
}
builtins["object"] = types.object;

/** Makes a class; `body` gives its members. */
export function makeClass(
  name: string,
  bases: readonly Value[],
  body: () => readonly (readonly [string, Value])[],
): PyType {
  const parents = bases.map(needBase).filter((base) => base !== types.object);
  const [first, ...others] = parents;
  const isError = first?.$info.exception === true;
  const type: PyType = newType(name, first, (...args) => construct(type, isError, args, []));
  Object.assign(type, {
    $name: name,
    $keywords: (args: Value[], pairs: readonly Pair[]) => construct(type, isError, args, pairs),
  });
  const { $info } = type;
  Object.assign($info, { exception: isError, others });
  for (const other of others) inherit($info, other.$info);
  addHooks<PyInstance>(type, hooksOf(first));
  for (const [member, value] of body()) addMember(type, member, value);
  addSpecials(type);
  return type;
}

function needBase(base: Value): PyType {
  const isClass = typeof base === "function" && isType(base) &&
    (base === types.object || base.$info.exception === true || base.$info.isOwn === true);
  return isClass
    ? base
    : raise("TypeError", "a class may be based on object, exceptions and classes of the code");
}

function hooksOf(base: PyType | undefined): Hooks<PyInstance> {
  const { truth, equal, compare, operate, iterate, item, key, repr, text } = base?.$info ?? {};
  const all = { truth, equal, compare, operate, iterate, item, key, repr, text };
  return Object.fromEntries(Object.entries(all).filter(([, hook]) => hook !== undefined));
}

function inherit(own: TypeInfo, other: TypeInfo): void {
  for (const table of ["methods", "statics", "fields"] as const) {
    for (const name in other[table]) {
      const value = other[table][name];
      if (own[table][name] === undefined) Object.assign(own[table], { [name]: value });
    }
  }
}

function addMember({ $info }: PyType, name: string, value: Value): void {
  if (value === undefined) return;
  if (value instanceof Wrapped && value.kind === "property") {
    const { run } = value;
    $info.fields[name] = (self: Value) => ck(run, [self]);
  } else if (value instanceof Wrapped && value.kind === "staticmethod") {
    $info.statics[name] = value.run;
  } else if (typeof value === "function" && value.$info === undefined) {
    $info.methods[name] = value;
  } else $info.statics[name] = value;
}

function construct(type: PyType, isError: boolean, args: Value[], pairs: readonly Pair[]): Value {
  const self = isError ? new PyError(type, args) : new PyInstance(type);
  const init = type.$info.methods["__init__"];
  if (init !== undefined) ck(init, [self, ...args], pairs);
  else if (!isError && args.length + pairs.length > 0) {
    raise("TypeError", `${type.$info.name}() takes no arguments`);
  }
  return self;
}

const operators: Readonly<Record<string, readonly string[]>> = {
  "+": ["__add__", "__radd__"],
  "-": ["__sub__", "__rsub__"],
  "*": ["__mul__", "__rmul__"],
  "%": ["__mod__"],
  "/": ["__truediv__", "__div__"],
  "//": ["__floordiv__"],
  "&": ["__and__"],
  "|": ["__or__"],
  "^": ["__xor__"],
  neg: ["__neg__"],
};

function operate(op: string, a: Value, b?: Value): Value {
  for (const [self, other, right] of [[a, b, false], [b, a, true]] as const) {
    if (!(self instanceof PyInstance)) continue;
    for (const name of operators[op] ?? []) {
      if (op !== "/" && name.startsWith("__r") !== right) continue;
      const method = self[typeKey].$info.methods[name];
      const result = method === undefined
        ? undefined
        : ck(method, other === undefined ? [self] : [self, other]);
      if (result !== undefined) return result;
    }
  }
  return undefined;
}

/** Lets the special methods of a class be what the runtime asks for. */
function addSpecials(type: PyType): void {
  const { methods } = type.$info;
  const call = (name: string) => {
    const method = methods[name];
    return method === undefined ? undefined : (...args: Value[]) => ck(method, args);
  };
  const own: Record<string, unknown> = { isOwn: true, operate, setField: setAttribute };
  const text = call("__str__") ?? call("__unicode__");
  const repr = call("__repr__");
  const less = call("__lt__") ?? lessBy(call("__cmp__"));
  const equal = call("__eq__");
  const truth = call("__bool__") ?? call("__nonzero__") ?? call("__len__");
  const iterate = call("__iter__");
  if (repr) own["repr"] = (self: Value) => needText(repr(self));
  if (text ?? repr) own["text"] = (self: Value) => needText((text ?? repr)?.(self));
  if (equal) own["equal"] = (a: Value, b: Value) => t(equal(a, b));
  if (truth) own["truth"] = (self: Value) => t(truth(self));
  if (less) own["compare"] = (a: Value, b: Value) => t(less(a, b)) ? -1 : t(less(b, a)) ? 1 : 0;
  if (iterate) own["iterate"] = (self: Value) => list(followed(iterate(self), self));
  for (
    const [hook, name] of [
      ["item", "__getitem__"],
      ["setItem", "__setitem__"],
      ["contains", "__contains__"],
      ["size", "__len__"],
      ["call", "__call__"],
      ["missingField", "__getattr__"],
      ["enter", "__enter__"],
      ["exit", "__exit__"],
    ] as const
  ) {
    const method = call(name);
    if (method) own[hook] = method;
  }
  Object.assign(type.$info, own);
}

function lessBy(compare: PyFunction | undefined): PyFunction | undefined {
  return compare && ((a: Value, b: Value) => lt(compare(a, b), 0));
}

/** What `__iter__` gave: the instance itself when it has `__next__`. */
function followed(iterator: Value, self: Value): Value {
  if (iterator !== self || !(self instanceof PyInstance)) return iterator;
  const { methods } = self[typeKey].$info;
  const next = methods["__next__"] ?? methods["next"];
  if (next === undefined) {
    return raise("TypeError", `'${typeName(self)}' object is not an iterator`);
  }
  const items: Value[] = [];
  for (;;) {
    try {
      items.push(ck(next, [self]));
    } catch (error) {
      if (error instanceof PyError && isSubtype(typeOf(error), errorType("StopIteration"))) {
        return items;
      }
      throw error;
    }
  }
}

function setAttribute(self: Value, name: string, value: Value): void {
  if (self instanceof PyInstance) self.attributes.set(name, value);
  else if (self instanceof PyError) self.attributes.set(name, value);
}
addHooks<PyError>(errorType("BaseException"), {});
for (const name of ["BaseException"]) {
  errorType(name).$info.setField = setAttribute;
  errorType(name).$info.methods["__init__"] = (self: PyError, ...args: Value[]) => {
    self.args.splice(0, self.args.length, ...args);
    return null;
  };
}

newType("super", undefined, () => raise("TypeError", "cannot create"), PySuper.prototype);
define("super", 2, 2, (type, self) => {
  if (typeof type !== "function" || !isType(type)) {
    raise("TypeError", "super() argument 1 must be a type");
  }
  return new PySuper(type, self);
});

define("vars", 1, 1, (value) => {
  const attributes = attributesOf(value);
  if (attributes === undefined) raise("TypeError", "vars() argument must have __dict__ attribute");
  return locals([...attributes]);
});
define("locals", 0, 0, () => new PyDict());

/** The variables that have a value, as a dict. */
export function locals(pairs: readonly Pair[]): PyDict {
  const out = new PyDict();
  for (const [name, value] of pairs) if (value !== undefined) dictSet(out, name, value);
  return out;
}
