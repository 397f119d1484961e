/**
 * The decimal module: numbers of 28 digits with the point where it is written.
 *
 * @module
 */

import { exactFraction } from "./decimal.ts";
import { exception, PyError, raise } from "./errors.ts";
import { formatDigits } from "./format.ts";
import { typeName } from "./kinds.ts";
import { flt, fv, isFloat, isInt, norm } from "./numbers.ts";
import { list } from "./sequences.ts";
import {
  addHooks,
  addMethods,
  type Int,
  members,
  newType,
  type PyObject,
  PyTuple,
  type PyType,
  setKeywords,
  typeKey,
  type Value,
} from "./types.ts";

/** A number: `whole` times ten to the power of `exponent`, or none. */
class Decimal implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly whole: bigint;
  declare readonly exponent: number;
  declare readonly special: "" | "NaN" | "Infinity";
  constructor(whole: bigint, exponent: number, special: "" | "NaN" | "Infinity" = "") {
    this.whole = whole;
    this.exponent = exponent;
    this.special = special;
  }
}

const arithmeticError = exception("DecimalException", "ArithmeticError");
const invalid = exception("InvalidOperation", "DecimalException");
const divisionByZero = exception("DivisionByZero", "ZeroDivisionError");

function fail(message: string): never {
  throw new PyError(invalid, [message]);
}

/** Python's context as it is at the start; it cannot be changed. */
const context = { precision: 28, rounding: "ROUND_HALF_EVEN" } as const;

const size = (whole: bigint): number => (whole < 0n ? -whole : whole).toString().length;
const tens = (power: number): bigint => {
  if (power > 20000) fail("the number is too large");
  return 10n ** BigInt(power);
};

/** `whole` / 10 ** `places`, rounded. */
function shorten(whole: bigint, places: number, rounding: string): bigint {
  if (places <= 0) return whole * tens(-places);
  if (places > size(whole) + 1) {
    return roundTail(0n, whole === 0n ? 0 : whole < 0n ? -1 : 1, -1, rounding);
  }
  const unit = tens(places);
  const quotient = whole / unit;
  const rest = whole - quotient * unit;
  if (rest === 0n) return quotient;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  return roundTail(
    quotient,
    rest < 0n ? -1 : 1,
    twice < unit ? -1 : twice > unit ? 1 : 0,
    rounding,
  );
}

/** `half`: whether what is left is below, at or above half a unit. */
function roundTail(quotient: bigint, sign: number, half: number, rounding: string): bigint {
  if (sign === 0) return quotient;
  const away = quotient + BigInt(sign);
  switch (rounding) {
    case "ROUND_DOWN":
      return quotient;
    case "ROUND_UP":
      return away;
    case "ROUND_CEILING":
      return sign > 0 ? away : quotient;
    case "ROUND_FLOOR":
      return sign < 0 ? away : quotient;
    case "ROUND_HALF_UP":
      return half >= 0 ? away : quotient;
    case "ROUND_HALF_DOWN":
      return half > 0 ? away : quotient;
    case "ROUND_05UP":
      return quotient % 5n === 0n ? away : quotient;
    default:
      return half > 0 || (half === 0 && quotient % 2n !== 0n) ? away : quotient;
  }
}

/** A result with as many digits as the context allows. */
function finish(whole: bigint, exponent: number): Decimal {
  const over = size(whole) - context.precision;
  if (over <= 0) return new Decimal(whole, exponent);
  const cut = shorten(whole, over, context.rounding);
  return size(cut) > context.precision
    ? new Decimal(cut / 10n, exponent + over + 1)
    : new Decimal(cut, exponent + over);
}

const numberText =
  /^\s*([+-]?)(?:(\d[\d_]*)?(?:\.([\d_]*))?(?:e([+-]?\d+))?|(inf(?:inity)?)|(s?nan\d*))\s*$/i;

function read(text: string): Decimal {
  const match = numberText.exec(text);
  const [, sign, whole = "", fraction = "", power = "0", infinite, none] = match ?? [];
  if (none !== undefined) return new Decimal(0n, 0, "NaN");
  if (infinite !== undefined) return new Decimal(sign === "-" ? -1n : 1n, 0, "Infinity");
  const digits = (whole + fraction).replaceAll("_", "");
  if (match === null || digits === "") fail("[<class 'decimal.ConversionSyntax'>]");
  if (digits.length > 20000 || Math.abs(Number(power)) > 15000) fail("the number is too large");
  const value = BigInt(digits);
  return new Decimal(
    sign === "-" ? -value : value,
    Number(power) - fraction.replaceAll("_", "").length,
  );
}

