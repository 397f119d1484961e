/**
 * What bodies write: print, and lines for the log.
 *
 * @module
 */

import { define } from "./builtins.ts";
import { caught, raise } from "./errors.ts";
import { host } from "./host.ts";
import { percent } from "./percent.ts";
import { b_repr, str } from "./repr.ts";
import {
  isRecord,
  members,
  native,
  PyDict,
  type PyFunction,
  PyModule,
  PyTuple,
  type Value,
} from "./types.ts";

/** Writes a line to the host's log. */
export function writeLog(level: string, text: string): null {
  host.log?.(level, text);
  return null;
}

/** A function of a logger: `info("%s of %s", a, b)`, the text made as Python's logging makes it. */
function logFunction(level: string): PyFunction {
  const log = native(
    level,
    1,
    Infinity,
    (message: Value, ...args: Value[]) => writeLog(level, logText(message, args)),
  );
  return Object.assign(log, { $keywords: ([message, ...args]: Value[]) => log(message, ...args) });
}

/** The text of a message with its arguments. */
export function logText(message: Value, args: Value[]): string {
  const text = str(message);
  if (args.length === 0) return text;
  const [first] = args;
  const named = args.length === 1 && (first instanceof PyDict || isRecord(first));
  try {
    return percent(text, named ? first : new PyTuple(args));
  } catch (error) {
    // Python's logging does not stop the program for a template that does not fit.
    caught(error);
    return `${text} ${b_repr(new PyTuple(args))}`;
  }
}

/** The functions of a logger by name. */
export const logFunctions: Record<string, PyFunction> = {
  debug: logFunction("debug"),
  info: logFunction("info"),
  warning: logFunction("warning"),
  warn: logFunction("warning"),
  error: logFunction("error"),
  exception: logFunction("error"),
  critical: logFunction("error"),
};

/** A logger as an object of Python. */
export function createLogger(name: string): PyModule {
  return new PyModule(name, members(logFunctions));
}

/** What a print statement with a comma at its end left of a line. */
let unfinished = "";

/** Logs what `print x,` began, when nothing ended the line. */
export function endLine(): void {
  if (unfinished === "") return;
  const text = unfinished;
  unfinished = "";
  writeLog("info", text);
}

/** The print statement, and print(): a line of the log; `open`: the line goes on. */
export function print(values: Value[], separator: Value = " ", open = false): null {
  const text = values.map((value) => str(value)).join(str(separator));
  const line = unfinished === "" ? text : `${unfinished} ${text}`;
  unfinished = open ? line : "";
  return open ? null : writeLog("info", line);
}

const printOptions = new Set(["sep", "end", "flush", "file"]);
define("print", 0, Infinity, (...values) => print(values)).$keywords = (values, pairs) => {
  for (const [name] of pairs) {
    if (!printOptions.has(name)) {
      raise("TypeError", `'${name}' is an invalid keyword argument for print()`);
    }
  }
  const separator = Object.fromEntries(pairs)["sep"];
  return print(values, separator === null ? " " : separator);
};
