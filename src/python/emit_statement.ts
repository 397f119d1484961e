/**
 * Turns statements into JavaScript, line for line.
 *
 * @module
 */

import type { Class, Def, Expr, For, Handler, If, Import, Stmt, Try, While, With } from "./ast.ts";
import { moduleMembers } from "./builtins.ts";
import { isFloat, warnDivision } from "./emit_checks.ts";
import {
  assignment,
  binaryFunction,
  bounds,
  deletion,
  expr,
  items,
  signature,
  truth,
} from "./emit_expression.ts";
import { type Emitter, parameter, quote } from "./emitter.ts";
import { functionScope, paramNames, type Scope, targetNames } from "./scope.ts";
import { hasYield } from "./walk.ts";

/** Writes statements. */
export function emitBlock(e: Emitter, body: readonly Stmt[]): void {
  for (const node of body) {
    e.at(node);
    e.deeper(node, () => emitStatement(e, node));
  }
}

function emitStatement(e: Emitter, node: Stmt): void {
  switch (node.kind) {
    case "if":
      return emitIf(e, node);
    case "while":
      return emitWhile(e, node);
    case "for":
      return emitFor(e, node);
    case "try":
      return emitTry(e, node);
    case "def":
      return emitDef(e, node);
    case "class":
      return emitClass(e, node);
    case "with":
      return emitWith(e, node, node.items);
    default:
      return emitSimple(e, node);
  }
}

type Names = Set<string> | undefined;

/** What is surely bound when either of two ways was taken. */
function merge(a: Names, b: Names): Names {
  if (a === undefined || b === undefined) return copy(a ?? b);
  return new Set([...a].filter((name) => b.has(name)));
}

function copy(names: Names): Names {
  return names === undefined ? undefined : new Set(names);
}

function emitIf(e: Emitter, first: If): void {
  let node = first;
  let closing = "";
  let after: Names;
  let reached = false;
  const leave = () => {
    after = reached ? merge(after, e.frame.assigned) : copy(e.frame.assigned);
    reached = true;
  };
  for (let more = true; more;) {
    e.write(`if(${truth(e, node.test)}){`);
    const before = copy(e.frame.assigned);
    emitBlock(e, node.body);
    leave();
    e.frame.assigned = before;
    const [next] = node.orelse;
    more = node.orelse.length === 1 && next?.kind === "if";
    if (more && next?.kind === "if") {
      e.write("}else ");
      e.at(next);
      node = next;
    } else if (node.orelse.length > 0) {
      e.write("}else{");
      emitBlock(e, node.orelse);
      closing = "}";
    } else closing = "}";
  }
  leave();
  e.write(closing);
  e.frame.assigned = after;
}

/** Writes a loop around `body`; `head` opens it. */
function emitLoop(e: Emitter, head: string, bind: string, node: For | While): void {
  const flag = node.orelse.length > 0 ? e.label("f") : undefined;
  if (flag !== undefined) e.write(`let ${flag}=true;`);
  const before = copy(e.frame.assigned);
  e.write(`${head}{${bind}`);
  if (node.kind === "for") e.bind(targetNames(node.target));
  e.frame.loops.push(flag);
  emitBlock(e, node.body);
  e.frame.loops.pop();
  e.write("}");
  e.frame.assigned = before;
  if (flag === undefined) return;
  e.write(`if(${flag}){`);
  emitBlock(e, node.orelse);
  e.write("}");
  e.frame.assigned = before;
}

function emitWhile(e: Emitter, node: While): void {
  emitLoop(e, `while(${truth(e, node.test)})`, "", node);
}

function emitFor(e: Emitter, node: For): void {
  const item = e.label("i");
  const source = expr(e, node.iter);
  emitLoop(e, `for(const ${item} of $.iter(${source}))`, assignment(e, node.target, item), node);
}

const catches: Record<string, readonly string[]> = {
  key: ["KeyError", "LookupError", "Exception", "BaseException", "StandardError"],
  type: ["TypeError", "Exception", "BaseException", "StandardError"],
  attribute: ["AttributeError", "Exception", "BaseException", "StandardError"],
  imports: ["ImportError", "ModuleNotFoundError", "Exception", "BaseException", "StandardError"],
};

