/**
 * Parses string literals: prefixes, escapes, implicit joining, f-strings.
 *
 * @module
 */

import type { Expr, FormatPart, StringValue } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { formatParts, type RawPart } from "./string_scan.ts";
import { unescape, unescapeUnicode } from "./literals.ts";
import { at, type Place } from "./problem.ts";
import { type Token, tokenize } from "./tokens.ts";

/** Parses the expression that starts here. */
export type ParseValue = (c: Cursor) => Expr;

/** Parses adjacent string literals into one expression; `parseValue` parses those in f-strings. */
export function parseStrings(c: Cursor, parseValue: ParseValue): Expr {
  const place = at(c.peek());
  const parts: FormatPart[] = [];
  let bytes = 0;
  let count = 0;
  let format = false;
  let old = "";
  let problem: string | undefined;
  for (; c.peek().kind === "string"; count++) {
    const token = c.next();
    const prefix = token.string?.prefix ?? "";
    const body = token.string?.body ?? "";
    if (prefix === "ur") c.notice(2, "the string prefix 'ur'", token);
    if (prefix.includes("f")) {
      c.notice(3, "an f-string", token);
      format = true;
      parts.push(...readFormat(c, parseValue, token, body));
    } else {
      const read = readPlain(c, token, prefix, body);
      parts.push(read.value);
      old += read.old;
      problem ??= read.problem;
    }
    if (prefix.includes("b")) bytes++;
  }
  if (format) return { kind: "format", parts, ...place };
  if (bytes > 0 && bytes < count) c.fail("cannot mix bytes and nonbytes literals", place);
  const value = parts.join("");
  return bytes > 0
    ? { kind: "bytes", value, ...place }
    : { kind: "string", value, old, problem, ...place };
}

function readPlain(c: Cursor, token: Token, prefix: string, body: string): StringValue {
  const same = (value: string) => ({ value, old: value, problem: undefined });
  if (prefix === "ur") return same(attempt(c, token, () => unescapeUnicode(body)));
  if (prefix.includes("r")) return same(body);
  const bytes = prefix.includes("b");
  if (bytes || prefix === "u" || !/\\[uUN]/.test(body)) {
    return same(attempt(c, token, () => unescape(body, bytes)));
  }
  const old = attempt(c, token, () => unescape(body, true));
  try {
    return { value: unescape(body, false), old, problem: undefined };
  } catch (error) {
    return { value: old, old, problem: error instanceof Error ? error.message : String(error) };
  }
}

function attempt<T>(c: Cursor, place: Place, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && error.name === "Error") return c.fail(error.message, place);
    throw error;
  }
}

function readFormat(c: Cursor, parseValue: ParseValue, token: Token, body: string): FormatPart[] {
  const raw = (token.string?.prefix ?? "").includes("r");
  const parts = attempt(c, token, () => formatParts(body));
  return parts.flatMap((part) => readPart(c, parseValue, token, body, raw, part));
}

function readPart(
  c: Cursor,
  parseValue: ParseValue,
  token: Token,
  body: string,
  raw: boolean,
  part: RawPart,
): FormatPart[] {
  if (typeof part === "string") {
    return [raw ? part : attempt(c, token, () => unescape(part, false))];
  }
  const before = body.slice(0, part.offset).split("\n").length - 1;
  const shift = token.line + before - 1;
  const tokens = tokenize(`(${part.source.trim()})`).map((inner) => ({
    ...inner,
    line: inner.line + shift,
    column: before === 0 && inner.line === 1
      ? inner.column + token.column + (token.string?.prefix.length ?? 0) + part.offset - 1
      : inner.column,
  }));
  const inner = new Cursor(tokens, c);
  const value = inner.nested(() => parseValue(inner));
  if (inner.peek().kind !== "newline") inner.fail("f-string: invalid syntax");
  const spec = part.spec.flatMap((piece) => readPart(c, parseValue, token, body, raw, piece));
  const field = { value, conversion: part.conversion, spec };
  return part.selfDocumenting === "" ? [field] : [part.selfDocumenting, field];
}
