/** Sets of characters in patterns, and what all of the pattern reader shares. @module */

import { PyError, reError } from "./errors.js";

/** Values of the flags, as Python numbers them. */
export const FLAGS = { I: 2, L: 4, M: 8, S: 16, U: 32, X: 64, A: 256 };

const SPACE_ASCII = " \\t\\n\\r\\v\\f";
const SPACE_WIDE = SPACE_ASCII +
  "\\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
/** What stands inside brackets for \d \w \s, for ASCII-only and for any text. */
export const CLASSES = {
  ascii: { d: "0-9", w: "a-zA-Z0-9_", s: SPACE_ASCII },
  wide: { d: "\\p{Nd}", w: "\\p{L}\\p{N}_", s: SPACE_WIDE },
};
/** Escapes of control characters, as JavaScript writes them. */
export const CONTROLS = { a: "\\x07", f: "\\f", n: "\\n", r: "\\r", t: "\\t", v: "\\v" };
const PLAIN = /[\^$\\.*+?()[\]{}|/]/;

/** Raises re.error. */
export function bad(message, at) {
  throw new PyError(reError, [at === undefined ? message : `${message} at position ${at}`]);
}

/** One character as JavaScript writes it in a pattern. */
export function literal(char) {
  if (char === "\n") return "\\n";
  if (char === "\r") return "\\r";
  if (char === "\u2028" || char === "\u2029") return char === "\u2028" ? "\\u2028" : "\\u2029";
  return PLAIN.test(char) ? `\\${char}` : char;
}

/** A set of characters, after its opening bracket. */
export function readBracket(reader) {
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
      if (low.code > high.code) bad("bad character range", start);
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
function readMember(reader) {
  const at = reader.at;
  const char = reader.chars[reader.at++];
  if (char !== "\\") return { text: inBrackets(char), code: char.codePointAt(0) };
  const next = reader.chars[reader.at++];
  if (next === undefined) bad("unterminated character set", at);
  const lower = next.toLowerCase();
  if (next === "W" && reader.classes === CLASSES.wide) {
    return { text: "", set: true, notWord: true };
  }
  if ("dws".includes(lower)) return { text: classText(reader, next, lower), set: true };
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
  const value = Object.hasOwn(CONTROLS, next)
    ? JSON.parse(`"${{ a: "\\u0007", v: "\\u000b" }[next] ?? `\\${next}`}"`)
    : undefined;
  const plain = value ?? (text.length > 1 && text[0] === "\\" ? unescaped(text) : text);
  return { text: inBrackets(plain), code: plain.codePointAt(0) };
}

function classText(reader, name, lower) {
  const inside = reader.classes[lower];
  if (name === lower) return inside;
  // A negated class among others: JavaScript's own letters have the same meaning for ASCII.
  if (reader.classes === CLASSES.ascii) return `\\${name}`;
  if (lower === "d") return "\\P{Nd}";
  return "\\S";
}

function unescaped(text) {
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

function inBrackets(char) {
  if ("\\]^-[/|(){}.$*+?".includes(char)) return `\\${char}`;
  const code = char.codePointAt(0);
  if (code < 32 || code === 127) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code === 0x2028 || code === 0x2029 ? `\\u${code.toString(16)}` : char;
}

/** Can it match nothing? What cannot be told alone (a reference) counts as if. */
export function isNullable(source) {
  try {
    return new RegExp(`^(?:${source})$`).test("");
  } catch {
    return true;
  }
}
