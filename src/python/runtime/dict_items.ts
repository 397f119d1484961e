/**
 * Keys, values and pairs of dicts and records.
 *
 * @module
 */

import { recordKeys, recordValue } from "./records.ts";
import { type Mapping, PyDict, PyTuple, type PyView, type Value } from "./types.ts";

/** The keys of a dict, originals where they differ from what they are looked up by. */
export function dictKeys(dict: Mapping): Value[] {
  if (!(dict instanceof PyDict)) return recordKeys(dict);
  const keys = [...dict.m.keys()];
  const originals = dict.o;
  return originals === null
    ? keys
    : keys.map((key) => originals.has(key) ? originals.get(key) : key);
}

/** The values of a dict or record. */
export function dictValues(dict: Mapping): Value[] {
  return dict instanceof PyDict
    ? [...dict.m.values()]
    : recordKeys(dict).map((key) => recordValue(dict, key));
}

/** Pairs of a dict as arrays. */
export function dictPairs(dict: Mapping): [Value, Value][] {
  const values = dictValues(dict);
  return dictKeys(dict).map((key, index) => [key, values[index]]);
}

/** The items of a view, as they are now. */
export function viewItems({ dict, kind }: PyView): Value[] {
  if (kind === "keys") return dictKeys(dict);
  if (kind === "values") return dictValues(dict);
  return dictPairs(dict).map((pair) => new PyTuple(pair));
}
