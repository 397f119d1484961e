/**
 * Finds the ends of string literals and the parts of f-strings, without reading the values inside.
 *
 * @module
 */

/** Index of the closing quote of a plain string, or -1. */
export function endOfString(source: string, from: number, quote: string): number {
  for (let at = from; at < source.length; at++) {
    const char = source[at];
    if (char === "\\") {
      if (source.startsWith("\r\n", at + 1)) at++;
      at++;
    } else if (source.startsWith(quote, at)) return at;
    else if (quote.length === 1 && (char === "\n" || char === "\r")) return -1;
  }
  return -1;
}

/** A part of an f-string: text as written, or a value still in source form. */
export type RawPart = string | {
  readonly source: string;
  /** Offset of `source` in the body of the literal. */
  readonly offset: number;
  readonly conversion: string;
  readonly selfDocumenting: string;
  readonly spec: readonly RawPart[];
};

/** Index of the closing quote of an f-string that starts at `from`, or -1. */
export function endOfFormatString(source: string, from: number, quote: string): number {
  for (let at = from; at < source.length; at++) {
    const char = source[at];
    if (source.startsWith(quote, at)) return at;
    if (char === "\\") at++;
    else if (char === "{" && source[at + 1] === "{") at++;
    else if (char === "{") at = endOfField(source, at + 1);
    else if (quote.length === 1 && (char === "\n" || char === "\r")) return -1;
    if (at < 0) return -1;
  }
  return -1;
}

/** Index of the `}` that closes a replacement field whose value starts at `from`, or -1. */
function endOfField(source: string, from: number): number {
  let at = endOfValue(source, from);
  if (at < 0 || source[at] === "}") return at;
  for (at++; at < source.length; at++) {
    const char = source[at];
    if (char === "}") return at;
    if (char === "\n") return -1;
    if (char === "{") at = endOfField(source, at + 1);
    if (at < 0) return -1;
  }
  return -1;
}

/** Index of the `}`, `:` or `!` that ends the value starting at `from`, or -1. */
function endOfValue(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at++) {
    const char = source[at] ?? "";
    if (char === "'" || char === '"') {
      const quote = source.startsWith(char.repeat(3), at) ? char.repeat(3) : char;
      const nested = /(?:^|[^\w])(?:f|rf|fr)$/i.test(source.slice(Math.max(0, at - 3), at));
      const find = nested ? endOfFormatString : endOfString;
      const end = find(source, at + quote.length, quote);
      if (end < 0) return -1;
      at = end + quote.length - 1;
    } else if ("([{".includes(char)) depth++;
    else if (depth > 0 && ")]}".includes(char)) depth--;
    else if (char === "!" && source[at + 1] === "=") at++;
    else if (depth === 0 && "}:!".includes(char)) return at;
  }
  return -1;
}

/** Splits the body of an f-string (or a format specification) into its parts. */
export function formatParts(body: string, base = 0): RawPart[] {
  const parts: RawPart[] = [];
  let text = "";
  for (let at = 0; at < body.length; at++) {
    const char = body[at] ?? "";
    if ((char === "{" || char === "}") && body[at + 1] === char) text += body[at++];
    else if (char === "\\" && /^\\N\{/.test(body.slice(at))) {
      const end = body.indexOf("}", at);
      text += body.slice(at, end + 1);
      at = end;
    } else if (char === "{") {
      if (text !== "") parts.push(text);
      text = "";
      const end = endOfField(body, at + 1);
      parts.push(field(body.slice(at + 1, end), base + at + 1));
      at = end;
    } else if (char === "}") throw new Error("f-string: single '}' is not allowed");
    else text += char;
  }
  if (text !== "") parts.push(text);
  return parts;
}

function field(text: string, offset: number): RawPart {
  const closed = text + "}";
  const end = endOfValue(closed, 0);
  let source = closed.slice(0, end);
  let rest = closed.slice(end, -1);
  let conversion = "";
  if (rest.startsWith("!")) {
    conversion = rest.slice(1, 2);
    if (!"rsa".includes(conversion) || conversion === "") {
      throw new Error("f-string: invalid conversion character");
    }
    rest = rest.slice(2);
    if (rest !== "" && !rest.startsWith(":")) throw new Error("f-string: expecting '}'");
  }
  const documented = /^([\s\S]*[^=!<>])=\s*$/.exec(source);
  const selfDocumenting = documented === null ? "" : source;
  if (documented !== null) source = documented[1] ?? "";
  if (source.trim() === "") throw new Error("f-string: empty expression not allowed");
  const spec = rest === "" ? [] : formatParts(rest.slice(1), offset + end + 1);
  if (selfDocumenting !== "" && conversion === "" && rest === "") conversion = "r";
  return { source, offset, conversion, selfDocumenting, spec };
}
