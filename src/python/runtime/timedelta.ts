/**
 * datetime.timedelta and datetime.timezone.
 *
 * @module
 */

import { raise } from "./errors.ts";
import { typeName, unsupported } from "./kinds.ts";
import { floordivNumbers, flt, fv, isFloat, isInt, isNumber, norm } from "./numbers.ts";
import { offsetText } from "./strftime.ts";
import {
  addFields,
  addHooks,
  addMethods,
  members,
  newType,
  type Numeric,
  type PyObject,
  type PyType,
  state,
  typeKey,
  type Value,
} from "./types.ts";

/** A span of time; `us`: microseconds as BigInt. */
export class TimeDelta implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly us: bigint;
  constructor(us: bigint) {
    this.us = us;
  }
}

const unitSizes = {
  days: 86400000000n,
  seconds: 1000000n,
  microseconds: 1n,
  milliseconds: 1000n,
  minutes: 60000000n,
  hours: 3600000000n,
  weeks: 604800000000n,
};
const day = unitSizes.days;

/** Microseconds of a number of units, fractions rounded half to even. */
export function spanOf(amount: Value, unit: bigint): bigint {
  if (isInt(amount)) return BigInt(amount) * unit;
  if (!isFloat(amount)) {
    raise("TypeError", `unsupported type for timedelta component: ${typeName(amount)}`);
  }
  const value = fv(amount);
  const whole = Math.trunc(value);
  const rest = (value - whole) * Number(unit);
  return BigInt(whole) * unit + BigInt(evenRound(rest));
}

function evenRound(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function make(...amounts: Value[]): TimeDelta {
  let total = 0n;
  Object.values(unitSizes).forEach((unit, at) => {
    if (amounts[at] !== undefined) total += spanOf(amounts[at], unit);
  });
  if (total / day > 999999999n || total / day < -999999999n) {
    raise("OverflowError", "days=%d; must have magnitude <= 999999999");
  }
  return new TimeDelta(total);
}

/** datetime.timedelta. */
export const timedeltaType = newType("datetime.timedelta", undefined, make, TimeDelta.prototype);
Object.assign(timedeltaType, {
  $name: "timedelta",
  $least: 0,
  $most: 7,
  $names: Object.keys(unitSizes),
});

function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && (a < 0n) !== (b < 0n) ? quotient - 1n : quotient;
}

function parts({ us }: TimeDelta): { days: number; seconds: number; microseconds: number } {
  const days = floorDiv(us, day);
  const rest = us - days * day;
  return {
    days: Number(days),
    seconds: Number(rest / 1000000n),
    microseconds: Number(rest % 1000000n),
  };
}

/** Seconds as a number. */
function totalSeconds({ us }: TimeDelta): number {
  return Number(us) / 1e6;
}

addFields<TimeDelta>(timedeltaType, {
  days: (d) => parts(d).days,
  seconds: (d) => parts(d).seconds,
  microseconds: (d) => parts(d).microseconds,
});
addMethods<TimeDelta>(timedeltaType, { total_seconds: [0, 0, (d) => flt(totalSeconds(d))] });
members({
  min: new TimeDelta(-999999999n * day),
  max: new TimeDelta(1000000000n * day - 1n),
  resolution: new TimeDelta(1n),
}, timedeltaType.$info.statics);
addHooks<TimeDelta>(timedeltaType, {
  truth: (d) => d.us !== 0n,
  equal: (a, b) => a.us === b.us,
  key: (d) => `delta${d.us}`,
  compare: (a, b) => b instanceof TimeDelta ? Number(a.us - b.us) : undefined,
  text: deltaText,
  repr: deltaRepr,
  absolute: (d) => new TimeDelta(d.us < 0n ? -d.us : d.us),
  operate: calculate,
});

