/**
 * The parts of a syntax tree, for analyses that look at all of it.
 *
 * @module
 */

import type { Clause, Expr, FormatPart, Param, Stmt } from "./ast.ts";

type Kind = Expr["kind"];
type Inside = { readonly [K in Kind]?: (node: Extract<Expr, { kind: K }>) => readonly Expr[] };

/** Kinds that are not here hold no expressions. */
const partsByKind: Inside = {
  attr: (node) => [node.object],
  sub: (node) => [node.object, node.index],
  call: (node) => [node.func, ...node.args, ...node.keywords.map((keyword) => keyword.value)],
  comp: (node) => [...node.clauses.flatMap(clauseParts), node.element, ...some(node.value)],
  compare: (node) => [node.left, ...node.rights],
  slice: (node) => [...some(node.lower), ...some(node.upper), ...some(node.step)],
  lambda: (node) => [...defaults(node.params), node.body],
  format: (node) => node.parts.flatMap(formatValues),
  tuple: (node) => node.items,
  list: (node) => node.items,
  set: (node) => node.items,
  dict: (node) => node.entries.flatMap((entry) => [...some(entry.key), entry.value]),
  binary: (node) => [node.left, node.right],
  logic: (node) => [node.left, node.right],
  unary: (node) => [node.operand],
  choice: (node) => [node.test, node.yes, node.no],
  named: (node) => [node.target, node.value],
  star: (node) => [node.value],
  repr: (node) => [node.value],
  yield: (node) => some(node.value),
};

/** The expressions directly inside an expression. */
export function children(node: Expr): readonly Expr[] {
  const inside = partsByKind[node.kind] as ((node: Expr) => readonly Expr[]) | undefined;
  return inside === undefined ? [] : inside(node);
}

function clauseParts(clause: Clause): readonly Expr[] {
  return clause.kind === "if" ? [clause.test] : [clause.target, clause.iter];
}

function some<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function formatValues(part: FormatPart): Expr[] {
  return typeof part === "string" ? [] : [part.value, ...part.spec.flatMap(formatValues)];
}

/** The default values of parameters. */
export function defaults(params: readonly Param[]): Expr[] {
  return params.flatMap((param) => some(param.fallback));
}

/** The expressions directly inside a statement, targets included. */
export function expressions(node: Stmt): readonly Expr[] {
  switch (node.kind) {
    case "expr":
      return [node.value];
    case "assign":
      return [node.value, ...node.targets];
    case "augment":
      return [node.target, node.value];
    case "del":
      return node.targets;
    case "return":
      return some(node.value);
    case "raise":
      return [...some(node.type), ...some(node.value)];
    case "assert":
      return [node.test, ...some(node.message)];
    case "print":
      return [...some(node.to), ...node.values];
    case "if":
    case "while":
      return [node.test];
    case "for":
      return [node.iter, node.target];
    case "def":
      return [...node.decorators, ...defaults(node.params)];
    case "class":
      return [...node.decorators, ...node.bases];
    case "with":
      return node.items.flatMap(({ value, target }) => [value, ...some(target)]);
    case "try":
      return node.handlers.flatMap((handler) => [...some(handler.type), ...some(handler.target)]);
    default:
      return [];
  }
}

/** The blocks of a statement; the body of a `def` or `class` only if `inner`. */
export function blocks(node: Stmt, inner: boolean): readonly (readonly Stmt[])[] {
  switch (node.kind) {
    case "if":
    case "while":
    case "for":
      return [node.body, node.orelse];
    case "try":
      return [
        node.body,
        ...node.handlers.map((handler) => handler.body),
        node.orelse,
        node.final ?? [],
      ];
    case "def":
    case "class":
      return inner ? [node.body] : [];
    case "with":
      return [node.body];
    default:
      return [];
  }
}

/** Does a function with this body give a generator? */
export function hasYield(body: readonly Stmt[]): boolean {
  return body.some((node) =>
    expressions(node).some(yieldsInside) || blocks(node, false).some(hasYield)
  );
}

function yieldsInside(node: Expr): boolean {
  return node.kind === "yield" || (node.kind !== "lambda" && children(node).some(yieldsInside));
}

/** Every expression of some statements, those of nested functions too. */
export function* everyExpression(body: readonly Stmt[]): Generator<Expr> {
  for (const statement of body) {
    for (const part of expressions(statement)) yield* below(part);
    for (const block of blocks(statement, true)) yield* everyExpression(block);
  }
}

function* below(node: Expr): Generator<Expr> {
  yield node;
  for (const child of children(node)) yield* below(child);
}
