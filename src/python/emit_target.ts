/** Turns assignment targets into JavaScript statements. @module */

import type { Expr } from "./ast.ts";
import { bounds, expr } from "./emit_expression.ts";
import { type Emitter, quote } from "./emitter.ts";

/** Statements that assign the JavaScript expression `value` (evaluated once) to `target`. */
export function assignment(e: Emitter, target: Expr, value: string): string {
  switch (target.kind) {
    case "name":
      return `${e.variable(target.id)}=${value};`;
    case "attr":
      return `$.setattr(${expr(e, target.object)},${quote(target.name)},${value});`;
    case "sub":
      return target.index.kind === "slice"
        ? `$.setslice(${expr(e, target.object)},${bounds(e, target.index)},${value});`
        : `$.setitem(${expr(e, target.object)},${expr(e, target.index)},${value});`;
    case "tuple":
    case "list":
      return unpacking(e, target.items, value);
    default:
      throw new Error(`not a target: ${target.kind}`);
  }
}

function unpacking(e: Emitter, targets: readonly Expr[], value: string): string {
  const parts = e.temp();
  const star = targets.findIndex((target) => target.kind === "star");
  const call = star < 0
    ? `$.unpack(${value},${targets.length})`
    : `$.unpackStar(${value},${star},${targets.length - star - 1})`;
  const steps = targets.map((target, index) =>
    assignment(e, target.kind === "star" ? target.value : target, `${parts}[${index}]`)
  );
  return `${parts}=${call};${steps.join("")}`;
}

/** Statements that delete `target`. */
export function deletion(e: Emitter, target: Expr): string {
  switch (target.kind) {
    case "name":
      return `${expr(e, target)};${e.variable(target.id)}=undefined;`;
    case "attr":
      return `$.setattr(${expr(e, target.object)},${quote(target.name)},null);`;
    case "sub":
      return target.index.kind === "slice"
        ? `$.delslice(${expr(e, target.object)},${bounds(e, target.index)});`
        : `$.delitem(${expr(e, target.object)},${expr(e, target.index)});`;
    case "tuple":
    case "list":
      return target.items.map((item) => deletion(e, item)).join("");
    default:
      throw new Error(`not a target: ${target.kind}`);
  }
}
