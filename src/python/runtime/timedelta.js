/** datetime.timedelta and datetime.timezone. @module */

import { raise } from "./errors.js";
import { typeName, unsupported } from "./kinds.js";
import { floordivNumbers, flt, fv, isFloat, isInt, isNumber, modNumbers, norm } from "./numbers.js";
import { offsetText } from "./strftime.js";
import { addMethods, members, newType, state } from "./types.js";

/** A span of time; `us`: microseconds as BigInt. */
export class TimeDelta {
  constructor(us) {
    this.us = us;
  }
}

const UNITS = {
  days: 86400000000n,
  seconds: 1000000n,
  microseconds: 1n,
  milliseconds: 1000n,
  minutes: 60000000n,
  hours: 3600000000n,
  weeks: 604800000000n,
};
const DAY = UNITS.days;

/** Microseconds of a number of units, fractions rounded half to even. */
export function spanOf(amount, unit) {
  if (isInt(amount)) return BigInt(amount) * unit;
  if (!isFloat(amount)) {
    raise("TypeError", `unsupported type for timedelta component: ${typeName(amount)}`);
  }
  const value = fv(amount);
  const whole = Math.trunc(value);
  const rest = (value - whole) * Number(unit);
  return BigInt(whole) * unit + BigInt(evenRound(rest));
}

function evenRound(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function make(...amounts) {
  let total = 0n;
  Object.keys(UNITS).forEach((name, at) => {
    if (amounts[at] !== undefined) total += spanOf(amounts[at], UNITS[name]);
  });
  if (total / DAY > 999999999n || total / DAY < -999999999n) {
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
  $names: Object.keys(UNITS),
});

function floorDiv(a, b) {
  const quotient = a / b;
  return a % b !== 0n && (a < 0n) !== (b < 0n) ? quotient - 1n : quotient;
}

function parts({ us }) {
  const days = floorDiv(us, DAY);
  const rest = us - days * DAY;
  return {
    days: Number(days),
    seconds: Number(rest / 1000000n),
    microseconds: Number(rest % 1000000n),
  };
}

/** Seconds as a number. */
function totalSeconds({ us }) {
  return Number(us) / 1e6;
}

Object.assign(timedeltaType.$info.fields, {
  days: (d) => parts(d).days,
  seconds: (d) => parts(d).seconds,
  microseconds: (d) => parts(d).microseconds,
});
addMethods(timedeltaType, { total_seconds: [0, 0, (d) => flt(totalSeconds(d))] });
members({
  min: new TimeDelta(-999999999n * DAY),
  max: new TimeDelta(1000000000n * DAY - 1n),
  resolution: new TimeDelta(1n),
}, timedeltaType.$info.statics);
Object.assign(timedeltaType.$info, {
  truth: (d) => d.us !== 0n,
  equal: (a, b) => a.us === b.us,
  key: (d) => `delta${d.us}`,
  compare: (a, b) => b instanceof TimeDelta ? Number(a.us - b.us) : undefined,
  text: deltaText,
  repr: deltaRepr,
  absolute: (d) => new TimeDelta(d.us < 0n ? -d.us : d.us),
  operate: calculate,
});

function deltaText(delta) {
  const { days, seconds, microseconds } = parts(delta);
  const two = (value) => String(value).padStart(2, "0");
  const clock = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${
    two(seconds % 60)
  }`;
  const tail = microseconds === 0 ? "" : `.${String(microseconds).padStart(6, "0")}`;
  return `${days === 0 ? "" : `${days} day${Math.abs(days) === 1 ? "" : "s"}, `}${clock}${tail}`;
}

function deltaRepr(delta) {
  const all = parts(delta);
  if (state.version === 2) {
    const values = [all.days, all.seconds, all.microseconds];
    const end = all.microseconds !== 0 ? 3 : all.seconds !== 0 ? 2 : 1;
    return `datetime.timedelta(${values.slice(0, end).join(", ")})`;
  }
  const named = Object.keys(all).filter((name) => all[name] !== 0).map((name) =>
    `${name}=${all[name]}`
  );
  return `datetime.timedelta(${named.join(", ") || "0"})`;
}

/** + - * / // % of spans with spans and numbers. */
function calculate(op, a, b) {
  const both = a instanceof TimeDelta && b instanceof TimeDelta;
  if (op === "neg") return new TimeDelta(-a.us);
  if (both && op === "+") return new TimeDelta(a.us + b.us);
  if (both && op === "-") return new TimeDelta(a.us - b.us);
  if (op === "*" && (isNumber(a) || isNumber(b))) {
    return isNumber(a) ? times(b, a) : times(a, b);
  }
  if (both && op === "//") return floordivNumbers(norm(a.us), norm(b.us));
  if (both && op === "%") return new TimeDelta(BigInt(modNumbers(norm(a.us), norm(b.us))));
  if (both && op === "/" && state.version === 3) {
    if (b.us === 0n) raise("ZeroDivisionError", "division by zero");
    return flt(Number(a.us) / Number(b.us));
  }
  if (a instanceof TimeDelta && isNumber(b) && (op === "/" || op === "//")) return divide(op, a, b);
  return undefined;
}

function times(delta, factor) {
  if (isInt(factor)) return new TimeDelta(delta.us * BigInt(factor));
  if (state.version === 2) unsupported("*", delta, factor);
  return new TimeDelta(BigInt(evenRound(Number(delta.us) * fv(factor))));
}

function divide(op, delta, by) {
  if (fv(by) === 0) raise("ZeroDivisionError", "division by zero");
  if (op === "//" || state.version === 2) {
    return isInt(by) ? new TimeDelta(floorDiv(delta.us, BigInt(by))) : undefined;
  }
  return new TimeDelta(BigInt(evenRound(Number(delta.us) / fv(by))));
}

/** A zone with a fixed offset in seconds. */
export class TimeZone {
  constructor(offset, name) {
    this.offset = offset;
    this.name = name;
  }
}

/** datetime.timezone. */
export const timezoneType = newType("datetime.timezone", undefined, (delta, name) => {
  if (!(delta instanceof TimeDelta)) {
    raise("TypeError", "timezone() argument 1 must be datetime.timedelta");
  }
  return new TimeZone(Number(delta.us / 1000000n), name);
}, TimeZone.prototype);
Object.assign(timezoneType, { $name: "timezone", $least: 1, $most: 2 });

/** A zone's tzname(). */
export function zoneName(zone) {
  if (zone.name !== undefined) return zone.name;
  return zone.offset === 0 ? "UTC" : `UTC${offsetText(zone.offset, ":")}`;
}

/** datetime.timezone.utc. */
export const UTC = new TimeZone(0, undefined);
timezoneType.$info.statics.utc = UTC;
Object.assign(timezoneType.$info, {
  equal: (a, b) => a.offset === b.offset,
  key: (zone) => `zone${zone.offset}`,
  text: zoneName,
  repr: (zone) =>
    zone === UTC
      ? "datetime.timezone.utc"
      : `datetime.timezone(${deltaRepr(new TimeDelta(BigInt(zone.offset) * 1000000n))})`,
});
addMethods(timezoneType, {
  utcoffset: [1, 1, (zone) => new TimeDelta(BigInt(zone.offset) * 1000000n)],
  tzname: [1, 1, zoneName],
});
