/**
 * What stands in a plain Python body: texts, whole numbers, tables and the bounds of slices.
 *
 * @module
 */

import type { Expr, Slice, StringValue } from "../../python/mod.ts";
import { isOrdinary, list, refuse, type Step, type Table } from "./values.ts";

/** `{"a": "x"}`, with nothing but texts for its keys. */
export function tableOf({ entries }: Extract<Expr, { kind: "dict" }>): Table {
  return new Map(entries.map(({ key, value }) => {
    if (key?.kind !== "string" || key.old !== key.value) return refuse();
    return [key.value, constant(value)];
  }));
}

/** What stands in a table. */
function constant(node: Expr): string | number | boolean | null {
  switch (node.kind) {
    case "constant":
      return node.value;
    case "string":
      return node.old === node.value && isOrdinary(node.value) ? node.value : refuse();
    default:
      return wholeNumber(node);
  }
}

export function literal({ value, old }: StringValue): Step {
  return old === value && isOrdinary(value) ? () => value : refuse();
}

/** A whole number as it is written, also below zero. */
export function wholeNumber(node: Expr): number {
  if (node.kind === "unary" && node.op === "-") return 0 - wholeNumber(node.operand);
  const number = node.kind === "number" && !node.float && /^\d{1,9}$/.test(node.value)
    ? Number(node.value)
    : refuse();
  return number;
}

export function sliced(object: Step, { lower, upper, step }: Slice): Step {
  if (step !== undefined) return refuse();
  const from = lower === undefined ? 0 : wholeNumber(lower);
  const to = upper === undefined ? undefined : wholeNumber(upper);
  return (frame) => {
    const value = object(frame);
    return (typeof value === "string" ? value : list(value)).slice(from, to);
  };
}
