/** Dates, times of day and moments: their types, making and texts. @module */

import { typeName } from "./kinds.js";
import { EPOCH_DAY, fromOrdinal, monthDays, toOrdinal, weekdayOf } from "./calendar_days.js";
import { raise } from "./errors.js";
import { fv, isInt, isNumber } from "./numbers.js";
import { offsetText } from "./strftime.js";
import { spanOf, TimeZone, UTC, zoneName } from "./timedelta.js";
import { newType, PyTuple } from "./types.js";

/** A date, a time of day, or both: the fields that a kind lacks stay at their start. */
export class Moment {
  constructor(fields, zone = null) {
    Object.assign(this, {
      year: 1900,
      month: 1,
      day: 1,
      hour: 0,
      minute: 0,
      second: 0,
      microsecond: 0,
    }, fields);
    this.tz = zone;
  }
  get offset() {
    return this.tz === null ? null : this.tz.offset;
  }
  get zone() {
    return this.tz === null ? "" : zoneName(this.tz);
  }
}

/** A date. */
export class PyDate extends Moment {}
/** A date with a time of day. */
export class PyDateTime extends PyDate {}
/** A time of day. */
export class PyTime extends Moment {}

/** The fields of a time of day. */
export const CLOCK = ["hour", "minute", "second", "microsecond"];
/** The fields of a date. */
export const CALENDAR = ["year", "month", "day"];
const RANGES = {
  year: [1, 9999],
  month: [1, 12],
  hour: [0, 23],
  minute: [0, 59],
  second: [0, 59],
  microsecond: [0, 999999],
};

function checkFields(fields) {
  for (const name of Object.keys(fields)) {
    if (!isInt(fields[name])) {
      raise("TypeError", `'${typeName(fields[name])}' object cannot be interpreted as an integer`);
    }
    const range = RANGES[name];
    if (range === undefined || (fields[name] >= range[0] && fields[name] <= range[1])) continue;
    const limits = name === "year"
      ? `year ${fields.year} is out of range`
      : `${name} must be in ${range[0]}..${range[1]}`;
    raise("ValueError", limits);
  }
  if (
    fields.day !== undefined &&
    (fields.day < 1 || fields.day > monthDays(fields.year, fields.month))
  ) {
    raise("ValueError", "day is out of range for month");
  }
  return fields;
}

function fieldsOf(names, values) {
  const fields = {};
  names.forEach((name, at) => fields[name] = values[at] ?? 0);
  return checkFields(fields);
}

/** A zone given as an argument, null for None. Raises TypeError for anything else. */
export function zoneOf(value) {
  if (value === undefined || value === null) return null;
  return value instanceof TimeZone
    ? value
    : raise("TypeError", "tzinfo argument must be None or of a tzinfo subclass");
}

/** datetime.date. */
export const dateType = newType(
  "datetime.date",
  undefined,
  (...args) => new PyDate(fieldsOf(CALENDAR, args)),
  PyDate.prototype,
);
Object.assign(dateType, { $name: "date", $least: 3, $most: 3, $names: CALENDAR });
/** datetime.datetime. */
export const datetimeType = newType(
  "datetime.datetime",
  dateType,
  (...args) => new PyDateTime(fieldsOf([...CALENDAR, ...CLOCK], args), zoneOf(args[7])),
  PyDateTime.prototype,
);
Object.assign(datetimeType, {
  $name: "datetime",
  $least: 3,
  $most: 8,
  $names: [...CALENDAR, ...CLOCK, "tzinfo"],
});
/** datetime.time. */
export const timeType = newType(
  "datetime.time",
  undefined,
  (...args) => new PyTime(fieldsOf(CLOCK, args), zoneOf(args[4])),
  PyTime.prototype,
);
Object.assign(timeType, { $name: "time", $least: 0, $most: 5, $names: [...CLOCK, "tzinfo"] });

/** Microseconds since the epoch, as if the fields were UTC. */
export function naive(moment) {
  const days = BigInt(toOrdinal(moment.year, moment.month, moment.day) - EPOCH_DAY);
  const seconds = BigInt(moment.hour * 3600 + moment.minute * 60 + moment.second);
  return (days * 86400n + seconds) * 1000000n + BigInt(moment.microsecond);
}

/** Microseconds since the epoch as BigInt; without a zone the fields count as UTC. */
export function absolute(moment) {
  return naive(moment) - BigInt(moment.offset ?? 0) * 1000000n;
}

/** A moment from microseconds since the epoch (BigInt), shown as they are, with a zone. */
export function fromMicroseconds(us, zone = null) {
  let days = us / 86400000000n;
  if (us % 86400000000n < 0n) days -= 1n;
  const rest = us - days * 86400000000n;
  const [year, month, day] = fromOrdinal(Number(days) + EPOCH_DAY);
  const seconds = Number(rest / 1000000n);
  return new PyDateTime({
    year,
    month,
    day,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    microsecond: Number(rest % 1000000n),
  }, zone);
}

