/** Tells whether an expression is a path into the record. @module */

import type { Expr } from "./ast.ts";
import type { Emitter } from "./emitter.ts";

/** Is it `record` followed by attributes and indices only (calls of `get` allowed if `calls`)? */
export function onRecord(e: Emitter, node: Expr, calls = true): boolean {
  if (node.kind === "name") return node.id === "record" && e.find("record") !== undefined;
  if (node.kind === "attr" || node.kind === "sub") return onRecord(e, node.object, calls);
  return calls && node.kind === "call" && node.func.kind === "attr" && node.func.name === "get" &&
    onRecord(e, node.func.object, calls);
}

/** Is it `record.a.b`: attributes only, at least one? */
export function isAttributePath(e: Emitter, node: Expr): boolean {
  return node.kind === "attr" &&
    (isAttributePath(e, node.object) || onRecord(e, node.object, false));
}
