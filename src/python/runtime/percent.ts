/**
 * The % operator of texts.
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- what Python calls printable or ASCII is defined by code

import { item, itemStrict } from "./containers.ts";
import { fixedDigits, general, scientific } from "./decimal.ts";
import { raise } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { fv, intText, isInt, isNumber, norm } from "./numbers.ts";
import { b_repr, escapedCode, str } from "./repr.ts";
import { len } from "./sequences.ts";
import {
  allowsOld,
  type Int,
  isRecord,
  type Numeric,
  ownType,
  PyBytes,
  PyDict,
  PyRange,
  PyTuple,
  state,
  type Value,
} from "./types.ts";

const fieldPattern =
  /%(?:\(((?:[^()]|\([^()]*\))*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?(.?)/gs;

/** One conversion of a template. */
interface Spec {
  flags: string;
  readonly kind: string;
  width: number;
  precision: number | undefined;
  prefix?: string;
}

/** A conversion as it stands in a template; the width and precision may come from the values. */
interface Conversion {
  readonly key: string | undefined;
  readonly flags: string;
  readonly kind: string;
  readonly width: number | "*";
  readonly precision: number | "*" | undefined;
  readonly index: number;
}

/** A template that was taken apart. */
interface Template {
  readonly text: string;
  readonly parts: readonly (string | Conversion)[];
  /** Where its conversions are all `%s`: the texts before, between and behind them. */
  readonly between: readonly string[] | undefined;
}

const templates = new Map<string, Template>();
/** The one that was used last. */
let last: Template = { text: "", parts: [], between: [""] };

/** The texts around the conversions, where those are all `%s`. */
function textsBetween(parts: readonly (string | Conversion)[]): string[] | undefined {
  const texts = [""];
  for (const part of parts) {
    if (typeof part === "string") texts.push(`${texts.pop()}${part}`);
    else if (part.kind === "s" && part.key === undefined && part.width === 0) {
      if (part.precision !== undefined) return undefined;
      texts.push("");
    } else return undefined;
  }
  return texts;
}

/** Puts values between the texts of a plain template. */
function joinPlain(texts: readonly string[], values: readonly Value[]): string {
  let text = texts[0] ?? "";
  // Not by an iterator: the interpreter takes several times as long for that.
  for (let at = 0; at < values.length; at++) text += str(values[at]) + texts[at + 1];
  return text;
}

/** A template that is taken apart, and kept for the next time. */
function takeApart(template: string): Template {
  if (template === last.text) return last;
  last = templates.get(template) ?? parse(template);
  return last;
}

function parse(template: string): Template {
  const parts: (string | Conversion)[] = [];
  let end = 0;
  for (const match of template.matchAll(fieldPattern)) {
    const [whole, key, flags = "", width = "0", precision, kind = ""] = match;
    if (match.index > end) parts.push(template.slice(end, match.index));
    end = match.index + whole.length;
    if (kind === "%") parts.push("%");
    else {
      const places = precision === undefined || precision === "*" ? precision : Number(precision);
      const size = width === "*" ? width : Number(width);
      const index = match.index + whole.length - 1;
      parts.push({ key, flags, kind, width: size, precision: places, index });
    }
  }
  if (end < template.length) parts.push(template.slice(end));
  if (templates.size > 200) templates.clear();
  const parsed = { text: template, parts, between: textsBetween(parts) };
  templates.set(template, parsed);
  return parsed;
}

/** template % values */
export function percent(template: string, values: Value): string {
  const { parts, between } = takeApart(template);
  if (
    between !== undefined && values instanceof PyTuple && values.a.length === between.length - 1
  ) {
    return joinPlain(between, values.a);
  }
  const mapping = values instanceof PyDict || isRecord(values);
  // What has indices and is no tuple may stay unused.
  const indexed = mapping || Array.isArray(values) || values instanceof PyBytes ||
    values instanceof PyRange;
  const args = values instanceof PyTuple ? values.a : [values];
  let used = 0;
  let named = false;
  const next = () => {
    if (used >= args.length) raise("TypeError", "not enough arguments for format string");
    return args[used++];
  };
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    const { key, kind, width, precision } = part;
    if (kind === "") raise("ValueError", "incomplete format");
    if (key !== undefined) {
      if (!mapping) raise("TypeError", "format requires a mapping");
      named = true;
    }
    if (kind === "s" && key === undefined && width === 0 && precision === undefined) {
      text += str(next());
      continue;
    }
    const spec: Spec = { flags: part.flags, kind, width: 0, precision: undefined };
    spec.width = width === "*" ? starred(spec, next()) : width;
    spec.precision = precision === "*" ? Number(next()) : precision;
    if (!"sradiufFeEgGxXoc".includes(kind)) badKind(kind, part.index);
    const read = state.openRecord ? item : itemStrict;
    text += one(spec, key === undefined ? next() : read(values, key));
  }
  if (used < args.length && !named && !(indexed && used === 0)) {
    raise("TypeError", "not all arguments converted during string formatting");
  }
  return text;
}

function badKind(kind: string, index: number): never {
  const code = kind.codePointAt(0)?.toString(16);
  return raise(
    "ValueError",
    `unsupported format character '${kind}' (0x${code}) at index ${index}`,
  );
}

