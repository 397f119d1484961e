/**
 * What can be told of an expression without writing it.
 *
 * @module
 */

import type { Expr } from "./ast.ts";
import { moduleMembers } from "./builtins.ts";
import type { Emitter } from "./emitter.ts";

/** Does the expression surely give a boolean? */
export function isBoolean(e: Emitter, node: Expr): boolean {
  if (node.kind === "compare") return true;
  if (node.kind === "unary") return node.op === "not";
  if (node.kind === "constant") return node.value !== null;
  if (node.kind === "logic") return isBoolean(e, node.left) && isBoolean(e, node.right);
  if (node.kind !== "call" || node.func.kind !== "name") return false;
  return node.func.id === "isinstance" && node.args.length === 2 && e.isBuiltin("isinstance");
}

/** A name of a module that is not there is found at start-up. */
export function checkModule(e: Emitter, node: Extract<Expr, { kind: "attr" }>): void {
  const module = moduleOf(e, node.object);
  if (module === undefined || moduleMembers(module)?.has(node.name)) return;
  e.refuse(`'${module}.${node.name}'`, node);
}

/** The module that an expression surely means. */
function moduleOf(e: Emitter, node: Expr): string | undefined {
  if (node.kind === "name") return e.modules.get(node.id);
  const outer = node.kind === "attr" ? moduleOf(e, node.object) : undefined;
  if (outer === undefined || node.kind !== "attr") return undefined;
  const whole = `${outer}.${node.name}`;
  return moduleMembers(whole) === undefined ? undefined : whole;
}

/** Is it `record` followed by attributes and indices only (calls of `get` allowed if `calls`)? */
export function onRecord(e: Emitter, node: Expr, calls = true): boolean {
  if (node.kind === "name") return node.id === e.settings.record && e.find(node.id) !== undefined;
  if (node.kind === "attr" || node.kind === "sub") return onRecord(e, node.object, calls);
  return calls && node.kind === "call" && node.func.kind === "attr" && node.func.name === "get" &&
    onRecord(e, node.func.object, calls);
}

/** Is it `record.a.b`: attributes only, at least one? */
export function isAttributePath(e: Emitter, node: Expr): boolean {
  return node.kind === "attr" &&
    (isAttributePath(e, node.object) || onRecord(e, node.object, false));
}

/** A division whose meaning depends on a version that nothing else in the body shows. */
export function warnDivision(e: Emitter, place: Expr): void {
  if (e.trueDivision) return;
  e.warn(
    "'/' is taken as Python 3's (7 / 2 is 3.5), for nothing tells the version; " +
      "write '//', begin with '# language: python2' or '# language: python3', or set python = 2 or 3",
    place,
  );
}

/** Is it surely a float, so that both versions divide alike? */
export function isFloat(e: Emitter, node: Expr): boolean {
  if (node.kind === "number") return node.float;
  if (node.kind === "binary") return isFloat(e, node.left) || isFloat(e, node.right);
  return node.kind === "call" && node.func.kind === "name" && node.func.id === "float" &&
    e.isBuiltin("float");
}
