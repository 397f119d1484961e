/** The exceptions of Python. @module */

import { newType, state, TYPE } from "./types.js";

/** An exception; `args` as in Python. The stack tells the line of the body. */
export class PyError extends Error {
  constructor(type, args) {
    super();
    this[TYPE] = type;
    this.args = args;
  }
}

/** Exception types by name. */
export const errors = Object.create(null);

function exception(name, base) {
  const type = newType(name, base, (...args) => new PyError(type, args));
  type.$info.exception = true;
  errors[name] = type;
  return type;
}

const TREE = {
  BaseException: "SystemExit KeyboardInterrupt Exception",
  Exception: "StopIteration StopAsyncIteration StandardError Warning DynamicException",
  StandardError: "ArithmeticError AssertionError AttributeError EOFError ImportError LookupError " +
    "MemoryError NameError RuntimeError SyntaxError TypeError ValueError EnvironmentError",
  ArithmeticError: "FloatingPointError OverflowError ZeroDivisionError",
  ImportError: "ModuleNotFoundError",
  LookupError: "IndexError KeyError",
  NameError: "UnboundLocalError",
  RuntimeError: "NotImplementedError RecursionError",
  ValueError: "UnicodeError JSONDecodeError",
  UnicodeError: "UnicodeDecodeError UnicodeEncodeError",
  EnvironmentError: "TimeoutError PermissionError",
  Warning: "UserWarning DeprecationWarning",
};

exception("BaseException", undefined);
for (const base of Object.keys(TREE)) {
  for (const name of TREE[base].split(" ")) exception(name, errors[base]);
}
// One type under three names, as in Python 3.
errors.IOError = errors.OSError = errors.EnvironmentError;
errors.EnvironmentError.$info.name = "OSError";
/** re.error and binascii.Error. */
export const reError = exception("error", errors.Exception);
/** binascii.Error. */
export const binasciiError = exception("Error", errors.ValueError);

/** Throws the exception `name` with a message. */
export function raise(name, message) {
  throw new PyError(errors[name], message === undefined ? [] : [message]);
}

/** What `raise` throws: an exception, or a type that makes one. */
export function raised(type, value) {
  if (type instanceof PyError) return type;
  if (typeof type === "function" && type.$info && type.$info.exception) {
    if (value === undefined || value === null) return type();
    if (value instanceof PyError) return value;
    return type(...(value[TYPE] && value.a ? value.a : [value]));
  }
  return new PyError(errors.TypeError, ["exceptions must derive from BaseException"]);
}

/** What a bare `raise` throws outside an except clause. */
export function nothingToRaise() {
  return new PyError(errors.RuntimeError, ["No active exception to reraise"]);
}

/** The AssertionError of an assert statement. */
export function assertion(...args) {
  return new PyError(errors.AssertionError, args);
}

/** What the import of a module that is not there throws. */
export function importError(name) {
  const type = state.version === 2 ? errors.ImportError : errors.ModuleNotFoundError;
  return new PyError(type, [`No module named ${state.version === 2 ? name : `'${name}'`}`]);
}

/** Raises NameError for a name that nothing defines. */
export function nameError(name) {
  raise(
    "NameError",
    state.version === 2 ? `global name '${name}' is not defined` : `name '${name}' is not defined`,
  );
}

/** Raises UnboundLocalError for a variable read before it was set. */
export function unbound(name) {
  raise(
    "UnboundLocalError",
    state.version === 2
      ? `local variable '${name}' referenced before assignment`
      : `cannot access local variable '${name}' where it is not associated with a value`,
  );
}

/** Takes what a `catch` caught: Python's exceptions stay, exhaustion of memory or time goes on. */
export function caught(error) {
  if (error instanceof PyError) return error;
  const text = error instanceof Error ? error.message : "";
  if (text === "stack overflow") {
    const type = state.version === 2 ? errors.RuntimeError : errors.RecursionError;
    return new PyError(type, ["maximum recursion depth exceeded"]);
  }
  if (error instanceof RangeError || text === "string too long") {
    return new PyError(errors.MemoryError, []);
  }
  throw error;
}

/** Is `type` (or one of its bases) `wanted`? */
export function isSubtype(type, wanted) {
  for (let at = type; at; at = at.$info.base) if (at === wanted) return true;
  return false;
}

/** Does `except wanted` take the exception? */
export function matches(error, wanted) {
  if (wanted !== null && typeof wanted === "object" && wanted.a) {
    return wanted.a.some((one) => matches(error, one));
  }
  if (typeof wanted !== "function" || !wanted.$info || !wanted.$info.exception) {
    if (state.version === 2) return false;
    raise("TypeError", "catching classes that do not inherit from BaseException is not allowed");
  }
  return isSubtype(error[TYPE], wanted);
}
