/** Parses names, literals, displays, comprehensions, calls and subscripts. @module */

import type { Entry, Expr } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { readNumber } from "./literals.ts";
import {
  at,
  generator,
  KEYWORDS,
  parseArguments,
  parseClauses,
  parseList,
  parseNamed,
  parseStarred,
  parseTest,
} from "./parse_expression.ts";
import { parseStrings } from "./parse_string.ts";
import type { Place } from "./problem.ts";

/** Names and attributes that existed in one version only. */
const OLD_NAMES = new Set(
  "unicode basestring xrange unichr long raw_input cmp reduce StandardError execfile apply".split(
    " ",
  ),
);
const OLD_ATTRIBUTES = new Set(
  "has_key iteritems iterkeys itervalues viewkeys viewitems viewvalues".split(" "),
);
const NEW_ATTRIBUTES = new Set(
  "casefold format_map removeprefix removesuffix isidentifier".split(" "),
);
const LISTS_ONCE = new Set(["keys", "values", "items"]);
const CONSTANTS: Record<string, null | boolean> = { None: null, True: true, False: false };

/** Parses an atom and what follows it: `.name`, `(…)`, `[…]`. */
export function parseAtom(c: Cursor): Expr {
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
  if (OLD_ATTRIBUTES.has(name)) c.notice(2, `'.${name}'`, token, false);
  if (NEW_ATTRIBUTES.has(name)) c.notice(3, `'.${name}'`, token, false);
  if (name.startsWith("__") && name !== "__name__") c.refuse(`the attribute '${name}'`, token);
  return { kind: "attr", object, name, ...at(token) };
}

/** `sorted(x, cmp)` and `print(x, sep="")` tell the version. */
function noticeCall(c: Cursor, call: Expr, place: Place): void {
  if (call.kind !== "call" || call.func.kind !== "name") return;
  const keys = call.keywords.map((keyword) => keyword.name);
  if (call.func.id === "print" && keys.length > 0) c.notice(3, "print() with keywords", place);
  if (call.func.id === "sorted" && keys.includes("cmp")) c.notice(2, "sorted(cmp=…)", place, false);
}

/** `d.keys()[0]` and `map(…)[0]` work in Python 2 only. */
function noticeOldList(c: Cursor, value: Expr, place: Place): void {
  if (value.kind !== "call") return;
  const { func, args } = value;
  const lists = func.kind === "attr" && LISTS_ONCE.has(func.name) && args.length === 0;
  const made = func.kind === "name" && ["map", "filter", "zip"].includes(func.id);
  if (lists || made) c.notice(2, `an index after '${lists ? func.name : "map"}()'`, place, false);
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
  if (token.kind === "string") return parseStrings(c);
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
  if (Object.hasOwn(CONSTANTS, token.text)) {
    c.next();
    return { kind: "constant", value: CONSTANTS[token.text] ?? null, ...place };
  }
  if (token.text === "yield") c.fail("yield is not supported", token);
  if (KEYWORDS.has(token.text)) c.fail("invalid syntax", token);
  c.next();
  const id = token.text.normalize("NFKC");
  if (OLD_NAMES.has(id)) c.notice(2, `'${id}'`, token, false);
  if (/^__.*__$/.test(id)) c.refuse(`the name '${id}'`, token);
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
