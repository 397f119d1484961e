/**
 * Attributes, methods and calls.
 *
 * @module
 */

import { dictPairs } from "./dict_items.ts";
import { raise } from "./errors.ts";
import { attributesOf, PySuper, Wrapped } from "./instances.ts";
import { isType, typeName, typeOf, types } from "./kinds.ts";
import { oldValue } from "./lenient.ts";
import { recordValue } from "./records.ts";
import {
  isRecord,
  ownType,
  type Pair,
  PyDict,
  type PyFunction,
  PyModule,
  PyTuple,
  type PyType,
  state,
  typeKey,
  type Value,
} from "./types.ts";

const commonMethods = {
  str: types.str.$info.methods,
  list: types.list.$info.methods,
  dict: types.dict.$info.methods,
};

/** The method of a value; undefined when its type has none of that name. */
function method(object: Value, name: string): PyFunction | undefined {
  if (typeof object === "string") return commonMethods.str[name];
  if (typeof object === "object" && object !== null) {
    if (object instanceof PySuper) return withoutSelf(superMethod(object, name));
    if (Array.isArray(object)) return commonMethods.list[name];
    const type = object[typeKey];
    if (type === undefined) return commonMethods.dict[name];
    return type.$info.methods[name] ?? (state.lenient ? oldMethod(object, name) : undefined);
  }
  return typeOf(object).$info.methods[name];
}

/** A bound function where a method is expected. */
function withoutSelf(bound: PyFunction | undefined): PyFunction | undefined {
  if (bound === undefined) return undefined;
  const { $least, $most, $names, $keywords, $name = "?" } = bound;
  return Object.assign((_: Value, ...args: Value[]) => bound(...args), {
    $name,
    $least,
    $most,
    $names,
    $keywords: $keywords &&
      (([_, ...args]: Value[], pairs: readonly Pair[]) => $keywords(args, pairs)),
  });
}

/** A method that Python 2's value has in place of this one. */
function oldMethod(object: Value, name: string): PyFunction | undefined {
  const old = oldValue(object);
  const found = old === undefined ? undefined : method(old, name);
  if (found === undefined) return undefined;
  const { $least, $most, $names, $keywords } = found;
  const instead = (_: Value, ...args: Value[]) => found(old, ...args);
  return Object.assign(instead, {
    $name: name,
    $least,
    $most,
    $names,
    $keywords: $keywords &&
      (([_, ...args]: Value[], pairs: readonly Pair[]) => $keywords([old, ...args], pairs)),
  });
}

function noAttribute(object: Value, name: string): never {
  if (object instanceof PyModule) {
    raise("AttributeError", `module '${object.name}' has no attribute '${name}'`);
  }
  if (typeof object === "function" && object.$info !== undefined) {
    raise("AttributeError", `type object '${object.$info.name}' has no attribute '${name}'`);
  }
  raise("AttributeError", `'${typeName(object)}' object has no attribute '${name}'`);
}

/** object.name; None has every attribute, and so has the record. */
export function attr(object: Value, name: string): Value {
  if (object === null) return name.startsWith("__") ? attrStrict(object, name) : null;
  if (isRecord(object)) {
    const value = object[name];
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return value;
    }
    return recordValue(object, name) ?? null;
  }
  return attrStrict(object, name);
}

/** object.name; None has no attributes. */
export function attrStrict(object: Value, name: string): Value {
  const value = attribute(object, name);
  return value === undefined ? noAttribute(object, name) : value;
}

/** object.name, undefined when there is none. */
export function attribute(object: Value, name: string): Value {
  if (isRecord(object)) return recordValue(object, name) ?? null;
  if (object instanceof PyModule) return object.members[name];
  if (typeof object === "function") {
    if (name === "__class__") return typeOf(object);
    if (name === "__name__") return object.$info ? object.$info.name : object.$name ?? "?";
    return isType(object) ? typeAttribute(object, name) : undefined;
  }
  const type = typeOf(object);
  const own = attributesOf(object);
  const kept = own?.get(name);
  if (kept !== undefined) return kept;
  const field = type.$info.fields[name];
  if (field !== undefined) return field(object);
  const found = method(object, name);
  if (found !== undefined) return bindMethod(found, object, name);
  if (name === "__class__") return type;
  if (own === undefined) return undefined;
  if (name === "__dict__") return dictFrom(own);
  const shared = classMember(type, name);
  return shared === undefined ? type.$info.missingField?.(object, name) : shared;
}

function dictFrom(attributes: ReadonlyMap<string, Value>): PyDict {
  const out = new PyDict();
  for (const [name, value] of attributes) out.m.set(name, value);
  return out;
}

/** The method as a function of its other arguments. */
export function bindMethod(f: PyFunction, object: Value, name: string): PyFunction {
  const { $least, $most, $names, $keywords, $required } = f;
  const bound = (...args: Value[]) => f(object, ...args);
  // Functions of the body name the object itself first.
  const isOwn = $required !== undefined;
  return Object.assign(bound, {
    $name: name,
    $least,
    $most,
    $names: isOwn ? $names?.slice(1) : $names,
    ...(isOwn ? { $required: $required - 1 } : {}),
    $keywords: $keywords &&
      ((args: Value[], pairs: readonly Pair[]) => $keywords([object, ...args], pairs)),
  });
}

