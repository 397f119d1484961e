/** The datetime module. @module */

import { fromOrdinal, isoCalendar, toOrdinal, weekdayOf } from "./calendar_days.js";
import { now } from "./clock.js";
import { raise } from "./errors.js";
import { typeName } from "./kinds.js";
import {
  absolute,
  CALENDAR,
  CLOCK,
  datetimeType,
  dateType,
  fromIso,
  fromMicroseconds,
  fromTimestamp,
  isoDate,
  isoFormat,
  isoTime,
  Moment,
  naive,
  PyDate,
  PyDateTime,
  PyTime,
  replaced,
  timetuple,
  timeType,
  zoneOf,
} from "./moments.js";
import { flt } from "./numbers.js";
import { strftime, strptime } from "./strftime.js";
import { TimeDelta, timedeltaType, TimeZone, timezoneType, UTC, zoneName } from "./timedelta.js";
import { addMethods, members, PyTuple, state } from "./types.js";

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

/** The members of datetime. */
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