/** Does a handler wait for the exception? */
function waitsFor(handlers: readonly Handler[], what: string): boolean {
  const named = (type: Expr): boolean => {
    if (type.kind === "tuple") return type.items.some(named);
    return type.kind === "name" && (catches[what] ?? []).includes(type.id);
  };
  return handlers.some((handler) => handler.type === undefined || named(handler.type));
}

function emitTry(e: Emitter, node: Try): void {
  const before = copy(e.frame.assigned);
  const outer = e.frame.waits;
  const wait = (key: "key" | "attribute" | "imports" | "type") =>
    outer[key] || waitsFor(node.handlers, key);
  const done = node.orelse.length > 0 ? e.label("f") : undefined;
  if (done !== undefined) e.write(`let ${done}=false;`);
  if (done !== undefined && node.final !== undefined) e.write("try{");
  e.write("try{");
  e.frame.waits = {
    key: wait("key"),
    attribute: wait("attribute"),
    imports: wait("imports"),
    type: wait("type"),
  };
  emitBlock(e, node.body);
  e.frame.waits = outer;
  if (done !== undefined) e.write(`${done}=true;`);
  e.write("}");
  const ends = [copy(e.frame.assigned)];
  const normal = copy(e.frame.assigned);
  if (node.handlers.length > 0) emitHandlers(e, node, before, ends);
  if (done !== undefined) {
    e.write(`if(${done}){`);
    e.frame.assigned = normal;
    emitBlock(e, node.orelse);
    ends[0] = copy(e.frame.assigned);
    e.write("}");
    if (node.final !== undefined) e.write("}");
  }
  let after = ends.reduce((all, one) => merge(all, one));
  if (node.final !== undefined) {
    e.write("finally{");
    e.frame.assigned = copy(before);
    emitBlock(e, node.final);
    e.write("}");
    // What the last block binds is bound; if it always leaves, so does the whole statement.
    if (e.frame.assigned === undefined) after = undefined;
    else if (after !== undefined) { for (const name of e.frame.assigned ?? []) after.add(name); }
  }
  e.frame.assigned = after;
}

function emitHandlers(e: Emitter, node: Try, before: Names, ends: Names[]): void {
  const caught = e.label("e");
  const outer = { handling: e.frame.handling, waits: e.frame.waits };
  e.frame.handling = caught;
  e.write(`catch(x){const ${caught}=$.caught(x);`);
  let closing = `throw ${caught};`;
  node.handlers.forEach((handler, index) => {
    e.frame.assigned = copy(before);
    // An import inside `except ImportError` never runs, for the first one works.
    e.frame.waits = {
      ...outer.waits,
      imports: outer.waits.imports || waitsFor([handler], "imports"),
    };
    e.at(handler);
    const test = handler.type === undefined
      ? "true"
      : `$.matches(${caught},${expr(e, handler.type)})`;
    e.write(`${index === 0 ? "" : "else "}if(${test}){`);
    emitHandler(e, handler, caught);
    ends.push(copy(e.frame.assigned));
    e.write("}");
    if (handler.type === undefined) closing = "";
  });
  e.write(closing === "" ? "}" : `else ${closing}}`);
  Object.assign(e.frame, outer);
}

function emitHandler(e: Emitter, handler: Handler, caught: string): void {
  const names = handler.target === undefined ? [] : targetNames(handler.target);
  if (handler.target !== undefined) e.write(assignment(e, handler.target, caught));
  e.bind(names);
  // Python 3 forgets the exception's name after the clause, however it is left.
  const forgets = e.version === 3 && names.length > 0;
  if (forgets) e.write("try{");
  emitBlock(e, handler.body);
  if (!forgets) return;
  e.write(`}finally{${names.map((name) => `${e.variable(name)}=undefined;`).join("")}}`);
  for (const name of names) e.frame.assigned?.delete(name);
}

type Node<K extends Stmt["kind"]> = Extract<Stmt, { kind: K }>;

