/**
 * The % operator of texts.
 *
 * @module
 */
// deno-lint-ignore-file no-control-regex -- what Python calls printable or ASCII is defined by code

import { item } from "./containers.ts";
import { fixedDigits, general, scientific } from "./decimal.ts";
import { raise } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { fv, intText, isInt, isNumber, norm } from "./numbers.ts";
import { b_repr, escapedCode, str } from "./repr.ts";
import { len } from "./sequences.ts";
import { type Int, isRecord, type Numeric, PyDict, PyTuple, state, type Value } from "./types.ts";

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

/** template % values */
export function percent(template: string, values: Value): string {
  const mapping = values instanceof PyDict || isRecord(values);
  const args = values instanceof PyTuple ? values.a : [values];
  let used = 0;
  let named = false;
  const next = () => {
    if (used >= args.length) raise("TypeError", "not enough arguments for format string");
    return args[used++];
  };
  const text = template.replace(fieldPattern, (whole, key, flags, width, precision, kind) => {
    if (kind === "%") return "%";
    if (kind === "") raise("ValueError", "incomplete format");
    if (key !== undefined) {
      if (!mapping) raise("TypeError", "format requires a mapping");
      named = true;
    }
    const spec: Spec = { flags, kind, width: 0, precision: undefined };
    spec.width = width === "*" ? starred(spec, next()) : Number(width ?? 0);
    spec.precision = precision === undefined
      ? undefined
      : precision === "*"
      ? Number(next())
      : Number(precision);
    if (!"sradiufFeEgGxXoc".includes(kind)) {
      raise(
        "ValueError",
        `unsupported format character '${kind}' (0x${kind.codePointAt(0).toString(16)}) at index ${
          whole.length - 1
        }`,
      );
    }
    return one(spec, key === undefined ? next() : item(values, key));
  });
  if (used < args.length && !named && !(mapping && used === 0)) {
    raise("TypeError", "not all arguments converted during string formatting");
  }
  return text;
}

function starred(spec: Spec, width: Value): number {
  if (Number(width) < 0) spec.flags += "-";
  return Math.abs(Number(width));
}

function one(spec: Spec, value: Value): string {
  const { kind } = spec;
  if (kind === "s" || kind === "r" || kind === "a") {
    return padText(spec, clip(spec, textOf(kind, value)));
  }
  if (kind === "c") {
    const char = typeof value === "string"
      ? value
      : isInt(value)
      ? String.fromCodePoint(Number(value))
      : "";
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
    if ("xXo".includes(kind) && state.version === 3) {
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
