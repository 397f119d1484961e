/**
 * The parser's place in the tokens, and what it noticed on the way.
 *
 * @module
 */

import { unsupportedText } from "./hints.ts";
import { at, type Place, type Problem, PythonProblem } from "./problem.ts";
import type { Token } from "./tokens.ts";

/** Something in a body that only one version of Python has. */
export interface Evidence extends Place {
  readonly version: 2 | 3;
  /** Syntax proves a version; a mere name (`unicode`) only suggests it. */
  readonly proof: boolean;
  readonly what: string;
}

/** Reads tokens one by one. */
export class Cursor {
  readonly evidence: Evidence[];
  readonly problems: Problem[];
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  /** `outer`: the cursor of the body when `tokens` are those of a value in an f-string. */
  constructor(tokens: readonly Token[], outer?: Cursor) {
    this.#tokens = tokens;
    this.evidence = outer?.evidence ?? [];
    this.problems = outer?.problems ?? [];
    this.#depth = outer?.depth ?? 0;
  }

  /** How deep the brackets and blocks are nested here. */
  get depth(): number {
    return this.#depth;
  }

  /** The token here, or `ahead` tokens further. */
  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new Error("no tokens");
    return token;
  }

  /** Takes the token here. */
  next(): Token {
    const token = this.peek();
    if (this.#at < this.#tokens.length - 1) this.#at++;
    return token;
  }

  /** Is this an operator or keyword written `text`? */
  is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.text === text && (token.kind === "op" || token.kind === "name");
  }

  /** Takes the operator or keyword `text` if it is here. */
  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.next();
    return true;
  }

  /** Takes the operator or keyword `text`, or fails. */
  expect(text: string): Token {
    if (!this.is(text)) this.fail(`expected '${text}'`);
    return this.next();
  }

  /** Stops with a syntax error at `place`. */
  fail(message: string, place: Place = this.peek()): never {
    throw new PythonProblem(place, message);
  }

  /** Notes an unsupported construct and goes on. */
  refuse(what: string, place: Place): void {
    this.problems.push({ ...at(place), message: unsupportedText(what) });
  }

  /** Stops at an unsupported construct that cannot be read over. */
  stop(what: string, place: Place = this.peek()): never {
    throw new PythonProblem(place, unsupportedText(what), true);
  }

  /** Notes that the construct at `place` belongs to one version of Python. */
  notice(version: 2 | 3, what: string, place: Place, proof = true): void {
    this.evidence.push({ version, what, proof, line: place.line, column: place.column });
  }

  /** Remembers this place, to come back with {@link rewind}. */
  mark(): () => void {
    const [at, seen, found] = [this.#at, this.evidence.length, this.problems.length];
    return () => {
      this.#at = at;
      this.evidence.length = seen;
      this.problems.length = found;
    };
  }

  /** Runs `parse` one level deeper; refuses bodies nested beyond reason. */
  nested<T>(parse: () => T): T {
    if (++this.#depth > 90) this.stop("code nested so deeply");
    const result = parse();
    this.#depth--;
    return result;
  }
}
