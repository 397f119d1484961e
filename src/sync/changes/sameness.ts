/**
 * Whether a record is the same as another in all that is a reason to send it: in all fields but those that
 * its section calls volatile.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../../base/json.ts";
import { differences, type FingerprintText } from "../../state/fingerprint.ts";

/** Whether two records are the same in every field. */
export function isEqual(one: FingerprintText, other: FingerprintText): boolean {
  return one.values === other.values && one.fields === other.fields;
}

function isEqualValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  // Lists and objects are written in one way only.
  return typeof one === "object" && typeof other === "object" &&
    stringifyExactJson(one) === stringifyExactJson(other);
}

/** Compares records without regard to volatile fields. */
export class Sameness {
  readonly #volatile: ReadonlySet<string>;
  /** Records of a section mostly have the same fields: their names, and where those are that count. */
  #lastFields = "[]";
  #lastCounted: readonly number[] = [];

  constructor(volatile: ReadonlySet<string> = new Set()) {
    this.#volatile = volatile;
  }

  /** Whether no field differs that is a reason to send. */
  isSame(old: FingerprintText, now: FingerprintText): boolean {
    if (isEqual(old, now)) return true;
    if (this.#volatile.size === 0) return false;
    if (old.fields !== now.fields) {
      return differences(old, now).every((field) => this.#volatile.has(field));
    }
    const before = parseExactJson(old.values) as unknown[];
    const after = parseExactJson(now.values) as unknown[];
    return this.#counted(now.fields).every((at) => isEqualValue(before[at], after[at]));
  }

  /** The positions of the fields that are not volatile. */
  #counted(fields: string): readonly number[] {
    if (fields !== this.#lastFields) {
      const names: string[] = JSON.parse(fields);
      this.#lastFields = fields;
      this.#lastCounted = names.flatMap((name, at) => this.#volatile.has(name) ? [] : [at]);
    }
    return this.#lastCounted;
  }
}
