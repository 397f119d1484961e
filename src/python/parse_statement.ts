/**
 * Parses statements and whole bodies.
 *
 * @module
 */

import type { Expr, Handler, Stmt } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { identifier, isHidden } from "./names.ts";
import {
  parseArguments,
  parseList,
  parseNamed,
  parseParams,
  parseTarget,
  parseTargets,
  parseTest,
  parseYield,
  startsExpression,
} from "./parse_expression.ts";
import { at, type Place } from "./problem.ts";
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

const augmentedNames = new Set([
  "+=",
  "-=",
  "*=",
  "/=",
  "//=",
  "%=",
  "**=",
  ">>=",
  "<<=",
  "&=",
  "^=",
  "|=",
  "@=",
]);

/** Parses a statement, or several on one line. */
function parseStatement(c: Cursor): Stmt[] {
  if (c.peek().kind === "indent") c.fail("unexpected indent");
  const block = parseBlockStatement(c);
  if (block !== undefined) return [block];
  return parseLine(c);
}

/** Parses simple statements up to the end of the line. */
function parseLine(c: Cursor): Stmt[] {
  const statements: Stmt[] = [];
  do {
    if (c.peek().kind === "newline") break;
    statements.push(parseSimple(c));
  } while (c.accept(";"));
  if (c.peek().kind !== "newline") c.fail("invalid syntax");
  c.next();
  return statements;
}

type Parse = (c: Cursor) => Stmt;

const simpleStatements: Record<string, Parse> = {
  pass: plain("pass"),
  break: plain("break"),
  continue: plain("continue"),
  return(c) {
    const place = at(c.next());
    return { kind: "return", value: ends(c) ? undefined : parseList(c), ...place };
  },
  raise: parseRaise,
  global: parseScope,
  nonlocal: parseScope,
  del(c) {
    const place = at(c.next());
    const targets = parseTargets(c);
    checkTarget(c, targets, "delete");
    return { kind: "del", targets: targets.kind === "tuple" ? targets.items : [targets], ...place };
  },
  assert(c) {
    const place = at(c.next());
    const test = parseTest(c);
    return { kind: "assert", test, message: c.accept(",") ? parseTest(c) : undefined, ...place };
  },
  import: parseImport,
  from: parseImport,
};

function plain(kind: "pass" | "break" | "continue"): Parse {
  return (c) => ({ kind, ...at(c.next()) });
}

function ends(c: Cursor): boolean {
  return c.peek().kind === "newline" || c.is(";");
}

function parseSimple(c: Cursor): Stmt {
  const token = c.peek();
  if (token.kind === "name" && Object.hasOwn(simpleStatements, token.text)) {
    return (simpleStatements[token.text] ?? parseAssignment)(c);
  }
  if (c.is("print")) return parsePrint(c) ?? parseAssignment(c);
  if (c.is("exec") && (c.peek(1).kind === "string" || c.peek(1).kind === "name")) {
    c.stop("exec");
  }
  return parseAssignment(c);
}

/** The print statement of Python 2, unless `print` is used as a function or a name here. */
function parsePrint(c: Cursor): Stmt | undefined {
  const place = at(c.peek());
  const back = c.mark();
  if (c.is("(", 1)) {
    const value = parseList(c);
    if (value.kind === "call" && value.func.kind === "name" && ends(c)) {
      back();
      return undefined;
    }
    back();
  }
  c.next();
  if (c.peek().kind === "op" && ["=", ".", ",", ")", "[", ":"].includes(c.peek().text)) {
    back();
    return undefined;
  }
  c.notice(2, "the print statement", place);
  const to = c.accept(">>") ? parseTest(c) : undefined;
  if (to !== undefined) c.accept(",");
  if (ends(c)) return { kind: "print", to, values: [], open: false, ...place };
  const values = parseList(c, parseTest);
  const open = c.is(",", -1);
  const list = values.kind === "tuple" ? printed(c, values) : [values];
  return { kind: "print", to, values: list, open, ...place };
}

