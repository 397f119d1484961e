/**
 * The exceptions of Python.
 *
 * @module
 */

import {
  emptyTable,
  newType,
  type PyObject,
  PyTuple,
  type PyType,
  state,
  typeKey,
  type Value,
} from "./types.ts";

/** An exception; `args` as in Python. The stack tells the line of the body. */
export class PyError extends Error implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly args: Value[];
  /** What a class of the body keeps in it. */
  declare readonly attributes: Map<string, Value>;
  constructor(type: PyType, args: Value[]) {
    super();
    this[typeKey] = type;
    this.args = args;
    this.attributes = new Map();
  }
}

/** Exception types by name. */
export const errors: Record<string, PyType> = emptyTable();

/** Declares an exception. */
export function exception(name: string, base?: string): PyType {
  const type: PyType = newType(name, errors[base ?? ""], (...args) => new PyError(type, args));
  const { text, repr } = type.$info.base?.$info ?? {};
  Object.assign(type.$info, { exception: true, text, repr });
  errors[name] = type;
  return type;
}

const exceptionTree = {
  BaseException: "SystemExit KeyboardInterrupt Exception",
  Exception: "StopIteration StopAsyncIteration StandardError Warning",
  StandardError: "ArithmeticError AssertionError AttributeError EOFError ImportError LookupError " +
    "MemoryError NameError RuntimeError SyntaxError TypeError ValueError OSError",
  ArithmeticError: "FloatingPointError OverflowError ZeroDivisionError",
  ImportError: "ModuleNotFoundError",
  LookupError: "IndexError KeyError",
  NameError: "UnboundLocalError",
  RuntimeError: "NotImplementedError RecursionError",
  ValueError: "UnicodeError JSONDecodeError",
  UnicodeError: "UnicodeDecodeError UnicodeEncodeError",
  OSError: "TimeoutError PermissionError",
  Warning: "UserWarning DeprecationWarning",
};

exception("BaseException");
for (const [base, names] of Object.entries(exceptionTree)) {
  for (const name of names.split(" ")) exception(name, base);
}

/** The built-in exception of a name. */
export function errorType(name: string): PyType {
  const type = errors[name];
  if (type === undefined) throw new Error(`no exception ${name}`);
  return type;
}

// One type under three names, as in Python 3.
errors["IOError"] = errors["EnvironmentError"] = errorType("OSError");
export const reError: PyType = exception("error", "Exception");
export const binasciiError: PyType = exception("Error", "ValueError");

/** Throws the exception `name` with a message. */
export function raise(name: string, message?: Value): never {
  throw new PyError(errorType(name), message === undefined ? [] : [message]);
}

/** @throws {PyError} always */
export function raiseKeyError(key: Value): never {
  throw new PyError(errorType("KeyError"), [key]);
}

/** What `raise` throws: an exception, or a type that makes one. */
export function raised(type: Value, value?: Value): Value {
  if (type instanceof PyError) return type;
  if (isException(type)) {
    if (value === undefined || value === null) return type();
    if (value instanceof PyError) return value;
    return type(...(value instanceof PyTuple ? value.a : [value]));
  }
  return new PyError(errorType("TypeError"), ["exceptions must derive from BaseException"]);
}

function isException(type: Value): type is PyType {
  return typeof type === "function" && type.$info?.exception === true;
}

/** What a bare `raise` throws outside an except clause. */
export function nothingToRaise(): PyError {
  return new PyError(errorType("RuntimeError"), ["No active exception to reraise"]);
}

/** The AssertionError of an assert statement. */
export function assertion(...args: Value[]): PyError {
  return new PyError(errorType("AssertionError"), args);
}

/** What the import of a module that is not there throws. */
export function importError(name: string): PyError {
  const type = errorType(state.version === 2 ? "ImportError" : "ModuleNotFoundError");
  return new PyError(type, [`No module named ${state.version === 2 ? name : `'${name}'`}`]);
}

/** Raises NameError for a name that nothing defines. */
export function nameError(name: string): never {
  raise(
    "NameError",
    state.version === 2 ? `global name '${name}' is not defined` : `name '${name}' is not defined`,
  );
}

/** Raises UnboundLocalError for a variable read before it was set. */
export function unbound(name: string): never {
  raise(
    "UnboundLocalError",
    state.version === 2
      ? `local variable '${name}' referenced before assignment`
      : `cannot access local variable '${name}' where it is not associated with a value`,
  );
}

/** Takes what a `catch` caught: Python's exceptions stay, exhaustion of memory or time goes on. */
export function caught(error: unknown): PyError {
  if (error instanceof PyError) return error;
  const text = error instanceof Error ? error.message : "";
  if (text === "stack overflow") {
    const type = errorType(state.version === 2 ? "RuntimeError" : "RecursionError");
    return new PyError(type, ["maximum recursion depth exceeded"]);
  }
  if (error instanceof RangeError || text === "string too long") {
    return new PyError(errorType("MemoryError"), []);
  }
  throw error;
}

/** Is `type` (or one of its bases) `wanted`? */
export function isSubtype(type: PyType, wanted: Value): boolean {
  for (let at: PyType | undefined = type; at; at = at.$info.base) {
    if (at === wanted || at.$info.others?.some((other) => isSubtype(other, wanted))) return true;
  }
  return false;
}

/** Does `except wanted` take the exception? */
export function matches(error: PyError, wanted: Value): boolean {
  if (wanted instanceof PyTuple) {
    return wanted.a.some((one) => matches(error, one));
  }
  if (!isException(wanted)) {
    if (state.version === 2) return false;
    raise("TypeError", "catching classes that do not inherit from BaseException is not allowed");
  }
  return isSubtype(error[typeKey], wanted);
}
