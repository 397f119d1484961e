/**
 * Sets of characters in patterns, and what all of the pattern reader shares.
 *
 * @module
 */

import { PyError, reError } from "./errors.ts";

/** What reads a pattern, as far as brackets need it. */
export interface BracketReader {
  at: number;
  readonly chars: readonly string[];
  readonly classes: Classes;
  peek(text: string): boolean;
  charEscape(char: string, at: number): string;
}

/** What stands inside brackets for \d \w \s. */
export interface Classes {
  readonly d: string;
  readonly w: string;
  readonly s: string;
}

interface Member {
  readonly text: string;
  readonly code?: number | undefined;
  /** A class and no single character. */
  readonly set?: boolean;
  readonly notWord?: boolean;
}

/** The letter of a flag. */
export type FlagName = "I" | "L" | "M" | "S" | "U" | "X" | "A";

/** Values of the flags, as Python numbers them. */
export const flagValues: Record<FlagName, number> = {
  I: 2,
  L: 4,
  M: 8,
  S: 16,
  U: 32,
  X: 64,
  A: 256,
};

const spaceAscii = " \\t\\n\\r\\v\\f";
const spaceWide = spaceAscii +
  "\\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
/** What stands inside brackets for \d \w \s, for ASCII-only and for any text. */
export const charClasses: { readonly ascii: Classes; readonly wide: Classes } = {
  ascii: { d: "0-9", w: "a-zA-Z0-9_", s: spaceAscii },
  wide: { d: "\\p{Nd}", w: "\\p{L}\\p{N}_", s: spaceWide },
};
/** Escapes of control characters, as JavaScript writes them. */
export const controls: Readonly<Record<string, string>> = {
  a: "\\x07",
  f: "\\f",
  n: "\\n",
  r: "\\r",
  t: "\\t",
  v: "\\v",
};
const controlChars: Readonly<Record<string, string>> = {
  a: "\x07",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const plainPattern = /[\^$\\.*+?()[\]{}|/]/;

/** Raises re.error. */
export function bad(message: string, at?: number): never {
  throw new PyError(reError, [at === undefined ? message : `${message} at position ${at}`]);
}

/** One character as JavaScript writes it in a pattern. */
export function literal(char: string): string {
  if (char === "\n") return "\\n";
  if (char === "\r") return "\\r";
  if (char === "\u2028" || char === "\u2029") return char === "\u2028" ? "\\u2028" : "\\u2029";
  return plainPattern.test(char) ? `\\${char}` : char;
}

/** A set of characters, after its opening bracket. */
export function readBracket(reader: BracketReader): string {
  const start = reader.at - 1;
  let out = "";
  let notWord = false;
  const negated = reader.peek("^");
  if (negated) reader.at++;
  for (let first = true; first || !reader.peek("]"); first = false) {
    if (reader.at >= reader.chars.length) bad("unterminated character set", start);
    const low = readMember(reader);
    if (low.notWord) notWord = true;
    if (
      reader.peek("-") && reader.chars[reader.at + 1] !== "]" && reader.at + 1 < reader.chars.length
    ) {
      reader.at++;
      const high = readMember(reader);
      if (low.set || high.set) bad("bad character range", start);
      if ((low.code ?? 0) > (high.code ?? 0)) bad("bad character range", start);
      out += `${low.text}-${high.text}`;
    } else out += low.text;
  }
  reader.at++;
  const plain = `[${negated ? "^" : ""}${out}]`;
  if (!notWord) return plain;
  // JavaScript has no \\W for all of Unicode inside brackets: put it beside them.
  const word = reader.classes.w;
  if (negated) return out === "" ? `[${word}]` : `(?:(?![${out}])[${word}])`;
  return out === "" ? `[^${word}]` : `(?:[${out}]|[^${word}])`;
}

/** One character or class inside brackets. */
function readMember(reader: BracketReader): Member {
  const at = reader.at;
  const char = reader.chars[reader.at++] ?? "";
  if (char !== "\\") return { text: inBrackets(char), code: char.codePointAt(0) };
  const next = reader.chars[reader.at++];
  if (next === undefined) bad("unterminated character set", at);
  const lower = next.toLowerCase();
  if (next === "W" && reader.classes === charClasses.wide) {
    return { text: "", set: true, notWord: true };
  }
  if (lower === "d" || lower === "w" || lower === "s") {
    return { text: classText(reader, next, lower), set: true };
  }
  if (next === "b") return { text: "\\x08", code: 8 };
  if (/[0-7]/.test(next)) {
    let octal = next;
    while (octal.length < 3 && /[0-7]/.test(reader.chars[reader.at] ?? "")) {
      octal += reader.chars[reader.at++];
    }
    const code = parseInt(octal, 8);
    return { text: inBrackets(String.fromCharCode(code)), code };
  }
  const text = reader.charEscape(next, at);
  const plain = controlChars[next] ??
    (text.length > 1 && text[0] === "\\" ? unescaped(text) : text);
  return { text: inBrackets(plain), code: plain.codePointAt(0) };
}

function classText(reader: BracketReader, name: string, lower: "d" | "w" | "s"): string {
  const inside = reader.classes[lower];
  if (name === lower) return inside;
  // A negated class among others: JavaScript's own letters have the same meaning for ASCII.
  if (reader.classes === charClasses.ascii) return `\\${name}`;
  if (lower === "d") return "\\P{Nd}";
  return "\\S";
}

function unescaped(text: string): string {
  return text === "\\n"
    ? "\n"
    : text === "\\r"
    ? "\r"
    : text === "\\u2028"
    ? "\u2028"
    : text === "\\u2029"
    ? "\u2029"
    : text.slice(1);
}

function inBrackets(char: string): string {
  if ("\\]^-[/|(){}.$*+?".includes(char)) return `\\${char}`;
  const code = char.codePointAt(0) ?? 0;
  if (code < 32 || code === 127) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code === 0x2028 || code === 0x2029 ? `\\u${code.toString(16)}` : char;
}

/** Can it match nothing? What cannot be told alone (a reference) counts as if. */
export function isNullable(source: string): boolean {
  try {
    return new RegExp(`^(?:${source})$`).test("");
  } catch {
    return true;
  }
}
