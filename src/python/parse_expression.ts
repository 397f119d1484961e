/**
 * Parses expressions, from `lambda` down to names and literals.
 *
 * @module
 */

import type { Clause, Entry, Expr, Keyword, Param } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { readNumber } from "./literals.ts";
import { identifier, isHidden, reservedWords } from "./names.ts";
import { parseStrings } from "./parse_string.ts";
import { at, type Place } from "./problem.ts";
import { noticeAttribute, noticeCall, noticeName, noticeOldList } from "./version_signs.ts";

/** Binary operators by precedence, loosest first. */
const levels: readonly (readonly string[])[] = [
  ["|"],
  ["^"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "//", "%", "@"],
];
const comparisons = new Set(["<", ">", "==", ">=", "<=", "!=", "<>"]);

const constants: Record<string, null | boolean> = { None: null, True: true, False: false };

/** Parses one expression: `lambda`, a choice or anything below. */
export function parseTest(c: Cursor): Expr {
  return c.nested(() => {
    if (c.is("lambda")) return parseLambda(c, parseTest);
    const value = parseOr(c);
    if (!c.is("if")) return value;
    const place = c.next();
    const test = parseOr(c);
    if (!c.accept("else")) c.fail("expected 'else' after 'if' expression");
    return { kind: "choice", test, yes: value, no: parseTest(c), ...at(place) };
  });
}

/** Parses `name := value` or an expression. */
export function parseNamed(c: Cursor): Expr {
  const value = parseTest(c);
  if (!c.is(":=")) return value;
  const place = c.next();
  c.notice(3, "':='", place);
  if (value.kind !== "name") c.fail("cannot use assignment expressions with this target", place);
  return { kind: "named", target: value, value: parseTest(c), ...at(value) };
}

/** Parses an expression or `*expression`. */
export function parseStarred(c: Cursor): Expr {
  if (!c.is("*")) return parseNamed(c);
  const place = c.next();
  return { kind: "star", value: parseBinary(c, 0), ...at(place) };
}

/** Parses `a, b, c` into a tuple, or one expression alone. */
export function parseList(c: Cursor, item: (c: Cursor) => Expr = parseStarred): Expr {
  const first = item(c);
  if (!c.is(",")) return first;
  const items = [first];
  while (c.accept(",")) {
    if (!startsExpression(c)) break;
    items.push(item(c));
  }
  return { kind: "tuple", items, ...at(first) };
}

/** Can an expression begin here? */
export function startsExpression(c: Cursor): boolean {
  const { kind, text } = c.peek();
  if (kind === "op") return "([{-+~`*".includes(text) || text === "..." || text === "**";
  if (kind === "name") return !["in", "if", "else", "for", "and", "or", "is", "as"].includes(text);
  return kind === "number" || kind === "string";
}

/** Parses one target of an assignment. */
export function parseTarget(c: Cursor): Expr {
  if (!c.is("*")) return parseBinary(c, 0);
  const place = c.next();
  return { kind: "star", value: parseBinary(c, 0), ...at(place) };
}

/** Parses the target of a `for`, up to `in`. */
export function parseTargets(c: Cursor): Expr {
  return parseList(c, parseTarget);
}

export function parseYield(c: Cursor): Expr {
  const place = at(c.expect("yield"));
  if (c.accept("from")) {
    c.notice(3, "'yield from'", place);
    return { kind: "yield", value: parseTest(c), from: true, ...place };
  }
  const value = startsExpression(c) ? parseList(c) : undefined;
  return { kind: "yield", value, from: false, ...place };
}

function parseOr(c: Cursor): Expr {
  let left = parseAnd(c);
  while (c.is("or")) {
    const place = c.next();
    left = { kind: "logic", op: "or", left, right: parseAnd(c), ...at(place) };
  }
  return left;
}

function parseAnd(c: Cursor): Expr {
  let left = parseNot(c);
  while (c.is("and")) {
    const place = c.next();
    left = { kind: "logic", op: "and", left, right: parseNot(c), ...at(place) };
  }
  return left;
}

function parseNot(c: Cursor): Expr {
  if (!c.is("not")) return parseComparison(c);
  const place = c.next();
  return { kind: "unary", op: "not", operand: c.nested(() => parseNot(c)), ...at(place) };
}

function parseComparison(c: Cursor): Expr {
  const left = parseBinary(c, 0);
  const ops: string[] = [];
  const rights: Expr[] = [];
  for (let op = comparison(c); op !== undefined; op = comparison(c)) {
    ops.push(op);
    rights.push(parseBinary(c, 0));
  }
  return ops.length === 0 ? left : { kind: "compare", left, ops, rights, ...at(left) };
}

