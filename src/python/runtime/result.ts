/**
 * Carries results out of the sandbox as plain JSON values.
 *
 * @module
 */

import { dictPairs } from "./dict_items.ts";
import { caught, PyError, raise } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { oldValue } from "./lenient.ts";
import { floatRepr, fv, intText, isFloat, isInt } from "./numbers.ts";
import { hasChanges } from "./records.ts";
import { str } from "./repr.ts";
import { isRecord, PyDict, PyFloat, PyTuple, typeKey, type Value } from "./types.ts";

/**
 * A value as JSON knows it: tuples become lists, ints beyond 2**53 their decimal text.
 * What json.dumps() refuses (sets, dates, bytes) raises TypeError here too.
 */
export function toHost(value: Value, depth = 0): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" || value instanceof PyFloat) return plainNumber(value);
  if (typeof value === "bigint") return intText(value);
  if (depth > 100) raise("ValueError", "Circular reference detected");
  if (Array.isArray(value)) return value.map((item) => toHost(item, depth + 1));
  if (value instanceof PyTuple) return value.a.map((item) => toHost(item, depth + 1));
  if (isRecord(value) && !hasChanges()) return value;
  if (value instanceof PyDict || isRecord(value)) {
    const out = {};
    for (const [key, item] of dictPairs(value)) {
      const entry = {
        value: toHost(item, depth + 1),
        enumerable: true,
        configurable: true,
        writable: true,
      };
      Object.defineProperty(out, memberName(key), entry);
    }
    return out;
  }
  const old = oldValue(value);
  if (old !== undefined) return toHost(old, depth + 1);
  return raise("TypeError", `Object of type ${typeName(value)} is not JSON serializable`);
}

function plainNumber(value: number | PyFloat): number {
  const number = fv(value);
  if (!Number.isFinite(number)) {
    raise("ValueError", "Out of range float values are not JSON compliant");
  }
  return number;
}

function memberName(key: Value): string {
  if (typeof key === "string") return key;
  if (typeof key === "boolean") return key ? "true" : "false";
  if (key === null) return "null";
  if (isInt(key)) return intText(key);
  if (isFloat(key)) return floatRepr(fv(key));
  return raise("TypeError", `keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

/** A failed call: the exception's class name, its text and the line of the body. */
export interface Description {
  readonly type: string;
  readonly message: string;
  readonly line: number | null;
}

/**
 * What a failed call tells: the exception's class name, its text and the line of the body, found
 * in the stack by the file name that the body was evaluated under. Null for what is no exception
 * of Python (memory or time used up).
 */
export function describe(error: unknown, file: string): Description | null {
  const known = error instanceof PyError ? error : recursion(error);
  if (known === null) return null;
  const stack = error instanceof Error ? error.stack ?? "" : "";
  const line = parseInt(stack.split(`(${file}:`)[1] ?? "", 10);
  const type = known[typeKey].$info.name;
  return { type, message: str(known), line: Number.isNaN(line) ? null : line };
}

function recursion(error: unknown): PyError | null {
  try {
    return caught(error);
  } catch {
    // Memory or time used up, or a defect of ours: not for the body to see.
    return null;
  }
}
