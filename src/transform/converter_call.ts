/**
 * How a converter call is written in a mapping: `split:on=,|index=1`.
 *
 * @module
 */

import type { ConverterParams } from "../sdk/mod.ts";

/** A converter call, taken apart. */
export interface ParsedConverterCall {
  /** The converter's name as written. */
  readonly name: string;
  readonly params: ConverterParams;
}

/**
 * Takes a converter call apart: the name ends at the first `:`, parameters at each `|`, a parameter's
 * key at its first `=`; a key without `=` is true. Nothing is trimmed and there are no escapes, so that
 * a value can hold anything but `|`. Of a key written twice the last one counts.
 */
export function parseConverterCall(text: string): ParsedConverterCall {
  const colon = text.indexOf(":");
  if (colon === -1) return { name: text, params: {} };
  // fromEntries defines own keys whatever their names: `__proto__` is a parameter like any other.
  const params = Object.fromEntries(text.slice(colon + 1).split("|").map(parseParameter));
  return { name: text.slice(0, colon), params };
}

function parseParameter(text: string): [key: string, value: string | true] {
  const equals = text.indexOf("=");
  return equals === -1 ? [text, true] : [text.slice(0, equals), text.slice(equals + 1)];
}
