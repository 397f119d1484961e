/**
 * Which names belong to which function, as Python decides it before running.
 *
 * @module
 */

import type { Expr, Param, Stmt } from "./ast.ts";
import { blocks, children, expressions } from "./walk.ts";

/** The names of one function or comprehension. */
export interface Scope {
  readonly names: Set<string>;
  readonly globals: Set<string>;
  readonly nonlocals: Set<string>;
  readonly params: ReadonlySet<string>;
  readonly parent: Scope | undefined;
  /** Functions inside do not see the names of a class. */
  readonly isClass?: boolean;
}

/** Makes the scope of a function from its parameters and body. */
export function functionScope(
  params: readonly string[],
  body: readonly Stmt[],
  version: 2 | 3,
  parent: Scope | undefined,
): Scope {
  const scope: Scope = {
    names: new Set(params),
    globals: new Set(),
    nonlocals: new Set(),
    params: new Set(params),
    parent,
  };
  for (const statement of body) bindStatement(scope, statement, version);
  for (const name of [...scope.globals, ...scope.nonlocals]) scope.names.delete(name);
  return scope;
}

/** Makes the scope of a lambda (its body may bind by `:=`) or a comprehension. */
export function innerScope(params: readonly string[], parent: Scope): Scope {
  return {
    names: new Set(params),
    globals: new Set(),
    nonlocals: new Set(),
    params: new Set(),
    parent,
  };
}

/** The parameter names, those of tuple parameters included. */
export function paramNames(params: readonly Param[]): string[] {
  return params.flatMap((param) =>
    param.target === undefined ? [param.name] : targetNames(param.target)
  );
}

function boundBy(target: Expr | undefined): string[] {
  return target === undefined ? [] : targetNames(target);
}

/** The names that an assignment to `target` binds. */
export function targetNames(target: Expr): string[] {
  if (target.kind === "name") return [target.id];
  if (target.kind === "tuple" || target.kind === "list") return target.items.flatMap(targetNames);
  return target.kind === "star" ? targetNames(target.value) : [];
}

/** The names that `:=` (and list comprehensions of Python 2) bind in the function around. */
export function leaked(node: Expr, version: 2 | 3): string[] {
  if (node.kind === "lambda") {
    return node.params.flatMap((p) => p.fallback ? leaked(p.fallback, version) : []);
  }
  const names = node.kind === "named" ? [node.target.id] : [];
  if (version === 2 && node.kind === "comp" && node.type === "list") {
    for (const clause of node.clauses) {
      if (clause.kind === "for") names.push(...targetNames(clause.target));
    }
  }
  return [...names, ...children(node).flatMap((child) => leaked(child, version))];
}

function bindStatement(scope: Scope, node: Stmt, version: 2 | 3): void {
  const bind = (names: readonly string[]) => names.forEach((name) => scope.names.add(name));
  if (node.kind === "assign") bind(node.targets.flatMap(targetNames));
  else if (node.kind === "augment") bind(targetNames(node.target));
  else if (node.kind === "for") bind(targetNames(node.target));
  else if (node.kind === "def" || node.kind === "class") bind([node.name]);
  else if (node.kind === "with") bind(node.items.flatMap(({ target }) => boundBy(target)));
  else if (node.kind === "import") bind(node.names.map((name) => name.alias.split(".")[0] ?? ""));
  else if (node.kind === "scope") {
    for (const name of node.names) {
      (node.scope === "global" ? scope.globals : scope.nonlocals).add(name);
    }
  } else if (node.kind === "del") {
    bind(node.targets.flatMap(targetNames));
  } else if (node.kind === "try") {
    for (const handler of node.handlers) {
      if (handler.target !== undefined) bind(targetNames(handler.target));
    }
  }
  for (const part of expressions(node)) bind(leaked(part, version));
  for (const block of blocks(node, false)) {
    for (const inner of block) bindStatement(scope, inner, version);
  }
}

/**
 * The names that some statements bind in the function around them, in either version; those that they
 * declare to be of elsewhere as well.
 */
export function boundNames(statements: readonly Stmt[]): ReadonlySet<string> {
  const { names, globals, nonlocals } = functionScope([], statements, 2, undefined);
  return new Set([...names, ...globals, ...nonlocals]);
}

/** Names deleted anywhere (after an `except` clause too), so that even a parameter may be unbound. */
export function deletedNames(body: readonly Stmt[]): Set<string> {
  const names = new Set<string>();
  const add = (target: Expr) => targetNames(target).forEach((name) => names.add(name));
  const scan = (block: readonly Stmt[]): void => {
    for (const node of block) {
      if (node.kind === "del") node.targets.forEach(add);
      if (node.kind === "try") {
        for (const { target } of node.handlers) if (target !== undefined) add(target);
      }
      blocks(node, true).forEach(scan);
    }
  };
  scan(body);
  return names;
}

/** Where a name lives: a function's variable, a global of the body, or outside (built-in). */
export function resolve(scope: Scope, name: string): Scope | "global" | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    if (at.globals.has(name)) return "global";
    if (at.names.has(name) && (at === scope || at.isClass !== true)) return at;
  }
  return undefined;
}
