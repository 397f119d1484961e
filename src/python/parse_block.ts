/** Parses statements that hold a block, and the whole body. @module */

import type { Handler, Stmt } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import {
  at,
  identifier,
  parseList,
  parseNamed,
  parseParams,
  parseTargets,
  parseTest,
} from "./parse_expression.ts";
import { checkTarget, parseLine, parseStatement } from "./parse_statement.ts";
import { tokenize } from "./tokens.ts";

/** A parsed body. */
export interface Parsed {
  readonly body: readonly Stmt[];
  readonly cursor: Cursor;
}

/** Parses a whole body. Throws PythonProblem at the first syntax error. */
export function parseBody(source: string): Parsed {
  const cursor = new Cursor(tokenize(source));
  const body: Stmt[] = [];
  while (cursor.peek().kind !== "end") body.push(...parseStatement(cursor));
  return { body, cursor };
}

type Parse = (c: Cursor) => Stmt;

const BLOCKS: Record<string, Parse> = {
  if: parseIf,
  while: parseWhile,
  for: parseFor,
  try: parseTry,
  def: parseDef,
  class: refused("class", /** header */ true),
  with: refused("with", true),
  async: refused("async", false),
};

/** Parses the block statement that starts here; nothing when there is none. */
export function parseBlockStatement(c: Cursor): Stmt | undefined {
  const token = c.peek();
  if (c.is("@")) c.fail("a decorator is not supported");
  if (token.kind === "name" && c.is("match") && matchAhead(c)) {
    c.fail("the match statement is not supported");
  }
  if (token.kind !== "name" || !Object.hasOwn(BLOCKS, token.text)) return undefined;
  const parse = BLOCKS[token.text];
  return parse === undefined ? undefined : c.nested(() => parse(c));
}

/** `match subject:` against `match` used as a name. */
function matchAhead(c: Cursor): boolean {
  const after = c.peek(1);
  if (after.kind !== "name" && after.kind !== "string" && after.kind !== "number") return false;
  return !["in", "is", "and", "or", "not", "if", "else", "for"].includes(after.text);
}

/** A statement that cannot be run: noted, and its block read for further findings. */
function refused(what: string, block: boolean): Parse {
  return (c) => {
    const place = at(c.next());
    if (!block) c.fail(`${what} is not supported`, place);
    c.refuse(what, place);
    for (let depth = 0; depth > 0 || !c.is(":");) {
      const { kind, text } = c.next();
      if (kind === "newline" || kind === "end") c.fail("expected ':'", place);
      if (kind === "op" && "([{".includes(text)) depth++;
      if (kind === "op" && ")]}".includes(text)) depth--;
    }
    parseBlock(c);
    return { kind: "pass", ...place };
  };
}

function parseBlock(c: Cursor): Stmt[] {
  if (!c.is(":")) c.fail("expected ':'");
  c.next();
  if (c.peek().kind !== "newline") return parseLine(c);
  c.next();
  if (c.peek().kind !== "indent") c.fail("expected an indented block");
  c.next();
  const body: Stmt[] = [];
  while (c.peek().kind !== "dedent" && c.peek().kind !== "end") body.push(...parseStatement(c));
  if (c.peek().kind === "dedent") c.next();
  return body;
}

function parseIf(c: Cursor): Stmt {
  const place = at(c.next());
  const test = parseNamed(c);
  const body = parseBlock(c);
  if (c.is("elif")) return { kind: "if", test, body, orelse: [parseIf(c)], ...place };
  return { kind: "if", test, body, orelse: parseElse(c), ...place };
}

function parseElse(c: Cursor): Stmt[] {
  return c.accept("else") ? parseBlock(c) : [];
}

function parseWhile(c: Cursor): Stmt {
  const place = at(c.next());
  const test = parseNamed(c);
  const body = parseBlock(c);
  return { kind: "while", test, body, orelse: parseElse(c), ...place };
}

function parseFor(c: Cursor): Stmt {
  const place = at(c.next());
  const target = parseTargets(c);
  checkTarget(c, target, "assign to");
  c.expect("in");
  const iter = parseList(c);
  const body = parseBlock(c);
  return { kind: "for", target, iter, body, orelse: parseElse(c), ...place };
}

function parseTry(c: Cursor): Stmt {
  const place = at(c.next());
  const body = parseBlock(c);
  const handlers: Handler[] = [];
  while (c.is("except")) {
    if (handlers.at(-1)?.type === undefined && handlers.length > 0) {
      c.fail("default 'except:' must be last");
    }
    handlers.push(parseHandler(c));
  }
  const orelse = handlers.length > 0 ? parseElse(c) : [];
  const final = c.accept("finally") ? parseBlock(c) : undefined;
  if (handlers.length === 0 && final === undefined) c.fail("expected 'except' or 'finally' block");
  return { kind: "try", body, handlers, orelse, final, ...place };
}

function parseHandler(c: Cursor): Handler {
  const place = at(c.next());
  if (c.is("*")) c.fail("except* is not supported");
  if (c.is(":")) return { type: undefined, target: undefined, body: parseBlock(c), ...place };
  const type = parseTest(c);
  let target;
  if (c.accept("as")) {
    const named = at(c.peek());
    target = { kind: "name", id: identifier(c), ...named } as const;
  } else if (c.is(",")) {
    c.notice(2, "'except E, e'", c.next());
    target = parseTest(c);
    checkTarget(c, target, "assign to");
  }
  return { type, target, body: parseBlock(c), ...place };
}

function parseDef(c: Cursor): Stmt {
  const place = at(c.next());
  const name = identifier(c);
  c.expect("(");
  const params = parseParams(c, ")", true);
  c.expect(")");
  if (c.is("->")) {
    c.notice(3, "an annotation", c.next());
    parseTest(c);
  }
  return { kind: "def", name, params, body: parseBlock(c), ...place };
}
