/** Turns expressions into JavaScript text. @module */

import type { Expr, FormatPart } from "./ast.ts";
import { BUILTINS, moduleMembers, REFUSED_BUILTINS } from "./builtins.ts";
import { emitCall } from "./emit_call.ts";
import { emitComprehension } from "./emit_comprehension.ts";
import { emitLambda } from "./emit_function.ts";
import { type Emitter, mangle, quote } from "./emitter.ts";
import { onRecord } from "./record_chain.ts";

type Kind = Expr["kind"];
type Node<K extends Kind> = Extract<Expr, { kind: K }>;
type Emit<K extends Kind> = (e: Emitter, node: Node<K>) => string;

const BINARY: Record<string, string> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "//": "floordiv",
  "%": "mod",
  "**": "pow",
  "<<": "shl",
  ">>": "shr",
  "&": "and",
  "|": "or",
  "^": "xor",
};
const ORDER: Record<string, string> = { "<": "lt", "<=": "le", ">": "gt", ">=": "ge" };

/** The runtime function of a binary operator. */
export function binaryFunction(e: Emitter, op: string): string {
  if (op === "/") return e.version === 2 ? "$.div2" : "$.div";
  return `$.${BINARY[op]}`;
}

const EMIT: { readonly [K in Kind]: Emit<K> } = {
  name: emitName,
  number: (e, node) => number(e, node.value, node.float),
  string: emitString,
  bytes: (e, node) =>
    e.version === 2 ? quote(node.value) : e.constant(`$.bytes(${quote(node.value)})`),
  format: (e, node) => formatted(e, node.parts),
  constant: (_, node) => String(node.value),
  tuple: (e, node) => `$.tup([${items(e, node.items)}])`,
  list: (e, node) => `[${items(e, node.items)}]`,
  set: (e, node) => `$.set([${items(e, node.items)}])`,
  dict: (e, node) =>
    `$.dict([${node.entries.map((entry) => dictEntry(e, entry.key, entry.value)).join(",")}])`,
  star: (e, node) => {
    e.refuse("a starred expression here", node);
    return "null";
  },
  attr: emitAttribute,
  sub: emitSubscript,
  slice: (e, node) => `$.b_slice(${bounds(e, node)})`,
  call: emitCall,
  comp: emitComprehension,
  lambda: emitLambda,
  compare: emitCompare,
  binary: emitBinary,
  unary: emitUnary,
  logic: emitLogic,
  choice: (e, node) => `(${truth(e, node.test)}?${expr(e, node.yes)}:${expr(e, node.no)})`,
  named: (e, node) => `(${e.variable(node.target.id)}=${expr(e, node.value)})`,
  repr: (e, node) => `$.b_repr(${expr(e, node.value)})`,
};

/** The JavaScript of an expression. */
export function expr(e: Emitter, node: Expr): string {
  return e.deeper(node, () => (EMIT[node.kind] as Emit<Kind>)(e, node));
}

/** The JavaScript of list items, `*x` spread. */
export function items(e: Emitter, nodes: readonly Expr[]): string {
  return nodes.map((node) =>
    node.kind === "star" ? `...$.iter(${expr(e, node.value)})` : expr(e, node)
  ).join(",");
}

/** JavaScript that is `true` or `false` as Python takes the expression in `if`. */
export function truth(e: Emitter, node: Expr): string {
  return e.deeper(node, () => {
    if (node.kind === "unary" && node.op === "not") return `!${truth(e, node.operand)}`;
    if (node.kind === "logic") {
      return `(${truth(e, node.left)}${node.op === "and" ? "&&" : "||"}${truth(e, node.right)})`;
    }
    const text = expr(e, node);
    return isBoolean(e, node) ? text : `$.t(${text})`;
  });
}

/** Does the expression surely give a boolean? */
function isBoolean(e: Emitter, node: Expr): boolean {
  if (node.kind === "compare") return true;
  if (node.kind === "unary") return node.op === "not";
  if (node.kind === "constant") return node.value !== null;
  if (node.kind === "logic") return isBoolean(e, node.left) && isBoolean(e, node.right);
  if (node.kind !== "call" || node.func.kind !== "name") return false;
  return node.func.id === "isinstance" && node.args.length === 2 && e.isBuiltin("isinstance");
}

function emitName(e: Emitter, node: Node<"name">): string {
  const { id } = node;
  const owner = e.find(id);
  const name = e.variable(id);
  if (owner === "global") return `(${name}===undefined?$.nameError(${quote(id)}):${name})`;
  if (owner !== undefined) {
    if (e.isBound(id, owner)) return name;
    const fail = owner === e.frame.scope ? "unbound" : "nameError";
    return `(${name}===undefined?$.${fail}(${quote(id)}):${name})`;
  }
  if (BUILTINS[e.version].has(id)) return `$.b_${id}`;
  if (REFUSED_BUILTINS.has(id)) e.refuse(`the built-in '${id}'`, node);
  return `$.nameError(${quote(id)})`;
}

function emitString(e: Emitter, node: Node<"string">): string {
  if (e.version === 2) return quote(node.old);
  if (node.problem !== undefined) {
    e.problems.push({ line: node.line, column: node.column, message: node.problem });
  }
  return quote(node.value);
}

/** A number: floats without a fraction are marked, so that 1.0 stays a float. */
function number(e: Emitter, value: string, float: boolean): string {
  if (float && Number.isInteger(Number(value))) return e.constant(`$.flt(${value})`);
  return value;
}

