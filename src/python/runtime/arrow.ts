/**
 * The module arrow, as far as converters use it: dates in UTC with their own formats.
 *
 * @module
 */

import {
  failParsing,
  formatMoment,
  normalizeTimestamp,
  readIso,
  readPattern,
  readZone,
  zoneLabel,
} from "./arrow_text.ts";
import "./datetime.ts";
import { isoCalendar, monthDays, weekdayOf } from "./calendar_days.ts";
import { PyError, raise } from "./errors.ts";
import { now } from "./host.ts";
import { textOf } from "./lenient.ts";
import {
  absolute,
  datetimeType,
  type Fields,
  fromMicroseconds,
  fromTimestamp,
  isoFormat,
  Moment,
  naive,
  PyDate,
  PyDateTime,
  PyTime,
} from "./moments.ts";
import { flt, fv, isNumber } from "./numbers.ts";
import { strftime } from "./strftime.ts";
import { needText } from "./text.ts";
import { TimeDelta, TimeZone, utcZone } from "./timedelta.ts";
import {
  addFields,
  addHooks,
  addMethods,
  members,
  native,
  newType,
  type Pair,
  type PyObject,
  type PyType,
  setKeywords,
  typeKey,
  type Value,
} from "./types.ts";

/** A moment with a zone. */
class Arrow implements PyObject {
  declare readonly [typeKey]: PyType;
  declare readonly moment: PyDateTime;
  constructor(moment: PyDateTime) {
    this.moment = moment.tz === null ? fromMicroseconds(naive(moment), utcZone) : moment;
  }
}

