/**
 * Arithmetic on ints of any size and floats.
 *
 * @module
 */

import { raise } from "./errors.ts";
import { type Int, type Numeric, PyFloat, state, type Value } from "./types.ts";

/** Larger ints are refused, for the engine cannot be interrupted inside their arithmetic. */
const largest = 1n << 200000n;
const mostDigits = 4300;

/** A float as this runtime holds it. */
export function flt(value: number): number | PyFloat {
  return Number.isInteger(value) ? new PyFloat(value) : value;
}

/** An int from a BigInt. */
export function norm(big: bigint): number | bigint {
  if (big >= -9007199254740991n && big <= 9007199254740991n) return Number(big);
  if (big > largest || big < -largest) raise("OverflowError", "int too large");
  return big;
}

/** Is it an int (or a bool)? */
export function isInt(value: Value): value is Int {
  const kind = typeof value;
  return kind === "number" ? Number.isInteger(value) : kind === "boolean" || kind === "bigint";
}

export function isFloat(value: Value): value is number | PyFloat {
  return typeof value === "number" ? !Number.isInteger(value) : value instanceof PyFloat;
}

/** Is it an int, a bool or a float? */
export function isNumber(value: Value): value is Numeric {
  const kind = typeof value;
  return kind === "number" || kind === "boolean" || kind === "bigint" || value instanceof PyFloat;
}

/** The JavaScript number of a numeric value. */
export function fv(value: Numeric): number {
  if (typeof value === "number") return value;
  if (value instanceof PyFloat) return value.v;
  const number = Number(value);
  if (!Number.isFinite(number)) raise("OverflowError", "int too large to convert to float");
  return number;
}

/** An int as a safe number or a BigInt. */
function whole(value: Int): number | bigint {
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" && !Number.isSafeInteger(value) ? BigInt(value) : value;
}

const big = (value: number | bigint): bigint => BigInt(value);

/** Applies an operation to two ints: on numbers if the result is safe, else on BigInts. */
function ints(
  a: Int,
  b: Int,
  fast: (x: number, y: number) => number,
  slow: (x: bigint, y: bigint) => bigint,
): number | bigint {
  const x = whole(a);
  const y = whole(b);
  if (typeof x === "number" && typeof y === "number") {
    const result = fast(x, y);
    if (Number.isSafeInteger(result)) return result === 0 ? 0 : result;
  }
  return norm(slow(big(x), big(y)));
}

/** a + b of numbers. */
export function addNumbers(a: Numeric, b: Numeric): Value {
  return isInt(a) && isInt(b) ? ints(a, b, (x, y) => x + y, (x, y) => x + y) : flt(fv(a) + fv(b));
}

/** a - b of numbers. */
export function subNumbers(a: Numeric, b: Numeric): Value {
  return isInt(a) && isInt(b) ? ints(a, b, (x, y) => x - y, (x, y) => x - y) : flt(fv(a) - fv(b));
}

/** a * b of numbers. */
export function mulNumbers(a: Numeric, b: Numeric): Value {
  return isInt(a) && isInt(b) ? ints(a, b, (x, y) => x * y, (x, y) => x * y) : flt(fv(a) * fv(b));
}

/** a / b of numbers, as Python 3's. Raises ZeroDivisionError. */
export function divNumbers(a: Numeric, b: Numeric): Value {
  const y = fv(b);
  if (y === 0) {
    raise(
      "ZeroDivisionError",
      isInt(a) && isInt(b) || state.version === 3 ? divisionText(a, b) : "float division by zero",
    );
  }
  return flt(fv(a) / y);
}

function divisionText(a: Numeric, b: Numeric): string {
  if (state.version === 2) return "integer division or modulo by zero";
  return isInt(a) && isInt(b) ? "division by zero" : "float division by zero";
}

function zeroCheck(a: Numeric, b: Numeric, what: string): void {
  if (fv(b) !== 0) return;
  const whole = isInt(a) && isInt(b);
  if (state.version === 2 && whole) {
    raise("ZeroDivisionError", "integer division or modulo by zero");
  }
  if (state.version === 2) {
    raise("ZeroDivisionError", what === "//" ? "float divmod()" : "float modulo");
  }
  if (what === "%") raise("ZeroDivisionError", whole ? "integer modulo by zero" : "float modulo");
  raise(
    "ZeroDivisionError",
    whole ? "integer division or modulo by zero" : "float floor division by zero",
  );
}

