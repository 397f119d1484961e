/** Parses simple statements; blocks are in parse_block.ts. @module */

import type { Expr, Stmt } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseBlockStatement } from "./parse_block.ts";
import {
  at,
  identifier,
  parseList,
  parseTargets,
  parseTest,
  startsExpression,
} from "./parse_expression.ts";
import { parseImport } from "./parse_import.ts";

const AUGMENTED = new Set([
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
export function parseStatement(c: Cursor): Stmt[] {
  if (c.peek().kind === "indent") c.fail("unexpected indent");
  const block = parseBlockStatement(c);
  if (block !== undefined) return [block];
  return parseLine(c);
}

/** Parses simple statements up to the end of the line. */
export function parseLine(c: Cursor): Stmt[] {
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

const SIMPLE: Record<string, Parse> = {
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
  if (token.kind === "name" && Object.hasOwn(SIMPLE, token.text)) {
    return (SIMPLE[token.text] ?? parseAssignment)(c);
  }
  if (c.is("yield")) c.fail("yield is not supported");
  if (c.is("print")) return parsePrint(c) ?? parseAssignment(c);
  if (c.is("exec") && (c.peek(1).kind === "string" || c.peek(1).kind === "name")) {
    c.fail("exec is not supported");
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
  if (c.accept(">>")) c.fail("print to a file is not supported", place);
  if (ends(c)) return { kind: "print", values: [], open: false, ...place };
  const values = parseList(c, parseTest);
  const open = c.is(",", -1);
  const list = values.kind === "tuple" ? printed(c, values) : [values];
  return { kind: "print", values: list, open, ...place };
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
  let value = parseList(c);
  const operator = c.peek();
  if (operator.kind === "op" && AUGMENTED.has(operator.text)) {
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
    if (c.is("yield")) c.fail("yield is not supported");
    value = parseList(c);
  }
  if (value.kind === "star") c.fail("can't use starred expression here", value);
  return targets.length === 0
    ? { kind: "expr", value, ...place }
    : { kind: "assign", targets, value, ...place };
}

/** Fails unless `target` can be assigned to. */
export function checkTarget(c: Cursor, target: Expr, verb: string, inside = false): void {
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
