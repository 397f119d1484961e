/**
 * Turns expressions and assignment targets into JavaScript text.
 *
 * @module
 */

import type {
  Call,
  Clause,
  Comprehension,
  Expr,
  FormatPart,
  Keyword,
  Lambda,
  Param,
} from "./ast.ts";
import { builtinNames, refusedBuiltins } from "./builtins.ts";
import {
  checkModule,
  isAttributePath,
  isBoolean,
  isFloat,
  onRecord,
  warnDivision,
} from "./emit_checks.ts";
import { Signature } from "./emit_signature.ts";
import { type Emitter, parameter, quote } from "./emitter.ts";
import { functionScope, innerScope, leaked, paramNames, targetNames } from "./scope.ts";
import { defaults } from "./walk.ts";

type Kind = Expr["kind"];
type Node<K extends Kind> = Extract<Expr, { kind: K }>;
type Emit<K extends Kind> = (e: Emitter, node: Node<K>) => string;

const binaryFunctions: Record<string, string> = {
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
const orderFunctions: Record<string, string> = { "<": "lt", "<=": "le", ">": "gt", ">=": "ge" };

/** The runtime function of a binary operator. */
export function binaryFunction(e: Emitter, op: string): string {
  if (op === "/") return e.version === 2 && !e.trueDivision ? "$.div2" : "$.div";
  return `$.${binaryFunctions[op]}`;
}

const emitters: { readonly [K in Kind]: Emit<K> } = {
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
  yield: emitYield,
};

function emitYield(e: Emitter, node: Node<"yield">): string {
  if (!e.frame.yields) e.refuse("'yield' outside a nested function", node);
  const value = node.value === undefined ? "null" : expr(e, node.value);
  return node.from ? `((yield* $.iter(${value}))??null)` : `((yield ${value})??null)`;
}

/** The JavaScript of an expression. */
export function expr(e: Emitter, node: Expr): string {
  return e.deeper(node, () => (emitters[node.kind] as Emit<Kind>)(e, node));
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
  const known = e.lenient
    ? builtinNames[2].has(id) || builtinNames[3].has(id)
    : builtinNames[e.version].has(id);
  if (known || e.settings.names.has(id)) return `$.b_${id}`;
  if (refusedBuiltins.has(id)) e.refuse(`the built-in '${id}'`, node);
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

function emitSubscript(e: Emitter, node: Node<"sub">): string {
  const object = expr(e, node.object);
  if (node.index.kind === "slice") return `$.slice(${object},${bounds(e, node.index)})`;
  const strict = e.frame.waits.key || !e.settings.openKeys;
  return `$.${strict ? "itemStrict" : "item"}(${object},${expr(e, node.index)})`;
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
    parts.push(compareOne(e, op, left, right, leftNode, rightNode));
    left = next;
    leftNode = rightNode;
  });
  return parts.length === 1 ? parts[0] ?? "" : `(${parts.join("&&")})`;
}

function compareOne(
  e: Emitter,
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
  const strict = e.lenient && e.frame.waits.type ? "Strict" : "";
  return `$.${orderFunctions[op]}${strict}(${left},${right})`;
}

function isNone(node: Expr): boolean {
  return node.kind === "constant" && node.value === null;
}

