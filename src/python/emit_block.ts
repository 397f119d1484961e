/** Turns blocks (`if`, loops, `try`, `def`) into JavaScript, line for line. @module */

import type { Expr, For, Handler, If, Stmt, Try, While } from "./ast.ts";
import { expr, truth } from "./emit_expression.ts";
import { emitDef } from "./emit_function.ts";
import { emitSimple } from "./emit_statement.ts";
import { assignment } from "./emit_target.ts";
import type { Emitter } from "./emitter.ts";
import { targetNames } from "./scope.ts";

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

const CATCHES: Record<string, readonly string[]> = {
  key: ["KeyError", "LookupError", "Exception", "BaseException", "StandardError"],
  attribute: ["AttributeError", "Exception", "BaseException", "StandardError"],
  imports: ["ImportError", "ModuleNotFoundError", "Exception", "BaseException", "StandardError"],
};

/** Does a handler wait for the exception? */
function waitsFor(handlers: readonly Handler[], what: string): boolean {
  const named = (type: Expr): boolean => {
    if (type.kind === "tuple") return type.items.some(named);
    return type.kind === "name" && (CATCHES[what] ?? []).includes(type.id);
  };
  return handlers.some((handler) => handler.type === undefined || named(handler.type));
}

function emitTry(e: Emitter, node: Try): void {
  const before = copy(e.frame.assigned);
  const outer = e.frame.waits;
  const wait = (key: "key" | "attribute" | "imports") => outer[key] || waitsFor(node.handlers, key);
  const done = node.orelse.length > 0 ? e.label("f") : undefined;
  if (done !== undefined) e.write(`let ${done}=false;`);
  if (done !== undefined && node.final !== undefined) e.write("try{");
  e.write("try{");
  e.frame.waits = { key: wait("key"), attribute: wait("attribute"), imports: wait("imports") };
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
