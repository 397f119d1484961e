/**
 * What plain Python bodies read of the record.
 *
 * @module
 */

import type { Call, Expr } from "../../python/mod.ts";
import { type Plain, readPath, refuse, type Step, unsure } from "./values.ts";

/** A path from the record's top. */
interface Path {
  readonly keys: readonly string[];
  /**
   * What it means that something is missing: None, or the empty dict of `get("a", {})`. Undefined
   * where it is an error.
   */
  readonly lacks: "none" | "empty" | undefined;
}

/** What `record["a"].b` reads; no keys for the record itself. */
function recordPath(node: Expr): Path | undefined {
  if (node.kind === "name") return node.id === "record" ? { keys: [], lacks: "none" } : undefined;
  if (node.kind === "call") return emptyPath(node);
  if (node.kind === "attr") {
    const before = recordPath(node.object);
    if (before === undefined || node.name.startsWith("_") || before.lacks === "empty") {
      return undefined;
    }
    return { keys: [...before.keys, node.name], lacks: before.lacks };
  }
  if (node.kind !== "sub") return undefined;
  const before = recordPath(node.object);
  const key = keyOf(node.index);
  if (before === undefined || key === undefined) return undefined;
  return { keys: [...before.keys, key], lacks: undefined };
}

/** `record.get("a", {})`, also of what that gives. */
function emptyPath({ func, args: [key, instead, ...more], keywords }: Call): Path | undefined {
  if (func.kind !== "attr" || func.name !== "get" || key === undefined) return undefined;
  if (more.length > 0 || keywords.length > 0) return undefined;
  if (instead?.kind !== "dict" || instead.entries.length > 0) return undefined;
  const before = recordPath(func.object);
  const name = keyOf(key);
  const isFirst = before?.keys.length === 0;
  if (before === undefined || name === undefined) return undefined;
  return isFirst || before.lacks === "empty"
    ? { keys: [...before.keys, name], lacks: "empty" }
    : undefined;
}

function keyOf(node: Expr): string | undefined {
  if (node.kind !== "string" || node.old !== node.value) return undefined;
  return node.value === "__proto__" ? undefined : node.value;
}

/** Reads at a path; undefined when the node is none. What is missing may be an error. */
export function reading(node: Expr): Step | undefined {
  const path = recordPath(node);
  if (path === undefined) return undefined;
  // An empty dict is for the sandbox, which writes it.
  const missing = path.lacks === "none" ? () => null : unsure;
  return ({ record }) => readPath(record, path.keys, missing);
}

/** `record["a"].get("b", fallback)`; undefined when it is no call of the record. */
export function gotten(object: Expr, key: Expr | undefined, instead: Step): Step | undefined {
  const path = recordPath(object);
  if (path === undefined) return undefined;
  const last = key === undefined ? undefined : keyOf(key);
  if (last === undefined) return refuse();
  const whole = [...path.keys, last];
  // What is missing before the last key may be another matter than that key.
  const isSure = path.keys.length === 0 || path.lacks === "empty";
  return (frame) => {
    const fallback: Plain = instead(frame);
    return readPath(frame.record, whole, isSure ? () => fallback : unsure);
  };
}