function dictEntry(e: Emitter, key: Expr | undefined, value: Expr): string {
  if (key === undefined) return `...$.flat(${expr(e, value)})`;
  return `${expr(e, key)},${expr(e, value)}`;
}

function formatted(e: Emitter, parts: readonly FormatPart[]): string {
  const texts = parts.map((part) => {
    if (typeof part === "string") return quote(part);
    const value = expr(e, part.value);
    if (part.conversion === "" && part.spec.length === 0) return `$.fmt(${value})`;
    return `$.format(${value},${quote(part.conversion)},${formatted(e, part.spec)})`;
  });
  return texts.length === 0 ? '""' : `(""+${texts.join("+")})`;
}

function emitAttribute(e: Emitter, node: Node<"attr">): string {
  checkModule(e, node);
  const strict = e.frame.waits.attribute && !onRecord(e, node.object);
  return `$.${strict ? "attrStrict" : "attr"}(${expr(e, node.object)},${quote(node.name)})`;
}

/** A name of a module that is not there is found at start-up. */
export function checkModule(e: Emitter, node: Node<"attr">): void {
  if (node.object.kind !== "name") return;
  const module = e.modules.get(node.object.id);
  if (module === undefined || moduleMembers(module)?.has(node.name)) return;
  e.refuse(`'${module}.${node.name}'`, node);
}

function emitSubscript(e: Emitter, node: Node<"sub">): string {
  const object = expr(e, node.object);
  if (node.index.kind === "slice") return `$.slice(${object},${bounds(e, node.index)})`;
  return `$.${e.frame.waits.key ? "itemStrict" : "item"}(${object},${expr(e, node.index)})`;
}

/** The three values of a slice, None where nothing is written. */
export function bounds(e: Emitter, node: Node<"slice">): string {
  return [node.lower, node.upper, node.step].map((part) =>
    part === undefined ? "null" : expr(e, part)
  ).join(",");
}

function emitCompare(e: Emitter, node: Node<"compare">): string {
  const parts: string[] = [];
  let left = expr(e, node.left);
  let leftNode = node.left;
  node.ops.forEach((op, index) => {
    const rightNode = node.rights[index];
    if (rightNode === undefined) return;
    let right = expr(e, rightNode);
    let next = right;
    if (index < node.ops.length - 1) {
      next = e.temp();
      right = `(${next}=${right})`;
    }
    parts.push(compareOne(op, left, right, leftNode, rightNode));
    left = next;
    leftNode = rightNode;
  });
  return parts.length === 1 ? parts[0] ?? "" : `(${parts.join("&&")})`;
}

function compareOne(
  op: string,
  left: string,
  right: string,
  leftNode: Expr,
  rightNode: Expr,
): string {
  if (op === "==" || op === "!=") {
    const exact = [leftNode, rightNode].some((node) => node.kind === "string" || isNone(node));
    if (exact) return `(${left}${op}=${right})`;
    return `${op === "==" ? "" : "!"}$.eq(${left},${right})`;
  }
  if (op === "in" || op === "not in") return `${op === "in" ? "" : "!"}$.in(${left},${right})`;
  if (op === "is" || op === "is not") {
    if ([leftNode, rightNode].some((node) => node.kind === "constant")) {
      return `(${left}${op === "is" ? "=" : "!"}==${right})`;
    }
    return `${op === "is" ? "" : "!"}$.is(${left},${right})`;
  }
  return `$.${ORDER[op]}(${left},${right})`;
}

function isNone(node: Expr): boolean {
  return node.kind === "constant" && node.value === null;
}

function emitBinary(e: Emitter, node: Node<"binary">): string {
  const call = `${binaryFunction(e, node.op)}(${expr(e, node.left)},${expr(e, node.right)})`;
  if (node.op === "/" && !isFloat(e, node.left) && !isFloat(e, node.right)) warnDivision(e, node);
  return call;
}

/** A division whose meaning depends on a version that nothing else in the body shows. */
export function warnDivision(e: Emitter, place: Expr): void {
  e.warn(
    "'/' is taken as Python 3's (7 / 2 is 3.5), for nothing shows the version; " +
      "write '//', or begin with '# language: python2' or '# language: python3'",
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

function emitUnary(e: Emitter, node: Node<"unary">): string {
  if (node.op === "not") return `!${truth(e, node.operand)}`;
  const { operand } = node;
  if (
    node.op === "-" && operand.kind === "number" && Number(operand.value.replace("n", "")) !== 0
  ) {
    return operand.float && Number.isInteger(Number(operand.value))
      ? e.constant(`$.flt(-${operand.value})`)
      : `(-${operand.value})`;
  }
  const name = node.op === "-" ? "neg" : node.op === "+" ? "pos" : "invert";
  return `$.${name}(${expr(e, operand)})`;
}

function emitLogic(e: Emitter, node: Node<"logic">): string {
  const left = expr(e, node.left);
  if (isBoolean(e, node.left)) {
    return `(${left}${node.op === "and" ? "&&" : "||"}${expr(e, node.right)})`;
  }
  const kept = e.temp();
  const right = expr(e, node.right);
  const [yes, no] = node.op === "and" ? [right, kept] : [kept, right];
  return `($.t(${kept}=${left})?${yes}:${no})`;
}

/** The JavaScript variable names of parameters. */
export function parameter(name: string): string {
  return `v_${mangle(name)}`;
}