/** Writes a statement that holds no block. */
function emitSimple(e: Emitter, node: Stmt): void {
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
        `${node.to === undefined ? "" : `${expr(e, node.to)};`}$.print([${
          node.values.map((value) => expr(e, value)).join(",")
        }]," ",${node.open});`,
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
    if (module === "__future__") e.trueDivision ||= item.name === "division";
    // `import a.b` binds `a`.
    const bound = item.alias === item.name ? item.name.split(".")[0] ?? "" : item.alias;
    const isPart = node.from === undefined && bound !== item.alias;
    const value = node.from === undefined ? "" : `,${quote(item.name)}`;
    e.write(`${e.variable(bound)}=$.module(${quote(isPart ? bound : module)}${value});`);
    e.bind([bound]);
  }
}

/** Writes a nested `def`. */
function emitDef(e: Emitter, node: Def): void {
  const params = paramNames(node.params);
  const scope = functionScope(params, node.body, e.version, e.frame.scope);
  for (const name of scope.globals) e.globals.add(name);
  checkNonlocal(e, node, scope);
  const head = signature(e, node.params, node.name);
  const wrappers = node.decorators.map((decorator) => `$.c1(${expr(e, decorator)},`).join("");
  e.write(`${e.variable(node.name)}=${wrappers}${head.open()}`);
  const frame = e.newFrame(scope, new Set(params), hasYield(node.body));
  const outer = e.method;
  if (e.frame.scope.isClass === true && e.className !== undefined) {
    e.method = { type: e.className, self: parameter(params[0] ?? "self") };
  }
  e.within(frame, () => {
    const prologue = head.prologue((target, value) => assignment(e, target, value));
    e.write(frame.slot + locals(scope, params) + prologue);
    if (frame.yields) e.write("return $.gen((function*(){");
    emitBlock(e, node.body);
    if (frame.yields) e.write("})());");
    else if (frame.assigned !== undefined) e.write("return null;");
  });
  e.method = outer;
  e.write(`${head.close()}${")".repeat(node.decorators.length)};`);
  e.bind([node.name]);
}

function emitClass(e: Emitter, node: Class): void {
  const scope = { ...functionScope([], node.body, e.version, e.frame.scope), isClass: true };
  const variable = e.variable(node.name);
  const wrappers = node.decorators.map((decorator) => `$.c1(${expr(e, decorator)},`).join("");
  e.write(`${variable}=${wrappers}$.class(${quote(node.name)},[${items(e, node.bases)}],()=>{`);
  const frame = e.newFrame(scope, new Set());
  const outer = { name: e.className, method: e.method };
  e.className = variable;
  e.method = undefined;
  e.within(frame, () => {
    e.write(frame.slot + locals(scope, []));
    emitBlock(e, node.body);
    const members = [...scope.names].map((name) => `[${quote(name)},${parameter(name)}]`);
    e.write(`return [${members.join(",")}];`);
  });
  e.className = outer.name;
  e.method = outer.method;
  e.write(`})${")".repeat(node.decorators.length)};`);
  e.bind([node.name]);
}

function emitWith(e: Emitter, node: With, [first, ...rest]: With["items"]): void {
  if (first === undefined) return emitBlock(e, node.body);
  const manager = e.label("w");
  e.write(`const ${manager}=$.with(${expr(e, first.value)});`);
  const names = first.target === undefined ? [] : targetNames(first.target);
  if (first.target !== undefined) e.write(assignment(e, first.target, `${manager}.value`));
  e.bind(names);
  const before = copy(e.frame.assigned);
  e.write("try{");
  emitWith(e, node, rest);
  e.write(`}catch(x){${manager}.fail(x);}finally{${manager}.end();}`);
  // The manager may have taken an exception upon itself, from anywhere in the block.
  e.frame.assigned = before;
}

/** Declares the variables of a function that are not its parameters. */
export function locals(scope: Scope, params: readonly string[]): string {
  const names = [...scope.names].filter((name) => !params.includes(name));
  return names.length === 0 ? "" : `let ${names.map(parameter).join(",")};`;
}

function checkNonlocal(e: Emitter, node: Def, scope: Scope): void {
  for (const name of scope.nonlocals) {
    const owner = e.find(name);
    if (owner === undefined || owner === "global") {
      e.refuse(`nonlocal '${name}' without a variable outside`, node);
    }
  }
}
