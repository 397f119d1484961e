/** Attributes, methods and calls. @module */

import { recordValue } from "./compare.js";
import { raise } from "./errors.js";
import { typeName, typeOf, types } from "./kinds.js";
import { dictPairs } from "./sequences.js";
import { isRecord, PyDict, PyModule, PyTuple, TYPE } from "./types.js";

const METHODS = {
  str: types.str.$info.methods,
  list: types.list.$info.methods,
  dict: types.dict.$info.methods,
};

/** The method of a value; undefined when its type has none of that name. */
function method(object, name) {
  if (typeof object === "string") return METHODS.str[name];
  if (typeof object === "object" && object !== null) {
    if (Array.isArray(object)) return METHODS.list[name];
    const type = object[TYPE];
    return type === undefined ? METHODS.dict[name] : type.$info.methods[name];
  }
  return typeOf(object).$info.methods[name];
}

function noAttribute(object, name) {
  if (object instanceof PyModule) {
    raise("AttributeError", `module '${object.name}' has no attribute '${name}'`);
  }
  if (object && object.$info) {
    raise("AttributeError", `type object '${object.$info.name}' has no attribute '${name}'`);
  }
  raise("AttributeError", `'${typeName(object)}' object has no attribute '${name}'`);
}

/** object.name; None has every attribute, and so has the record. */
export function attr(object, name) {
  if (object === null) return null;
  if (typeof object === "object" && object[TYPE] === undefined && !Array.isArray(object)) {
    const value = object[name];
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return value;
    }
    return recordValue(object, name) ?? null;
  }
  return attrStrict(object, name);
}

/** object.name; None has no attributes. */
export function attrStrict(object, name) {
  const value = attribute(object, name);
  return value === undefined ? noAttribute(object, name) : value;
}

/** object.name, undefined when there is none. */
export function attribute(object, name) {
  if (isRecord(object)) return recordValue(object, name) ?? null;
  if (object instanceof PyModule) return object.members[name];
  if (typeof object === "function") {
    if (name === "__name__") return object.$info ? object.$info.name : object.$name ?? "?";
    if (object.$info) return typeAttribute(object, name);
    return undefined;
  }
  const { fields } = typeOf(object).$info;
  if (fields[name] !== undefined) return fields[name](object);
  const found = method(object, name);
  if (found === undefined) return undefined;
  const bound = (...args) => found(object, ...args);
  return Object.assign(bound, {
    $name: name,
    $least: found.$least,
    $most: found.$most,
    $names: found.$names,
  });
}

/** str.lower, dict.fromkeys, datetime.now: statics, else the method with its object first. */
function typeAttribute(type, name) {
  const fixed = type.$info.statics[name];
  if (fixed !== undefined) return fixed;
  const found = type.$info.methods[name];
  if (found === undefined) return undefined;
  const free = (self, ...args) => {
    checkCount(found, args.length);
    return found(self, ...args);
  };
  return Object.assign(free, { $name: name, $least: found.$least + 1, $most: found.$most + 1 });
}

/** Throws for a wrong number of arguments. */
export function argCount(name, least, most, given) {
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

function checkCount(f, given) {
  if (given < f.$least || given > f.$most) argCount(f.$name, f.$least, f.$most, given);
}

function callable(f) {
  if (typeof f !== "function") raise("TypeError", `'${typeName(f)}' object is not callable`);
  return f;
}

function checked(f, given) {
  if (typeof f !== "function") callable(f);
  // Functions of the body count their arguments themselves.
  if (f.$least !== undefined && (given < f.$least || given > f.$most)) {
    argCount(f.$name, f.$least, f.$most, given);
  }
  return f;
}

/** Calls with no argument. Raises TypeError for what cannot be called, or not with so many arguments. */
export function c0(f) {
  return checked(f, 0)();
}

/** Calls with one argument; see {@link c0}. */
export function c1(f, a) {
  return checked(f, 1)(a);
}

/** Calls with two arguments; see {@link c0}. */
export function c2(f, a, b) {
  return checked(f, 2)(a, b);
}

/** Calls with three arguments; see {@link c0}. */
export function c3(f, a, b, c) {
  return checked(f, 3)(a, b, c);
}

/** Calls with four arguments; see {@link c0}. */
export function c4(f, a, b, c, d) {
  return checked(f, 4)(a, b, c, d);
}

/** A call with keywords, `*args` or many arguments; `pairs`: [name, value] in order. */
export function ck(f, args, pairs) {
  callable(f);
  if (pairs === undefined || pairs.length === 0) return checked(f, args.length)(...args);
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
      raise("TypeError", `${f.$name}() missing a required argument: '${f.$names[at]}'`);
    }
  }
  return checked(f, full.length)(...full);
}

