/**
 * The type of any value, and type errors that name it.
 *
 * @module
 */

import { raise } from "./errors.ts";
import {
  type Callable,
  newType,
  PyBytes,
  PyDict,
  PyFloat,
  type PyFunction,
  PyIter,
  PyModule,
  type PyObject,
  PyRange,
  PySet,
  PySlice,
  PyTuple,
  type PyType,
  PyView,
  typeKey,
  type Value,
} from "./types.ts";

const cannot = (name: string) => (): never =>
  raise("TypeError", `cannot create '${name}' instances`);

/** Types by name; those that construct something get their function from builtins.js. */
export const types = {} as Record<TypeName, PyType>;

type TypeName =
  | "object"
  | "NoneType"
  | "str"
  | "int"
  | "bool"
  | "float"
  | "list"
  | "type"
  | "function"
  | "builtin_function_or_method"
  | "tuple"
  | "dict"
  | "set"
  | "frozenset"
  | "bytes"
  | "range"
  | "slice"
  | "module"
  | "generator"
  | "dict_view"
  | "basestring";

/** Declares a built-in type whose constructor comes later (see {@link constructs}). */
function declare(name: TypeName, prototype?: PyObject, base?: PyType): PyType {
  const type: PyType = newType(
    name,
    base,
    (...args) => (type.$make ?? cannot(name))(...args),
    prototype,
  );
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
declare("dict_view");
/** Python 2's common base of str and unicode. */
types.basestring = newType("basestring", undefined, cannot("basestring"));

/** The type of each kind of view. */
export const viewTypes: Readonly<Record<PyView["kind"], PyType>> = {
  keys: newType("dict_keys", types.dict_view, cannot("dict_keys")),
  values: newType("dict_values", types.dict_view, cannot("dict_values")),
  items: newType("dict_items", types.dict_view, cannot("dict_items")),
};
Object.defineProperty(PyView.prototype, typeKey, {
  get(this: PyView) {
    return viewTypes[this.kind];
  },
});
Object.defineProperty(PySet.prototype, typeKey, {
  get() {
    return this.frozen ? types.frozenset : types.set;
  },
});

/** Gives a declared type its constructor. */
export function constructs(
  name: TypeName,
  least: number,
  most: number,
  make: Callable,
  names?: string,
): PyType {
  const type = types[name];
  type.$make = make;
  type.$name = name;
  type.$least = least;
  type.$most = most;
  if (names !== undefined) type.$names = names.split(" ");
  return type;
}

export function isType(value: PyFunction): value is PyType {
  return value.$info !== undefined;
}

export function typeOf(value: Value): PyType {
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
  return value[typeKey] ?? types.dict;
}

/** The name of a value's type, as error messages give it. */
export function typeName(value: Value): string {
  return typeOf(value).$info.name;
}

/** Throws the TypeError of a binary operator. */
export function unsupported(op: string, a: Value, b: Value): never {
  raise(
    "TypeError",
    `unsupported operand type(s) for ${op}: '${typeName(a)}' and '${typeName(b)}'`,
  );
}
