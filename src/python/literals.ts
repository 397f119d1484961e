/**
 * Reads the values of string and number literals.
 *
 * @module
 */

const simpleEscapes: Record<string, string> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\n": "",
};
const escapeSequence =
  /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|(N\{[^}]*\})|([^]))/g;

/**
 * The text of a string body with its escapes read. `bytes`: `\u` is not an escape.
 * Throws an Error for an escape that cannot be read (`\N{…}`, `\x` without digits).
 */
export function unescape(body: string, bytes: boolean): string {
  if (!body.includes("\\")) return body;
  return body.replace(escapeSequence, (whole, hex, short, long, octal, named, other) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
    if (bytes && (short ?? long ?? named) !== undefined) return whole;
    if (short !== undefined) return String.fromCharCode(parseInt(short, 16));
    if (long !== undefined) return codePoint(long);
    if (named !== undefined) throw new Error("the \\N{name} escape is not supported");
    if (other === "x") throw new Error("truncated \\xXX escape");
    if (!bytes && (other === "u" || other === "U")) throw new Error(`truncated \\${other} escape`);
    return simpleEscapes[other] ?? whole;
  });
}

/** The text of a raw string of Python 2 with the prefix `ur`, where `\u` still counts. */
export function unescapeUnicode(body: string): string {
  return body.replace(
    /(?<!\\)((?:\\\\)*)\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8}))/g,
    (_, before, short, long) => before + codePoint(short ?? long),
  );
}

function codePoint(hex: string): string {
  const code = parseInt(hex, 16);
  if (code > 0x10ffff) throw new Error("illegal Unicode character");
  return String.fromCodePoint(code);
}

/** A number literal: its JavaScript text and whether it is a float. */
export interface NumberLiteral {
  readonly value: string;
  readonly float: boolean;
  /** Written as only Python 2 allows (`10L`, `0777`). */
  readonly old: boolean;
}

/** Reads a number literal. Throws an Error when it is malformed or complex. */
export function readNumber(text: string): NumberLiteral {
  if (/(?:^|[^\da-fA-F])_|__|_$/.test(text) && !/^0[xXoObB]_/.test(text)) {
    throw new Error("invalid decimal literal");
  }
  let plain = text.replaceAll("_", "").toLowerCase();
  if (plain.endsWith("j")) throw new Error("complex numbers are not supported");
  let old = plain.endsWith("l");
  if (old) plain = plain.slice(0, -1);
  const based = /^0[xob]/.test(plain);
  if (!based && /[.e]/.test(plain)) return { value: String(Number(plain)), float: true, old };
  if (/^0\d/.test(plain) && !/^0+$/.test(plain)) {
    if (!/^[0-7]+$/.test(plain)) {
      throw new Error("leading zeros in decimal integers are not permitted");
    }
    old = true;
    plain = "0o" + plain.replace(/^0+/, "");
  }
  const whole = BigInt(plain);
  return {
    value: whole > BigInt(Number.MAX_SAFE_INTEGER) ? `${whole}n` : String(whole),
    float: false,
    old,
  };
}
