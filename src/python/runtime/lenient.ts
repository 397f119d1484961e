/**
 * What a body of either version may do with values that only Python 2 has as lists and texts.
 *
 * @module
 */

import { viewItems } from "./dict_items.ts";
import { PyBytes, PyLazy, PyRange, PyTuple, PyView, state, type Value } from "./types.ts";
import { fromUtf8 } from "./utf8.ts";

/**
 * The value as Python 2 has it: the list of keys(), range(), map(), filter() and zip(), the text of
 * bytes. Undefined for what both versions have alike, and under the rules of one version.
 */
export function oldValue(value: Value): Value {
  if (!state.lenient || typeof value !== "object" || value === null) return undefined;
  if (value instanceof PyBytes) return bytesText(value);
  if (value instanceof PyLazy) {
    value.settled ??= [...value];
    if (value.shape === "text") return value.settled.join("");
    return value.shape === "list" ? value.settled : new PyTuple(value.settled);
  }
  if (value instanceof PyView) return value.settled ??= viewItems(value);
  return value instanceof PyRange ? value.settled ??= [...value] : undefined;
}

/** Bytes as the text that they most likely are: UTF-8, else Latin-1. */
export function bytesText(bytes: PyBytes): string {
  let good = true;
  const text = fromUtf8(bytes.s, () => {
    good = false;
    return "";
  });
  return good ? text : bytes.s;
}

/** Text, also where it is one only in Python 2; undefined for anything else. */
export function textOf(value: Value): string | undefined {
  if (typeof value === "string") return value;
  const old = oldValue(value);
  return typeof old === "string" ? old : undefined;
}
