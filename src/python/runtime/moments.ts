/**
 * Dates, times of day and moments: their types, making and texts.
 *
 * @module
 */

import {
  epochDay,
  fromOrdinal,
  type MomentFields,
  monthDays,
  toOrdinal,
  weekdayOf,
} from "./calendar_days.ts";
import { raise } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { fv, isInt, isNumber } from "./numbers.ts";
import { b_repr } from "./repr.ts";
import { list } from "./sequences.ts";
import { offsetText } from "./strftime.ts";
import { needText } from "./text.ts";
import { spanOf, TimeZone, utcZone, zoneName } from "./timedelta.ts";
import {
  addFields,
  addHooks,
  type MethodEntry,
  newType,
  type PyObject,
  PyTuple,
  type PyType,
  typeKey,
  type Value,
} from "./types.ts";

/** The fields of a date and a time of day. */
export interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  microsecond: number;
}

const firstFields: Fields = {
  year: 1900,
  month: 1,
  day: 1,
  hour: 0,
  minute: 0,
  second: 0,
  microsecond: 0,
};

/** A date, a time of day, or both: the fields that a kind lacks stay at their start. */
export class Moment implements PyObject, MomentFields {
  declare readonly [typeKey]: PyType;
  declare readonly year: number;
  declare readonly month: number;
  declare readonly day: number;
  declare readonly hour: number;
  declare readonly minute: number;
  declare readonly second: number;
  declare readonly microsecond: number;
  declare readonly tz: TimeZone | null;
  constructor(fields: Partial<Fields>, zone: TimeZone | null = null) {
    const all = { ...firstFields, ...fields };
    this.year = all.year;
    this.month = all.month;
    this.day = all.day;
    this.hour = all.hour;
    this.minute = all.minute;
    this.second = all.second;
    this.microsecond = all.microsecond;
    this.tz = zone;
  }
  get offset(): number | null {
    return this.tz === null ? null : this.tz.offset;
  }
  get zone(): string {
    return this.tz === null ? "" : zoneName(this.tz);
  }
}

export class PyDate extends Moment {}
/** A date with a time of day. */
export class PyDateTime extends PyDate {}
/** A time of day. */
export class PyTime extends Moment {}

type FieldName = keyof Fields;

/** The fields of a time of day. */
export const clockFields: readonly FieldName[] = ["hour", "minute", "second", "microsecond"];
/** The fields of a date. */
export const calendarFields: readonly FieldName[] = ["year", "month", "day"];
const fieldRanges: Partial<Record<FieldName, readonly [number, number]>> = {
  year: [1, 9999],
  month: [1, 12],
  hour: [0, 23],
  minute: [0, 59],
  second: [0, 59],
  microsecond: [0, 999999],
};

/** Fields in their ranges. Raises ValueError. */
function checkFields(fields: Partial<Fields>): Partial<Fields> {
  for (const [name, range] of Object.entries(fieldRanges)) {
    const value = fields[name as FieldName];
    if (value === undefined || (value >= range[0] && value <= range[1])) continue;
    const limits = name === "year"
      ? `year ${value} is out of range`
      : `${name} must be in ${range[0]}..${range[1]}`;
    raise("ValueError", limits);
  }
  const { year = 1900, month = 1, day } = fields;
  if (day !== undefined && (day < 1 || day > monthDays(year, month))) {
    raise("ValueError", "day is out of range for month");
  }
  return fields;
}

function fieldsOf(names: readonly FieldName[], values: Value[]): Partial<Fields> {
  const fields: Partial<Fields> = {};
  names.forEach((name, at) => fields[name] = needInt(values[at] ?? 0));
  return checkFields(fields);
}

function needInt(value: Value): number {
  if (isInt(value)) return Number(value);
  return raise("TypeError", `'${typeName(value)}' object cannot be interpreted as an integer`);
}

/** A zone given as an argument, null for None. Raises TypeError for anything else. */
export function zoneOf(value: Value): TimeZone | null {
  if (value === undefined || value === null) return null;
  return value instanceof TimeZone
    ? value
    : raise("TypeError", "tzinfo argument must be None or of a tzinfo subclass");
}

/** datetime.date. */
export const dateType: PyType = newType(
  "datetime.date",
  undefined,
  (...args) => new PyDate(fieldsOf(calendarFields, args)),
  PyDate.prototype,
);
Object.assign(dateType, { $name: "date", $least: 3, $most: 3, $names: calendarFields });
export const datetimeType: PyType = newType(
  "datetime.datetime",
  dateType,
  (...args) => new PyDateTime(fieldsOf([...calendarFields, ...clockFields], args), zoneOf(args[7])),
  PyDateTime.prototype,
);
Object.assign(datetimeType, {
  $name: "datetime",
  $least: 3,
  $most: 8,
  $names: [...calendarFields, ...clockFields, "tzinfo"],
});
/** datetime.time. */
export const timeType: PyType = newType(
  "datetime.time",
  undefined,
  (...args) => new PyTime(fieldsOf(clockFields, args), zoneOf(args[4])),
  PyTime.prototype,
);
Object.assign(timeType, { $name: "time", $least: 0, $most: 5, $names: [...clockFields, "tzinfo"] });

/** Microseconds since the epoch, as if the fields were utcZone. */
export function naive(moment: Moment): bigint {
  const days = BigInt(toOrdinal(moment.year, moment.month, moment.day) - epochDay);
  const seconds = BigInt(moment.hour * 3600 + moment.minute * 60 + moment.second);
  return (days * 86400n + seconds) * 1000000n + BigInt(moment.microsecond);
}