function floorMod(x: number, y: number): number {
  const rest = x % y;
  return rest !== 0 && (rest < 0) !== (y < 0) ? rest + y : rest;
}

function bigFloorMod(x: bigint, y: bigint): bigint {
  const rest = x % y;
  return rest !== 0n && (rest < 0n) !== (y < 0n) ? rest + y : rest;
}

/** a // b of numbers. Raises ZeroDivisionError. */
export function floordivNumbers(a: Numeric, b: Numeric): Value {
  zeroCheck(a, b, "//");
  if (isInt(a) && isInt(b)) {
    return ints(a, b, (x, y) => (x - floorMod(x, y)) / y, (x, y) => (x - bigFloorMod(x, y)) / y);
  }
  return flt(floatDivmod(fv(a), fv(b))[0]);
}

/** a % b of numbers, with the sign of b. Raises ZeroDivisionError. */
export function modNumbers(a: Numeric, b: Numeric): Value {
  zeroCheck(a, b, "%");
  if (isInt(a) && isInt(b)) return ints(a, b, floorMod, bigFloorMod);
  return flt(floatDivmod(fv(a), fv(b))[1]);
}

/** Quotient and rest of floats, as CPython rounds them. */
function floatDivmod(x: number, y: number): [number, number] {
  let rest = x % y;
  let quotient = (x - rest) / y;
  if (rest !== 0) {
    if ((y < 0) !== (rest < 0)) {
      rest += y;
      quotient -= 1;
    }
  } else rest = y < 0 ? -0 : 0;
  let floor = Math.floor(quotient);
  if (quotient - floor > 0.5) floor += 1;
  if (quotient === 0) floor = x / y < 0 || Object.is(x / y, -0) ? -0 : 0;
  return [floor, rest];
}

/** a ** b of numbers. Raises OverflowError for what would be too large. */
export function powNumbers(a: Numeric, b: Numeric): Value {
  if (!isInt(a) || !isInt(b) || Number(b) < 0) return floatPower(fv(a), fv(b));
  const x = big(whole(a));
  const y = big(whole(b));
  const bits = x.toString(2).length;
  if (x !== 0n && x !== 1n && x !== -1n && BigInt(bits) * y > 200000n) {
    raise("OverflowError", "int too large");
  }
  return norm(x ** y);
}

function floatPower(x: number, y: number): Value {
  if (x === 0 && y < 0) {
    raise("ZeroDivisionError", "0.0 cannot be raised to a negative power");
  }
  if (x < 0 && !Number.isInteger(y)) {
    raise("ValueError", "a negative number cannot be raised to a fractional power");
  }
  if (x === 1 || y === 0) return new PyFloat(1);
  const result = Math.pow(x, y);
  if (!Number.isFinite(result) && Number.isFinite(x) && Number.isFinite(y)) {
    raise("OverflowError", "(34, 'Numerical result out of range')");
  }
  return flt(result);
}

/** Bit operations on ints; two booleans give a boolean for & | ^. */
export function bits(op: string, a: Int, b: Int): Int {
  if (typeof a === "boolean" && typeof b === "boolean") {
    return op === "&" ? a && b : op === "|" ? a || b : a !== b;
  }
  const x = big(whole(a));
  const y = big(whole(b));
  return norm(op === "&" ? x & y : op === "|" ? x | y : x ^ y);
}

/** a << b or a >> b of ints. Raises ValueError for a negative count. */
export function shift(op: string, a: Int, b: Int): Int {
  const by = big(whole(b));
  if (by < 0n) raise("ValueError", "negative shift count");
  if (op === "<<" && by > 200000n && a !== 0) raise("OverflowError", "int too large");
  const x = big(whole(a));
  return norm(op === "<<" ? x << by : by > 1000000n ? (x < 0n ? -1n : 0n) : x >> by);
}