/** A moment from Unix seconds; without a zone in UTC, for the sandbox has no other. */
export function fromTimestamp(seconds, zone) {
  if (!isNumber(seconds)) {
    raise("TypeError", `'${typeName(seconds)}' object cannot be interpreted as an integer`);
  }
  if (!Number.isFinite(fv(seconds))) raise("ValueError", "cannot convert float NaN to integer");
  const years = fv(seconds) / 31556952;
  if (years < -1970 || years > 8030) {
    raise("ValueError", `year ${Math.trunc(years) + 1970} is out of range`);
  }
  const offset = BigInt(zone?.offset ?? 0) * 1000000n;
  return fromMicroseconds(spanOf(seconds, 1000000n) + offset, zone ?? null);
}

const digitsOf = (value, size = 2) => String(value).padStart(size, "0");

/** 2024-01-31 */
export function isoDate(m) {
  return `${digitsOf(m.year, 4)}-${digitsOf(m.month)}-${digitsOf(m.day)}`;
}

/** 12:34:56.000001+01:00, without what is not there. */
export function isoTime(m) {
  const tail = m.microsecond === 0 ? "" : `.${digitsOf(m.microsecond, 6)}`;
  return `${digitsOf(m.hour)}:${digitsOf(m.minute)}:${digitsOf(m.second)}${tail}${
    offsetText(m.offset, ":")
  }`;
}

/** A moment's isoformat(); `spec`: down to which unit. */
export function isoFormat(m, separator = "T", spec = "auto") {
  const cuts = { hours: 2, minutes: 5, seconds: 8 };
  if (spec === "auto") return `${isoDate(m)}${separator}${isoTime(m)}`;
  const clock = `${digitsOf(m.hour)}:${digitsOf(m.minute)}:${digitsOf(m.second)}`;
  const whole = spec === "milliseconds"
    ? `${clock}.${digitsOf(Math.floor(m.microsecond / 1000), 3)}`
    : spec === "microseconds"
    ? `${clock}.${digitsOf(m.microsecond, 6)}`
    : clock.slice(0, cuts[spec]);
  return `${isoDate(m)}${separator}${whole}${offsetText(m.offset, ":")}`;
}

const ISO =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:.(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,6})\d*)?)?)?(Z|[+-]\d\d(?::?\d\d){0,2})?)?$/s;

/** Reads isoformat()'s text; `dateOnly`: without a time of day. Raises ValueError. */
export function fromIso(text, dateOnly) {
  const match = typeof text === "string" ? ISO.exec(text) : null;
  if (match === null || (dateOnly && match[4] !== undefined)) {
    raise("ValueError", `Invalid isoformat string: '${text}'`);
  }
  const [year, month, day, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map((one) =>
    one === undefined ? undefined : Number(one)
  );
  if (dateOnly) return new PyDate(checkFields({ year, month, day }));
  const microsecond = Number((match[7] ?? "").padEnd(6, "0"));
  const zone = match[8];
  let tz = null;
  if (zone !== undefined) {
    const digits = zone.replace(/[^\d]/g, "");
    const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 +
      Number(digits.slice(4, 6));
    tz = seconds === 0 ? UTC : new TimeZone(zone[0] === "-" ? -seconds : seconds, undefined);
  }
  return new PyDateTime(checkFields({ year, month, day, hour, minute, second, microsecond }), tz);
}

/** The entry of a replace() method for a type with these fields. */
export function replaced(type, names) {
  const change = (m, ...values) => {
    const fields = {};
    names.forEach((name, at) => fields[name] = values[at] ?? m[name]);
    const zone = values[names.length] === undefined ? m.tz : zoneOf(values[names.length]);
    return new type(checkFields(fields), zone);
  };
  return [0, names.length + 1, change, `${names.join(" ")} tzinfo`];
}

/** A moment's timetuple(). */
export function timetuple(m) {
  return structTime([
    m.year,
    m.month,
    m.day,
    m.hour,
    m.minute,
    m.second,
    weekdayOf(m.year, m.month, m.day),
    toOrdinal(m.year, m.month, m.day) - toOrdinal(m.year, 1, 1) + 1,
    m.tz === null ? -1 : 0,
  ]);
}

const STRUCT = [
  "tm_year",
  "tm_mon",
  "tm_mday",
  "tm_hour",
  "tm_min",
  "tm_sec",
  "tm_wday",
  "tm_yday",
  "tm_isdst",
];

/** time.struct_time: a tuple with names. */
class StructTime extends PyTuple {}
/** time.struct_time. */
export const structType = newType(
  "time.struct_time",
  undefined,
  (items) => structTime(items.a ?? items),
  StructTime.prototype,
);
Object.assign(structType, { $name: "struct_time", $least: 1, $most: 1 });
structType.$info.truth = () => true;
structType.$info.repr = (value) =>
  `time.struct_time(${STRUCT.map((name, at) => `${name}=${value.a[at]}`).join(", ")})`;
STRUCT.forEach((name, at) => structType.$info.fields[name] = (value) => value.a[at]);

/** A struct_time of nine ints. */
export function structTime(items) {
  return new StructTime(items);
}
