/**
 * Parsing a JavaScript body, and walking its syntax tree without a visitor for each node type.
 *
 * @module
 */

import { parse, type Token } from "acorn";

/** A node of the tree, as acorn makes them. `start` and `end` are offsets into the text. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** A body that was parsed. */
export interface ParsedBody {
  readonly program: SyntaxNode;
  readonly tokens: readonly Token[];
}

/**
 * Parses a body.
 *
 * @throws {SyntaxError} with acorn's `loc`; `RangeError` when the body is nested too deeply.
 */
export function parseBody(text: string): ParsedBody {
  const tokens: Token[] = [];
  const program = parse(text, {
    ecmaVersion: 2023,
    allowReturnOutsideFunction: true,
    locations: true,
    onToken: tokens,
  });
  return { program: program as unknown as SyntaxNode, tokens };
}

/** The name of a property access or of a property: `a.b`, `a["b"]`, `{ b }`, `{ "b": … }`. */
export function staticKey(key: unknown, computed: unknown): string | undefined {
  if (!isNode(key)) return undefined;
  if (key.type === "Identifier" && computed !== true) return String(key["name"]);
  if (key.type !== "Literal" || typeof key["value"] !== "string") return undefined;
  return key["value"];
}

/** Whether something found in a tree is a node. */
export function isNode(thing: unknown): thing is SyntaxNode {
  return typeof thing === "object" && thing !== null && "type" in thing && "start" in thing &&
    typeof thing.type === "string";
}

/** The node under a key; undefined where there is none. */
export function childOf(node: SyntaxNode, key: string): SyntaxNode | undefined {
  const child = node[key];
  return isNode(child) ? child : undefined;
}

/** The nodes of a list under a key; holes of array patterns are left out. */
export function childrenOf(node: SyntaxNode, key: string): readonly SyntaxNode[] {
  const list = node[key];
  return Array.isArray(list) ? list.filter(isNode) : [];
}

/** All direct children in the order of the text. */
export function allChildren(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (const value of Object.values(node)) {
    if (isNode(value)) children.push(value);
    else if (Array.isArray(value)) children.push(...value.filter(isNode));
  }
  return children.toSorted((a, b) => a.start - b.start);
}

/** Visits a node and everything below it, parents first. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => void): void {
  visit(node);
  for (const child of allChildren(node)) walk(child, visit);
}
