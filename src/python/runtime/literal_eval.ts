/**
 * Reads a literal of Python: what repr() writes of plain values.
 *
 * @module
 */

import { dict, makeSet } from "./containers.ts";
import { raise } from "./errors.ts";
import { negative, readFloat, readInt } from "./numbers.ts";
import { PyBytes, PyTuple, type Value } from "./types.ts";

const tokenPattern =
  /\s*(?:([\[\](){},:+-])|([uUbBrR]{0,2})('''(?:\\[^]|[^\\])*?'''|"""(?:\\[^]|[^\\])*?"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|((?:\d|\.\d)[\w.]*(?:(?<=[eE])[+-]\d+)?)|(\w+))/y;
const escapes: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\n": "",
};
const constants: Record<string, Value> = { None: null, True: true, False: false };

function malformed(): never {
  return raise("ValueError", "malformed node or string");
}

class LiteralReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Value {
    const value = this.#items("");
    return value;
  }

  #peek(): RegExpExecArray | null {
    tokenPattern.lastIndex = this.#at;
    return tokenPattern.exec(this.#text);
  }

  #accept(mark: string): boolean {
    const match = this.#peek();
    if (match?.[1] !== mark) return false;
    this.#at = tokenPattern.lastIndex;
    return true;
  }

  /** `a, b` up to a closing mark, or to the end; one item alone is itself. */
  #items(close: string): Value {
    const items: Value[] = [];
    let isTuple = false;
    while (close === "" ? this.#text.slice(this.#at).trim() !== "" : !this.#accept(close)) {
      items.push(this.#value());
      if (this.#accept(",")) isTuple = true;
      else if (close !== "" ? !this.#accept(close) : this.#text.slice(this.#at).trim() !== "") {
        malformed();
      } else break;
    }
    if (items.length === 1 && !isTuple) return items[0];
    return items.length === 0 && close === "" ? malformed() : new PyTuple(items);
  }

  #list(close: string): Value[] {
    const items: Value[] = [];
    while (!this.#accept(close)) {
      items.push(this.#value());
      if (!this.#accept(",")) {
        if (!this.#accept(close)) malformed();
        break;
      }
    }
    return items;
  }

  #braces(): Value {
    if (this.#accept("}")) return dict([]);
    const first = this.#value();
    if (!this.#accept(":")) {
      if (this.#accept("}")) return makeSet([first]);
      return this.#accept(",") ? makeSet([first, ...this.#list("}")]) : malformed();
    }
    const flat = [first, this.#value()];
    while (!this.#accept("}")) {
      if (!this.#accept(",")) malformed();
      if (this.#accept("}")) break;
      flat.push(this.#value());
      if (!this.#accept(":")) malformed();
      flat.push(this.#value());
    }
    return dict(flat);
  }

  #value(): Value {
    if (++this.#depth > 90) malformed();
    const match = this.#peek() ?? malformed();
    this.#at = tokenPattern.lastIndex;
    const [, mark, prefix = "", text, number, word] = match;
    const value = mark !== undefined
      ? this.#marked(mark)
      : text !== undefined
      ? readText(prefix.toLowerCase(), text)
      : number !== undefined
      ? readInt(number, 0) ?? readFloat(number) ?? malformed()
      : Object.hasOwn(constants, word ?? "")
      ? constants[word ?? ""]
      : malformed();
    this.#depth--;
    return value;
  }

  #marked(mark: string): Value {
    if (mark === "[") return this.#list("]");
    if (mark === "(") return this.#accept(")") ? new PyTuple([]) : this.#items(")");
    if (mark === "{") return this.#braces();
    if (mark !== "-" && mark !== "+") return malformed();
    const value = this.#value();
    if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "object") {
      malformed();
    }
    if (value === null || Array.isArray(value)) malformed();
    return mark === "-" ? negative(value as Parameters<typeof negative>[0]) : value;
  }
}

function readText(prefix: string, literal: string): Value {
  const size = /^('''|""")/.test(literal) ? 3 : 1;
  const body = literal.slice(size, -size);
  const text = prefix.includes("r") ? body : body.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([^]))/g,
    (whole, hex, short, long, octal, other) => {
      if (other !== undefined) return escapes[other] ?? (/['"\\]/.test(other) ? other : whole);
      const code = octal === undefined ? parseInt(hex ?? short ?? long, 16) : parseInt(octal, 8);
      return code > 0x10ffff ? malformed() : String.fromCodePoint(code);
    },
  );
  return prefix.includes("b") ? new PyBytes(text) : text;
}

/** ast.literal_eval. Raises ValueError for what is no literal. */
export function fromLiteral(text: string): Value {
  return new LiteralReader(text.trim()).whole();
}
