/** Turns simple statements into JavaScript; blocks are in emit_block.ts. @module */

import type { Expr, Import, Stmt } from "./ast.ts";
import { moduleMembers } from "./builtins.ts";
import {
  binaryFunction,
  bounds,
  expr,
  isFloat,
  items,
  truth,
  warnDivision,
} from "./emit_expression.ts";
import { assignment, deletion } from "./emit_target.ts";
import { type Emitter, quote } from "./emitter.ts";
import { targetNames } from "./scope.ts";

type Node<K extends Stmt["kind"]> = Extract<Stmt, { kind: K }>;

/** Writes a statement that holds no block. */
export function emitSimple(e: Emitter, node: Stmt): void {
  switch (node.kind) {
    case "expr":
      return e.write(`${expressionStatement(e, node.value)};`);
    case "assign":
      return emitAssign(e, node);
    case "augment":
      return emitAugment(e, node);
    case "del":
      return emitDelete(e, node);
    case "return":
      return leave(e, `return ${node.value === undefined ? "null" : expr(e, node.value)};`);
    case "raise":
      return leave(e, `throw ${raised(e, node)};`);
    case "assert": {
      const message = node.message === undefined ? "" : expr(e, node.message);
      return e.write(`if(!${truth(e, node.test)})throw $.assertion(${message});`);
    }
    case "print":
      return e.write(
        `$.print([${node.values.map((value) => expr(e, value)).join(",")}]," ",${node.open});`,
      );
    case "break":
    case "continue":
      return emitJump(e, node);
    case "import":
      return emitImport(e, node);
    default:
      return;
  }
}

/** After this, the code that follows cannot be reached. */
function leave(e: Emitter, text: string): void {
  e.write(text);
  e.frame.assigned = undefined;
}

/** `print(a, b)` in Python 2 is the print statement with a tuple. */
function expressionStatement(e: Emitter, value: Expr): string {
  if (
    e.version === 2 && value.kind === "call" && value.func.kind === "name" && e.isBuiltin("print")
  ) {
    const { args, keywords, func } = value;
    if (func.id === "print" && keywords.length === 0) {
      return args.length === 1
        ? `$.print([${items(e, args)}])`
        : `$.print([$.tup([${items(e, args)}])])`;
    }
  }
  return expr(e, value);
}

function emitAssign(e: Emitter, node: Node<"assign">): void {
  const [target] = node.targets;
  const names = node.targets.flatMap(targetNames);
  const parallel = target?.kind === "tuple" && node.value.kind === "tuple" &&
    target.items.length === node.value.items.length &&
    [...target.items, ...node.value.items].every((item) => item.kind !== "star");
  if (node.targets.length === 1 && target?.kind === "name") {
    e.write(assignment(e, target, expr(e, node.value)));
  } else if (parallel && node.targets.length === 1 && node.value.kind === "tuple") {
    const temps = node.value.items.map((item) => {
      const value = expr(e, item);
      const temp = e.temp();
      e.write(`${temp}=${value};`);
      return temp;
    });
    target.items.forEach((item, index) => e.write(assignment(e, item, temps[index] ?? "null")));
  } else {
    const value = expr(e, node.value);
    const temp = e.temp();
    e.write(`${temp}=${value};${node.targets.map((item) => assignment(e, item, temp)).join("")}`);
  }
  e.bind(names);
}

function emitAugment(e: Emitter, node: Node<"augment">): void {
  const { target } = node;
  const change = (old: string) => {
    const operation = node.op === "+"
      ? "$.iadd"
      : ["|", "&", "-", "^", "*"].includes(node.op)
      ? `$.inplace(${quote(node.op)},`
      : undefined;
    const value = expr(e, node.value);
    if (node.op === "/" && !isFloat(e, node.value)) warnDivision(e, node.value);
    if (operation === "$.iadd") return `$.iadd(${old},${value})`;
    return operation === undefined
      ? `${binaryFunction(e, node.op)}(${old},${value})`
      : `${operation}${old},${value})`;
  };
  if (target.kind === "name") {
    const old = expr(e, target);
    e.write(`${e.variable(target.id)}=${change(old)};`);
    return e.bind([target.id]);
  }
  if (target.kind !== "sub" && target.kind !== "attr") throw new Error("not a target");
  const object = e.temp();
  e.write(`${object}=${expr(e, target.object)};`);
  if (target.kind === "attr") {
    const name = quote(target.name);
    return e.write(`$.setattr(${object},${name},${change(`$.attr(${object},${name})`)});`);
  }
  if (target.index.kind === "slice") {
    const range = bounds(e, target.index);
    return e.write(`$.setslice(${object},${range},${change(`$.slice(${object},${range})`)});`);
  }
  const index = e.temp();
  e.write(`${index}=${expr(e, target.index)};`);
  e.write(`$.setitem(${object},${index},${change(`$.item(${object},${index})`)});`);
}

function emitDelete(e: Emitter, node: Node<"del">): void {
  for (const target of node.targets) {
    e.write(deletion(e, target));
    for (const name of targetNames(target)) e.frame.assigned?.delete(name);
  }
}

function raised(e: Emitter, node: Node<"raise">): string {
  if (node.type === undefined) return e.frame.handling ?? "$.nothingToRaise()";
  const type = expr(e, node.type);
  return node.value === undefined
    ? `$.raised(${type})`
    : `$.raised(${type},${expr(e, node.value)})`;
}

function emitJump(e: Emitter, node: Node<"break" | "continue">): void {
  if (e.frame.loops.length === 0) {
    {
      e.problems.push({
        line: node.line,
        column: node.column,
        message: `'${node.kind}' outside loop`,
      });
    }
  }
  const flag = e.frame.loops.at(-1);
  leave(e, node.kind === "break" && flag !== undefined ? `${flag}=false;break;` : `${node.kind};`);
}

function emitImport(e: Emitter, node: Import): void {
  for (const item of node.names) {
    const module = node.from ?? item.name;
    const members = moduleMembers(module);
    if (members === undefined || (node.from !== undefined && !members.has(item.name))) {
      if (!e.frame.waits.imports) {
        e.refuse(
          members === undefined ? `import of '${module}'` : `'${module}.${item.name}'`,
          item,
        );
      }
      e.write(`throw $.importError(${quote(module)});`);
      continue;
    }
    const value = node.from === undefined ? "" : `,${quote(item.name)}`;
    e.write(`${e.variable(item.alias)}=$.module(${quote(module)}${value});`);
    e.bind([item.alias]);
  }
}
