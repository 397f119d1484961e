/** Turns `def` and `lambda` into JavaScript text. @module */

import type { Def, Lambda, Param } from "./ast.ts";
import { emitBlock } from "./emit_block.ts";
import { expr, parameter } from "./emit_expression.ts";
import { assignment } from "./emit_target.ts";
import { type Emitter, quote } from "./emitter.ts";
import { functionScope, leaked, paramNames, type Scope } from "./scope.ts";

/** The JavaScript of a lambda. */
export function emitLambda(e: Emitter, node: Lambda): string {
  const bound = leaked(node.body, e.version);
  const scope = functionScope(paramNames(node.params), [], e.version, e.frame.scope);
  for (const name of bound) scope.names.add(name);
  const signature = new Signature(e, node.params, "<lambda>");
  const frame = e.newFrame(scope, new Set(paramNames(node.params)));
  const body = e.within(frame, () => {
    const prologue = signature.prologue();
    return `${prologue}return ${expr(e, node.body)};`;
  });
  const declared = bound.length === 0 ? "" : `let ${[...new Set(bound)].map(parameter).join(",")};`;
  return signature.wrap(`${frame.slot}${declared}${body}`);
}

/** Writes a nested `def`. */
export function emitDef(e: Emitter, node: Def): void {
  const params = paramNames(node.params);
  const scope = functionScope(params, node.body, e.version, e.frame.scope);
  for (const name of scope.globals) e.globals.add(name);
  checkNonlocal(e, node, scope);
  const signature = new Signature(e, node.params, node.name);
  e.write(`${e.variable(node.name)}=${signature.open()}`);
  const frame = e.newFrame(scope, new Set(params));
  e.within(frame, () => {
    e.write(frame.slot + locals(scope, params) + signature.prologue());
    emitBlock(e, node.body);
    if (frame.assigned !== undefined) e.write("return null;");
  });
  e.write(`${signature.close()};`);
  e.bind([node.name]);
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

/** How a function takes its arguments, in JavaScript. */
class Signature {
  readonly #e: Emitter;
  readonly #params: readonly Param[];
  readonly #name: string;
  readonly #defaults: string[] = [];

  constructor(e: Emitter, params: readonly Param[], name: string) {
    this.#e = e;
    this.#params = params;
    this.#name = name;
    for (const param of params) {
      if (param.fallback !== undefined) this.#defaults.push(expr(e, param.fallback));
    }
  }

  /** The text before the body. */
  open(): string {
    const before = this.#defaults.length === 0
      ? ""
      : `((${this.#defaults.map((_, index) => `d${index}`).join(",")})=>`;
    const names = this.#params.map((param, index) =>
      param.target ? `p${index}` : parameter(param.name)
    );
    return `${before}$.fn(${this.#shape()},function(${names.join(",")}){`;
  }

  /** The text after the body. */
  close(): string {
    return this.#defaults.length === 0 ? "})" : `}))(${this.#defaults.join(",")})`;
  }

  /** The whole function around a body. */
  wrap(body: string): string {
    return this.open() + body + this.close();
  }

  /** Default values and tuple parameters, at the start of the body. */
  prologue(): string {
    let text = "";
    let next = 0;
    if (this.#simple()) {
      const most = this.#params.length;
      const least = most - this.#defaults.length;
      const wrong = least === most
        ? `arguments.length!==${most}`
        : `arguments.length<${least}||arguments.length>${most}`;
      text += `if(${wrong})$.argCount(${quote(this.#name)},${least},${most},arguments.length);`;
    }
    this.#params.forEach((param, index) => {
      const name = param.target ? `p${index}` : parameter(param.name);
      if (param.fallback !== undefined) text += `if(${name}===undefined)${name}=d${next++};`;
      if (param.target !== undefined) {
        const names = paramNames([param]).map(parameter);
        text += `let ${names.join(",")};${assignment(this.#e, param.target, name)}`;
      }
    });
    return text;
  }

  #simple(): boolean {
    return this.#params.every((param) => param.kind === "plain");
  }

  /** Name, parameter names and how they may be given, as arguments of the runtime's `fn`. */
  #shape(): string {
    const plain = this.#params.filter((param) => param.kind === "plain");
    const least = plain.filter((param) => param.fallback === undefined).length;
    const base = `${quote(this.#name)},${least},[${
      plain.map((param) => quote(param.name)).join(",")
    }]`;
    if (this.#simple()) return `${base},null`;
    const keys = this.#params.filter((param) => param.kind === "key");
    const star = this.#params.some((param) => param.kind === "star");
    const stars = this.#params.some((param) => param.kind === "stars");
    const pairs = keys.map((param) => `[${quote(param.name)},${param.fallback === undefined}]`);
    return `${base},{star:${star},keys:[${pairs.join(",")}],stars:${stars}}`;
  }
}
