/**
 * Splits a Python 2 or 3 body into tokens, with indentation.
 *
 * @module
 */

import { PythonProblem } from "./problem.ts";
import { endOfFormatString, endOfString } from "./string_scan.ts";

/** The text of a string literal, before its escapes are read. */
export interface StringText {
  readonly prefix: string;
  readonly body: string;
}

/** One token; `text` is as written. */
export interface Token {
  readonly kind: "name" | "number" | "string" | "op" | "newline" | "indent" | "dedent" | "end";
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly string?: StringText;
}

const operatorPattern =
  /\*\*=|\/\/=|>>=|<<=|\.\.\.|!=|<>|->|:=|\*\*|\/\/|<<|>>|<=|>=|==|[-+*/%&|^@]=|[-+*/%&|^~<>=()[\]{},:.;@`]/y;
const namePattern = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}_]*/yu;
const numberPattern =
  /0[xX][\da-fA-F_]+[lL]?|0[oO][0-7_]+[lL]?|0[bB][01_]+[lL]?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJlL]?/y;
const stringStart = /([uUbBrRfF]{0,2})('''|"""|'|")/y;
const prefixes = new Set(["", "u", "b", "r", "f", "ur", "br", "rb", "fr", "rf"]);
const closingBrackets: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

/** Splits `source` into tokens. Throws {@link PythonProblem} on text that is not Python. */
export function tokenize(source: string): Token[] {
  return new Tokenizer(source).run();
}

class Tokenizer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  readonly #open: { text: string; line: number; column: number }[] = [];
  #indents: number[] | undefined;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    while (this.#at < this.#source.length) {
      if (this.#beginLine()) this.#readLine();
    }
    const open = this.#open.at(-1);
    if (open !== undefined) throw new PythonProblem(open, `'${open.text}' was never closed`);
    for (const _ of (this.#indents ?? []).slice(1)) this.#push("dedent", "");
    this.#push("end", "");
    return this.#tokens;
  }

  #push(kind: Token["kind"], text: string, string?: StringText): void {
    const place = { line: this.#line, column: this.#at - this.#lineStart + 1 };
    this.#tokens.push({ kind, text, ...place, ...(string ? { string } : {}) });
  }

  #fail(message: string): never {
    throw new PythonProblem({ line: this.#line, column: this.#at - this.#lineStart + 1 }, message);
  }

  /** Measures the indentation; false when the line holds nothing. */
  #beginLine(): boolean {
    let width = 0;
    for (; this.#at < this.#source.length; this.#at++) {
      const char = this.#source[this.#at];
      if (char === " ") width++;
      else if (char === "\t") width += 8 - width % 8;
      else if (char === "\f") width = 0;
      else break;
    }
    if (this.#skipBlank()) return false;
    this.#indents ??= [width];
    this.#indent(this.#indents, width);
    return true;
  }

  #indent(indents: number[], width: number): void {
    let last = indents.at(-1) ?? 0;
    if (width > last) {
      indents.push(width);
      this.#push("indent", "");
    }
    while (width < last) {
      indents.pop();
      last = indents.at(-1) ?? -1;
      if (last < width) this.#fail("unindent does not match any outer indentation level");
      this.#push("dedent", "");
    }
  }

  /** Skips a comment and the line's end; true when the line is over. */
  #skipBlank(): boolean {
    if (this.#source[this.#at] === "#") {
      while (this.#at < this.#source.length && !this.#atNewline()) this.#at++;
    }
    if (this.#at >= this.#source.length) return true;
    if (!this.#atNewline()) return false;
    this.#newline();
    return true;
  }

  #atNewline(): boolean {
    const char = this.#source[this.#at];
    return char === "\n" || char === "\r";
  }

  #newline(): void {
    this.#at += this.#source.startsWith("\r\n", this.#at) ? 2 : 1;
    this.#line++;
    this.#lineStart = this.#at;
  }

  /** Reads tokens up to the end of the logical line. */
  #readLine(): void {
    for (;;) {
      while (/[ \t\f]/.test(this.#source[this.#at] ?? "")) this.#at++;
      if (this.#source[this.#at] === "\\") {
        this.#at++;
        if (!this.#atNewline()) {
          this.#fail("unexpected character after line continuation character");
        }
        this.#newline();
        continue;
      }
      const end = this.#at >= this.#source.length;
      if (end || this.#source[this.#at] === "#" || this.#atNewline()) {
        if (this.#open.length === 0) this.#push("newline", "");
        if (this.#skipBlank() && (this.#open.length === 0 || this.#at >= this.#source.length)) {
          return;
        }
        continue;
      }
      this.#readToken();
    }
  }

  #readToken(): void {
    if (this.#string()) return;
    const name = this.#match(namePattern);
    if (name !== undefined) return this.#take("name", name);
    const number = /[\d.]/.test(this.#source[this.#at] ?? "")
      ? this.#match(numberPattern)
      : undefined;
    if (number !== undefined && /\d/.test(number)) {
      this.#take("number", number);
      if (this.#match(namePattern) !== undefined) this.#fail("invalid decimal literal");
      return;
    }
    const op = this.#match(operatorPattern);
    if (op === undefined) this.#fail(`invalid character '${this.#source[this.#at]}'`);
    if ("([{".includes(op)) this.#open.push({ text: op, ...this.#place() });
    if (op in closingBrackets) {
      const open = this.#open.pop();
      if (open === undefined) this.#fail(`unmatched '${op}'`);
      if (open.text !== closingBrackets[op]) this.#fail(`'${op}' does not match '${open.text}'`);
    }
    this.#take("op", op);
  }

  #place(): { line: number; column: number } {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source)?.[0];
  }

  #take(kind: Token["kind"], text: string): void {
    this.#push(kind, text);
    this.#at += text.length;
  }

  /** Reads a string literal, if one starts here. */
  #string(): boolean {
    stringStart.lastIndex = this.#at;
    const start = stringStart.exec(this.#source);
    const [whole, rawPrefix, quote] = start ?? [];
    if (whole === undefined || rawPrefix === undefined || quote === undefined) return false;
    const prefix = rawPrefix.toLowerCase();
    if (!prefixes.has(prefix)) this.#fail(`invalid string prefix '${rawPrefix}'`);
    const from = this.#at + whole.length;
    const end = prefix.includes("f")
      ? endOfFormatString(this.#source, from, quote)
      : endOfString(this.#source, from, quote);
    if (end < 0) {
      this.#fail(quote.length === 3 ? "unterminated triple-quoted string" : "unterminated string");
    }
    const text = this.#source.slice(this.#at, end + quote.length);
    this.#push("string", text, {
      prefix,
      body: this.#source.slice(from, end).replace(/\r\n?/g, "\n"),
    });
    for (const newline of text.matchAll(/\r\n|\r|\n/g)) {
      this.#line++;
      this.#lineStart = this.#at + newline.index + newline[0].length;
    }
    this.#at = end + quote.length;
    return true;
  }
}
