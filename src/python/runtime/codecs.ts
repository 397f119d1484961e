/**
 * Encodings of text.
 *
 * @module
 */

import { errorType, PyError, raise } from "./errors.ts";
import { PyBytes, state, type Value } from "./types.ts";
import { fromUtf8, utf8 } from "./utf8.ts";

const codecNames: Record<string, string> = {
  utf8: "utf-8",
  "utf-8-sig": "utf-8",
  u8: "utf-8",
  "us-ascii": "ascii",
  latin1: "latin-1",
  "iso-8859-1": "latin-1",
  l1: "latin-1",
  "iso8859-1": "latin-1",
};

function codec(name: Value = state.version === 2 ? "ascii" : "utf-8"): string {
  if (typeof name !== "string") raise("TypeError", "the encoding must be str");
  const plain = name.toLowerCase().replaceAll("_", "-");
  if (plain === "cp1252" || plain === "windows-1252") {
    raise("LookupError", `encoding not supported: ${name}`);
  }
  const known = codecNames[plain] ?? plain;
  if (!["utf-8", "ascii", "latin-1"].includes(known)) {
    raise("LookupError", `unknown encoding: ${name}`);
  }
  return known;
}

/** text.encode(name, mode): bytes in Python 3, the same kind of text in Python 2. */
export function encodeText(text: string, name?: Value, mode: Value = "strict"): Value {
  const kind = codec(name);
  if (kind === "utf-8") return state.version === 2 ? text : new PyBytes(utf8(text));
  const top = kind === "ascii" ? 128 : 256;
  let out = "";
  let at = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    out += code < top ? char : unencodable(kind, char, at, mode, top);
    at++;
  }
  return state.version === 2 ? out : new PyBytes(out);
}

function unencodable(kind: string, char: string, at: number, mode: Value, top: number): string {
  const code = char.codePointAt(0) ?? 0;
  if (mode === "ignore") return "";
  if (mode === "replace") return "?";
  if (mode === "xmlcharrefreplace") return `&#${code};`;
  const hex = code.toString(16);
  const escape = code < 256
    ? `\\x${hex.padStart(2, "0")}`
    : code < 65536
    ? `\\u${hex.padStart(4, "0")}`
    : `\\U${hex.padStart(8, "0")}`;
  if (mode === "backslashreplace") return escape;
  throw new PyError(errorType("UnicodeEncodeError"), [
    `'${kind}' codec can't encode character '${escape}' in position ${at}: ordinal not in range(${top})`,
  ]);
}

/** bytes.decode(name, mode), or the decode() of Python 2's texts. */
export function decodeText(value: string | PyBytes, name?: Value, mode: Value = "strict"): string {
  const kind = codec(name);
  const bytes = typeof value === "string" ? value : value.s;
  if (typeof value === "string" && kind === "utf-8") return value;
  const bad = (byte: number, at: number) => undecodable(kind, byte, at, mode);
  if (kind === "utf-8") return fromUtf8(bytes, bad);
  if (kind === "latin-1") return bytes;
  return Array.from(
    bytes,
    (char, at) => char.charCodeAt(0) < 128 ? char : bad(char.charCodeAt(0), at),
  ).join("");
}

function undecodable(kind: string, byte: number, at: number, mode: Value): string {
  if (mode === "ignore") return "";
  if (mode === "replace") return "\ufffd";
  const why = kind === "ascii" ? "ordinal not in range(128)" : "invalid start byte";
  throw new PyError(errorType("UnicodeDecodeError"), [
    `'${kind}' codec can't decode byte 0x${byte.toString(16)} in position ${at}: ${why}`,
  ]);
}
