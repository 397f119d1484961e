/**
 * Which parts of the record a JavaScript body can be shown to read.
 *
 * @module
 */

import type { Reads } from "./reads.ts";
import {
  allChildren,
  childOf,
  childrenOf,
  isNode,
  staticKey,
  type SyntaxNode,
  walk,
} from "./syntax_tree.ts";

/** What a body reads by itself, and whom it calls through `converter(record, name, …)`. */
export interface BodyReads {
  readonly reads: Reads;
  /** Names of the converters called with a literal name; what they read counts as well. */
  readonly calls: readonly string[];
}

type Path = readonly string[];

/** Finds what a parsed body reads. */
export function readsOfJavaScript(program: SyntaxNode): BodyReads {
  const bindings = countBindings(program);
  if (bindings.has("record") || mentions(program, "arguments")) {
    return { reads: "everything", calls: [] };
  }
  const helpers = ["cae", "converter", "get_field_value"].filter((name) => !bindings.has(name));
  const reader = new Reader(findAliases(program, bindings), helpers);
  reader.visit(program);
  return { reads: reader.everything ? "everything" : reader.paths, calls: reader.calls };
}

/** How often each name is bound or assigned: a name bound once keeps its first value. */
function countBindings(program: SyntaxNode): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  function bind(pattern: SyntaxNode | undefined): void {
    if (pattern === undefined) return;
    if (pattern.type === "Identifier") {
      const name = String(pattern["name"]);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    } else if (pattern.type === "AssignmentPattern") bind(childOf(pattern, "left"));
    else if (pattern.type === "Property") bind(childOf(pattern, "value"));
    else if (pattern.type !== "MemberExpression") allChildren(pattern).forEach(bind);
  }
  walk(program, (node) => {
    if (node.type === "VariableDeclarator") bind(childOf(node, "id"));
    if (/Function|Class/.test(node.type)) bind(childOf(node, "id"));
    if (/Function/.test(node.type)) childrenOf(node, "params").forEach(bind);
    if (node.type === "CatchClause") bind(childOf(node, "param"));
    if (node.type === "AssignmentExpression") bind(childOf(node, "left"));
    if (node.type === "UpdateExpression") bind(childOf(node, "argument"));
    if (/^For(In|Of)Statement$/.test(node.type)) {
      const left = childOf(node, "left");
      if (left?.type !== "VariableDeclaration") bind(left);
    }
  });
  return counts;
}

function mentions(program: SyntaxNode, name: string): boolean {
  let found = false;
  walk(program, (node) => {
    if (node.type === "Identifier" && node["name"] === name) found = true;
  });
  return found;
}

/** Variables that stand for one part of the record: `const general = record.general`. */
function findAliases(
  program: SyntaxNode,
  bindings: ReadonlyMap<string, number>,
): ReadonlyMap<string, Path> {
  const aliases = new Map<string, Path>();
  walk(program, (node) => {
    if (node.type !== "VariableDeclarator") return;
    const id = childOf(node, "id");
    const init = childOf(node, "init");
    if (id?.type !== "Identifier" || init === undefined) return;
    const path = pathOf(init, aliases);
    if (path !== undefined && path.length > 0 && bindings.get(String(id["name"])) === 1) {
      aliases.set(String(id["name"]), path);
    }
  });
  return aliases;
}

/** The path that an expression stands for: `record.a["b"]`, `record.get("a")`, `(record.a ?? {}).b`. */
function pathOf(node: SyntaxNode, aliases: ReadonlyMap<string, Path>): Path | undefined {
  if (node.type === "Identifier") {
    return node["name"] === "record" ? [] : aliases.get(String(node["name"]));
  }
  if (node.type === "ChainExpression") return below(node, "expression", aliases);
  if (node.type === "LogicalExpression" && isEmptyObject(childOf(node, "right"))) {
    return node["operator"] === "&&" ? undefined : below(node, "left", aliases);
  }
  if (node.type === "MemberExpression") {
    const base = below(node, "object", aliases);
    const key = staticKey(node["property"], node["computed"]);
    return base === undefined || key === undefined ? undefined : [...base, key];
  }
  const got = getCall(node);
  const base = got === undefined ? undefined : pathOf(got.object, aliases);
  return base === undefined || got === undefined ? undefined : [...base, got.key];
}

function below(node: SyntaxNode, key: string, aliases: ReadonlyMap<string, Path>) {
  const child = childOf(node, key);
  return child === undefined ? undefined : pathOf(child, aliases);
}

function isEmptyObject(node: SyntaxNode | undefined): boolean {
  return node?.type === "ObjectExpression" && childrenOf(node, "properties").length === 0;
}

/** The parts of `object.get("key", …)`. */
function getCall(node: SyntaxNode): { object: SyntaxNode; key: string } | undefined {
  if (node.type !== "CallExpression") return undefined;
  const callee = childOf(node, "callee");
  const [first] = childrenOf(node, "arguments");
  if (callee?.type !== "MemberExpression" || first === undefined) return undefined;
  const object = childOf(callee, "object");
  const key = staticKey(first, true);
  if (staticKey(callee["property"], callee["computed"]) !== "get" || object === undefined) {
    return undefined;
  }
  return key === undefined ? undefined : { object, key };
}

