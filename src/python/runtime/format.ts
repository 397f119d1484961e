/**
 * format(), str.format() and the values of f-strings.
 *
 * @module
 */

import { attrStrict } from "./calls.ts";
import { itemStrict } from "./containers.ts";
import { general } from "./decimal.ts";
import { errorType, PyError, raise } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { floatRepr, flt, fv, intText, isFloat, isInt, isNumber } from "./numbers.ts";
import { asciiText, characterOf, floatDigits } from "./percent.ts";
import { b_repr, str } from "./repr.ts";
import { len } from "./sequences.ts";
import { allowsOld, type Int, type Numeric, ownType, state, type Value } from "./types.ts";

const specPattern =
  /^(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/su;

/** A format specification. */
interface Spec {
  readonly fill: string;
  readonly align: string | undefined;
  readonly sign: string | undefined;
  readonly alternate: boolean;
  readonly width: number;
  readonly group: string | undefined;
  readonly precision: number | undefined;
  readonly kind: string | undefined;
}

/** A number's digits without its sign. */
interface Digits {
  readonly negative: boolean;
  readonly digits: string;
  readonly prefix?: string | undefined;
}

/** A value in an f-string without conversion or format. */
export function fmt(value: Value): string {
  return typeof value === "string" ? value : formatValue(value, "");
}

/** {value!conversion:spec} */
export function format(value: Value, conversion: string, spec: string): string {
  return formatValue(convert(value, conversion), spec);
}

function convert(value: Value, conversion: string): Value {
  if (conversion === "r") return b_repr(value);
  if (conversion === "s") return str(value);
  return conversion === "a" ? asciiText(b_repr(value)) : value;
}

/** Python's format(value, spec). */
export function formatValue(value: Value, spec: string): string {
  if (spec === "") return str(value);
  const own = ownType(value)?.$info.format;
  if (own !== undefined) return own(value, spec);
  if (typeof value !== "string" && !isNumber(value)) {
    if (allowsOld()) return formatText(str(value), parseSpec(spec, value));
    raise("TypeError", `unsupported format string passed to ${typeName(value)}.__format__`);
  }
  const parsed = parseSpec(spec, value);
  if (typeof value === "string") return formatText(value, parsed);
  return formatNumber(value, parsed);
}

function parseSpec(spec: string, value: Value): Spec {
  const match = specPattern.exec(spec);
  if (match === null) {
    raise(
      "ValueError",
      state.version === 2
        ? "Invalid conversion specification"
        : `Invalid format specifier '${spec}' for object of type '${typeName(value)}'`,
    );
  }
  if (Number(match[7] ?? 0) > 10000000 || Number(match[9] ?? 0) > 1000) {
    raise("ValueError", "Too many decimal digits in format string");
  }
  checkGroup(match[8], match[10]);
  const [, fill, align, sign, , alternate, zero, width, group, precision, kind] = match;
  return {
    fill: fill ?? (zero && align === undefined ? "0" : zero ? "0" : " "),
    align: align ?? (zero ? "=" : undefined),
    sign,
    alternate: alternate !== undefined,
    width: Number(width ?? 0),
    group,
    precision: precision === undefined ? undefined : Number(precision),
    kind,
  };
}

/** The kinds whose digits a comma or an underscore can group. */
function checkGroup(group: string | undefined, kind: string | undefined): void {
  if (group === undefined || kind === undefined) return;
  if (!(group === "," ? "deEfFgG%" : "deEfFgG%bBoxX").includes(kind)) {
    raise("ValueError", `Cannot specify '${group}' with '${kind}'.`);
  }
}

function unknownKind(kind: string, value: Value): never {
  raise("ValueError", `Unknown format code '${kind}' for object of type '${typeName(value)}'`);
}

function formatText(text: string, given: Spec): string {
  const spec = given.align === "=" && given.fill === "0" && state.version === 3
    ? { ...given, align: "<" }
    : given;
  if (spec.kind !== undefined && spec.kind !== "s") unknownKind(spec.kind, text);
  if (spec.group !== undefined) raise("ValueError", `Cannot specify '${spec.group}' with 's'.`);
  if (spec.sign !== undefined) raise("ValueError", "Sign not allowed in string format specifier");
  if (spec.alternate) {
    raise("ValueError", "Alternate form (#) not allowed in string format specifier");
  }
  if (spec.align === "=") {
    raise("ValueError", "'=' alignment not allowed in string format specifier");
  }
  const cut = spec.precision === undefined
    ? text
    : Array.from(text).slice(0, spec.precision).join("");
  return aligned(cut, "", { ...spec, align: spec.align ?? "<" });
}

function aligned(body: string, sign: string, { fill, align, width }: Spec): string {
  const room = width - len(sign + body);
  if (room <= 0) return sign + body;
  if (align === "=") return sign + fill.repeat(room) + body;
  if (align === "<") return sign + body + fill.repeat(room);
  if (align === "^") {
    const left = Math.floor(room / 2);
    return fill.repeat(left) + sign + body + fill.repeat(room - left);
  }
  return fill.repeat(room) + sign + body;
}

function formatNumber(value: Numeric, spec: Spec): string {
  const kind = spec.kind ?? (isFloat(value) ? "" : "d");
  const { negative, digits, prefix } = "bcdoxXn".includes(kind) && kind !== "" && isInt(value)
    ? wholeDigits(value, kind, spec)
    : realDigits(value, kind, spec);
  const sign = (negative ? "-" : spec.sign === "+" ? "+" : spec.sign === " " ? " " : "") +
    (prefix ?? "");
  const full = { ...spec, align: spec.align ?? (kind === "c" ? "<" : ">") };
  return aligned(grouped(digits, sign, full, kind), sign, full);
}

/**
 * Formats a number of another kind: `plain` are its digits when nothing asks for places, `digits`
 * gives those for a precision.
 */
export function formatDigits(
  spec: string,
  negative: boolean,
  plain: string,
  digits: (precision: number | undefined, kind: string) => string,
): string {
  const parsed = parseSpec(spec, null);
  const { kind = "", precision } = parsed;
  if (!["", "f", "F", "%", "n", "g", "G"].includes(kind)) unknownKind(kind, null);
  const text = kind === "" && precision === undefined ? plain : digits(precision, kind);
  const sign = negative ? "-" : parsed.sign === "+" || parsed.sign === " " ? parsed.sign : "";
  const full = { ...parsed, align: parsed.align ?? ">" };
  return aligned(grouped(text, sign, full, kind), sign, full);
}

function wholeDigits(value: Int, kind: string, spec: Spec): Digits {
  if (spec.precision !== undefined) {
    raise("ValueError", "Precision not allowed in integer format specifier");
  }
  if (kind === "c") return { negative: false, digits: characterOf(value) };
  const bases: Record<string, number> = { b: 2, o: 8, x: 16, X: 16 };
  const base = bases[kind] ?? 10;
  const text = intText(value, base);
  const negative = text.startsWith("-");
  const digits = negative ? text.slice(1) : text;
  const prefix = spec.alternate && base !== 10 ? `0${kind}` : undefined;
  return { negative, digits: kind === "X" ? digits.toUpperCase() : digits, prefix };
}

function realDigits(value: Numeric, kind: string, spec: Spec): Digits {
  const float = fv(value);
  if (kind === "" && !(spec.alternate && spec.precision !== undefined)) {
    return plainFloat(float, spec);
  }
  if (kind === "%") {
    const { negative, digits } = floatDigits(float * 100, "f", spec.precision ?? 6, spec.alternate);
    return { negative, digits: `${digits}%` };
  }
  if (!"eEfFgGn".includes(kind)) unknownKind(kind, value);
  return floatDigits(
    float,
    kind === "n" || kind === "" ? "g" : kind,
    spec.precision ?? 6,
    spec.alternate,
  );
}

/** No kind: like repr(), or like g with at least one digit after the point. */
function plainFloat(float: number, spec: Spec): Digits {
  const text = spec.precision === undefined && state.version === 2
    ? str(flt(float))
    : floatRepr(float);
  if (spec.precision === undefined) {
    const plain = text.replace(/^-/, "");
    return {
      negative: text.startsWith("-"),
      digits: spec.alternate ? plain.replace(/^(\d+)(?![\d.])/, "$1.") : plain,
    };
  }
  if (!Number.isFinite(float)) return floatDigits(float, "g", 1, false);
  const digits = general(float, spec.precision, false, "e", Math.max(1, spec.precision - 1));
  const negative = float < 0 || Object.is(float, -0);
  return { negative, digits: /[.e]/.test(digits) ? digits : `${digits}.0` };
}

/** Digits with thousands separated; zeros that fill are separated too. */
function grouped(digits: string, sign: string, spec: Spec, kind: string): string {
  if (spec.group === undefined) return digits;
  const size = "bxXo".includes(kind) && kind !== "" ? 4 : 3;
  const [, whole = "", rest = ""] = /^(\w*)(.*)$/s.exec(digits) ?? [];
  if (!/^[\da-fA-F]+$/.test(whole)) return digits;
  const { group } = spec;
  const split = (text: string) => text.replace(new RegExp(`(?=(?:.{${size}})+$)(?!^)`, "g"), group);
  if (spec.align !== "=" || spec.fill !== "0") return split(whole) + rest;
  let padded = whole;
  while (len(sign) + split(padded).length + rest.length < spec.width) padded = `0${padded}`;
  return split(padded) + rest;
}

/** template.format(*args, **names) */
export function formatTemplate(template: string, args: Value[], names: Value): string {
  let automatic = 0;
  const lookUp = (field: string): Value => {
    const [, head = "", path = ""] = /^([^.[]*)(.*)$/s.exec(field) ?? [];
    let value: Value;
    if (head === "" || /^\d+$/.test(head)) {
      if (head === "" ? automatic < 0 : automatic > 0) {
        raise(
          "ValueError",
          "cannot switch between manual field specification and automatic field numbering",
        );
      }
      const at = head === "" ? automatic++ : Number(head);
      if (head !== "") automatic = -1;
      if (at >= args.length) {
        raise("IndexError", `Replacement index ${at} out of range for positional args tuple`);
      }
      value = args[at];
    } else value = named(names, head);
    return follow(value, path);
  };
  return expand(template, lookUp, 2);
}

function named(names: Value, key: string): Value {
  if (names === undefined) throw new PyError(errorType("KeyError"), [key]);
  return itemStrict(names, key);
}

function follow(start: Value, path: string): Value {
  let value = start;
  let rest = path;
  while (rest !== "") {
    const match = /^\.([^.[]+)|^\[([^\]]+)\]/s.exec(rest);
    if (match === null) raise("ValueError", "Empty attribute in format string");
    if (match[1] !== undefined) {
      if (match[1].startsWith("__")) {
        raise("AttributeError", `'${typeName(value)}' object has no attribute '${match[1]}'`);
      }
      value = attrStrict(value, match[1]);
    } else {
      const key = match[2] ?? "";
      value = itemStrict(value, /^\d+$/.test(key) ? Number(key) : key);
    }
    rest = rest.slice(match[0].length);
  }
  return value;
}

function expand(template: string, lookUp: (field: string) => Value, depth: number): string {
  if (depth < 0) raise("ValueError", "Max string recursion exceeded");
  let out = "";
  for (let at = 0; at < template.length; at++) {
    const char = template[at];
    if (char === "}" && template[at + 1] !== "}") {
      raise("ValueError", "Single '}' encountered in format string");
    }
    if (char === "}" || (char === "{" && template[at + 1] === "{")) {
      out += char;
      at++;
    } else if (char === "{") {
      const end = closing(template, at);
      out += field(template.slice(at + 1, end), lookUp, depth);
      at = end;
    } else out += char;
  }
  return out;
}

function closing(template: string, from: number): number {
  let open = 0;
  for (let at = from; at < template.length; at++) {
    if (template[at] === "{") open++;
    else if (template[at] === "}" && --open === 0) return at;
  }
  return raise(
    "ValueError",
    from === template.length - 1
      ? "Single '{' encountered in format string"
      : "expected '}' before end of string",
  );
}

function field(text: string, lookUp: (field: string) => Value, depth: number): string {
  const match = /^((?:[^:![]|\[[^\]]*\])*)(?:!(.))?(?::([\s\S]*))?$/s.exec(text);
  if (match === null) raise("ValueError", "expected ':' after conversion specifier");
  const [, name = "", conversion, spec] = match;
  if (conversion !== undefined && !"rsa".includes(conversion)) {
    raise("ValueError", `Unknown conversion specifier '${conversion}'`);
  }
  const value = convert(lookUp(name), conversion ?? "");
  return formatValue(value, spec === undefined ? "" : expand(spec, lookUp, depth - 1));
}
