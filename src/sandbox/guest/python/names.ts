/**
 * The names that Python bodies have beside Python's own: record helpers, other converters, the log.
 *
 * @module
 */

import {
  createLogger,
  dictGet,
  eq,
  exception,
  isRecord,
  item,
  iter,
  keepRules,
  mark,
  native,
  needText,
  type Pair,
  PyDict,
  raise,
  recordValue,
  toHost,
  type Value,
} from "../../../python/runtime/mod.ts";

/** What the sandbox gives to Python bodies. */
export interface AgentHost {
  /** Another converter's result for a record; both sides are JSON values. */
  converter:
    | ((record: unknown, name: string, params: Record<string, unknown>) => Value)
    | undefined;
}

/** The host of the bodies in this context. */
export const agentHost: AgentHost = { converter: undefined };

/** The extension attribute `name` of a record, as Casper's records have them. */
function extensionAttribute(record: Value, name: Value, fallback: Value = null): Value {
  const attributes = keyed(record, "extension_attributes");
  if (attributes === undefined) return fallback;
  for (const one of iter(attributes)) if (eq(item(one, "name"), name)) return item(one, "value");
  return fallback;
}

/** The value at a dotted path; digits index lists, and a key may hold dots itself. */
function fieldValue(data: Value, path: Value, fallback: Value = null): Value {
  return lookUpPath(data, needText(path)) ?? fallback;
}

function lookUpPath(data: Value, path: string): Value {
  if (data === null || data === undefined) return undefined;
  const dot = path.indexOf(".");
  if (dot >= 0) {
    const head = path.slice(0, dot);
    const rest = path.slice(dot + 1);
    if (Array.isArray(data) && /^\d+$/.test(head)) return lookUpPath(data[Number(head)], rest);
    const inner = keyed(data, head);
    if (inner !== undefined) return lookUpPath(inner, rest);
  }
  return keyed(data, path);
}

function keyed(data: Value, key: string): Value {
  if (isRecord(data)) return recordValue(data, key);
  return data instanceof PyDict ? dictGet(data, key) : undefined;
}

/** Another converter's result for the record. */
function converter(record: Value, name: Value, params: Record<string, unknown>): Value {
  const { converter: call } = agentHost;
  if (call === undefined) return raise("RuntimeError", "converter() is not available here");
  if (typeof name !== "string") raise("TypeError", "converter() needs the name of a converter");
  const result = keepRules(() => call(toHost(record), name, params));
  return result === undefined ? null : mark(result);
}

function converterWithParams(args: Value[], pairs: readonly Pair[]): Value {
  const params: Record<string, unknown> = {};
  const positional = args.slice();
  for (const [name, value] of pairs) {
    if (name === "record" && positional.length === 0) positional.push(value);
    else if (name === "name" && positional.length === 1) positional.push(value);
    else Object.defineProperty(params, name, { value: toHost(value), enumerable: true });
  }
  if (positional.length !== 2) raise("TypeError", "converter() takes a record and a name");
  return converter(positional[0], positional[1], params);
}

/** The names, for `createRuntime`; {@link pythonNames} lists them for the translator. */
export const agentNames: Record<string, Value> = {
  cae: native("cae", 2, 3, extensionAttribute, "record attr default"),
  cea: native("cae", 2, 3, extensionAttribute, "record attr default"),
  get_field_value: native("get_field_value", 2, 3, fieldValue, "data path default"),
  converter: Object.assign(
    native("converter", 2, 2, (record: Value, name: Value) => converter(record, name, {})),
    { $keywords: converterWithParams },
  ),
  LOG: createLogger("LOG"),
  DynamicException: exception("DynamicException", "Exception"),
};