/** `print (1, 2)` prints one tuple; `print 1, 2` prints two values. */
function printed(c: Cursor, values: Expr & { kind: "tuple" | "list" | "set" }): readonly Expr[] {
  const bracketed = c.peek(-1).text === ")" && values.items[0] !== undefined &&
    values.column < values.items[0].column;
  return bracketed ? [values] : values.items;
}

function parseRaise(c: Cursor): Stmt {
  const place = at(c.next());
  if (ends(c)) return { kind: "raise", type: undefined, value: undefined, ...place };
  const type = parseTest(c);
  let value: Expr | undefined;
  if (c.is(",")) {
    c.notice(2, "'raise E, value'", c.next());
    value = parseTest(c);
    if (c.accept(",")) c.refuse("a traceback in 'raise'", parseTest(c));
  } else if (c.is("from")) {
    c.notice(3, "'raise … from'", c.next());
    parseTest(c);
  }
  return { kind: "raise", type, value, ...place };
}

function parseScope(c: Cursor): Stmt {
  const token = c.next();
  const scope = token.text === "global" ? "global" : "nonlocal";
  if (scope === "nonlocal") c.notice(3, "'nonlocal'", token);
  const names = [identifier(c)];
  while (c.accept(",")) names.push(identifier(c));
  return { kind: "scope", scope, names, ...at(token) };
}

function parseAssignment(c: Cursor): Stmt {
  const place = at(c.peek());
  if (!startsExpression(c)) c.fail("invalid syntax");
  let value = c.is("yield") ? parseYield(c) : parseList(c);
  const operator = c.peek();
  if (operator.kind === "op" && augmentedNames.has(operator.text)) {
    c.next();
    if (operator.text === "@=") c.refuse("the matrix operator '@'", operator);
    if (!["name", "attr", "sub"].includes(value.kind)) {
      c.fail("illegal target for augmented assignment", value);
    }
    return {
      kind: "augment",
      target: value,
      op: operator.text.slice(0, -1),
      value: parseList(c),
      ...place,
    };
  }
  if (c.is(":") && ["name", "attr", "sub"].includes(value.kind)) {
    c.notice(3, "an annotation", c.next());
    parseTest(c);
    if (!c.is("=")) return { kind: "pass", ...place };
  }
  const targets: Expr[] = [];
  while (c.accept("=")) {
    checkTarget(c, value, "assign to");
    targets.push(value);
    value = c.is("yield") ? parseYield(c) : parseList(c);
  }
  if (value.kind === "star") c.fail("can't use starred expression here", value);
  return targets.length === 0
    ? { kind: "expr", value, ...place }
    : { kind: "assign", targets, value, ...place };
}

/** Fails unless `target` can be assigned to. */
function checkTarget(c: Cursor, target: Expr, verb: string, inside = false): void {
  if (["name", "attr", "sub"].includes(target.kind)) return;
  if (target.kind === "tuple" || target.kind === "list") {
    const stars = target.items.filter((item) => item.kind === "star");
    if (stars.length > 1) c.fail("multiple starred expressions in assignment", target);
    for (const item of target.items) checkTarget(c, item, verb, true);
  } else if (target.kind === "star" && inside && verb !== "delete") {
    c.notice(3, "a starred target", target);
    checkTarget(c, target.value, verb);
  } else c.fail(`cannot ${verb} ${describe(target)}`, target);
}

function describe(target: Expr): string {
  if (target.kind === "call") return "function call";
  if (target.kind === "constant") {
    return target.value === null ? "None" : target.value ? "True" : "False";
  }
  if (target.kind === "compare") return "comparison. Maybe you meant '==' instead of '='?";
  return ["number", "string", "bytes"].includes(target.kind) ? "literal" : "expression";
}

