/**
 * Exact rounding of floats to decimal digits, halves to even as C's printf does.
 *
 * @module
 */

const buffer = new DataView(new ArrayBuffer(8));

/** The absolute value of a finite float as numerator and power-of-two denominator. */
export function exactFraction(value: number): [bigint, bigint] {
  buffer.setFloat64(0, Math.abs(value));
  const bits = buffer.getBigUint64(0);
  const exponent = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  const power = (exponent === 0 ? 1 : exponent) - 1075;
  return power >= 0 ? [mantissa << BigInt(power), 1n] : [mantissa, 1n << BigInt(-power)];
}

/** Numerator / denominator, rounded; `away`: halves away from zero, else to even. */
function rounded(numerator: bigint, denominator: bigint, away: boolean): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && (away || quotient % 2n === 1n));
  return up ? quotient + 1n : quotient;
}

/** The absolute value with `places` digits after the point. */
export function fixedDigits(value: number, places: number, away = false): string {
  const size = Math.abs(value);
  if (size < 1e15 && places < 16 && !Number.isInteger(size * 10 ** places * 2)) {
    return size.toFixed(places);
  }
  const [numerator, denominator] = exactFraction(value);
  const digits = rounded(numerator * 10n ** BigInt(places), denominator, away).toString();
  if (places === 0) return digits;
  const padded = digits.padStart(places + 1, "0");
  return `${padded.slice(0, -places)}.${padded.slice(-places)}`;
}

/** The absolute value as `count` significant digits and a decimal exponent. */
function significant(value: number, count: number): { digits: string; exponent: number } {
  if (value === 0) return { digits: "0".repeat(count), exponent: 0 };
  const [numerator, denominator] = exactFraction(value);
  let exponent = Number(Math.abs(value).toExponential().split("e")[1]);
  for (;;) {
    const shift = count - 1 - exponent;
    const whole = shift >= 0
      ? rounded(numerator * 10n ** BigInt(shift), denominator, false)
      : rounded(numerator, denominator * 10n ** BigInt(-shift), false);
    const digits = whole.toString();
    if (digits.length === count) return { digits, exponent };
    exponent += digits.length > count ? 1 : -1;
  }
}

/** Scientific form of the absolute value: d.ddde+dd. */
export function scientific(value: number, places: number, mark = "e"): string {
  const { digits, exponent } = significant(value, places + 1);
  const head = places > 0 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${head}${mark}${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/**
 * The %g form of the absolute value; `keep`: trailing zeros stay; from the exponent `top` on the
 * scientific form is taken.
 */
export function general(
  value: number,
  precision: number,
  keep = false,
  mark = "e",
  top = precision || 1,
): string {
  const count = precision === 0 ? 1 : precision;
  const { digits, exponent } = significant(value, count);
  const trim = (text: string): string =>
    !keep && text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  if (exponent < -4 || exponent >= top) {
    const head = count > 1 ? trim(`${digits[0]}.${digits.slice(1)}`) : digits;
    return `${head}${mark}${exponent < 0 ? "-" : "+"}${
      String(Math.abs(exponent)).padStart(2, "0")
    }`;
  }
  if (exponent < 0) return trim(`0.${"0".repeat(-exponent - 1)}${digits}`);
  const point = exponent + 1;
  return count > point ? trim(`${digits.slice(0, point)}.${digits.slice(point)}`) : digits;
}
