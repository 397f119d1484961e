/** Turns comprehensions and generator expressions into JavaScript text. @module */

import type { Clause, Comprehension, Expr } from "./ast.ts";
import { expr, truth } from "./emit_expression.ts";
import { assignment } from "./emit_target.ts";
import type { Emitter } from "./emitter.ts";
import { innerScope, targetNames } from "./scope.ts";
import { parameter } from "./emit_expression.ts";

/** The JavaScript of a comprehension: a function called at once with the first iterable. */
export function emitComprehension(e: Emitter, node: Comprehension): string {
  const [first, ...rest] = node.clauses;
  if (first?.kind !== "for") throw new Error("a comprehension starts with 'for'");
  const source = `$.iter(${expr(e, first.iter)})`;
  // Python 2's list comprehensions have no scope of their own: their names stay afterwards.
  const leaks = e.version === 2 && node.type === "list";
  const names = node.clauses.flatMap((clause) =>
    clause.kind === "for" ? targetNames(clause.target) : []
  );
  const scope = innerScope(leaks ? [] : names, e.frame.scope);
  const frame = e.newFrame(scope, new Set(e.frame.assigned));
  frame.waits = e.frame.waits;
  const own = leaks ? [] : [...new Set(names)];
  const body = e.within(frame, () => loop(e, node, first.target, "s", rest));
  const declared = own.length === 0 ? "" : `let ${own.map(parameter).join(",")};`;
  if (node.type === "gen") {
    return `$.gen((function*(s){${frame.slot}${declared}${body}})(${source}))`;
  }
  const text = `((s)=>{${frame.slot}${declared}const r=[];${body}return r})(${source})`;
  if (node.type === "list" || node.type === "array") return text;
  return node.type === "dict" ? `$.dict(${text})` : `$.set(${text})`;
}

function loop(
  e: Emitter,
  node: Comprehension,
  target: Expr,
  source: string,
  rest: readonly Clause[],
): string {
  const item = e.label("i");
  const bind = assignment(e, target, item);
  e.bind(targetNames(target));
  return `for(const ${item} of ${source}){${bind}${inner(e, node, rest)}}`;
}

function inner(e: Emitter, node: Comprehension, rest: readonly Clause[]): string {
  const [next, ...others] = rest;
  if (next?.kind === "if") return `if(${truth(e, next.test)}){${inner(e, node, others)}}`;
  if (next?.kind === "for") {
    return loop(e, node, next.target, `$.iter(${expr(e, next.iter)})`, others);
  }
  const element = expr(e, node.element);
  if (node.type === "gen") return `yield ${element};`;
  if (node.value === undefined) return `r.push(${element});`;
  return `r.push(${element},${expr(e, node.value)});`;
}