function comparison(c: Cursor): string | undefined {
  const token = c.peek();
  if (token.kind === "op" && comparisons.has(token.text)) {
    if (token.text === "<>") c.notice(2, "'<>'", token);
    c.next();
    return token.text === "<>" ? "!=" : token.text;
  }
  if (c.is("not") && c.is("in", 1)) {
    c.next();
    c.next();
    return "not in";
  }
  if (c.accept("in")) return "in";
  if (!c.accept("is")) return undefined;
  return c.accept("not") ? "is not" : "is";
}

function parseBinary(c: Cursor, level: number): Expr {
  const ops = levels[level];
  if (ops === undefined) return parseUnary(c);
  let left = parseBinary(c, level + 1);
  while (c.peek().kind === "op" && ops.includes(c.peek().text)) {
    const token = c.next();
    if (token.text === "@") c.refuse("the matrix operator '@'", token);
    left = { kind: "binary", op: token.text, left, right: parseBinary(c, level + 1), ...at(token) };
  }
  return left;
}

function parseUnary(c: Cursor): Expr {
  const token = c.peek();
  if (token.kind === "op" && "-+~".includes(token.text)) {
    c.next();
    return { kind: "unary", op: token.text, operand: c.nested(() => parseUnary(c)), ...at(token) };
  }
  if (c.is("await") && c.peek(1).kind === "name") c.fail("'await' outside async function");
  const base = parseAtom(c);
  if (!c.is("**")) return base;
  const place = c.next();
  return {
    kind: "binary",
    op: "**",
    left: base,
    right: c.nested(() => parseUnary(c)),
    ...at(place),
  };
}

/** Parses `lambda params: body`. */
function parseLambda(c: Cursor, body: (c: Cursor) => Expr): Expr {
  const place = c.expect("lambda");
  const params = parseParams(c, ":", false);
  c.expect(":");
  return { kind: "lambda", params, body: body(c), ...at(place) };
}

/** Parses parameters up to (not including) the closing token. */
export function parseParams(c: Cursor, close: string, annotated: boolean): Param[] {
  const params: Param[] = [];
  let keyOnly = false;
  while (!c.is(close)) {
    const place = c.peek();
    if (c.accept("/")) c.notice(3, "positional-only parameters", place);
    else if (c.is("*") && (c.is(",", 1))) {
      c.next();
      c.notice(3, "keyword-only parameters", place);
      keyOnly = true;
    } else {
      const param = parseParam(c, keyOnly, annotated);
      if (params.at(-1)?.kind === "stars") {
        c.fail("arguments cannot follow var-keyword argument", place);
      }
      if (param.kind === "star" && keyOnly) c.fail("* argument may appear only once", place);
      if (param.kind === "star") keyOnly = true;
      if (params.some((other) => other.name === param.name && param.name !== "")) {
        c.fail(`duplicate argument '${param.name}' in function definition`, place);
      }
      const last = params.at(-1);
      const bare = param.kind === "plain" && param.fallback === undefined;
      if (bare && last?.kind === "plain" && last.fallback !== undefined) {
        c.fail("parameter without a default follows parameter with a default", place);
      }
      params.push(param);
    }
    if (!c.accept(",")) break;
  }
  return params;
}

function parseParam(c: Cursor, keyOnly: boolean, annotated: boolean): Param {
  const place = at(c.peek());
  let kind: Param["kind"] = keyOnly ? "key" : "plain";
  if (c.accept("*")) kind = "star";
  else if (c.accept("**")) kind = "stars";
  let target: Expr | undefined;
  let name = "";
  if (c.is("(") && kind === "plain") {
    c.notice(2, "a tuple parameter", c.peek());
    target = parseAtom(c);
  } else name = identifier(c);
  if (kind === "key") c.notice(3, "keyword-only parameters", place);
  if (annotated && c.accept(":")) {
    c.notice(3, "an annotation", place);
    parseTest(c);
  }
  const fallback = c.accept("=") ? parseTest(c) : undefined;
  return { name, kind, fallback, target, ...place };
}