/** What a class has under a name beside methods, as seen from an instance or the class itself. */
export function classMember(type: PyType, name: string): Value {
  const found = type.$info.statics[name];
  if (!(found instanceof Wrapped)) return found;
  const { run } = found;
  return typeof run === "function" ? bindMethod(run, type, name) : run;
}

/** A method of the class above; `__init__` of object does nothing. */
export function superMethod({ type, self }: PySuper, name: string): PyFunction | undefined {
  const found = type.$info.base?.$info.methods[name] ??
    type.$info.others?.map((other) => other.$info.methods[name]).find((one) => one !== undefined);
  if (found !== undefined) return bindMethod(found, self, name);
  return name === "__init__" ? () => null : undefined;
}

/** str.lower, dict.fromkeys, datetime.now: statics, else the method with its object first. */
function typeAttribute(type: PyType, name: string): Value {
  const fixed = classMember(type, name);
  if (fixed !== undefined) return fixed;
  const found = type.$info.methods[name];
  if (found === undefined) return undefined;
  const free = (self: Value, ...args: Value[]) => {
    checkCount(found, args.length);
    return found(self, ...args);
  };
  const { $least = 0, $most = Infinity } = found;
  return Object.assign(free, { $name: name, $least: $least + 1, $most: $most + 1 });
}

/** Throws for a wrong number of arguments. */
export function argCount(
  name: string | undefined,
  least: number,
  most: number,
  given: number,
): never {
  const wanted = least === most
    ? `${least}`
    : given < least
    ? `at least ${least}`
    : `at most ${most}`;
  raise(
    "TypeError",
    `${name}() takes ${wanted} argument${wanted.endsWith("1") ? "" : "s"} (${given} given)`,
  );
}

function checkCount(f: PyFunction, given: number): void {
  const { $least = 0, $most = Infinity } = f;
  if (given < $least || given > $most) argCount(f.$name, $least, $most, given);
}

function callable(f: Value): PyFunction {
  const call = ownType(f)?.$info.call;
  if (call !== undefined) return (...args: Value[]) => call(f, ...args);
  if (typeof f !== "function") raise("TypeError", `'${typeName(f)}' object is not callable`);
  return f;
}

function checked(f: Value, given: number): PyFunction {
  if (typeof f !== "function") return callable(f);
  // Functions of the body count their arguments themselves.
  if (f.$least !== undefined && (given < f.$least || given > (f.$most ?? Infinity))) {
    argCount(f.$name, f.$least, f.$most ?? Infinity, given);
  }
  return f;
}

/** Calls with no argument. Raises TypeError for what cannot be called, or not with so many arguments. */
export function c0(f: Value): Value {
  return checked(f, 0)();
}

/** Calls with one argument; see {@link c0}. */
export function c1(f: Value, a: Value): Value {
  return checked(f, 1)(a);
}

/** Calls with two arguments; see {@link c0}. */
export function c2(f: Value, a: Value, b: Value): Value {
  return checked(f, 2)(a, b);
}

/** Calls with three arguments; see {@link c0}. */
export function c3(f: Value, a: Value, b: Value, c: Value): Value {
  return checked(f, 3)(a, b, c);
}

/** Calls with four arguments; see {@link c0}. */
export function c4(f: Value, a: Value, b: Value, c: Value, d: Value): Value {
  return checked(f, 4)(a, b, c, d);
}

/** A call with keywords, `*args` or many arguments; `pairs`: [name, value] in order. */
export function ck(called: Value, args: Value[], pairs: readonly Pair[] = []): Value {
  const f = callable(called);
  if (pairs.length === 0) return checked(f, args.length)(...args);
  const seen = new Set();
  for (const [name] of pairs) {
    if (seen.has(name)) {
      raise("TypeError", `${f.$name}() got multiple values for keyword argument '${name}'`);
    }
    seen.add(name);
  }
  if (f.$keywords) return f.$keywords(args, pairs);
  const full = args.slice();
  for (const [name, value] of pairs) {
    const at = (f.$names ?? []).indexOf(name);
    if (at < 0) {
      raise("TypeError", `${f.$name ?? "function"}() got an unexpected keyword argument '${name}'`);
    }
    if (full[at] !== undefined) {
      raise("TypeError", `${f.$name}() got multiple values for argument '${name}'`);
    }
    full[at] = value;
  }
  for (let at = 0; at < (f.$required ?? f.$least ?? 0); at++) {
    if (full[at] === undefined) {
      raise("TypeError", `${f.$name}() missing a required argument: '${f.$names?.[at]}'`);
    }
  }
  return checked(f, full.length)(...full);
}

