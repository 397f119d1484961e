/**
 * The rules of Python for the values of plain bodies.
 *
 * @module
 */

import {
  bounded,
  calculated,
  digits,
  list,
  type Plain,
  type Step,
  text,
  unsure,
} from "./values.ts";

/** `if value` */
export function isTrue(value: Plain): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  return (value instanceof Map ? value.size : list(value).length) > 0;
}

/** Of two values of one kind, or with None: what else is equal takes Python's rules. */
export function isEqual(a: Plain, b: Plain): boolean {
  if (a === null || b === null) return a === b;
  return typeof a === typeof b && typeof a !== "object" ? a === b : unsure();
}

/** `str(value)` */
export function written(value: Plain): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? value : digits(value);
}

/** `a + b` */
export function plus(a: Plain, b: Plain): Plain {
  return typeof a === "string" ? bounded(a + text(b)) : calculated("+", a, b);
}

/** `value in whole`: a part of a text, a text of a list, or a key of a table. */
export function contains(whole: Plain, value: Plain): boolean {
  const part = text(value);
  if (typeof whole === "string") return whole.includes(part);
  return whole instanceof Map ? whole.has(part) : list(whole).includes(part);
}

/** `whole[at]` */
export function itemAt(whole: Plain, at: Plain): Plain {
  if (whole instanceof Map) return whole.get(text(at)) ?? nullAt(whole, text(at));
  if (typeof at !== "number" || !Number.isSafeInteger(at)) return unsure();
  const found = (typeof whole === "string" ? whole : list(whole)).at(at);
  return found === undefined ? unsure() : found;
}

/** None that stands in a table; a key that it lacks is an error. */
function nullAt(table: ReadonlyMap<string, unknown>, key: string): null {
  return table.has(key) ? null : unsure();
}

/** `table.get(key, fallback)` */
export function lookedUp(table: Step, key: Step, instead: Step): Step {
  return (frame) => {
    const [whole, wanted, fallback] = [table(frame), key(frame), instead(frame)];
    if (!(whole instanceof Map) || (typeof wanted === "object" && wanted !== null)) return unsure();
    return typeof wanted === "string" && whole.has(wanted) ? whole.get(wanted) : fallback;
  };
}

/** `isinstance(value, type)` for the types that plain values have. */
export function isInstance(value: Plain, type: "text" | "int"): boolean {
  if (typeof value === "object" && value !== null) return unsure();
  if (type === "text") return typeof value === "string";
  // A bool is an int; whether a number is one is for the sandbox when it has a fraction.
  if (typeof value === "number") return Number.isSafeInteger(value) || unsure();
  return typeof value === "boolean";
}