function starred(spec: Spec, width: Value): number {
  if (Number(width) < 0) spec.flags += "-";
  return Math.abs(Number(width));
}

function one(spec: Spec, given: Value): string {
  const { kind } = spec;
  const own = "sra".includes(kind) ? undefined : ownType(given)?.$info;
  const convert = "diuxXo".includes(kind) ? own?.whole : own?.number;
  const value = convert === undefined ? given : convert(given);
  if (kind === "s" || kind === "r" || kind === "a") {
    return padText(spec, clip(spec, textOf(kind, value)));
  }
  if (kind === "c") {
    const char = typeof value === "string" ? value : isInt(value) ? characterOf(value) : "";
    if (len(char) !== 1) raise("TypeError", "%c requires int or char");
    return padText(spec, char);
  }
  if (!isNumber(value)) {
    const wanted = "diu".includes(kind)
      ? "a real number is required"
      : "xXo".includes(kind)
      ? "an integer is required"
      : "";
    if (wanted === "") raise("TypeError", `must be real number, not ${typeName(value)}`);
    if (state.version === 2) {
      raise("TypeError", `%${kind} format: a number is required, not ${typeName(value)}`);
    }
    raise("TypeError", `%${kind} format: ${wanted}, not ${typeName(value)}`);
  }
  const { negative, digits } = "diuxXo".includes(kind)
    ? integer(spec, value)
    : floating(spec, value);
  return padNumber(spec, negative, digits);
}

/** The character of a code. Raises OverflowError. */
export function characterOf(code: Int): string {
  const number = Number(code);
  if (number < 0 || number > 0x10ffff) {
    raise("OverflowError", "%c arg not in range(0x110000)");
  }
  return String.fromCodePoint(number);
}

function textOf(kind: string, value: Value): string {
  return kind === "s" ? str(value) : kind === "r" ? b_repr(value) : asciiText(b_repr(value));
}

/** The text with everything beyond ASCII escaped. */
export function asciiText(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, (char) => escapedCode(char.codePointAt(0) ?? 0));
}

function clip(spec: Spec, text: string): string {
  return spec.precision === undefined ? text : Array.from(text).slice(0, spec.precision).join("");
}

function padText(spec: Spec, text: string): string {
  const fill = " ".repeat(Math.max(0, spec.width - len(text)));
  return spec.flags.includes("-") ? text + fill : fill + text;
}

function integer(spec: Spec, value: Numeric): { negative: boolean; digits: string } {
  const { kind, flags, precision } = spec;
  let whole: Int;
  if (isInt(value)) whole = value;
  else {
    if ("xXo".includes(kind) && !allowsOld()) {
      raise("TypeError", `%${kind} format: an integer is required, not float`);
    }
    const float = fv(value);
    if (!Number.isFinite(float)) {
      raise(
        Number.isNaN(float) ? "ValueError" : "OverflowError",
        `cannot convert float ${Number.isNaN(float) ? "NaN" : "infinity"} to integer`,
      );
    }
    whole = norm(BigInt(Math.trunc(float)));
  }
  const base = kind === "o" ? 8 : kind === "x" || kind === "X" ? 16 : 10;
  const text = intText(whole, base);
  const negative = text.startsWith("-");
  let digits = (negative ? text.slice(1) : text).padStart(precision ?? 0, "0");
  if (kind === "X") digits = digits.toUpperCase();
  if (flags.includes("#") && base === 16) spec.prefix = `0${kind}`;
  if (flags.includes("#") && base === 8) spec.prefix = state.version === 2 ? "0" : "0o";
  return { negative, digits };
}

/** Sign and digits of a float for the kinds e f g. */
export function floatDigits(
  value: number,
  kind: string,
  precision: number,
  alternate: boolean,
): { negative: boolean; digits: string } {
  const lower = kind.toLowerCase();
  let digits: string;
  if (!Number.isFinite(value)) digits = Number.isNaN(value) ? "nan" : "inf";
  else if (lower === "f") {
    digits = Math.abs(value) < 1e50 || precision < 100 ? fixedDigits(value, precision) : "";
  } else if (lower === "e") digits = scientific(value, precision);
  else digits = general(value, precision, alternate);
  if (alternate && Number.isFinite(value)) digits = digits.replace(/^(\d+)(?![\d.])/, "$1.");
  const negative = value < 0 || Object.is(value, -0);
  return { negative, digits: kind === lower ? digits : digits.toUpperCase() };
}

function floating(spec: Spec, value: Numeric): { negative: boolean; digits: string } {
  const precision = spec.precision ?? 6;
  if (precision > 1000) raise("ValueError", "precision too large");
  const float = fv(value);
  if (!Number.isFinite(float)) spec.flags = spec.flags.replaceAll("0", "");
  return floatDigits(float, spec.kind, precision, spec.flags.includes("#"));
}

function padNumber(spec: Spec, negative: boolean, digits: string): string {
  const { flags, width } = spec;
  const sign = (negative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") +
    (spec.prefix ?? "");
  const room = width - sign.length - digits.length;
  if (room <= 0) return sign + digits;
  if (flags.includes("-")) return sign + digits + " ".repeat(room);
  return flags.includes("0") ? sign + "0".repeat(room) + digits : " ".repeat(room) + sign + digits;
}
