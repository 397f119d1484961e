/**
 * Search filters: from the text of RFC 4515 to the bytes of RFC 4511, 4.5.1.
 *
 * The parser of ldapts spoils escaped bytes from `\80` on, and knows neither attribute options nor
 * numeric attributes; so filters are read here and handed to it encoded.
 *
 * @module
 */

import { SourceError } from "../../base/errors.ts";

/** An encoded filter: its outermost tag, and what is inside. */
export interface LdapFilter {
  readonly tag: number;
  readonly content: Buffer;
}

/** The text of a filter and how far it is read. */
interface Cursor {
  readonly text: string;
  at: number;
}

const tags = {
  octets: 0x04,
  sequence: 0x30,
  "&": 0xa0,
  "|": 0xa1,
  "!": 0xa2,
  "=": 0xa3,
  substrings: 0xa4,
  ">=": 0xa5,
  "<=": 0xa6,
  present: 0x87,
  "~=": 0xa8,
  extensible: 0xa9,
} as const;

/** A value made safe for a filter (RFC 4515, 3). */
export function escapeFilterValue(value: string): string {
  return value.replace(
    /[\0()*\\]/g,
    (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** A template with each `{}` replaced by a value that cannot be more than a value. */
export function fillFilter(template: string, value: string): string {
  return template.replaceAll("{}", () => escapeFilterValue(value));
}

/** One filter that matches what all of some match. */
export function joinFilters(...filters: readonly string[]): string {
  const parts = filters.map((text) => text.trim());
  return `(&${parts.map((text) => text.startsWith("(") ? text : `(${text})`).join("")})`;
}

/**
 * Reads a filter. As other programs do, it allows spaces between the parts, a filter without its
 * outermost parentheses, and `\(` beside `\28`.
 *
 * @throws {SourceError} Whose message goes after the option's name: `is not an LDAP filter: …`.
 */
export function parseFilter(text: string): LdapFilter {
  const trimmed = text.trim();
  const cursor: Cursor = { text: trimmed.startsWith("(") ? trimmed : `(${trimmed})`, at: 0 };
  const filter = component(cursor);
  if (cursor.at < cursor.text.length) throw syntaxError(cursor, "there is text after its end");
  return filter;
}

function syntaxError({ text, at }: Cursor, what: string): SourceError {
  const rest = text.slice(at, at + 20);
  const position = rest === "" ? "at its end" : `before "${rest}"`;
  return new SourceError(`is not an LDAP filter: ${what} (${position})`);
}

function skipSpace(cursor: Cursor): void {
  while (/\s/.test(cursor.text.charAt(cursor.at))) cursor.at++;
}

function expect(cursor: Cursor, character: string): void {
  if (cursor.text.charAt(cursor.at) !== character) {
    throw syntaxError(cursor, `"${character}" is missing`);
  }
  cursor.at++;
}

/** One filter in its parentheses. */
function component(cursor: Cursor): LdapFilter {
  skipSpace(cursor);
  expect(cursor, "(");
  skipSpace(cursor);
  const filter = inside(cursor);
  expect(cursor, ")");
  skipSpace(cursor);
  return filter;
}

function inside(cursor: Cursor): LdapFilter {
  const operator = cursor.text.charAt(cursor.at);
  if (operator !== "&" && operator !== "|" && operator !== "!") return item(cursor);
  cursor.at++;
  skipSpace(cursor);
  const parts: Buffer[] = [];
  while (cursor.text.charAt(cursor.at) === "(") parts.push(encode(component(cursor)));
  if (operator === "!" && parts.length !== 1) throw syntaxError(cursor, '"!" is for one filter');
  return { tag: tags[operator], content: Buffer.concat(parts) };
}

/** A comparison of one attribute. */
function item(cursor: Cursor): LdapFilter {
  const match = /^([\w.;-]*)\s*(:[^=()]*:=|:=|[~<>]?=)/.exec(cursor.text.slice(cursor.at));
  const [whole = "", attribute = "", operator = ""] = match ?? [];
  if (match === null || (attribute === "" && !operator.startsWith(":"))) {
    throw syntaxError(cursor, "an attribute and a comparison were expected");
  }
  cursor.at += whole.length;
  const raw = valueText(cursor);
  if (operator.startsWith(":")) return extensible(cursor, attribute, operator, raw);
  const name = encode({ tag: tags.octets, content: Buffer.from(attribute) });
  const parts = operator === "=" ? splitAtWildcards(raw) : [raw];
  if (parts.length > 1) {
    const content = substrings(cursor, parts);
    if (content.length === 0) return { tag: tags.present, content: Buffer.from(attribute) };
    const sequence = encode({ tag: tags.sequence, content });
    return { tag: tags.substrings, content: Buffer.concat([name, sequence]) };
  }
  const value = encode({ tag: tags.octets, content: unescapeValue(cursor, raw) });
  return { tag: tags[operator as "=" | "~=" | "<=" | ">="], content: Buffer.concat([name, value]) };
}

/** The text of a value, up to the parenthesis that ends it. */
function valueText(cursor: Cursor): string {
  const start = cursor.at;
  for (;; cursor.at++) {
    const character = cursor.text.charAt(cursor.at);
    if (character === ")" || character === "") break;
    if (character === "(") throw syntaxError(cursor, 'a "(" in a value is written \\28');
    if (character === "\\") cursor.at++;
  }
  return cursor.text.slice(start, cursor.at);
}

/** The bytes of a value, its escapes resolved. */
function unescapeValue(cursor: Cursor, raw: string): Buffer {
  const parts = raw.split(/(\\[0-9A-Fa-f]{2}|\\[()*\\])/);
  return Buffer.concat(parts.map((part, index) => {
    if (index % 2 === 1) {
      return part.length === 3 ? Buffer.from(part.slice(1), "hex") : Buffer.from(part.slice(1));
    }
    if (part.includes("\\")) {
      throw syntaxError(cursor, 'a "\\" in a value is written \\5c, or goes before two hex digits');
    }
    return Buffer.from(part);
  }));
}

/** The texts between the asterisks of a value, escaped ones not counted. */
function splitAtWildcards(raw: string): string[] {
  const parts = [""];
  for (const [token] of raw.matchAll(/\\[\s\S]?|\*|[^\\*]+/g)) {
    if (token === "*") parts.push("");
    else parts.push(`${parts.pop() ?? ""}${token}`);
  }
  return parts;
}

/** `initial*any*final`, of which any part may be empty. */
function substrings(cursor: Cursor, parts: readonly string[]): Buffer {
  return Buffer.concat(parts.flatMap((part, index) => {
    if (part === "") return [];
    const tag = index === 0 ? 0x80 : index === parts.length - 1 ? 0x82 : 0x81;
    return [encode({ tag, content: unescapeValue(cursor, part) })];
  }));
}

/** `attribute:dn:rule:=value`, by which Active Directory follows nested groups. */
function extensible(cursor: Cursor, attribute: string, operator: string, raw: string): LdapFilter {
  const words = operator.slice(1, -1).split(":").filter((word) => word !== "");
  const dn = words[0]?.toLowerCase() === "dn";
  const rule = dn ? words[1] : words[0];
  if (words.length > (dn ? 2 : 1)) {
    throw syntaxError(cursor, "there is more than one matching rule");
  }
  if (attribute === "" && rule === undefined) {
    throw syntaxError(cursor, "neither attribute nor matching rule is named");
  }
  const parts = [
    ...(rule === undefined ? [] : [encode({ tag: 0x81, content: Buffer.from(rule) })]),
    ...(attribute === "" ? [] : [encode({ tag: 0x82, content: Buffer.from(attribute) })]),
    encode({ tag: 0x83, content: unescapeValue(cursor, raw) }),
    ...(dn ? [Buffer.from([0x84, 1, 0xff])] : []),
  ];
  return { tag: tags.extensible, content: Buffer.concat(parts) };
}

/** Tag, length and contents. */
function encode({ tag, content }: LdapFilter): Buffer {
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([Buffer.from([tag, 0x84]), length, content]);
}
