/** datetime.date, datetime.time, datetime.datetime. @module */

import {
  EPOCH_DAY,
  fromOrdinal,
  isoCalendar,
  monthDays,
  toOrdinal,
  weekdayOf,
} from "./calendar_days.js";
import { now } from "./clock.js";
import { raise } from "./errors.js";
import { typeName } from "./kinds.js";
import { flt, fv, isInt, isNumber } from "./numbers.js";
import { offsetText, strftime, strptime } from "./strftime.js";
import {
  spanOf,
  TimeDelta,
  timedeltaType,
  TimeZone,
  timezoneType,
  UTC,
  zoneName,
} from "./timedelta.js";
import { addMethods, members, newType, PyTuple, state } from "./types.js";

/** A date, a time of day, or both: the fields that a kind lacks stay at their start. */
class Moment {
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

class PyDate extends Moment {}
class PyDateTime extends PyDate {}
class PyTime extends Moment {}

const CLOCK = ["hour", "minute", "second", "microsecond"];
const CALENDAR = ["year", "month", "day"];
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

function zoneOf(value) {
  if (value === undefined || value === null) return null;
  return value instanceof TimeZone
    ? value
    : raise("TypeError", "tzinfo argument must be None or of a tzinfo subclass");
}

export const dateType = newType(
  "datetime.date",
  undefined,
  (...args) => new PyDate(fieldsOf(CALENDAR, args)),
  PyDate.prototype,
);
Object.assign(dateType, { $name: "date", $least: 3, $most: 3, $names: CALENDAR });
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
export const timeType = newType(
  "datetime.time",
  undefined,
  (...args) => new PyTime(fieldsOf(CLOCK, args), zoneOf(args[4])),
  PyTime.prototype,
);
Object.assign(timeType, { $name: "time", $least: 0, $most: 5, $names: [...CLOCK, "tzinfo"] });

/** Microseconds since the epoch, as if the fields were UTC. */
function naive(moment) {
  const days = BigInt(toOrdinal(moment.year, moment.month, moment.day) - EPOCH_DAY);
  const seconds = BigInt(moment.hour * 3600 + moment.minute * 60 + moment.second);
  return (days * 86400n + seconds) * 1000000n + BigInt(moment.microsecond);
}

function absolute(moment) {
  return naive(moment) - BigInt(moment.offset ?? 0) * 1000000n;
}

function fromMicroseconds(us, zone = null) {
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
function fromTimestamp(seconds, zone) {
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

function isoDate(m) {
  return `${digitsOf(m.year, 4)}-${digitsOf(m.month)}-${digitsOf(m.day)}`;
}

function isoTime(m) {
  const tail = m.microsecond === 0 ? "" : `.${digitsOf(m.microsecond, 6)}`;
  return `${digitsOf(m.hour)}:${digitsOf(m.minute)}:${digitsOf(m.second)}${tail}${
    offsetText(m.offset, ":")
  }`;
}

function isoFormat(m, separator = "T", spec = "auto") {
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

function fromIso(text, dateOnly) {
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

function replaced(type, names) {
  const change = (m, ...values) => {
    const fields = {};
    names.forEach((name, at) => fields[name] = values[at] ?? m[name]);
    const zone = values[names.length] === undefined ? m.tz : zoneOf(values[names.length]);
    return new type(checkFields(fields), zone);
  };
  return [0, names.length + 1, change, `${names.join(" ")} tzinfo`];
}

function timetuple(m) {
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

export function structTime(items) {
  return new StructTime(items);
}

const DATE_METHODS = {
  isoformat: [0, 0, isoDate],
  strftime: [1, 1, (m, format) => strftime(format, m), "format"],
  weekday: [0, 0, (m) => weekdayOf(m.year, m.month, m.day)],
  isoweekday: [0, 0, (m) => weekdayOf(m.year, m.month, m.day) + 1],
  isocalendar: [0, 0, (m) => new PyTuple(isoCalendar(m.year, m.month, m.day))],
  toordinal: [0, 0, (m) => toOrdinal(m.year, m.month, m.day)],
  timetuple: [0, 0, timetuple],
  replace: replaced(PyDate, CALENDAR),
  ctime: [0, 0, (m) => strftime("%a %b %e %H:%M:%S %Y", m)],
};
addMethods(dateType, DATE_METHODS);
addMethods(datetimeType, {
  isoformat: [0, 2, isoFormat, "sep timespec"],
  date: [0, 0, (m) => new PyDate({ year: m.year, month: m.month, day: m.day })],
  time: [
    0,
    0,
    (m) =>
      new PyTime({ hour: m.hour, minute: m.minute, second: m.second, microsecond: m.microsecond }),
  ],
  timestamp: [0, 0, (m) => {
    if (state.version === 2) {
      raise("AttributeError", "'datetime.datetime' object has no attribute 'timestamp'");
    }
    return flt(Number(absolute(m)) / 1e6);
  }],
  utctimetuple: [0, 0, (m) => timetuple(fromMicroseconds(absolute(m)))],
  astimezone: [
    0,
    1,
    (m, zone = UTC) => fromMicroseconds(absolute(m) + BigInt(zone.offset) * 1000000n, zone),
    "tz",
  ],
  utcoffset: [0, 0, (m) => m.tz === null ? null : new TimeDelta(BigInt(m.tz.offset) * 1000000n)],
  tzname: [0, 0, (m) => m.tz === null ? null : zoneName(m.tz)],
  replace: replaced(PyDateTime, [...CALENDAR, ...CLOCK]),
});
addMethods(timeType, {
  isoformat: [0, 0, isoTime],
  strftime: [1, 1, (m, format) => strftime(format, m), "format"],
  replace: replaced(PyTime, CLOCK),
});
for (const name of CALENDAR) dateType.$info.fields[name] = (m) => m[name];
for (const name of CLOCK) {
  datetimeType.$info.fields[name] = timeType.$info.fields[name] = (m) => m[name];
}
datetimeType.$info.fields.tzinfo = timeType.$info.fields.tzinfo = (m) => m.tz;

const today = () => fromTimestamp(now());
members({
  today: [0, 0, () => datetimeType.$info.methods.date(today())],
  fromtimestamp: [1, 1, (seconds) => datetimeType.$info.methods.date(fromTimestamp(seconds))],
  fromordinal: [1, 1, (day) => {
    const [year, month, date] = fromOrdinal(Number(day));
    return new PyDate({ year, month, day: date });
  }],
  fromisoformat: [1, 1, (text) => fromIso(text, true)],
  min: new PyDate({ year: 1, month: 1, day: 1 }),
  max: new PyDate({ year: 9999, month: 12, day: 31 }),
}, dateType.$info.statics);
members({
  today: [0, 0, today],
  now: [0, 1, (zone) => fromTimestamp(now(), zoneOf(zone)), "tz"],
  utcnow: [0, 0, today],
  fromtimestamp: [1, 2, (seconds, zone) => fromTimestamp(seconds, zoneOf(zone)), "timestamp tz"],
  utcfromtimestamp: [1, 1, (seconds) => fromTimestamp(seconds)],
  fromisoformat: [1, 1, (text) => fromIso(text, false)],
  strptime: [2, 2, (text, format) => {
    if (typeof text !== "string") {
      raise("TypeError", `strptime() argument 1 must be str, not ${typeName(text)}`);
    }
    const fields = strptime(text, format);
    const zone = fields.offset === null
      ? null
      : fields.offset === 0
      ? UTC
      : new TimeZone(fields.offset, undefined);
    const { year, month, day, hour, minute, second, microsecond } = fields;
    return new PyDateTime({ year, month, day, hour, minute, second, microsecond }, zone);
  }],
  combine: [2, 2, (date, time) =>
    new PyDateTime({
      year: date.year,
      month: date.month,
      day: date.day,
      hour: time.hour,
      minute: time.minute,
      second: time.second,
      microsecond: time.microsecond,
    }, time.tz)],
  min: new PyDateTime({ year: 1, month: 1, day: 1 }),
  max: new PyDateTime({
    year: 9999,
    month: 12,
    day: 31,
    hour: 23,
    minute: 59,
    second: 59,
    microsecond: 999999,
  }),
}, datetimeType.$info.statics);

function compareMoments(a, b) {
  if (
    !(b instanceof Moment) || a instanceof PyDateTime !== b instanceof PyDateTime ||
    a instanceof PyTime !== b instanceof PyTime
  ) {
    return raise("TypeError", `can't compare ${typeName(a)} to ${typeName(b)}`);
  }
  if ((a.tz === null) !== (b.tz === null)) {
    raise("TypeError", "can't compare offset-naive and offset-aware datetimes");
  }
  return Number(absolute(a) - absolute(b));
}

/** Moments plus or minus spans, and their difference. */
function calculateMoment(op, a, b) {
  if (op === "-" && a instanceof Moment && b instanceof Moment && !(a instanceof PyTime)) {
    if (a instanceof PyDateTime !== b instanceof PyDateTime) return undefined;
    if ((a.tz === null) !== (b.tz === null)) {
      raise("TypeError", "can't subtract offset-naive and offset-aware datetimes");
    }
    return new TimeDelta(absolute(a) - absolute(b));
  }
  const [moment, delta] = a instanceof Moment ? [a, b] : [b, a];
  if (!(moment instanceof PyDate) || !(delta instanceof TimeDelta)) return undefined;
  if (op !== "+" && !(op === "-" && moment === a)) return undefined;
  const sign = op === "+" ? 1n : -1n;
  if (moment instanceof PyDateTime) {
    return fromMicroseconds(naive(moment) + sign * delta.us, moment.tz);
  }
  const days = Number(
    (delta.us - ((delta.us % 86400000000n) + 86400000000n) % 86400000000n) / 86400000000n,
  );
  const [year, month, day] = fromOrdinal(
    toOrdinal(moment.year, moment.month, moment.day) + Number(sign) * days,
  );
  return new PyDate({ year, month, day });
}

const sharedMoment = {
  equal: (a, b) => (a.tz === null) === (b.tz === null) && absolute(a) === absolute(b),
  compare: compareMoments,
  operate: calculateMoment,
  format: (m, spec) => strftime(spec, m),
};
const arguments_ = (m, names) => {
  const values = names.map((name) => m[name]);
  while (values.length > 5 && values.at(-1) === 0) values.pop();
  const tz = m.tz === null ? "" : `, tzinfo=${timezoneType.$info.repr(m.tz)}`;
  return values.join(", ") + tz;
};
Object.assign(dateType.$info, sharedMoment, {
  key: (m) => `date${absolute(m)}`,
  text: isoDate,
  repr: (m) => `datetime.date(${CALENDAR.map((name) => m[name]).join(", ")})`,
});
Object.assign(datetimeType.$info, sharedMoment, {
  key: (m) => `moment${absolute(m)}`,
  text: (m) => isoFormat(m, " "),
  repr: (m) => `datetime.datetime(${arguments_(m, [...CALENDAR, ...CLOCK])})`,
});
Object.assign(timeType.$info, sharedMoment, {
  key: (m) => `time${absolute(m)}`,
  text: isoTime,
  repr: (m) =>
    `datetime.time(${m.hour}, ${m.minute}${m.second || m.microsecond ? `, ${m.second}` : ""}${
      m.microsecond ? `, ${m.microsecond}` : ""
    })`,
});

export const datetimeModule = members({
  date: dateType,
  datetime: datetimeType,
  time: timeType,
  timedelta: timedeltaType,
  timezone: timezoneType,
  UTC,
  MINYEAR: 1,
  MAXYEAR: 9999,
});