/** arrow.get(…) */
function get(...args: Value[]): Arrow {
  const [first, second] = args;
  if (first === undefined) return utcnow();
  const text = textOf(first);
  if (text !== undefined && second === undefined) {
    // Versions before 0.15 took seconds as a text as well.
    const isSeconds = /^\d{9,}(?:\.\d+)?$/.test(text);
    return new Arrow(isSeconds ? fromTimestamp(flt(Number(text)), utcZone) : readIso(text));
  }
  if (text !== undefined) {
    const patterns = Array.isArray(second) ? second : [second];
    let failure: unknown;
    for (const pattern of patterns) {
      try {
        return new Arrow(readPattern(text, needText(pattern)));
      } catch (error) {
        if (!(error instanceof PyError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }
  if (first instanceof Arrow) return first;
  if (first instanceof PyDateTime) return new Arrow(first);
  if (first instanceof PyDate) {
    return new Arrow(new PyDateTime({ year: first.year, month: first.month, day: first.day }));
  }
  if (isNumber(first) && second === undefined) {
    const seconds = normalizeTimestamp(fv(first));
    return new Arrow(fromTimestamp(seconds === fv(first) ? first : flt(seconds), utcZone));
  }
  const made = new PyDateTime(fieldsFrom(args));
  return new Arrow(made);
}

function fieldsFrom(args: Value[]): Partial<Fields> {
  const [year, month, day, hour, minute, second, microsecond] = args.map((one) =>
    isNumber(one) ? Number(one) : undefined
  );
  if (year === undefined || month === undefined || day === undefined) {
    return raise("TypeError", "Cannot parse the arguments of arrow.get()");
  }
  return {
    year,
    month,
    day,
    hour: hour ?? 0,
    minute: minute ?? 0,
    second: second ?? 0,
    microsecond: microsecond ?? 0,
  };
}

function utcnow(): Arrow {
  return new Arrow(fromTimestamp(now(), utcZone));
}

const steps: Readonly<Record<string, bigint>> = {
  weeks: 604800000000n,
  days: 86400000000n,
  hours: 3600000000n,
  minutes: 60000000n,
  seconds: 1000000n,
  microseconds: 1n,
};

function shift({ moment }: Arrow, pairs: readonly Pair[]): Arrow {
  let months = 0;
  let us = 0n;
  let weekday: number | undefined;
  for (const [name, value] of pairs) {
    const amount = Number(value);
    if (name === "years" || name === "quarters" || name === "months") {
      months += amount * (name === "years" ? 12 : name === "quarters" ? 3 : 1);
    } else if (name === "weekday") weekday = amount;
    else if (steps[name] !== undefined) us += BigInt(Math.round(amount * Number(steps[name])));
    else raise("ValueError", `Invalid shift time frame. '${name}' is not supported.`);
  }
  const total = moment.year * 12 + moment.month - 1 + months;
  const [year, month] = [Math.floor(total / 12), total % 12 + 1];
  if (year < 1 || year > 9999) raise("ValueError", `year ${year} is out of range`);
  const { hour, minute, second, microsecond, tz } = moment;
  const day = Math.min(moment.day, monthDays(year, month));
  const moved = new PyDateTime({ year, month, day, hour, minute, second, microsecond }, tz);
  const end = fromMicroseconds(naive(moved) + us, tz);
  if (weekday === undefined) return new Arrow(end);
  const ahead = (weekday - weekdayOf(end.year, end.month, end.day) + 7) % 7;
  return new Arrow(fromMicroseconds(naive(end) + BigInt(ahead) * 86400000000n, tz));
}

/** Fields in the singular are set; in the plural they move, as they did in arrow before 0.14. */
function replace(self: Arrow, pairs: readonly Pair[]): Arrow {
  const plural = pairs.filter(([name]) => name.endsWith("s"));
  const { year, month, day, hour, minute, second, microsecond, tz } = self.moment;
  const fields: Record<string, number> = { year, month, day, hour, minute, second, microsecond };
  let zone = tz;
  for (const [name, value] of pairs) {
    if (name === "tzinfo") zone = value instanceof TimeZone ? value : readZone(needText(value));
    else if (Object.hasOwn(fields, name)) fields[name] = Number(value);
    else if (!name.endsWith("s")) raise("ValueError", `Unknown attribute: '${name}'.`);
  }
  const { month: changed = 1 } = fields;
  if (changed < 1 || changed > 12) raise("ValueError", "month must be in 1..12");
  if ((fields["day"] ?? 1) > monthDays(fields["year"] ?? 1, fields["month"] ?? 1)) {
    raise("ValueError", "day is out of range for month");
  }
  const set = new Arrow(new PyDateTime(fields, zone));
  return plural.length === 0 ? set : shift(set, plural);
}

const frames: readonly (keyof Fields)[] = ["year", "month", "day", "hour", "minute", "second"];

function floor({ moment }: Arrow, frame: Value): Arrow {
  const name = needText(frame).replace(/s$/, "");
  if (name === "week") {
    const back = BigInt(weekdayOf(moment.year, moment.month, moment.day));
    return floor(
      new Arrow(fromMicroseconds(naive(moment) - back * 86400000000n, moment.tz)),
      "day",
    );
  }
  if (name === "quarter") {
    const month = Math.floor((moment.month - 1) / 3) * 3 + 1;
    return new Arrow(new PyDateTime({ year: moment.year, month, day: 1 }, moment.tz));
  }
  const end = frames.findIndex((one) => one === name);
  if (end < 0) raise("ValueError", `Range or span over frames is supported. '${name}' is not.`);
  const fields: Partial<Fields> = { month: 1, day: 1 };
  for (const one of frames.slice(0, end + 1)) fields[one] = moment[one];
  return new Arrow(new PyDateTime(fields, moment.tz));
}

function ceil(self: Arrow, frame: Value): Arrow {
  const name = needText(frame).replace(/s$/, "");
  const next = shift(floor(self, frame), [[`${name}s`, 1]]);
  return new Arrow(fromMicroseconds(naive(next.moment) - 1n, self.moment.tz));
}

const arrowType: PyType = newType("Arrow", undefined, get, Arrow.prototype);
Object.assign(arrowType, { $name: "Arrow", $least: 1, $most: 8 });
addFields<Arrow>(arrowType, {
  ...Object.fromEntries(
    [...frames, "microsecond" as const].map((name) => [name, (self: Arrow) => self.moment[name]]),
  ),
  datetime: ({ moment }) => moment,
  naive: ({ moment }) => fromMicroseconds(naive(moment)),
  tzinfo: ({ moment }) => moment.tz,
  timestamp: ({ moment }) => Number(absolute(moment) / 1000000n),
  int_timestamp: ({ moment }) => Number(absolute(moment) / 1000000n),
  float_timestamp: ({ moment }) => flt(Number(absolute(moment)) / 1e6),
  week: ({ moment: m }) => isoCalendar(m.year, m.month, m.day)[1],
  quarter: ({ moment }) => Math.floor((moment.month - 1) / 3) + 1,
});
addMethods<Arrow>(arrowType, {
  format: [
    0,
    2,
    ({ moment }, pattern = "YYYY-MM-DD HH:mm:ssZZ") => formatMoment(moment, needText(pattern)),
    "fmt locale",
  ],
  isoformat: [0, 1, ({ moment }, separator) => isoFormat(moment, separator), "sep"],
  strftime: [1, 1, ({ moment }, pattern) => strftime(needText(pattern), moment), "format"],
  date: [0, 0, ({ moment: { year, month, day } }) => new PyDate({ year, month, day })],
  time: [
    0,
    0,
    ({ moment: { hour, minute, second, microsecond } }) =>
      new PyTime({ hour, minute, second, microsecond }),
  ],
  timestamp: [0, 0, ({ moment }) => flt(Number(absolute(moment)) / 1e6)],
  weekday: [0, 0, ({ moment: m }) => weekdayOf(m.year, m.month, m.day)],
  isoweekday: [0, 0, ({ moment: m }) => weekdayOf(m.year, m.month, m.day) + 1],
  to: [1, 1, ({ moment }, zone) => {
    const target = zone instanceof TimeZone ? zone : readZone(needText(zone));
    return new Arrow(fromMicroseconds(absolute(moment) + BigInt(target.offset) * 1000000n, target));
  }],
  tzname: [0, 0, ({ moment }) => zoneLabel(moment.tz)],
  dst: [0, 0, () => new TimeDelta(0n)],
  for_json: [0, 0, ({ moment }) => isoFormat(moment)],
  is_between: [2, 3, ({ moment }, start, end, bounds = "()") => {
    const [low, high] = [start, end].map((one) => absolute(itself(one).moment));
    const at = absolute(moment);
    const [left, right] = needText(bounds);
    return low !== undefined && high !== undefined &&
      (left === "[" ? at >= low : at > low) && (right === "]" ? at <= high : at < high);
  }, "start end bounds"],
  floor: [1, 1, floor],
  ceil: [1, 1, ceil],
  shift: [0, 0, (self) => self],
  replace: [0, 0, (self) => self],
});
// What it shares with datetime.
for (
  const name of [
    "isocalendar",
    "timetuple",
    "utctimetuple",
    "toordinal",
    "utcoffset",
    "ctime",
    "astimezone",
  ]
) {
  const shared = datetimeType.$info.methods[name];
  if (shared === undefined) continue;
  const { $least = 0, $most = 0 } = shared;
  arrowType.$info.methods[name] = native(
    name,
    $least,
    $most,
    ({ moment }: Arrow, ...args) => shared(moment, ...args),
  );
}
const itself = (self: Value): Arrow => self instanceof Arrow ? self : failParsing("not an Arrow");
setKeywords(arrowType, "shift", ([self], pairs) => shift(itself(self), pairs));
setKeywords(arrowType, "replace", ([self], pairs) => replace(itself(self), pairs));

const momentIn = (value: Value): Moment | undefined =>
  value instanceof Arrow ? value.moment : value instanceof Moment ? value : undefined;

addHooks<Arrow>(arrowType, {
  text: ({ moment }) => isoFormat(moment),
  repr: ({ moment }) => `<Arrow [${isoFormat(moment)}]>`,
  equal: (a, b) => absolute(a.moment) === absolute(b.moment),
  key: ({ moment }) => `moment${absolute(moment)}`,
  format: ({ moment }, pattern) => formatMoment(moment, pattern),
  operate: (op, a, b) => {
    const [x, y] = [momentIn(a), momentIn(b)];
    if (op === "-" && x !== undefined && y !== undefined) {
      return new TimeDelta(absolute(x) - absolute(y));
    }
    const span = b instanceof TimeDelta ? b : a instanceof TimeDelta && op === "+" ? a : undefined;
    const start = x ?? y;
    if (span === undefined || start === undefined || (op !== "+" && op !== "-")) return undefined;
    return new Arrow(fromMicroseconds(naive(start) + (op === "+" ? span.us : -span.us), start.tz));
  },
});
Object.assign(arrowType.$info, {
  compare: (a: Arrow, b: Value) => {
    const other = momentIn(b);
    return other === undefined ? undefined : Number(absolute(a.moment) - absolute(other));
  },
});

/** The members of arrow. */
export const arrowModule: Record<string, Value> = members({
  get: [0, 8, get],
  utcnow: [0, 0, utcnow],
  now: [0, 1, (zone) => {
    const target = zone === undefined || zone === null ? utcZone : readZone(needText(zone));
    return new Arrow(fromTimestamp(now(), target));
  }],
  Arrow: arrowType,
});