function fromFloat(value: number): Decimal {
  if (Number.isNaN(value)) return new Decimal(0n, 0, "NaN");
  if (!Number.isFinite(value)) return new Decimal(value < 0 ? -1n : 1n, 0, "Infinity");
  const [numerator, denominator] = exactFraction(value);
  const power = denominator.toString(2).length - 1;
  const whole = numerator * 5n ** BigInt(power);
  const signed = value < 0 ? -whole : whole;
  return Number.isInteger(value) ? new Decimal(signed, 0) : stripZeros(new Decimal(signed, -power));
}

function stripZeros(value: Decimal): Decimal {
  let { whole, exponent } = value;
  while (whole !== 0n && whole % 10n === 0n) {
    whole /= 10n;
    exponent++;
  }
  return new Decimal(whole, exponent);
}

/** Decimal(value) */
function make(value: Value = 0): Decimal {
  if (value instanceof Decimal) return value;
  if (typeof value === "string") return read(value);
  if (isInt(value)) return new Decimal(BigInt(value), 0);
  if (isFloat(value)) return fromFloat(fv(value));
  if (value instanceof PyTuple && value.a.length === 3) {
    const digits = list(value.a[1]).map((digit) => String(digit)).join("");
    return read(`${value.a[0] === 1 ? "-" : ""}${digits || "0"}e${String(value.a[2])}`);
  }
  return raise("TypeError", `conversion from ${typeName(value)} to Decimal is not supported`);
}

/** The other side of an operation: a Decimal or an int. */
function operand(value: Value): Decimal | undefined {
  if (value instanceof Decimal) return value;
  return isInt(value) ? new Decimal(BigInt(value), 0) : undefined;
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  const spread = (one: Decimal) => {
    if (one.whole === 0n) return 0n;
    return one.whole * tens(one.exponent - exponent);
  };
  return [spread(a), spread(b), exponent];
}

function divide(a: Decimal, b: Decimal): Decimal {
  if (b.whole === 0n) {
    if (a.whole === 0n) fail("[<class 'decimal.DivisionUndefined'>]");
    throw new PyError(divisionByZero, ["[<class 'decimal.DivisionByZero'>]"]);
  }
  const ideal = a.exponent - b.exponent;
  if (a.whole === 0n) return new Decimal(0n, ideal);
  const shift = Math.max(0, size(b.whole) - size(a.whole) + context.precision + 1);
  const scaled = a.whole * tens(shift);
  let quotient = scaled / b.whole;
  let exponent = ideal - shift;
  if (quotient * b.whole !== scaled) {
    // A last digit that says that more follows, for the rounding.
    if (quotient % 5n === 0n) quotient += (scaled < 0n) === (b.whole < 0n) ? 1n : -1n;
    return finish(quotient, exponent);
  }
  while (exponent < ideal && quotient % 10n === 0n) {
    quotient /= 10n;
    exponent++;
  }
  return finish(quotient, exponent);
}

function divideWhole(a: Decimal, b: Decimal): [Decimal, Decimal] {
  if (b.whole === 0n) {
    throw new PyError(divisionByZero, ["[<class 'decimal.DivisionByZero'>]"]);
  }
  const [x, y, exponent] = aligned(a, b);
  const quotient = x / y;
  if (size(quotient) > context.precision) fail("[<class 'decimal.DivisionImpossible'>]");
  return [new Decimal(quotient, 0), finish(x - quotient * y, exponent)];
}

function power(a: Decimal, b: Decimal): Decimal {
  if (b.exponent < 0 && b.whole % tens(-b.exponent) !== 0n) fail("only whole powers are supported");
  const times = Number(shorten(b.whole, -b.exponent, "ROUND_DOWN"));
  if (Math.abs(times) > 3000) fail("the power is too large");
  let result = new Decimal(1n, 0);
  for (let n = 0; n < Math.abs(times); n++) {
    const whole = result.whole * a.whole;
    const over = size(whole) - context.precision - 20;
    result = over > 0
      ? new Decimal(shorten(whole, over, "ROUND_DOWN"), result.exponent + a.exponent + over)
      : new Decimal(whole, result.exponent + a.exponent);
  }
  return times < 0 ? divide(new Decimal(1n, 0), result) : finish(result.whole, result.exponent);
}

