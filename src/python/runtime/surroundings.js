/** What bodies share with the connector: record helpers, LOG, print. @module */

import { builtins } from "./builtins.js";
import { host } from "./clock.js";
import { eq, mark, recordValue, t } from "./compare.js";
import { dictGet } from "./container_methods.js";
import { item } from "./containers.js";
import { caught, raise } from "./errors.js";
import { percent } from "./percent.js";
import { b_repr, str } from "./repr.js";
import { toHost } from "./result.js";
import { iter } from "./sequences.js";
import { isRecord, members, native, PyDict, PyModule, PyTuple, state } from "./types.js";

/** The extension attribute `name` of a record, as Casper's records have them. */
function cae(record, name, fallback = null) {
  const attributes = dictGet(record, "extension_attributes");
  if (attributes === undefined) return fallback;
  for (const one of iter(attributes)) if (eq(item(one, "name"), name)) return item(one, "value");
  return fallback;
}

/** The value at a dotted path; digits index lists, and a key may hold dots itself. */
function getFieldValue(data, path, fallback = null) {
  return lookUpPath(data, path) ?? fallback;
}

function lookUpPath(data, path) {
  if (data === null || !t(data)) return undefined;
  const dot = path.indexOf(".");
  if (dot >= 0) {
    const head = path.slice(0, dot);
    const rest = path.slice(dot + 1);
    if (Array.isArray(data) && /^\d+$/.test(head)) {
      return lookUpPath(data[Number(head)] ?? null, rest);
    }
    const inner = keyed(data, head);
    if (inner !== undefined) return lookUpPath(inner, rest);
  }
  return keyed(data, path);
}

function keyed(data, key) {
  if (isRecord(data)) return recordValue(data, key);
  return data instanceof PyDict ? data.m.get(key) : undefined;
}

/** Another converter's result for the record. The body's version is restored afterwards. */
function converter(record, name, params) {
  if (typeof host.converter !== "function") {
    raise("RuntimeError", "converter() is not available here");
  }
  if (typeof name !== "string") raise("TypeError", "converter() needs the name of a converter");
  const { version } = state;
  try {
    const result = host.converter(toHost(record), name, params);
    return result === undefined ? null : mark(result);
  } finally {
    state.version = version;
  }
}

function writeLog(level, text) {
  if (typeof host.log === "function") host.log(level, text);
  return null;
}

/** LOG.info("%s of %s", a, b): the text is made as Python's logging makes it. */
function logger(level) {
  const log = native(
    level,
    1,
    Infinity,
    (message, ...args) => writeLog(level, logText(message, args)),
  );
  log.$keywords = (args) => log(...args);
  return log;
}

function logText(message, args) {
  const text = str(message);
  if (args.length === 0) return text;
  const named = args.length === 1 && (args[0] instanceof PyDict || isRecord(args[0]));
  try {
    return percent(text, named ? args[0] : new PyTuple(args));
  } catch (error) {
    // Python's logging does not stop the program for a template that does not fit.
    caught(error);
    return `${text} ${b_repr(new PyTuple(args))}`;
  }
}

const LOG = new PyModule(
  "LOG",
  members({
    debug: logger("debug"),
    info: logger("info"),
    warning: logger("warning"),
    warn: logger("warning"),
    error: logger("error"),
    exception: logger("error"),
    critical: logger("error"),
  }),
);

/** What a print statement with a comma at its end left of a line. */
let printing = "";

/** Logs what `print x,` began, when nothing ended the line. */
export function endLine() {
  if (printing === "") return;
  const text = printing;
  printing = "";
  writeLog("info", text);
}

/** The print statement, and print(): a line of the log; `open`: the line goes on. */
export function print(values, separator = " ", open = false) {
  const text = values.map((value) => str(value)).join(separator);
  const line = printing === "" ? text : `${printing} ${text}`;
  printing = open ? line : "";
  return open ? null : writeLog("info", line);
}
builtins.print.$keywords = (values, pairs) => {
  const named = Object.fromEntries(pairs);
  for (const name of Object.keys(named)) {
    if (!["sep", "end", "flush", "file"].includes(name)) {
      raise("TypeError", `'${name}' is an invalid keyword argument for print()`);
    }
  }
  return print(values, named.sep ?? " ");
};

Object.assign(builtins, {
  cae: native("cae", 2, 3, cae, "record attr default"),
  cea: native("cae", 2, 3, cae, "record attr default"),
  get_field_value: native("get_field_value", 2, 3, getFieldValue, "data path default"),
  converter: native("converter", 2, 2, (record, name) => converter(record, name, {})),
  LOG,
});
builtins.converter.$keywords = (args, pairs) => {
  const params = {};
  const positional = args.slice();
  for (const [name, value] of pairs) {
    if (name === "record" && positional.length === 0) positional.push(value);
    else if (name === "name" && positional.length === 1) positional.push(value);
    else Object.defineProperty(params, name, { value: toHost(value), enumerable: true });
  }
  if (positional.length !== 2) raise("TypeError", "converter() takes a record and a name");
  return converter(positional[0], positional[1], params);
};