/** Parses an import statement; which modules exist is the emitter's business. */
function parseImport(c: Cursor): Stmt {
  const token = c.next();
  const place = at(token);
  if (token.text === "import") {
    const names = [importedName(c, dotted)];
    while (c.accept(",")) names.push(importedName(c, dotted));
    return { kind: "import", from: undefined, names, ...place };
  }
  if (c.is(".") || c.is("...")) c.stop("a relative import");
  const from = dotted(c);
  c.expect("import");
  if (c.is("*")) c.stop("import *");
  const bracketed = c.accept("(");
  const names = [importedName(c, identifier)];
  while (c.accept(",")) {
    if (bracketed && c.is(")")) break;
    names.push(importedName(c, identifier));
  }
  if (bracketed) c.expect(")");
  return { kind: "import", from, names, ...place };
}

function importedName(
  c: Cursor,
  read: (c: Cursor) => string,
): Place & { name: string; alias: string } {
  const place = at(c.peek());
  const name = read(c);
  const alias = c.accept("as") ? identifier(c) : name;
  return { name, alias, ...place };
}

function dotted(c: Cursor): string {
  let name = identifier(c);
  while (c.accept(".")) name += `.${identifier(c)}`;
  return name;
}

const blockParsers: Record<string, Parse> = {
  if: parseIf,
  while: parseWhile,
  for: parseFor,
  try: parseTry,
  def: parseDef,
  class: parseClass,
  with: parseWith,
  async: (c) => c.stop("async"),
};

/** Parses the block statement that starts here; nothing when there is none. */
function parseBlockStatement(c: Cursor): Stmt | undefined {
  const token = c.peek();
  if (c.is("@")) return parseDecorated(c);
  if (token.kind === "name" && c.is("match") && matchAhead(c)) {
    c.stop("the match statement");
  }
  if (token.kind !== "name" || !Object.hasOwn(blockParsers, token.text)) return undefined;
  const parse = blockParsers[token.text];
  return parse === undefined ? undefined : c.nested(() => parse(c));
}

/** `match subject:` against `match` used as a name. */
function matchAhead(c: Cursor): boolean {
  const after = c.peek(1);
  if (after.kind !== "name" && after.kind !== "string" && after.kind !== "number") return false;
  return !["in", "is", "and", "or", "not", "if", "else", "for"].includes(after.text);
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
  if (c.is("*")) c.stop("except*");
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

function parseDecorated(c: Cursor): Stmt {
  const decorators: Expr[] = [];
  while (c.accept("@")) {
    decorators.push(parseTest(c));
    if (c.peek().kind !== "newline") c.fail("invalid syntax");
    c.next();
  }
  if (c.is("class")) return c.nested(() => parseClass(c, decorators));
  if (!c.is("def")) c.fail("expected 'def' or 'class' after a decorator");
  return c.nested(() => parseDef(c, decorators));
}

function parseClass(c: Cursor, decorators: readonly Expr[] = []): Stmt {
  const place = at(c.next());
  const name = identifier(c);
  const { args, keywords } = c.accept("(") ? parseArguments(c) : { args: [], keywords: [] };
  if (keywords.length > 0) c.refuse("a metaclass", place);
  return { kind: "class", name, bases: args, body: parseBlock(c), decorators, ...place };
}

function parseWith(c: Cursor): Stmt {
  const place = at(c.next());
  const items: { value: Expr; target: Expr | undefined }[] = [];
  do {
    const value = parseTest(c);
    const target = c.accept("as") ? parseTarget(c) : undefined;
    if (target !== undefined) checkTarget(c, target, "assign to");
    items.push({ value, target });
  } while (c.accept(","));
  return { kind: "with", items, body: parseBlock(c), ...place };
}

function parseDef(c: Cursor, decorators: readonly Expr[] = []): Stmt {
  const place = at(c.next());
  const name = identifier(c);
  if (isHidden(name)) c.refuse(`the method '${name}'`, place);
  c.expect("(");
  const params = parseParams(c, ")", true);
  c.expect(")");
  if (c.is("->")) {
    c.notice(3, "an annotation", c.next());
    parseTest(c);
  }
  return { kind: "def", name, params, body: parseBlock(c), decorators, ...place };
}