/** Parses the `for … in … if …` of a comprehension. */
export function parseClauses(c: Cursor): Clause[] {
  const clauses: Clause[] = [];
  for (;;) {
    if (c.is("async")) c.refuse("async", c.next());
    if (c.accept("for")) {
      const target = parseTargets(c);
      c.expect("in");
      clauses.push({ kind: "for", target, iter: parseOr(c) });
    } else if (c.accept("if")) {
      clauses.push({
        kind: "if",
        test: c.is("lambda") ? parseLambda(c, parseOr) : parseConditionPart(c),
      });
    } else return clauses;
  }
}

function parseConditionPart(c: Cursor): Expr {
  const value = parseOr(c);
  if (!c.is(":=")) return value;
  const place = c.next();
  c.notice(3, "':='", place);
  if (value.kind !== "name") c.fail("cannot use assignment expressions with this target", place);
  return { kind: "named", target: value, value: parseOr(c), ...at(value) };
}

/** Parses the arguments of a call, after the opening bracket. */
export function parseArguments(c: Cursor): { args: Expr[]; keywords: Keyword[] } {
  const args: Expr[] = [];
  const keywords: Keyword[] = [];
  while (!c.is(")")) {
    const place = c.peek();
    if (c.accept("**")) keywords.push({ name: "", value: parseTest(c) });
    else if (place.kind === "name" && c.is("=", 1) && !reservedWords.has(place.text)) {
      const name = identifier(c);
      c.expect("=");
      if (keywords.some((keyword) => keyword.name === name)) {
        c.fail(`keyword argument repeated: ${name}`, place);
      }
      keywords.push({ name, value: parseTest(c) });
    } else {
      const value = parseStarred(c);
      const clauses = c.is("for") || c.is("async") ? parseClauses(c) : [];
      if (keywords.length > 0 && value.kind !== "star") {
        c.fail("positional argument follows keyword argument", place);
      }
      args.push(clauses.length === 0 ? value : generator(value, clauses));
    }
    if (!c.accept(",")) break;
  }
  if (!c.is(")")) c.fail("invalid syntax. Perhaps you forgot a comma?");
  c.next();
  return { args, keywords };
}

/** A generator expression. */
export function generator(element: Expr, clauses: readonly Clause[]): Expr {
  return { kind: "comp", type: "gen", element, value: undefined, clauses, ...at(element) };
}

/** Parses an atom and what follows it: `.name`, `(…)`, `[…]`. */
function parseAtom(c: Cursor): Expr {
  let value = parsePlain(c);
  for (;;) {
    const place = c.peek();
    if (c.accept(".")) value = parseAttribute(c, value);
    else if (c.accept("(")) {
      value = { kind: "call", func: value, ...c.nested(() => parseArguments(c)), ...at(value) };
      noticeCall(c, value, place);
    } else if (c.accept("[")) {
      noticeOldList(c, value, place);
      value = {
        kind: "sub",
        object: value,
        index: c.nested(() => parseSubscript(c)),
        ...at(place),
      };
    } else return value;
  }
}

function parseAttribute(c: Cursor, object: Expr): Expr {
  const token = c.next();
  if (token.kind !== "name") c.fail("expected a name after '.'", token);
  const name = token.text.normalize("NFKC");
  noticeAttribute(c, name, token);
  if (isHidden(name)) c.refuse(`the attribute '${name}'`, token);
  return { kind: "attr", object, name, ...at(token) };
}

function parseSubscript(c: Cursor): Expr {
  const place = c.peek();
  const index = parseList(c, parseSlice);
  if (!c.is("]")) c.fail("invalid syntax. Perhaps you forgot a comma?");
  c.next();
  if (index.kind === "tuple" && index.items.some((item) => item.kind === "slice")) {
    c.refuse("a slice of several dimensions", place);
  }
  return index;
}

function parseSlice(c: Cursor): Expr {
  const place = c.peek();
  const lower = c.is(":") ? undefined : parseNamed(c);
  if (!c.is(":")) return lower ?? c.fail("expected an index");
  c.next();
  const upper = c.is(":") || c.is("]") || c.is(",") ? undefined : parseTest(c);
  const step = c.accept(":") && !c.is("]") && !c.is(",") ? parseTest(c) : undefined;
  return { kind: "slice", lower, upper, step, ...at(place) };
}

