/**
 * What the methods of texts do.
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- what Python calls printable or ASCII is defined by code

import { raise } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { textOf } from "./lenient.ts";
import { isWide, len, list, sliceBounds } from "./sequences.ts";
import { PyTuple, type Value } from "./types.ts";

const spaceClass =
  " \\t\\n\\r\\v\\f\\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const spaceRun = new RegExp(`[${spaceClass}]+`, "g");
const leading = new RegExp(`^[${spaceClass}]+`);
const trailing = new RegExp(`[${spaceClass}]+$`);
/** Texts of nothing but white space. */
export const onlySpace = new RegExp(`^[${spaceClass}]+$`);
/** Finds a letter that has a case. */
export const cased = /[\p{Uppercase}\p{Lowercase}\p{Lt}]/u;

/** Throws unless the argument is a text. */
export function needText(value: Value, what = "expected str instance"): string {
  return textOf(value) ?? raise("TypeError", `${what}, ${typeName(value)} found`);
}

/** Whether the text may begin or end with white space. */
function isPadded(text: string): boolean {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  return !(first > 32 && first < 128 && last > 32 && last < 128);
}

/** strip(), lstrip() or rstrip(). */
export function stripText(text: string, chars: Value, left: boolean, right: boolean): string {
  if (chars === undefined || chars === null) {
    if (!isPadded(text)) return text;
    let out = left ? text.replace(leading, "") : text;
    // Without the test every position of inner spaces would be tried.
    if (right && out !== "" && onlySpace.test(out.slice(-1))) {
      out = out.replace(trailing, "");
    }
    return out;
  }
  const set = new Set(needText(chars, "strip arg must be None or str"));
  const items = isWide(text) ? Array.from(text) : text;
  let start = 0;
  let end = items.length;
  while (left && start < end && set.has(items[start] ?? "")) start++;
  while (right && end > start && set.has(items[end - 1] ?? "")) end--;
  const kept = items.slice(start, end);
  return typeof kept === "string" ? kept : kept.join("");
}

/** split(); the separator null means white space. */
export function splitText(text: string, separator: Value = null, most: Value = -1): string[] {
  const limit = Number(most);
  if (separator === null) return splitSpaces(text, limit);
  const between = needText(separator, "must be str or None");
  if (between === "") raise("ValueError", "empty separator");
  const parts = text.split(between);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(between)];
}

function splitSpaces(text: string, limit: number): string[] {
  let rest = text.replace(leading, "");
  if (limit < 0) {
    rest = stripText(rest, null, false, true);
    return rest === "" ? [] : rest.split(spaceRun);
  }
  const parts = [];
  while (rest !== "" && parts.length < limit) {
    spaceRun.lastIndex = 0;
    const gap = spaceRun.exec(rest);
    if (gap === null) break;
    parts.push(rest.slice(0, gap.index));
    rest = rest.slice(gap.index + gap[0].length);
  }
  spaceRun.lastIndex = 0;
  if (rest !== "") parts.push(rest);
  return parts;
}

/** `str.rsplit`: splits from the right, `most` times at most; a negative number means every time. */
export function rsplitText(text: string, separator: Value = null, most: Value = -1): string[] {
  const limit = Number(most);
  if (limit < 0) return splitText(text, separator, -1);
  if (separator !== null) {
    const parts = splitText(text, separator, -1);
    if (parts.length <= limit + 1) return parts;
    const cut = parts.length - limit;
    return [parts.slice(0, cut).join(needText(separator)), ...parts.slice(cut)];
  }
  const parts = [];
  let rest = stripText(text, null, false, true);
  while (rest !== "" && parts.length < limit) {
    const gaps = [...rest.matchAll(spaceRun)];
    const gap = gaps.at(-1);
    if (gap === undefined || gap.index === 0) break;
    parts.unshift(rest.slice(gap.index + gap[0].length));
    rest = rest.slice(0, gap.index);
  }
  if (parts.length < limit || onlySpace.test(rest)) rest = rest.replace(leading, "");
  return rest === "" ? parts : [rest, ...parts];
}

/** Start and end of a search, in code units; undefined when the range is empty beyond the text. */
function range(text: string, start: Value = null, end: Value = null): [number, number] | undefined {
  if (start === null && end === null) return [0, text.length];
  const { first, last } = sliceBounds(text.length, start, end, null);
  if (start !== null && Number(start) > text.length) return undefined;
  return [first, last];
}

/** find() or rfind(): -1 when not found. */
export function findText(
  text: string,
  needle: Value,
  start: Value,
  end: Value,
  last: boolean,
): number {
  if (isWide(text)) return findWide(text, needle, start, end, last);
  const within = range(text, start, end);
  if (within === undefined || within[0] > within[1]) return -1;
  const part = text.slice(within[0], within[1]);
  const at = last
    ? part.lastIndexOf(needText(needle, "must be str"))
    : part.indexOf(needText(needle, "must be str"));
  return at < 0 ? -1 : at + within[0];
}

/** Positions count characters, not code units. */
function findWide(
  text: string,
  needle: Value,
  start: Value = null,
  end: Value = null,
  last = false,
): number {
  const chars = Array.from(text);
  const { first, last: stop } = sliceBounds(chars.length, start, end, null);
  const part = chars.slice(first, stop).join("");
  const at = last ? part.lastIndexOf(needText(needle)) : part.indexOf(needText(needle));
  return at < 0 ? -1 : first + len(part.slice(0, at));
}