function specialResult(op: string, a: Decimal, b: Decimal): Decimal {
  if (a.special === "NaN" || b.special === "NaN") return new Decimal(0n, 0, "NaN");
  if (op === "/" && a.special === "") return new Decimal(0n, 0);
  return a.special !== "" ? a : b;
}

function calculate(op: string, left: Value, right?: Value): Value {
  if (op === "neg") return left instanceof Decimal ? negated(left) : undefined;
  const [a, b] = [operand(left), operand(right)];
  if (a === undefined || b === undefined) return undefined;
  if (a.special !== "" || b.special !== "") return specialResult(op, a, b);
  const [x, y, exponent] = aligned(a, b);
  switch (op) {
    case "+":
      return finish(x + y, exponent);
    case "-":
      return finish(x - y, exponent);
    case "*":
      return finish(a.whole * b.whole, a.exponent + b.exponent);
    case "/":
      return divide(a, b);
    case "//":
      return divideWhole(a, b)[0];
    case "%":
      return divideWhole(a, b)[1];
    case "**":
      return power(a, b);
    default:
      return undefined;
  }
}

function negated({ whole, exponent, special }: Decimal): Decimal {
  return special === "" ? finish(-whole, exponent) : new Decimal(-whole, exponent, special);
}

function comparison(a: Decimal, other: Value): number | undefined {
  const b = isFloat(other) ? fromFloat(fv(other)) : operand(other);
  if (b === undefined) return undefined;
  if (a.special === "NaN" || b.special === "NaN") return NaN;
  if (a.special !== "" || b.special !== "") {
    const rank = (one: Decimal) => one.special === "" ? 0 : Number(one.whole);
    return rank(a) - rank(b);
  }
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** str(): with an exponent where the point would be too far away. */
function text({ whole, exponent, special }: Decimal): string {
  const sign = whole < 0n ? "-" : "";
  if (special !== "") return sign + special;
  const digits = (whole < 0n ? -whole : whole).toString();
  const adjusted = exponent + digits.length - 1;
  if (exponent <= 0 && adjusted >= -6) return sign + pointed(digits, exponent);
  const head = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
  return `${sign}${head}E${adjusted >= 0 ? "+" : ""}${adjusted}`;
}

/** The digits with their point; `exponent` is at most 0. */
function pointed(digits: string, exponent: number): string {
  if (exponent === 0) return digits;
  const padded = digits.padStart(1 - exponent, "0");
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

function toNumber(value: Decimal): number {
  return value.special === "NaN"
    ? NaN
    : value.special === "Infinity"
    ? Number(value.whole) * Infinity
    : Number(`${value.whole}e${value.exponent}`);
}

function toWhole(value: Decimal): number | bigint {
  if (value.special === "NaN") raise("ValueError", "cannot convert NaN to integer");
  if (value.special !== "") raise("OverflowError", "cannot convert Infinity to integer");
  return norm(shorten(value.whole, -value.exponent, "ROUND_DOWN"));
}

function quantized(value: Decimal, exponent: number, rounding: string): Decimal {
  if (value.special !== "") fail("[<class 'decimal.InvalidOperation'>]");
  const whole = shorten(value.whole, exponent - value.exponent, rounding);
  if (size(whole) > context.precision) fail("[<class 'decimal.InvalidOperation'>]");
  return new Decimal(whole, exponent);
}

function formatted(value: Decimal, spec: string): string {
  return formatDigits(spec, value.whole < 0n, text(value).replace("-", ""), (precision, kind) => {
    if (value.special !== "") return value.special;
    const scaled = kind === "%" ? new Decimal(value.whole, value.exponent + 2) : value;
    const places = precision ?? Math.max(0, -scaled.exponent);
    const whole = shorten(scaled.whole, -places - scaled.exponent, context.rounding);
    const digits = (whole < 0n ? -whole : whole).toString();
    return pointed(digits, -places) + (kind === "%" ? "%" : "");
  });
}

const roundingOf = (given: Value): string => typeof given === "string" ? given : context.rounding;

const decimalType: PyType = newType(
  "decimal.Decimal",
  undefined,
  (...args) => make(args[0]),
  Decimal.prototype,
);
Object.assign(decimalType, { $name: "Decimal", $least: 0, $most: 2, $names: ["value", "context"] });
addMethods<Decimal>(decimalType, {
  quantize: [
    1,
    2,
    (value, unit, rounding) => quantized(value, make(unit).exponent, roundingOf(rounding)),
    "exp rounding",
  ],
  to_integral_value: [
    0,
    1,
    (value, rounding) => value.exponent >= 0 ? value : quantized(value, 0, roundingOf(rounding)),
    "rounding",
  ],
  normalize: [
    0,
    0,
    (value) =>
      value.whole === 0n ? new Decimal(0n, 0) : stripZeros(finish(value.whole, value.exponent)),
  ],
  copy_abs: [0, 0, (value) => value.whole < 0n ? negated(value) : value],
  is_nan: [0, 0, (value) => value.special === "NaN"],
  is_infinite: [0, 0, (value) => value.special === "Infinity"],
  is_finite: [0, 0, (value) => value.special === ""],
  is_zero: [0, 0, (value) => value.special === "" && value.whole === 0n],
  is_signed: [0, 0, (value) => value.whole < 0n],
  adjusted: [0, 0, (value) => value.exponent + size(value.whole) - 1],
  sqrt: [0, 0, squareRoot],
  compare: [
    1,
    1,
    (value, other) => new Decimal(BigInt(Math.sign(comparison(value, other) ?? 0)), 0),
  ],
  as_tuple: [0, 0, ({ whole, exponent }) => {
    const digits = Array.from((whole < 0n ? -whole : whole).toString(), Number);
    return new PyTuple([whole < 0n ? 1 : 0, new PyTuple(digits), exponent]);
  }],
});
setKeywords(decimalType, "quantize", ([self, unit, rounding], pairs) => {
  const named = Object.fromEntries(pairs);
  return quantized(
    make(self),
    make(unit ?? named["exp"]).exponent,
    roundingOf(rounding ?? named["rounding"]),
  );
});

function squareRoot(value: Decimal): Decimal {
  if (value.whole < 0n) fail("[<class 'decimal.InvalidOperation'>]");
  const places = context.precision + 2;
  const even = value.exponent % 2 === 0 ? 0 : 1;
  const target = value.whole * tens(places * 2 + even);
  let root = BigInt(Math.floor(Math.sqrt(Number(target)))) || 1n;
  for (let n = 0; n < 200; n++) {
    const next = (root + target / root) / 2n;
    if (next === root || next === root + 1n && next * next > target) break;
    root = next;
  }
  while (root * root > target) root--;
  const exact = root * root === target;
  const exponent = (value.exponent - even) / 2 - places;
  if (!exact) return finish(root % 5n === 0n ? root + 1n : root, exponent);
  const ideal = Math.floor(value.exponent / 2);
  let result = new Decimal(root, exponent);
  while (result.exponent < ideal && result.whole !== 0n && result.whole % 10n === 0n) {
    result = new Decimal(result.whole / 10n, result.exponent + 1);
  }
  return finish(result.whole, result.exponent);
}

addHooks<Decimal>(decimalType, {
  truth: (value) => value.special !== "" || value.whole !== 0n,
  text,
  repr: (value) => `Decimal('${text(value)}')`,
  operate: calculate,
  format: formatted,
  absolute: (value) => value.whole < 0n ? negated(value) : finish(value.whole, value.exponent),
  key: (value) => text(stripZeros(value)),
});
Object.assign(decimalType.$info, {
  equal: (a: Decimal, b: Value) => comparison(a, b) === 0,
  compare: comparison,
  number: (value: Decimal) => flt(toNumber(value)),
  whole: toWhole,
  round: (value: Decimal, places: Value) =>
    places === undefined || places === null
      ? toWhole(quantized(value, 0, "ROUND_HALF_EVEN"))
      : quantized(value, -Number(places as Int), "ROUND_HALF_EVEN"),
});

const roundings = [
  "ROUND_CEILING",
  "ROUND_DOWN",
  "ROUND_FLOOR",
  "ROUND_HALF_DOWN",
  "ROUND_HALF_EVEN",
  "ROUND_HALF_UP",
  "ROUND_UP",
  "ROUND_05UP",
];

/** The members of decimal. */
export const decimalModule: Record<string, Value> = members({
  ...Object.fromEntries(roundings.map((name) => [name, name])),
  Decimal: decimalType,
  DecimalException: arithmeticError,
  InvalidOperation: invalid,
  DivisionByZero: divisionByZero,
});