/** Calls what a plain attribute holds: of a module, a type, or a record. */
function callAttribute(object, name, args, pairs) {
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
export function m0(object, name) {
  const f = method(object, name);
  return f === undefined ? callAttribute(object, name, []) : checked(f, 0)(object);
}

/** Calls a method with one argument; see {@link m0}. */
export function m1(object, name, a) {
  const f = method(object, name);
  return f === undefined ? callAttribute(object, name, [a]) : checked(f, 1)(object, a);
}

/** Calls a method with two arguments; see {@link m0}. */
export function m2(object, name, a, b) {
  const f = method(object, name);
  return f === undefined ? callAttribute(object, name, [a, b]) : checked(f, 2)(object, a, b);
}

/** Calls a method with three arguments; see {@link m0}. */
export function m3(object, name, a, b, c) {
  const f = method(object, name);
  return f === undefined ? callAttribute(object, name, [a, b, c]) : checked(f, 3)(object, a, b, c);
}

/** Calls a method with four arguments; see {@link m0}. */
export function m4(object, name, a, b, c, d) {
  const f = method(object, name);
  return f === undefined
    ? callAttribute(object, name, [a, b, c, d])
    : checked(f, 4)(object, a, b, c, d);
}

/** A method call with keywords or `*args`. */
export function mk(object, name, args, pairs) {
  const f = method(object, name);
  if (f === undefined) return callAttribute(object, name, args, pairs);
  const bound = (...all) => f(object, ...all);
  return ck(
    Object.assign(bound, {
      $name: name,
      $least: f.$least,
      $most: f.$most,
      $names: f.$names,
      $keywords: f.$keywords && ((list, more) => f.$keywords([object, ...list], more)),
    }),
    args,
    pairs,
  );
}

/** record.a.b.get(key, default): a missing object on the way is as good as an empty one. */
export function pathGet(object, key, fallback = null) {
  return object === null ? fallback : m2(object, "get", key, fallback);
}

/** The pairs of `**mapping` in a call. */
export function pairs(mapping) {
  if (!(mapping instanceof PyDict) && !isRecord(mapping)) {
    raise("TypeError", `argument after ** must be a mapping, not ${typeName(mapping)}`);
  }
  return dictPairs(mapping).map(([key, value]) => {
    if (typeof key !== "string") raise("TypeError", "keywords must be strings");
    return [key, value];
  });
}

/** A function of the body. `more`: its *args, keyword-only arguments and **kwargs. */
export function fn(name, least, names, more, run) {
  if (more === null) return Object.assign(run, { $name: name, $names: names, $required: least });
  const bind = (args, keywords) => bindArguments(name, least, names, more, args, keywords);
  const outer = (...args) => run(...bind(args, []));
  return Object.assign(outer, {
    $name: name,
    $keywords: (args, keywords) => run(...bind(args, keywords)),
  });
}

function bindArguments(name, least, names, more, args, keywords) {
  if (args.length > names.length && !more.star) argCount(name, least, names.length, args.length);
  const values = args.slice(0, names.length);
  while (values.length < names.length) values.push(undefined);
  const keys = more.keys.map(() => undefined);
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
