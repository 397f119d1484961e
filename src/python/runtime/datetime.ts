/**
 * The datetime module.
 *
 * @module
 */

import { fromOrdinal, isoCalendar, toOrdinal, weekdayOf } from "./calendar_days.ts";
import { raise } from "./errors.ts";
import { now } from "./host.ts";
import { typeName } from "./kinds.ts";
import {
  absolute,
  calendarFields,
  clockFields,
  datetimeType,
  dateType,
  type Fields,
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
} from "./moments.ts";
import { flt } from "./numbers.ts";
import { b_repr } from "./repr.ts";
import { strftime, strptime } from "./strftime.ts";
import { needText } from "./text.ts";
import {
  TimeDelta,
  timedeltaType,
  TimeZone,
  timezoneType,
  utcZone,
  zoneName,
} from "./timedelta.ts";
import {
  addFields,
  addHooks,
  addMethods,
  type Hooks,
  members,
  type MethodEntry,
  PyTuple,
  state,
  type Value,
} from "./types.ts";

const dateMethods: Record<string, MethodEntry<Moment>> = {
  isoformat: [0, 0, isoDate],
  strftime: [1, 1, (m, format) => strftime(needText(format), m), "format"],
  weekday: [0, 0, (m) => weekdayOf(m.year, m.month, m.day)],
  isoweekday: [0, 0, (m) => weekdayOf(m.year, m.month, m.day) + 1],
  isocalendar: [0, 0, (m) => new PyTuple(isoCalendar(m.year, m.month, m.day))],
  toordinal: [0, 0, (m) => toOrdinal(m.year, m.month, m.day)],
  timetuple: [0, 0, timetuple],
  replace: replaced((fields) => new PyDate(fields), calendarFields),
  ctime: [0, 0, (m) => strftime("%a %b %e %H:%M:%S %Y", m)],
};
addMethods<Moment>(dateType, dateMethods);
addMethods<PyDateTime>(datetimeType, {
  isoformat: [0, 2, isoFormat, "sep timespec"],
  date: [0, 0, dateOf],
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
    (m, given) => {
      const zone = zoneOf(given) ?? utcZone;
      return fromMicroseconds(absolute(m) + BigInt(zone.offset) * 1000000n, zone);
    },
    "tz",
  ],
  utcoffset: [0, 0, (m) => m.tz === null ? null : new TimeDelta(BigInt(m.tz.offset) * 1000000n)],
  tzname: [0, 0, (m) => m.tz === null ? null : zoneName(m.tz)],
  replace: replaced(
    (fields, zone) => new PyDateTime(fields, zone),
    [...calendarFields, ...clockFields],
  ),
});
addMethods<PyTime>(timeType, {
  isoformat: [0, 0, isoTime],
  strftime: [1, 1, (m, format) => strftime(needText(format), m), "format"],
  replace: replaced((fields, zone) => new PyTime(fields, zone), clockFields),
});
for (const name of calendarFields) addFields<Moment>(dateType, { [name]: (m) => m[name] });
for (const type of [datetimeType, timeType]) {
  for (const name of clockFields) addFields<Moment>(type, { [name]: (m) => m[name] });
  addFields<Moment>(type, { tzinfo: (m) => m.tz });
}

function dateOf(m: Moment): PyDate {
  return new PyDate({ year: m.year, month: m.month, day: m.day });
}

const today = () => fromTimestamp(now());
members({
  today: [0, 0, () => dateOf(today())],
  fromtimestamp: [1, 1, (seconds) => dateOf(fromTimestamp(seconds))],
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
    const fields = strptime(text, needText(format));
    const zone = fields.offset === null
      ? null
      : fields.offset === 0
      ? utcZone
      : new TimeZone(fields.offset);
    const { year, month, day, hour, minute, second, microsecond } = fields;
    return new PyDateTime({ year, month, day, hour, minute, second, microsecond }, zone);
  }],
  combine: [2, 2, (date, time) => {
    if (!(date instanceof PyDate) || !(time instanceof PyTime)) {
      raise("TypeError", "combine() takes a date and a time");
    }
    const { year, month, day } = date;
    const { hour, minute, second, microsecond } = time;
    return new PyDateTime({ year, month, day, hour, minute, second, microsecond }, time.tz);
  }],
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

function compareMoments(a: Moment, b: Value): number {
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
function calculateMoment(op: string, a: Value, b?: Value): Value {
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

const sharedMoment: Hooks<Moment> = {
  equal: (a, b) => (a.tz === null) === (b.tz === null) && absolute(a) === absolute(b),
  compare: compareMoments,
  operate: calculateMoment,
  format: (m, spec) => strftime(spec, m),
};
const argumentText = (m: Moment, names: readonly (keyof Fields)[]): string => {
  const values = names.map((name) => m[name]);
  while (values.length > 5 && values.at(-1) === 0) values.pop();
  const tz = m.tz === null ? "" : `, tzinfo=${b_repr(m.tz)}`;
  return values.join(", ") + tz;
};
addHooks<Moment>(dateType, {
  ...sharedMoment,
  key: (m) => `date${absolute(m)}`,
  text: isoDate,
  repr: (m) => `datetime.date(${calendarFields.map((name) => m[name]).join(", ")})`,
});
addHooks<Moment>(datetimeType, {
  ...sharedMoment,
  key: (m) => `moment${absolute(m)}`,
  text: (m) => isoFormat(m, " "),
  repr: (m) => `datetime.datetime(${argumentText(m, [...calendarFields, ...clockFields])})`,
});
addHooks<Moment>(timeType, {
  ...sharedMoment,
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
  UTC: utcZone,
  MINYEAR: 1,
  MAXYEAR: 9999,
});
