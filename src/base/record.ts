/**
 * The shapes that a record takes on its way from a source to Oomnitza.
 *
 * @module
 */

/** Exists for the compiler only, which takes no record of one stage for one of the other. */
declare const stage: unique symbol;

/** A record as its source gave it: JSON-like, keys in the source's own spelling. */
export type SourceRecord = Readonly<Record<string, unknown>> & { readonly [stage]?: "source" };

/** A mapped record as it is sent: Oomnitza field name → value. */
export type MappedRecord = Readonly<Record<string, unknown>> & { readonly [stage]?: "mapped" };

/** Whether a section pushes assets or people. */
export type Kind = "assets" | "users";

/** One record that a source knows of and could not read. */
export class Skipped {
  /** How a person finds the record in the source, for example `computer 17`. */
  readonly identity: string;
  /** Why it could not be read. */
  readonly reason: string;

  constructor(identity: string, reason: string) {
    this.identity = identity;
    this.reason = reason;
  }
}

/** Whether a value is a plain JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * What a table has under a key that somebody else chose; undefined when it has none. Objects answer to
 * names like `constructor` by birth.
 */
export function ownEntry<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Puts a value into a record under a key that somebody else chose: `__proto__` is a key like any other. */
export function setOwn(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") {
    record[key] = value;
    return;
  }
  const flags = { writable: true, enumerable: true, configurable: true };
  Object.defineProperty(record, key, { value, ...flags });
}

/**
 * About how many characters a value has as JSON: never so few that the JSON has more than six times as many
 * bytes. Infinite when it holds lists and objects within each other beyond so many levels. No record does
 * that by nature, and what walks it may run out of stack.
 */
export function estimateSize(value: unknown, levels: number): number {
  if (typeof value === "string") return value.length + 1;
  if (typeof value !== "object" || value === null) return smallSize;
  if (ArrayBuffer.isView(value)) return value.byteLength + smallSize;
  if (levels === 0) return Infinity;
  let size = smallSize;
  if (Array.isArray(value)) {
    for (const element of value) size += estimateSize(element, levels - 1);
    return size;
  }
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    size += key.length + 1;
    // Most values are texts of an object without more below it.
    size += typeof inner === "string" ? inner.length + 1 : estimateSize(inner, levels - 1);
  }
  return size;
}

/** A number, a truth value, null, a date, or the brackets of a list. */
const smallSize = 8;

/**
 * Whether a mapped value counts as empty: null, `""`, 0, false, `[]` and `{}`
 * (Python's truth value, which decides whether a required field is empty).
 */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === 0 || value === false) {
    return true;
  }
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === "object") return Object.keys(value).length === 0;
  return Number.isNaN(value) ? false : value === 0n;
}

/**
 * Whether a mapped value says nothing, so that it would blank a field: null, `""`, `[]` and `{}`.
 * 0 and false say something.
 */
export function isBlank(value: unknown): boolean {
  return isEmpty(value) && value !== 0 && value !== false && value !== 0n;
}
