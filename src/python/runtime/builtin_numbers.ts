/**
 * The built-in functions on numbers and characters.
 *
 * @module
 */

import { define } from "./builtins.ts";
import { fixedDigits } from "./decimal.ts";
import { raise } from "./errors.ts";
import { formatValue } from "./format.ts";
import { typeName } from "./kinds.ts";
import { flt, fv, intText, isInt, isNumber, norm } from "./numbers.ts";
import { floordiv, mod, pow } from "./operators.ts";
import { len } from "./sequences.ts";
import { needText } from "./text.ts";
import { type Int, ownType, PyBytes, PyFloat, PyTuple, state, type Value } from "./types.ts";

define("abs", 1, 1, (value) => {
  const own = ownType(value)?.$info.absolute;
  if (own !== undefined) return own(value);
  if (!isNumber(value)) raise("TypeError", `bad operand type for abs(): '${typeName(value)}'`);
  if (typeof value === "number" || value instanceof PyFloat) {
    return isInt(value) ? Math.abs(value) : flt(Math.abs(fv(value)));
  }
  return norm(BigInt(value) < 0n ? -BigInt(value) : BigInt(value));
});
define("divmod", 2, 2, (a, b) => new PyTuple([floordiv(a, b), mod(a, b)]));
define("pow", 2, 3, (a, b, c) => c === undefined ? pow(a, b) : mod(pow(a, b), c));
define("round", 1, 2, round, "number ndigits");
define("hex", 1, 1, (value) => based(value, 16, "0x"));
define("oct", 1, 1, (value) => based(value, 8, state.version === 2 ? "0" : "0o"));
define("bin", 1, 1, (value) => based(value, 2, "0b"));
define("ord", 1, 1, (value) => {
  if (value instanceof PyBytes && value.s.length === 1) return value.s.charCodeAt(0);
  if (typeof value !== "string") {
    raise("TypeError", `ord() expected string of length 1, but ${typeName(value)} found`);
  }
  if (len(value) !== 1) {
    raise("TypeError", `ord() expected a character, but string of length ${len(value)} found`);
  }
  return value.codePointAt(0);
});
define("chr", 1, 1, (code) => {
  if (isInt(code) && (Number(code) > 2147483647 || Number(code) < -2147483648)) {
    raise("OverflowError", "Python int too large to convert to C int");
  }
  const top = state.version === 2 ? 255 : 0x10ffff;
  if (!isInt(code)) {
    raise("TypeError", `'${typeName(code)}' object cannot be interpreted as an integer`);
  }
  if (Number(code) < 0 || Number(code) > top) {
    raise("ValueError", `chr() arg not in range(0x${(top + 1).toString(16)})`);
  }
  return String.fromCodePoint(Number(code));
});
define("unichr", 1, 1, (code) => String.fromCodePoint(Number(code)));
define("format", 1, 2, (value, spec = "") => formatValue(value, needText(spec)));

function based(value: Value, base: number, prefix: string): string {
  if (!isInt(value)) {
    raise("TypeError", `'${typeName(value)}' object cannot be interpreted as an integer`);
  }
  const text = intText(value, base);
  return text.startsWith("-") ? `-${prefix}${text.slice(1)}` : prefix + text;
}

/** Python 3 rounds halves to even and gives an int; Python 2 away from zero, a float. */
function round(value: Value, places?: Value): Value {
  const own = ownType(value)?.$info.round;
  if (own !== undefined) return own(value, places);
  if (!isNumber(value)) {
    raise("TypeError", `type ${typeName(value)} doesn't define __round__ method`);
  }
  if (places !== undefined && places !== null && !isInt(places)) {
    raise("TypeError", `'${typeName(places)}' object cannot be interpreted as an integer`);
  }
  const digits = places === undefined || places === null ? undefined : Number(places);
  if (isInt(value) && state.version === 3) return roundInt(value, digits ?? 0);
  const float = fv(value);
  if (!Number.isFinite(float)) {
    if (digits !== undefined || state.version === 2) return float;
    raise(
      Number.isNaN(float) ? "ValueError" : "OverflowError",
      `cannot convert float ${Number.isNaN(float) ? "NaN" : "infinity"} to integer`,
    );
  }
  const away = state.version === 2;
  const size = (digits ?? 0) >= 0
    ? Number(fixedDigits(float, Math.min(digits ?? 0, 330), away))
    : roundTens(float, -(digits ?? 0), away);
  const signed = float < 0 || Object.is(float, -0) ? -size : size;
  if (digits === undefined && state.version === 3) return norm(BigInt(Math.trunc(signed)));
  return flt(signed);
}

function roundTens(float: number, places: number, away: boolean): number {
  if (places > 330) return 0;
  const unit = 10 ** places;
  const quotient = Math.abs(float) / unit;
  const floor = Math.floor(quotient);
  const rest = quotient - floor;
  return (rest > 0.5 || (rest === 0.5 && (away || floor % 2 === 1)) ? floor + 1 : floor) * unit;
}

function roundInt(value: Int, digits: number): Value {
  if (digits >= 0) return typeof value === "boolean" ? Number(value) : value;
  if (digits < -5000) return 0;
  const unit = 10n ** BigInt(-digits);
  const whole = BigInt(value);
  const down = whole - ((whole % unit) + unit) % unit;
  const twice = (whole - down) * 2n;
  return norm(twice > unit || (twice === unit && (down / unit) % 2n !== 0n) ? down + unit : down);
}