/** The index, or ValueError for -1. */
export function found(at: number): number {
  return at < 0 ? raise("ValueError", "substring not found") : at;
}

/** startswith() or endswith(), by `test`. */
export function affix(
  text: string,
  wanted: Value,
  start: Value,
  end: Value,
  test: (part: string, one: string) => boolean,
): boolean {
  const within = range(text, start, end);
  if (within === undefined) return false;
  const part = start === undefined ? text : text.slice(within[0], within[1]);
  if (wanted instanceof PyTuple) return wanted.a.some((one) => test(part, needText(one)));
  const one = textOf(wanted);
  if (one === undefined) {
    raise("TypeError", `first arg must be str or a tuple of str, not ${typeName(wanted)}`);
  }
  return test(part, one);
}

/** `str.count`: occurrences that do not overlap, between two positions. */
export function countText(text: string, needle: Value, start?: Value, end?: Value): number {
  const within = range(text, start, end);
  if (within === undefined || within[0] > within[1]) return 0;
  const part = text.slice(within[0], within[1]);
  const wanted = needText(needle);
  return wanted === "" ? len(part) + 1 : part.split(wanted).length - 1;
}

/** `str.replace`: the first `most` occurrences, or all when it is negative. */
export function replaceText(text: string, old: Value, fresh: Value, most: Value = -1): string {
  const from = needText(old, "replace() argument 1 must be str");
  const to = needText(fresh, "replace() argument 2 must be str");
  if (most === null || Number(most) < 0) {
    if (from !== "") return text.replaceAll(from, () => to);
    return to + Array.from(text, (char) => char + to).join("");
  }
  const parts = from === "" ? ["", ...text, ""] : text.split(from);
  const limit = Math.min(Number(most), parts.length - 1);
  return parts.slice(0, limit).map((part) => part + to).join("") + parts.slice(limit).join(from);
}

/** center(), ljust() or rjust(). */
export function pad(
  text: string,
  width: Value,
  fill: Value,
  left: boolean,
  right: boolean,
): string {
  const char = fill === undefined ? " " : needText(fill);
  if (len(char) !== 1) raise("TypeError", "The fill character must be exactly one character long");
  const room = Math.max(0, Number(width) - len(text));
  if (left && right) {
    const before = Math.floor(room / 2) + (room % 2 === 1 && Number(width) % 2 === 1 ? 1 : 0);
    return char.repeat(before) + text + char.repeat(room - before);
  }
  return left ? char.repeat(room) + text : text + char.repeat(room);
}

/** Is the text not empty and made of such characters only? */
export function all(pattern: RegExp): (text: string) => boolean {
  return (text: string) => pattern.test(text);
}

/** isupper(). */
export function isUpper(text: string): boolean {
  return cased.test(text) && !/[\p{Lowercase}\p{Lt}]/u.test(text);
}

/** islower(). */
export function isLower(text: string): boolean {
  return cased.test(text) && !/[\p{Uppercase}\p{Lt}]/u.test(text);
}

export function swapcase(text: string): string {
  return text.replace(
    /\p{L}/gu,
    (char) => char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase(),
  );
}

export function splitlines(text: string, keep?: Value): string[] {
  const lines = text.match(
    /[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|$)/g,
  ) ?? [];
  lines.pop();
  return keep === true
    ? lines
    : lines.map((line) => line.replace(/(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])$/, ""));
}

/** partition(), or rpartition() if `last`. */
export function partition(text: string, separator: Value, last: boolean): PyTuple {
  const between = needText(separator, "must be str");
  if (between === "") raise("ValueError", "empty separator");
  const at = last ? text.lastIndexOf(between) : text.indexOf(between);
  if (at < 0) return new PyTuple(last ? ["", "", text] : [text, "", ""]);
  return new PyTuple([text.slice(0, at), between, text.slice(at + between.length)]);
}

export function expandtabs(text: string, size: Value = 8): string {
  let column = 0;
  let out = "";
  for (const char of text) {
    if (char === "\t") {
      const room = Number(size) > 0 ? Number(size) - column % Number(size) : 0;
      out += " ".repeat(room);
      column += room;
    } else {
      out += char;
      column = char === "\n" || char === "\r" ? 0 : column + 1;
    }
  }
  return out;
}

export function zfill(text: string, width: Value): string {
  const room = Number(width) - len(text);
  if (room <= 0) return text;
  const sign = /^[+-]/.test(text) ? text.slice(0, 1) : "";
  return sign + "0".repeat(room) + text.slice(sign.length);
}

/** separator.join(items). Raises TypeError for an item that is no text. */
export function join(separator: string, items: Value): string {
  const parts = Array.isArray(items) ? items : list(items);
  for (let at = 0; at < parts.length; at++) {
    if (typeof parts[at] === "string") continue;
    if (textOf(parts[at]) === undefined) {
      raise(
        "TypeError",
        `sequence item ${at}: expected str instance, ${typeName(parts[at])} found`,
      );
    }
    return parts.map((part) => needText(part)).join(separator);
  }
  return parts.join(separator);
}
