/** The type of any value, and type errors that name it. @module */

import { raise } from "./errors.js";
import {
  newType,
  PyBytes,
  PyDict,
  PyFloat,
  PyIter,
  PyModule,
  PyRange,
  PySet,
  PySlice,
  PyTuple,
  PyView,
  TYPE,
} from "./types.js";

const cannot = (name) => () => raise("TypeError", `cannot create '${name}' instances`);

/** Types by name; those that construct something get their function from builtins.js. */
export const types = Object.create(null);

/** Declares a built-in type whose constructor comes later (see {@link constructs}). */
function declare(name, prototype, base) {
  const type = newType(name, base, (...args) => (type.$make ?? cannot(name))(...args), prototype);
  types[name] = type;
  return type;
}

declare("object");
declare("NoneType");
declare("str");
declare("int");
declare("bool", undefined, types.int);
declare("float", PyFloat.prototype);
declare("list");
declare("type");
declare("function");
declare("builtin_function_or_method");
declare("tuple", PyTuple.prototype);
declare("dict", PyDict.prototype);
declare("set");
declare("frozenset");
declare("bytes", PyBytes.prototype);
declare("range", PyRange.prototype);
declare("slice", PySlice.prototype);
declare("module", PyModule.prototype);
declare("generator", PyIter.prototype);
declare("dict_view", PyView.prototype);
/** Python 2's common base of str and unicode. */
types.basestring = newType("basestring", undefined, cannot("basestring"));

Object.defineProperty(PySet.prototype, TYPE, {
  get() {
    return this.frozen ? types.frozenset : types.set;
  },
});

/** Gives a declared type its constructor. */
export function constructs(name, least, most, make, names) {
  const type = types[name];
  type.$make = make;
  type.$name = name;
  type.$least = least;
  type.$most = most;
  if (names) type.$names = names.split(" ");
  return type;
}

/** The type of a value. */
export function typeOf(value) {
  switch (typeof value) {
    case "string":
      return types.str;
    case "number":
      return Number.isInteger(value) ? types.int : types.float;
    case "bigint":
      return types.int;
    case "boolean":
      return types.bool;
    case "function":
      return value.$info
        ? types.type
        : value.$least === undefined
        ? types.function
        : types.builtin_function_or_method;
    default:
  }
  if (value === null || value === undefined) return types.NoneType;
  if (Array.isArray(value)) return types.list;
  return value[TYPE] ?? types.dict;
}

/** The name of a value's type, as error messages give it. */
export function typeName(value) {
  if (value instanceof PyView) return `dict_${value.kind}`;
  return typeOf(value).$info.name;
}

/** Throws the TypeError of a binary operator. */
export function unsupported(op, a, b) {
  raise(
    "TypeError",
    `unsupported operand type(s) for ${op}: '${typeName(a)}' and '${typeName(b)}'`,
  );
}