function emitBinary(e: Emitter, node: Node<"binary">): string {
  const call = `${binaryFunction(e, node.op)}(${expr(e, node.left)},${expr(e, node.right)})`;
  if (node.op === "/" && !isFloat(e, node.left) && !isFloat(e, node.right)) warnDivision(e, node);
  return call;
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

/** Built-ins that are called without the check of their argument count. */
const directCalls: Record<string, number> = {
  len: 1,
  str: 1,
  isinstance: 2,
  int: 1,
  float: 1,
  bool: 1,
  repr: 1,
};
/** Up to this many arguments are passed without an array. */
const plainArguments = 4;
/** Consumers that take all of a generator before they do anything else. */
const eagerNames = new Set(["list", "sorted", "set", "tuple", "frozenset", "dict"]);

/** The JavaScript of a call. */
function emitCall(e: Emitter, node: Call): string {
  const { func } = node;
  if (func.kind === "attr") return emitMethod(e, node, func.object, func.name);
  const special = func.kind === "name" ? emitSpecialCall(e, node, func.id) : undefined;
  if (special !== undefined) return special;
  const args = eager(e, node);
  const callee = expr(e, func);
  if (
    node.keywords.length > 0 || args.some((arg) => arg.kind === "star") ||
    args.length > plainArguments
  ) {
    return `$.ck(${callee},[${items(e, args)}]${keywords(e, node.keywords)})`;
  }
  const list = items(e, args);
  if (func.kind === "name" && func.id === "round" && e.isBuiltin("round") && args.length === 1) {
    e.warn(
      "round() is taken as Python 3's (round(2.5) is 2, an int), for nothing tells the version; " +
        "begin with '# language: python2' or '# language: python3', or set python = 2 or 3",
      node,
    );
  }
  if (func.kind === "name" && directCalls[func.id] === args.length && e.isBuiltin(func.id)) {
    return `${callee}(${list})`;
  }
  return `$.c${args.length}(${[callee, ...list === "" ? [] : [list]].join(",")})`;
}

/** Calls that look at what is around them: `locals()`, `super()`. */
function emitSpecialCall(e: Emitter, node: Call, name: string): string | undefined {
  if (node.args.length + node.keywords.length > 0 || !e.isBuiltin(name)) return undefined;
  if (name === "locals" || name === "vars") {
    const { scope } = e.frame;
    const pairs = [...scope.names].map((one) => `[${quote(one)},${parameter(one)}]`);
    return `$.locals([${pairs.join(",")}])`;
  }
  if (name !== "super" || e.method === undefined) return undefined;
  return `$.b_super(${e.method.type},${e.method.self})`;
}

function emitMethod(e: Emitter, node: Call, object: Expr, name: string): string {
  const { func } = node;
  if (func.kind === "attr") checkModule(e, func);
  const args = eager(e, node);
  const target = expr(e, object);
  const plain = node.keywords.length === 0 && !args.some((arg) => arg.kind === "star");
  if (!plain || args.length > plainArguments) {
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
    : func.kind === "name" && eagerNames.has(func.id) && e.isBuiltin(func.id);
  return whole ? [{ ...only, type: "array" }] : node.args;
}

/** The keyword arguments as a second array of pairs; nothing when there are none. */
function keywords(e: Emitter, list: readonly Keyword[]): string {
  if (list.length === 0) return "";
  const pairs = list.map(({ name, value }) =>
    name === "" ? `...$.pairs(${expr(e, value)})` : `[${quote(name)},${expr(e, value)}]`
  );
  return `,[${pairs.join(",")}]`;
}

/** The JavaScript of a comprehension: a function called at once with the first iterable. */
function emitComprehension(e: Emitter, node: Comprehension): string {
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

/** How a function with these parameters takes its arguments. */
export function signature(e: Emitter, params: readonly Param[], name: string): Signature {
  return new Signature(name, params, defaults(params).map((value) => expr(e, value)));
}

/** The JavaScript of a lambda. */
function emitLambda(e: Emitter, node: Lambda): string {
  const bound = leaked(node.body, e.version);
  const scope = functionScope(paramNames(node.params), [], e.version, e.frame.scope);
  for (const name of bound) scope.names.add(name);
  const head = signature(e, node.params, "<lambda>");
  const frame = e.newFrame(scope, new Set(paramNames(node.params)));
  const body = e.within(frame, () => {
    const prologue = head.prologue((target, value) => assignment(e, target, value));
    return `${prologue}return ${expr(e, node.body)};`;
  });
  const declared = bound.length === 0 ? "" : `let ${[...new Set(bound)].map(parameter).join(",")};`;
  return head.wrap(`${frame.slot}${declared}${body}`);
}

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
