/**
 * Values on their way to PostgreSQL: what it would change or refuse is refused here, before anything is
 * sent.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import type { PostgresParameter } from "../../runtime/postgres.ts";

/** A single value of a parameter. */
export type PgScalar = string | number | bigint | boolean | Uint8Array | null;
/** What a parameter may be; an array has one dimension. */
export type PgValue = PgScalar | readonly PgScalar[];

/**
 * The values as the driver gets them.
 *
 * @throws AgentError when a text holds NUL, which PostgreSQL cannot store, or half of a surrogate pair, which
 * the driver would turn into U+FFFD; and for a number that is not finite.
 */
export function encodeValues(values: readonly PgValue[]): PostgresParameter[] {
  return values.map((value, index) => {
    if (value instanceof Uint8Array || value === null || typeof value === "boolean") return value;
    if (isList(value)) return `{${value.map((each) => element(each, index)).join(",")}}`;
    return textOf(value, index);
  });
}

function isList(value: PgValue): value is readonly PgScalar[] {
  return Array.isArray(value);
}

/** One element of an array literal. */
function element(value: PgScalar, index: number): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "t" : "f";
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString("hex")}"`;
  return `"${textOf(value, index).replace(/["\\]/g, "\\$&")}"`;
}

function textOf(value: string | number | bigint, index: number): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    if (Number.isFinite(value)) return String(value);
    throw unfit(index, "is not a finite number");
  }
  if (value.includes("\u0000")) throw unfit(index, "holds the character NUL");
  if (!value.isWellFormed()) throw unfit(index, "holds half of a surrogate pair");
  return value;
}

function unfit(index: number, what: string): AgentError {
  return new AgentError(`Parameter $${index + 1} ${what}, which PostgreSQL cannot keep`, {
    hint: "Nothing was written. Store it as JSON text or as bytes.",
  });
}