/** -value of a number. */
export function negative(value: Numeric): number | bigint | PyFloat {
  if (typeof value === "bigint") return norm(-value);
  if (value instanceof PyFloat) return new PyFloat(-value.v);
  const number = Number(value);
  return number === 0 ? 0 : -number;
}

function negativeInt(value: number | bigint): number | bigint {
  return typeof value === "bigint" ? norm(-value) : value === 0 ? 0 : -value;
}

export function intText(value: Int, base = 10): string {
  const x = whole(value);
  if (
    typeof x === "bigint" && base === 10 && x.toString(16).length > 3600 &&
    x.toString().length > mostDigits
  ) {
    raise("ValueError", "Exceeds the limit (4300 digits) for integer string conversion");
  }
  return x.toString(base);
}

/** The shortest text that reads back as the float: Python's repr(). */
export function floatRepr(value: number | PyFloat): string {
  const x = fv(value);
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const [digits = "", power] = x.toExponential().split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (exponent >= 0) {
    const text = x.toString();
    return text.includes(".") ? text : `${text}.0`;
  }
  const sign = x < 0 ? "-" : "";
  return `${sign}0.${"0".repeat(-exponent - 1)}${digits.replace(/[-.]/g, "")}`;
}

const intTextPattern = /^([+-]?)(\d+(?:_\d+)*)$/;

const plainDigits = /^-?\d{1,15}$/;
const plainFloat = /^-?\d{1,15}(?:\.\d{1,15})?$/;

/** Reads an int as int(text, base) does; undefined when it is none. */
export function readInt(text: string, base: number): number | bigint | undefined {
  // Nearly all that is read; the rest knows digits of other scripts too.
  if (base === 10 && plainDigits.test(text)) return Number(text) + 0;
  const plain = text.trim().replace(/\p{Nd}/gu, decimalDigit);
  if (base === 10) {
    const match = intTextPattern.exec(plain);
    if (match === null || (state.version === 2 && plain.includes("_"))) return undefined;
    const digits = (match[2] ?? "").replaceAll("_", "");
    if (digits.length > mostDigits) {
      raise("ValueError", "Exceeds the limit (4300 digits) for integer string conversion");
    }
    const value = digits.length < 16 ? Number(digits) : norm(BigInt(digits));
    return match[1] === "-" ? negativeInt(value) : value;
  }
  return readBased(plain, base);
}

function readBased(text: string, asked: number): number | bigint | undefined {
  const match = /^([+-]?)(0[xXoObB])?_?([\da-zA-Z]+(?:_[\da-zA-Z]+)*)[lL]?$/.exec(text);
  if (match === null) return undefined;
  const bases: Record<string, number> = { "0x": 16, "0o": 8, "0b": 2 };
  const mark = (match[2] ?? "").toLowerCase();
  let digits = (match[3] ?? "").replaceAll("_", "").toLowerCase();
  let base = asked;
  const prefix = bases[mark] ?? 0;
  if (base === 0) base = prefix || 10;
  else if (prefix && prefix !== base) digits = mark + digits;
  if (digits.length > 20000) raise("ValueError", "int string too large");
  let value = 0n;
  for (const digit of digits) {
    const number = parseInt(digit, 36);
    if (!(number < base)) return undefined;
    value = value * BigInt(base) + BigInt(number);
  }
  return norm(match[1] === "-" ? -value : value);
}

/** The ASCII digit of any decimal digit. */
function decimalDigit(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 128) return char;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && code - zero < 9) zero--;
  return String(code - zero);
}

/** Reads a float as float(text) does; undefined when it is none. */
export function readFloat(text: string): number | PyFloat | undefined {
  if (plainFloat.test(text)) return flt(Number(text));
  const plain = text.trim().replace(/\p{Nd}/gu, decimalDigit);
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(plain);
  if (special !== null) {
    const value = special[2]?.toLowerCase() === "nan" ? NaN : Infinity;
    return special[1] === "-" ? -value : value;
  }
  if (!/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/i.test(plain)) {
    return undefined;
  }
  return flt(Number(plain.replaceAll("_", "")));
}