/** Collects the paths below a node. */
class Reader {
  everything = false;
  readonly paths: Path[] = [];
  readonly calls: string[] = [];
  readonly #aliases: ReadonlyMap<string, Path>;
  readonly #helpers: readonly string[];

  constructor(aliases: ReadonlyMap<string, Path>, helpers: readonly string[]) {
    this.#aliases = aliases;
    this.#helpers = helpers;
  }

  visit(node: SyntaxNode): void {
    const path = pathOf(node, this.#aliases);
    if (path !== undefined) return this.#readPath(node, path);
    switch (node.type) {
      case "CallExpression":
        return this.#call(node);
      case "VariableDeclarator":
        return this.#declarator(node);
      case "BinaryExpression":
        return this.#binary(node);
      case "MemberExpression":
      case "MethodDefinition":
      case "PropertyDefinition":
      case "Property":
        return this.#property(node);
      default:
        return allChildren(node).forEach((child) => this.visit(child));
    }
  }

  #mark(path: Path): void {
    if (path.length === 0) this.everything = true;
    else this.paths.push(path);
  }

  #readPath(node: SyntaxNode, path: Path): void {
    this.#mark(path);
    this.#visitDefaults(node);
  }

  /** What is evaluated on the way along a path: the defaults of `get`. */
  #visitDefaults(node: SyntaxNode): void {
    walk(node, (inner) => {
      if (getCall(inner) === undefined) return;
      childrenOf(inner, "arguments").slice(1).forEach((argument) => this.visit(argument));
    });
  }

  #property(node: SyntaxNode): void {
    const isMember = node.type === "MemberExpression";
    const name = isMember ? "property" : "key";
    for (const child of allChildren(node)) {
      if (child === node[name] && node["computed"] !== true) continue;
      this.visit(child);
    }
    // `{ record }`: key and value are the same node.
    if (node["shorthand"] === true && isNode(node["value"])) this.visit(node["value"]);
  }

  #declarator(node: SyntaxNode): void {
    const id = childOf(node, "id");
    const init = childOf(node, "init");
    if (init === undefined) return;
    const path = pathOf(init, this.#aliases);
    if (path === undefined || id === undefined) {
      if (id !== undefined && id.type !== "Identifier") this.visit(id);
      return this.visit(init);
    }
    if (id.type === "Identifier" && this.#aliases.has(String(id["name"]))) {
      return this.#visitDefaults(init);
    }
    if (id.type !== "ObjectPattern") return this.#readPath(init, path);
    this.#visitDefaults(init);
    this.#pattern(id, path);
  }

  /** `const { a, b: { c } = {}, ...rest } = record`. */
  #pattern(pattern: SyntaxNode, path: Path): void {
    for (const property of childrenOf(pattern, "properties")) {
      const key = staticKey(property["key"], property["computed"]);
      if (property.type !== "Property" || key === undefined) {
        this.#mark(path);
        this.visit(property);
        continue;
      }
      const value = childOf(property, "value");
      const target = value?.type === "AssignmentPattern" ? childOf(value, "left") : value;
      if (value?.type === "AssignmentPattern") this.visit(childOf(value, "right") ?? value);
      if (target?.type === "ObjectPattern") this.#pattern(target, [...path, key]);
      else this.#mark([...path, key]);
    }
  }

  #binary(node: SyntaxNode): void {
    const key = staticKey(node["left"], true);
    const path = below(node, "right", this.#aliases);
    if (node["operator"] === "in" && key !== undefined && path !== undefined) {
      return this.#mark([...path, key]);
    }
    allChildren(node).forEach((child) => this.visit(child));
  }

  #call(node: SyntaxNode): void {
    const callee = childOf(node, "callee");
    const [first, second, ...rest] = childrenOf(node, "arguments");
    const takesRecord = first?.type === "Identifier" && first["name"] === "record";
    if (callee?.type === "Identifier" && takesRecord) {
      const others = second === undefined ? rest : [second, ...rest];
      if (this.#helper(String(callee["name"]), second)) {
        return others.forEach((child) => this.visit(child));
      }
    }
    if (callee?.type === "MemberExpression") {
      const path = below(callee, "object", this.#aliases);
      const object = childOf(callee, "object");
      if (path !== undefined && object !== undefined) {
        this.#readPath(object, path);
        if (callee["computed"] === true) this.visit(childOf(callee, "property") ?? object);
        return childrenOf(node, "arguments").forEach((child) => this.visit(child));
      }
    }
    allChildren(node).forEach((child) => this.visit(child));
  }

  /** What a helper reads of the record; false where that cannot be shown. */
  #helper(name: string, second: SyntaxNode | undefined): boolean {
    if (!this.#helpers.includes(name)) return false;
    const text = staticKey(second, true);
    if (name === "cae") this.#mark(["extension_attributes"]);
    else if (name === "converter" && text !== undefined) this.calls.push(text.toLowerCase());
    else if (name === "get_field_value" && text !== undefined) {
      // A path may also be a key with dots in it, at any depth.
      this.#mark([text]);
      this.#mark([text.split(".")[0] ?? text]);
    } else return false;
    return true;
  }
}