/** Microseconds since the epoch as BigInt; without a zone the fields count as utcZone. */
export function absolute(moment: Moment): bigint {
  return naive(moment) - BigInt(moment.offset ?? 0) * 1000000n;
}

/** A moment from microseconds since the epoch (BigInt), shown as they are, with a zone. */
export function fromMicroseconds(us: bigint, zone: TimeZone | null = null): PyDateTime {
  let days = us / 86400000000n;
  if (us % 86400000000n < 0n) days -= 1n;
  const rest = us - days * 86400000000n;
  const [year, month, day] = fromOrdinal(Number(days) + epochDay);
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

/** A moment from Unix seconds; without a zone in utcZone, for the sandbox has no other. */
export function fromTimestamp(seconds: Value, zone: TimeZone | null = null): PyDateTime {
  if (!isNumber(seconds)) {
    raise("TypeError", `'${typeName(seconds)}' object cannot be interpreted as an integer`);
  }
  if (!Number.isFinite(fv(seconds))) raise("ValueError", "cannot convert float NaN to integer");
  const years = fv(seconds) / 31556952;
  if (years < -1970 || years > 8030) {
    raise("ValueError", `year ${Math.trunc(years) + 1970} is out of range`);
  }
  const offset = BigInt(zone?.offset ?? 0) * 1000000n;
  return fromMicroseconds(spanOf(seconds, 1000000n) + offset, zone);
}

const digitsOf = (value: number, size = 2): string => String(value).padStart(size, "0");

/** 2024-01-31 */
export function isoDate(m: Moment): string {
  return `${digitsOf(m.year, 4)}-${digitsOf(m.month)}-${digitsOf(m.day)}`;
}

/** 12:34:56.000001+01:00, without what is not there. */
export function isoTime(m: Moment): string {
  const tail = m.microsecond === 0 ? "" : `.${digitsOf(m.microsecond, 6)}`;
  return `${digitsOf(m.hour)}:${digitsOf(m.minute)}:${digitsOf(m.second)}${tail}${
    offsetText(m.offset, ":")
  }`;
}

/** A moment's isoformat(); `spec`: down to which unit. */
export function isoFormat(m: Moment, separator: Value = "T", spec: Value = "auto"): string {
  const cuts: Record<string, number> = { hours: 2, minutes: 5, seconds: 8 };
  if (spec === "auto") return `${isoDate(m)}${needText(separator)}${isoTime(m)}`;
  const clock = `${digitsOf(m.hour)}:${digitsOf(m.minute)}:${digitsOf(m.second)}`;
  const whole = spec === "milliseconds"
    ? `${clock}.${digitsOf(Math.floor(m.microsecond / 1000), 3)}`
    : spec === "microseconds"
    ? `${clock}.${digitsOf(m.microsecond, 6)}`
    : clock.slice(0, cuts[String(spec)]);
  return `${isoDate(m)}${needText(separator)}${whole}${offsetText(m.offset, ":")}`;
}

const isoPattern =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:.(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,6})\d*)?)?)?(Z|[+-]\d\d(?::?\d\d){0,2})?)?$/s;

/** Reads isoformat()'s text; `dateOnly`: without a time of day. Raises ValueError. */
export function fromIso(text: Value, dateOnly: boolean): Moment {
  const match = typeof text === "string" ? isoPattern.exec(text) : null;
  if (match === null || (dateOnly && match[4] !== undefined)) {
    raise("ValueError", `Invalid isoformat string: '${text}'`);
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(
    (one) => Number(one ?? 0),
  );
  if (dateOnly) return new PyDate(checkFields({ year, month, day }));
  const microsecond = Number((match[7] ?? "").padEnd(6, "0"));
  const zone = match[8];
  let tz: TimeZone | null = null;
  if (zone !== undefined) {
    const digits = zone.replace(/[^\d]/g, "");
    const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 +
      Number(digits.slice(4, 6));
    tz = seconds === 0 ? utcZone : new TimeZone(zone[0] === "-" ? -seconds : seconds);
  }
  return new PyDateTime(checkFields({ year, month, day, hour, minute, second, microsecond }), tz);
}

/** The entry of a replace() method for a type with these fields. */
export function replaced<M extends Moment>(
  make: (fields: Partial<Fields>, zone: TimeZone | null) => M,
  names: readonly FieldName[],
): MethodEntry<M> {
  const change = (m: M, ...values: Value[]) => {
    const fields: Partial<Fields> = {};
    names.forEach((name, at) => fields[name] = needInt(values[at] ?? m[name]));
    const zone = values[names.length] === undefined ? m.tz : zoneOf(values[names.length]);
    return make(checkFields(fields), zone);
  };
  return [0, names.length + 1, change, `${names.join(" ")} tzinfo`];
}

/** A moment's timetuple(). */
export function timetuple(m: Moment): PyTuple {
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

const structFields = [
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
export const structType: PyType = newType(
  "time.struct_time",
  undefined,
  (items) => structTime(list(items)),
  StructTime.prototype,
);
Object.assign(structType, { $name: "struct_time", $least: 1, $most: 1 });
addHooks<StructTime>(structType, {
  truth: () => true,
  repr: (value) =>
    `time.struct_time(${
      structFields.map((name, at) => `${name}=${b_repr(value.a[at])}`).join(", ")
    })`,
});
structFields.forEach((name, at) =>
  addFields<StructTime>(structType, { [name]: (value) => value.a[at] })
);

/** A struct_time of nine ints. */
export function structTime(items: Value[]): PyTuple {
  return new StructTime(items);
}
