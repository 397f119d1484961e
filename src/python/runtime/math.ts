/**
 * The math module.
 *
 * @module
 */

import { raise } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { flt, fv, isInt, isNumber, norm } from "./numbers.ts";
import { mul } from "./operators.ts";
import { iter } from "./sequences.ts";
import { type Entry, members, PyTuple, state, type Value } from "./types.ts";

function real(value: Value): number {
  if (!isNumber(value)) raise("TypeError", `must be real number, not ${typeName(value)}`);
  return fv(value);
}

/** A function of floats whose impossible results are errors. */
function plain(run: (x: number) => number): Entry {
  return [1, 1, (value) => {
    const x = real(value);
    const result = run(x);
    if (Number.isNaN(result) && !Number.isNaN(x)) raise("ValueError", "math domain error");
    if (!Number.isFinite(result) && Number.isFinite(x)) raise("OverflowError", "math range error");
    return flt(result);
  }];
}

function logarithm(run: (x: number) => number): (value: Value) => number {
  return (value) => {
    const x = real(value);
    if (x <= 0) raise("ValueError", "math domain error");
    return run(x);
  };
}

/** floor, ceil and trunc: an int in Python 3, a float in Python 2. */
function rounding(run: (x: number) => number, always: boolean): Entry {
  return [1, 1, (value) => {
    if (isInt(value) && (always || state.version === 3)) {
      return typeof value === "boolean" ? Number(value) : value;
    }
    const x = real(value);
    if (state.version === 2 && !always) return flt(run(x));
    if (!Number.isFinite(x)) {
      raise(
        Number.isNaN(x) ? "ValueError" : "OverflowError",
        `cannot convert float ${Number.isNaN(x) ? "NaN" : "infinity"} to integer`,
      );
    }
    return norm(BigInt(run(x)));
  }];
}

function needWhole(value: Value) {
  if (!isInt(value)) {
    raise("TypeError", `'${typeName(value)}' object cannot be interpreted as an integer`);
  }
  return BigInt(value);
}

function gcd(...values: Value[]) {
  let result = 0n;
  for (const value of values) {
    let [a, b] = [result, needWhole(value)];
    while (b !== 0n) [a, b] = [b, a % b];
    result = a < 0n ? -a : a;
  }
  return norm(result);
}

function factorial(value: Value) {
  const n = Number(needWhole(value));
  if (n < 0) raise("ValueError", "factorial() not defined for negative values");
  if (n > 2000) raise("OverflowError", "int too large");
  let result = 1n;
  for (let at = 2n; at <= BigInt(n); at++) result *= at;
  return norm(result);
}

/** A sum without the errors of rounding: partial sums that do not overlap. */
function fsum(items: Value): Value {
  let partials: number[] = [];
  for (const item of iter(items)) {
    let x = real(item);
    const kept: number[] = [];
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) kept.push(low);
      x = high;
    }
    partials = [...kept, x];
  }
  return flt(partials.reduceRight((sum, part) => sum + part, 0));
}

function isqrt(value: Value) {
  const n = needWhole(value);
  if (n < 0n) raise("ValueError", "isqrt() argument must be nonnegative");
  if (n < 2n) return norm(n);
  let x = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return norm(x);
    x = next;
  }
}

function isclose(a: Value, b: Value, relative: Value = 1e-9, absolute: Value = 0): boolean {
  const [x, y] = [real(a), real(b)];
  if (x === y) return true;
  if (!Number.isFinite(x) || !Number.isFinite(y)) return false;
  return Math.abs(x - y) <=
    Math.max(real(relative) * Math.max(Math.abs(x), Math.abs(y)), real(absolute));
}

const naturalLog = logarithm(Math.log);

/** The members of math. */
export const mathModule = members({
  pi: Math.PI,
  e: Math.E,
  tau: Math.PI * 2,
  inf: Infinity,
  nan: NaN,
  floor: rounding(Math.floor, false),
  ceil: rounding(Math.ceil, false),
  trunc: rounding(Math.trunc, true),
  sqrt: plain(Math.sqrt),
  exp: plain(Math.exp),
  sin: plain(Math.sin),
  cos: plain(Math.cos),
  tan: plain(Math.tan),
  asin: plain(Math.asin),
  acos: plain(Math.acos),
  atan: plain(Math.atan),
  fabs: plain(Math.abs),
  degrees: plain((x) => x * (180 / Math.PI)),
  radians: plain((x) => x * (Math.PI / 180)),
  log10: [1, 1, (value) => flt(logarithm(Math.log10)(value))],
  log2: [1, 1, (value) => flt(logarithm(Math.log2)(value))],
  log1p: plain(Math.log1p),
  log: [1, 2, (value, base) => {
    const numerator = naturalLog(value);
    if (base === undefined) return flt(numerator);
    const denominator = naturalLog(base);
    if (denominator === 0) raise("ZeroDivisionError", "float division by zero");
    return flt(numerator / denominator);
  }],
  pow: [2, 2, (a, b) => {
    const result = Math.pow(real(a), real(b));
    if (Number.isNaN(result) && !Number.isNaN(real(a)) && !Number.isNaN(real(b))) {
      raise("ValueError", "math domain error");
    }
    return flt(result);
  }],
  atan2: [2, 2, (a, b) => flt(Math.atan2(real(a), real(b)))],
  hypot: [0, Infinity, (...sides) => flt(Math.hypot(...sides.map(real)))],
  fmod: [
    2,
    2,
    (a, b) => real(b) === 0 ? raise("ValueError", "math domain error") : flt(real(a) % real(b)),
  ],
  copysign: [2, 2, (a, b) => {
    const negative = real(b) < 0 || Object.is(real(b), -0);
    return flt(Math.abs(real(a)) * (negative ? -1 : 1));
  }],
  modf: [1, 1, (value) => {
    const x = real(value);
    return new PyTuple([flt(x % 1), flt(Math.trunc(x))]);
  }],
  gcd: [0, Infinity, gcd],
  factorial: [1, 1, factorial],
  isqrt: [1, 1, isqrt],
  prod: [1, 1, (items) => {
    let total: Value = 1;
    for (const item of iter(items)) total = mul(total, item);
    return total;
  }],
  fsum: [1, 1, fsum],
  isnan: [1, 1, (value) => Number.isNaN(real(value))],
  isinf: [1, 1, (value) => Math.abs(real(value)) === Infinity],
  isfinite: [1, 1, (value) => Number.isFinite(real(value))],
  isclose: [2, 4, isclose, "a b rel_tol abs_tol"],
});