function parsePlain(c: Cursor): Expr {
  const token = c.peek();
  if (token.kind === "number") return parseNumber(c);
  if (token.kind === "string") return parseStrings(c, parseList);
  if (token.kind === "name") return parseName(c);
  if (c.is("(")) return c.nested(() => parseParenthesis(c));
  if (c.is("[")) return c.nested(() => parseListDisplay(c));
  if (c.is("{")) return c.nested(() => parseBraces(c));
  if (c.is("`")) return parseBackticks(c);
  if (c.is("...")) c.refuse("'...'", token);
  else {c.fail(
      token.kind === "end" || token.kind === "newline"
        ? "unexpected end of line"
        : "invalid syntax",
    );}
  c.next();
  return { kind: "constant", value: null, ...at(token) };
}

function parseNumber(c: Cursor): Expr {
  const token = c.next();
  try {
    const { value, float, old } = readNumber(token.text);
    if (old) c.notice(2, `the number '${token.text}'`, token);
    if (!old && token.text.includes("_")) c.notice(3, `the number '${token.text}'`, token);
    return { kind: "number", value, float, ...at(token) };
  } catch (error) {
    return c.fail(error instanceof Error ? error.message : String(error), token);
  }
}

function parseName(c: Cursor): Expr {
  const token = c.peek();
  const place = at(token);
  if (Object.hasOwn(constants, token.text)) {
    c.next();
    return { kind: "constant", value: constants[token.text] ?? null, ...place };
  }
  if (reservedWords.has(token.text)) c.fail("invalid syntax", token);
  c.next();
  const id = token.text.normalize("NFKC");
  noticeName(c, id, token);
  if (isHidden(id)) c.refuse(`the name '${id}'`, token);
  return { kind: "name", id, ...place };
}

function parseBackticks(c: Cursor): Expr {
  const place = c.expect("`");
  c.notice(2, "backticks", place);
  const value = parseList(c, parseTest);
  c.expect("`");
  return { kind: "repr", value, ...at(place) };
}

function parseParenthesis(c: Cursor): Expr {
  const place = at(c.expect("("));
  if (c.accept(")")) return { kind: "tuple", items: [], ...place };
  if (c.is("yield")) {
    const value = parseYield(c);
    closing(c, ")");
    return value;
  }
  const first = parseStarred(c);
  if (c.is("for") || c.is("async")) {
    const comprehension = generator(first, parseClauses(c));
    closing(c, ")");
    return comprehension;
  }
  if (!c.is(",")) {
    closing(c, ")");
    if (first.kind === "star") c.fail("cannot use starred expression here", first);
    return first;
  }
  return { kind: "tuple", items: [first, ...parseMore(c, ")")], ...place };
}

function closing(c: Cursor, bracket: string): void {
  if (!c.is(bracket)) c.fail("invalid syntax. Perhaps you forgot a comma?");
  c.next();
}

function parseListDisplay(c: Cursor): Expr {
  const place = at(c.expect("["));
  if (c.accept("]")) return { kind: "list", items: [], ...place };
  const value = parseStarred(c);
  if (c.is("for") || c.is("async")) {
    const clauses = parseClauses(c);
    closing(c, "]");
    return { kind: "comp", type: "list", element: value, value: undefined, clauses, ...place };
  }
  const items = [value, ...parseMore(c, "]")];
  return { kind: "list", items, ...place };
}

function parseMore(c: Cursor, close: string): Expr[] {
  const items: Expr[] = [];
  while (c.accept(",") && !c.is(close)) items.push(parseStarred(c));
  closing(c, close);
  return items;
}

function parseBraces(c: Cursor): Expr {
  const place = at(c.expect("{"));
  if (c.accept("}")) return { kind: "dict", entries: [], ...place };
  if (c.is("**")) return parseDict(c, [], place);
  const first = parseStarred(c);
  if (!c.is(":")) {
    if (!c.is("for")) return { kind: "set", items: [first, ...parseMore(c, "}")], ...place };
    const clauses = parseClauses(c);
    closing(c, "}");
    return { kind: "comp", type: "set", element: first, value: undefined, clauses, ...place };
  }
  c.next();
  const value = parseTest(c);
  if (!c.is("for")) return parseDict(c, [{ key: first, value }], place);
  const clauses = parseClauses(c);
  closing(c, "}");
  return { kind: "comp", type: "dict", element: first, value, clauses, ...place };
}

function parseDict(c: Cursor, entries: Entry[], place: Place): Expr {
  while ((entries.length === 0 || c.accept(",")) && !c.is("}")) {
    if (c.accept("**")) entries.push({ key: undefined, value: parseTest(c) });
    else {
      const key = parseTest(c);
      c.expect(":");
      entries.push({ key, value: parseTest(c) });
    }
  }
  closing(c, "}");
  return { kind: "dict", entries, ...at(place) };
}