function deltaText(delta: TimeDelta): string {
  const { days, seconds, microseconds } = parts(delta);
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${
    two(seconds % 60)
  }`;
  const tail = microseconds === 0 ? "" : `.${String(microseconds).padStart(6, "0")}`;
  return `${days === 0 ? "" : `${days} day${Math.abs(days) === 1 ? "" : "s"}, `}${clock}${tail}`;
}

function deltaRepr(delta: TimeDelta): string {
  const all = parts(delta);
  if (state.version === 2) {
    const values = [all.days, all.seconds, all.microseconds];
    const end = all.microseconds !== 0 ? 3 : all.seconds !== 0 ? 2 : 1;
    return `datetime.timedelta(${values.slice(0, end).join(", ")})`;
  }
  const named = Object.entries(all).filter(([, value]) => value !== 0).map(([name, value]) =>
    `${name}=${value}`
  );
  return `datetime.timedelta(${named.join(", ") || "0"})`;
}

/** + - * / // % of spans with spans and numbers. */
function calculate(op: string, a: Value, b?: Value): Value {
  if (a instanceof TimeDelta && b instanceof TimeDelta) return combine(op, a, b);
  if (op === "*" && isNumber(a) && b instanceof TimeDelta) return times(b, a);
  if (!(a instanceof TimeDelta)) return undefined;
  if (op === "neg") return new TimeDelta(-a.us);
  if (!isNumber(b)) return undefined;
  if (op === "*") return times(a, b);
  return op === "/" || op === "//" ? divide(op, a, b) : undefined;
}

function combine(op: string, a: TimeDelta, b: TimeDelta): Value {
  if (op === "+") return new TimeDelta(a.us + b.us);
  if (op === "-") return new TimeDelta(a.us - b.us);
  if (op === "//") return floordivNumbers(norm(a.us), norm(b.us));
  if (op === "%") {
    if (b.us === 0n) raise("ZeroDivisionError", "integer modulo by zero");
    return new TimeDelta(a.us - floorDiv(a.us, b.us) * b.us);
  }
  if (op !== "/" || state.version === 2) return undefined;
  if (b.us === 0n) raise("ZeroDivisionError", "division by zero");
  return flt(Number(a.us) / Number(b.us));
}

function times(delta: TimeDelta, factor: Numeric): TimeDelta {
  if (isInt(factor)) return new TimeDelta(delta.us * BigInt(factor));
  if (state.version === 2) unsupported("*", delta, factor);
  return new TimeDelta(BigInt(evenRound(Number(delta.us) * fv(factor))));
}

function divide(op: string, delta: TimeDelta, by: Numeric): Value {
  if (fv(by) === 0) raise("ZeroDivisionError", "division by zero");
  if (op === "//" || state.version === 2) {
    return isInt(by) ? new TimeDelta(floorDiv(delta.us, BigInt(by))) : undefined;
  }
  return new TimeDelta(BigInt(evenRound(Number(delta.us) / fv(by))));
}

/** A zone with a fixed offset in seconds. */
export class TimeZone implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly offset: number;
  declare readonly name: string | undefined;
  constructor(offset: number, name?: string) {
    this.offset = offset;
    this.name = name;
  }
}

/** datetime.timezone. */
export const timezoneType = newType("datetime.timezone", undefined, (delta, name) => {
  if (!(delta instanceof TimeDelta)) {
    raise("TypeError", "timezone() argument 1 must be datetime.timedelta");
  }
  return new TimeZone(Number(delta.us / 1000000n), typeof name === "string" ? name : undefined);
}, TimeZone.prototype);
Object.assign(timezoneType, { $name: "timezone", $least: 1, $most: 2 });

/** A zone's tzname(). */
export function zoneName(zone: TimeZone): string {
  if (zone.name !== undefined) return zone.name;
  return zone.offset === 0 ? "UTC" : `UTC${offsetText(zone.offset, ":")}`;
}

/** datetime.timezone.utc. */
export const utcZone: TimeZone = new TimeZone(0);
timezoneType.$info.statics["utc"] = utcZone;
addHooks<TimeZone>(timezoneType, {
  equal: (a, b) => a.offset === b.offset,
  key: (zone) => `zone${zone.offset}`,
  text: zoneName,
  repr: (zone) =>
    zone === utcZone
      ? "datetime.timezone.utc"
      : `datetime.timezone(${deltaRepr(new TimeDelta(BigInt(zone.offset) * 1000000n))})`,
});
addMethods<TimeZone>(timezoneType, {
  utcoffset: [1, 1, (zone) => new TimeDelta(BigInt(zone.offset) * 1000000n)],
  tzname: [1, 1, zoneName],
});
