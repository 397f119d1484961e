/**
 * The rules of JavaScript for the values of plain bodies.
 *
 * @module
 */

import { childOf, staticKey, type SyntaxNode } from "../syntax_tree.ts";
import {
  bounded,
  calculated,
  digits,
  isOrdinary,
  list,
  type Plain,
  refuse,
  single,
  type Step,
  type Table,
  text,
  unsure,
  wholeNumberOf,
} from "./values.ts";

/** Functions of JavaScript's that a plain body may call with a value. */
export const convertedBy: Readonly<Record<string, (value: Plain) => Plain>> = {
  String: written,
  Number: wholeNumberOf,
  parseInt: wholeNumberOf,
  Boolean,
};

/** A text or number as it stands in the body. */
export function literal(node: SyntaxNode): Step {
  const value = constant(node);
  return () => value;
}

function constant(node: SyntaxNode | undefined): string | number | boolean | null {
  if (node?.type !== "Literal") return refuse();
  const value = node["value"];
  if (value === null && node["regex"] === undefined && node["bigint"] === undefined) return null;
  const isPlain = typeof value === "boolean" ||
    (typeof value === "string" && isOrdinary(value)) ||
    (typeof value === "number" && Number.isSafeInteger(value));
  return isPlain ? value : refuse();
}

/** `{ a: "x" }`, of nothing but keys and values that stand there. */
export function tableOf(node: SyntaxNode): Table {
  const properties = node["properties"] as readonly SyntaxNode[];
  return new Map(properties.map((property) => {
    const key = staticKey(property["key"], property["computed"]);
    const isPlain = property.type === "Property" && property["shorthand"] !== true;
    if (!isPlain || key === undefined || key === "__proto__") return refuse();
    return [key, constant(childOf(property, "value"))];
  }));
}

/** `table[key]`, `list[at]` */
export function memberOf(object: Plain, at: Plain): Plain {
  if (object instanceof Map) {
    const key = text(at);
    if (object.has(key)) return object.get(key);
    return key in Object.prototype ? unsure() : undefined;
  }
  if (typeof at !== "number" || !Number.isSafeInteger(at)) return unsure();
  return (typeof object === "string" ? object : list(object))[at];
}

/** A text beside anything that is no list, or two numbers. */
export function plus(a: Plain, b: Plain): Plain {
  if (typeof a === "string" || typeof b === "string") return bounded(written(a) + written(b));
  return calculated("+", a, b);
}

/** What a text becomes of beside another one. */
export function written(value: Plain): string {
  if (typeof value === "string") return value;
  return typeof value === "number" ? digits(value) : String(single(value));
}

/** `a == b`, of two of one kind or with null. */
export function isLooselyEqual(a: Plain, b: Plain): boolean {
  const [hasA, hasB] = [a !== null && a !== undefined, b !== null && b !== undefined];
  if (!hasA || !hasB) return hasA === hasB;
  return typeof single(a) === typeof single(b) ? a === b : unsure();
}
