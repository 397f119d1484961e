/**
 * Rewrites a JavaScript body so that what is missing in a record reads as null at every depth.
 *
 * `a.b.c` becomes `((a.b) ?? $nothing).c`, where every property of `$nothing` is null, and
 * `a.get("b", d)` becomes `$get(a, "b", d)`, so that neither a missing `a` nor a key named `get`
 * is in the way. Line numbers stay as they are.
 *
 * @module
 */

import type { Token } from "acorn";
import {
  allChildren,
  childOf,
  childrenOf,
  staticKey,
  type SyntaxNode,
  walk,
} from "./syntax_tree.ts";

/** Objects that are never null, so that a read from them needs no guard. */
const solid = new Set([
  "ArrayExpression",
  "ArrowFunctionExpression",
  "ClassExpression",
  "FunctionExpression",
  "Literal",
  "MetaProperty",
  "ObjectExpression",
  "Super",
  "TemplateLiteral",
  "ThisExpression",
]);

/** Rewrites the text that a tree and its tokens were made from. */
export function rewriteJavaScript(
  text: string,
  program: SyntaxNode,
  tokens: readonly Token[],
): string {
  const rewriter = new Rewriter(text, tokens);
  rewriter.visit(program, false);
  return rewriter.finish();
}

/** Text to put in place of a range; an empty range inserts. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

class Rewriter {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #edits: Edit[] = [];

  constructor(text: string, tokens: readonly Token[]) {
    this.#text = text;
    this.#tokens = tokens;
  }

  /** Applies the edits; those at one place in the order in which they were made. */
  finish(): string {
    let result = "";
    let position = 0;
    for (const edit of this.#edits.toSorted((a, b) => a.start - b.start)) {
      result += this.#text.slice(position, edit.start) + edit.text;
      position = edit.end;
    }
    return result + this.#text.slice(position);
  }

  /** `isTarget`: the node is called, assigned, deleted or part of a pattern, so it is not a read. */
  visit(node: SyntaxNode, isTarget: boolean): void {
    this.#separateStatements(node);
    if (node.type === "CallExpression" && this.#getCall(node)) return;
    if (node.type === "MemberExpression") return this.#member(node, isTarget);
    if (node.type === "VariableDeclarator" && this.#declarator(node)) return;
    for (const child of allChildren(node)) this.visit(child, isTargetIn(node, child, isTarget));
  }

  #insert(at: number, text: string): void {
    this.#edits.push({ start: at, end: at, text });
  }

  #member(node: SyntaxNode, isTarget: boolean): void {
    const object = childOf(node, "object");
    if (object === undefined) return;
    const guarded = !isTarget && node["optional"] !== true && !solid.has(object.type) &&
      !(object.type === "Identifier" && object["name"] === "record");
    if (guarded) this.#insert(object.start, "((");
    this.visit(object, false);
    if (guarded) this.#insert(object.end, ") ?? $nothing)");
    const property = childOf(node, "property");
    if (node["computed"] === true && property !== undefined) this.visit(property, false);
  }

  /** `a.get("b", d)` → `$get(a, "b", d)`. */
  #getCall(node: SyntaxNode): boolean {
    const callee = childOf(node, "callee");
    const property = callee === undefined ? undefined : childOf(callee, "property");
    const object = callee === undefined ? undefined : childOf(callee, "object");
    const args = childrenOf(node, "arguments");
    if (callee?.type !== "MemberExpression" || property === undefined || object === undefined) {
      return false;
    }
    if (staticKey(property, callee["computed"]) !== "get" || callee["computed"] === true) {
      return false;
    }
    if (args.length === 0 || object.type === "Super") return false;
    const name = this.#tokens.findIndex((token) => token.start === property.start);
    const dot = this.#tokens[name - 1];
    const open = this.#tokens.slice(name).find((token) => token.type.label === "(");
    if (dot === undefined || open === undefined) return false;
    this.#insert(node.start, "$get(");
    this.visit(object, false);
    this.#edits.push({ start: dot.start, end: open.end, text: ", " });
    args.forEach((argument) => this.visit(argument, false));
    return true;
  }

  /** A default in a pattern is for what is missing: `const { a = 1 } = record`. */
  #declarator(node: SyntaxNode): boolean {
    const id = childOf(node, "id");
    const init = childOf(node, "init");
    if (id?.type !== "ObjectPattern" || init === undefined || !hasDefault(id)) return false;
    this.visit(id, true);
    this.#insert(init.start, "$plain((");
    this.visit(init, false);
    this.#insert(init.end, "))");
    return true;
  }

  /** A statement may now begin with a parenthesis, which would go on with the line above. */
  #separateStatements(node: SyntaxNode): void {
    for (const list of ["body", "consequent"]) {
      for (const statement of childrenOf(node, list)) {
        if (statement.type === "ExpressionStatement" && statement["directive"] === undefined) {
          this.#insert(statement.start, ";");
        }
      }
    }
  }
}

function hasDefault(pattern: SyntaxNode): boolean {
  let found = false;
  walk(pattern, (node) => {
    if (node.type === "AssignmentPattern") found = true;
  });
  return found;
}

function isTargetIn(node: SyntaxNode, child: SyntaxNode, isTarget: boolean): boolean {
  switch (node.type) {
    case "CallExpression":
    case "NewExpression":
      return child === node["callee"];
    case "TaggedTemplateExpression":
      return child === node["tag"];
    case "AssignmentExpression":
    case "ForInStatement":
    case "ForOfStatement":
    case "AssignmentPattern":
      return child === node["left"];
    case "UpdateExpression":
      return true;
    case "UnaryExpression":
      return node["operator"] === "delete";
    case "ChainExpression":
    case "ArrayPattern":
    case "ObjectPattern":
    case "RestElement":
      return isTarget || node.type !== "ChainExpression";
    case "Property":
      return isTarget && child === node["value"];
    default:
      return false;
  }
}