/** Calls what a plain attribute holds: of a module, a type, or a record. */
function callAttribute(object: Value, name: string, args: Value[], pairs?: readonly Pair[]): Value {
  if (object === null) noAttribute(object, name);
  const f = attribute(object, name);
  if (
    f === undefined || (f === null && isRecord(object) && recordValue(object, name) === undefined)
  ) {
    noAttribute(object, name);
  }
  return ck(f, args, pairs);
}

/** Calls a method with no argument. Raises AttributeError when there is none, TypeError as {@link c0}. */
export function m0(object: Value, name: string): Value {
  const f = method(object, name);
  return f === undefined ? callAttribute(object, name, []) : checked(f, 0)(object);
}

/** Calls a method with one argument; see {@link m0}. */
export function m1(object: Value, name: string, a: Value): Value {
  const f = method(object, name);
  return f === undefined ? callAttribute(object, name, [a]) : checked(f, 1)(object, a);
}

/** Calls a method with two arguments; see {@link m0}. */
export function m2(object: Value, name: string, a: Value, b: Value): Value {
  const f = method(object, name);
  return f === undefined ? callAttribute(object, name, [a, b]) : checked(f, 2)(object, a, b);
}

/** Calls a method with three arguments; see {@link m0}. */
export function m3(object: Value, name: string, a: Value, b: Value, c: Value): Value {
  const f = method(object, name);
  return f === undefined ? callAttribute(object, name, [a, b, c]) : checked(f, 3)(object, a, b, c);
}

/** Calls a method with four arguments; see {@link m0}. */
export function m4(
  object: Value,
  name: string,
  a: Value,
  b: Value,
  c: Value,
  d: Value,
): Value {
  const f = method(object, name);
  return f === undefined
    ? callAttribute(object, name, [a, b, c, d])
    : checked(f, 4)(object, a, b, c, d);
}

/** A method call with keywords or `*args`. */
export function mk(object: Value, name: string, args: Value[], pairs?: readonly Pair[]): Value {
  const f = method(object, name);
  if (f === undefined) return callAttribute(object, name, args, pairs);
  return ck(bindMethod(f, object, name), args, pairs);
}

/** record.a.b.get(key, default): a missing object on the way is as good as an empty one. */
export function pathGet(object: Value, key: Value, fallback: Value = null): Value {
  return object === null ? fallback : m2(object, "get", key, fallback);
}

/** The pairs of `**mapping` in a call. */
export function pairs(mapping: Value): Pair[] {
  if (!(mapping instanceof PyDict) && !isRecord(mapping)) {
    raise("TypeError", `argument after ** must be a mapping, not ${typeName(mapping)}`);
  }
  return dictPairs(mapping).map(([key, value]) => {
    if (typeof key !== "string") raise("TypeError", "keywords must be strings");
    return [key, value];
  });
}

/** What a function of the body takes besides plain arguments. */
interface More {
  readonly star: boolean;
  /** Keyword-only arguments: the name, and whether it must be given. */
  readonly keys: readonly (readonly [string, boolean])[];
  readonly stars: boolean;
}

/** A function of the body. `more`: its *args, keyword-only arguments and **kwargs. */
export function fn(
  name: string,
  least: number,
  names: string[],
  more: More | null,
  run: PyFunction,
): PyFunction {
  if (more === null) return Object.assign(run, { $name: name, $names: names, $required: least });
  const bind = (args: Value[], keywords: readonly Pair[]) =>
    bindArguments(name, least, names, more, args, keywords);
  const outer = (...args: Value[]) => run(...bind(args, []));
  return Object.assign(outer, {
    $name: name,
    $keywords: (args: Value[], keywords: readonly Pair[]) => run(...bind(args, keywords)),
  });
}

function bindArguments(
  name: string,
  least: number,
  names: string[],
  more: More,
  args: Value[],
  keywords: readonly Pair[],
): Value[] {
  if (args.length > names.length && !more.star) argCount(name, least, names.length, args.length);
  const values = args.slice(0, names.length);
  while (values.length < names.length) values.push(undefined);
  const keys: Value[] = more.keys.map(() => undefined);
  const rest = new PyDict();
  for (const [key, value] of keywords) {
    const plain = names.indexOf(key);
    const only = more.keys.findIndex((one) => one[0] === key);
    if (plain >= 0 && values[plain] !== undefined) {
      raise("TypeError", `${name}() got multiple values for argument '${key}'`);
    } else if (plain >= 0) values[plain] = value;
    else if (only >= 0) keys[only] = value;
    else if (more.stars) rest.m.set(key, value);
    else raise("TypeError", `${name}() got an unexpected keyword argument '${key}'`);
  }
  const lacking = names.find((_, at) => at < least && values[at] === undefined) ??
    more.keys.find(([, needed], at) => needed && keys[at] === undefined)?.[0];
  if (lacking !== undefined) {
    raise("TypeError", `${name}() missing a required argument: '${lacking}'`);
  }
  if (more.star) values.push(new PyTuple(args.slice(names.length)));
  values.push(...keys);
  if (more.stars) values.push(rest);
  return values;
}
