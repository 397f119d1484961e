/**
 * How a function takes its arguments, in JavaScript.
 *
 * @module
 */

import type { Expr, Param } from "./ast.ts";
import { parameter, quote } from "./emitter.ts";
import { paramNames } from "./scope.ts";

/** Writes the JavaScript that assigns a value to a target. */
type Assign = (target: Expr, value: string) => string;

/** The head and tail of a function. */
export class Signature {
  readonly #name: string;
  readonly #params: readonly Param[];
  readonly #defaults: readonly string[];

  /** `defaults`: the JavaScript of the default values, in order. */
  constructor(name: string, params: readonly Param[], defaults: readonly string[]) {
    this.#name = name;
    this.#params = params;
    this.#defaults = defaults;
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
  prologue(assign: Assign): string {
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
        text += `let ${names.join(",")};${assign(param.target, name)}`;
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
