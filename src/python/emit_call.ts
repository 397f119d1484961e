/** Turns calls into JavaScript text. @module */

import type { Call, Expr, Keyword } from "./ast.ts";
import { checkModule, expr, items } from "./emit_expression.ts";
import { type Emitter, quote } from "./emitter.ts";
import { isAttributePath } from "./record_chain.ts";

/** Built-ins that are called without the check of their argument count. */
const DIRECT: Record<string, number> = {
  len: 1,
  str: 1,
  isinstance: 2,
  int: 1,
  float: 1,
  bool: 1,
  repr: 1,
};
/** Up to this many arguments are passed without an array. */
const PLAIN_ARGUMENTS = 4;
/** Consumers that take all of a generator before they do anything else. */
const EAGER = new Set(["list", "sorted", "set", "tuple", "frozenset", "dict"]);

/** The JavaScript of a call. */
export function emitCall(e: Emitter, node: Call): string {
  const { func } = node;
  if (func.kind === "attr") return emitMethod(e, node, func.object, func.name);
  const args = eager(e, node);
  const callee = expr(e, func);
  if (
    node.keywords.length > 0 || args.some((arg) => arg.kind === "star") ||
    args.length > PLAIN_ARGUMENTS
  ) {
    return `$.ck(${callee},[${items(e, args)}]${keywords(e, node.keywords)})`;
  }
  const list = items(e, args);
  if (func.kind === "name" && DIRECT[func.id] === args.length && e.isBuiltin(func.id)) {
    return `${callee}(${list})`;
  }
  return `$.c${args.length}(${[callee, ...list === "" ? [] : [list]].join(",")})`;
}

function emitMethod(e: Emitter, node: Call, object: Expr, name: string): string {
  const { func } = node;
  if (func.kind === "attr") checkModule(e, func);
  const args = eager(e, node);
  const target = expr(e, object);
  const plain = node.keywords.length === 0 && !args.some((arg) => arg.kind === "star");
  if (!plain || args.length > PLAIN_ARGUMENTS) {
    return `$.mk(${target},${quote(name)},[${items(e, args)}]${keywords(e, node.keywords)})`;
  }
  const list = items(e, args);
  // On `record.a.b` a missing object is as good as an empty one.
  const lenient = name === "get" && args.length > 0 && isAttributePath(e, object);
  if (lenient) return `$.pathGet(${target},${list})`;
  return `$.m${args.length}(${[target, quote(name), ...list === "" ? [] : [list]].join(",")})`;
}

/** A generator that is consumed whole at once is made as a list: same result, less work. */
function eager(e: Emitter, node: Call): readonly Expr[] {
  const [only] = node.args;
  if (node.args.length !== 1 || only?.kind !== "comp" || only.type !== "gen") return node.args;
  const { func } = node;
  const whole = func.kind === "attr"
    ? func.name === "join" && func.object.kind === "string"
    : func.kind === "name" && EAGER.has(func.id) && e.isBuiltin(func.id);
  return whole ? [{ ...only, type: "array" }] : node.args;
}

/** The keyword arguments as a second array of pairs; nothing when there are none. */
export function keywords(e: Emitter, list: readonly Keyword[]): string {
  if (list.length === 0) return "";
  const pairs = list.map(({ name, value }) =>
    name === "" ? `...$.pairs(${expr(e, value)})` : `[${quote(name)},${expr(e, value)}]`
  );
  return `,[${pairs.join(",")}]`;
}
