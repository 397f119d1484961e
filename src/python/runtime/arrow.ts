/**
 * The module arrow, as far as converters use it: dates in UTC with their own formats.
 *
 * @module
 */

import { dayNames, isoCalendar, monthDays, monthNames, weekdayOf } from "./calendar_days.ts";
import { parseDate } from "./date_text.ts";
import { errorType, exception, PyError, raise } from "./errors.ts";
import { now } from "./host.ts";
import { textOf } from "./lenient.ts";
import {
  absolute,
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
import { flt, isNumber } from "./numbers.ts";
import { offsetText, strftime } from "./strftime.ts";
import { needText } from "./text.ts";
import { TimeDelta, TimeZone, utcZone, zoneName } from "./timedelta.ts";
import {
  addFields,
  addHooks,
  addMethods,
  members,
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

exception("ArrowParserError", "ValueError");

function fail(message: string): never {
  throw new PyError(errorType("ArrowParserError"), [message]);
}

const tokens =
  /\[(?:\\.|[^\]])*\]|YYYY|YY|MMMM|MMM|MM|M|DDDD|DDD|DD|Do|D|dddd|ddd|d|HH|H|hh|h|mm|m|ss|s|S+|ZZZ|ZZ|Z|a|A|X|x|W/g;
const two = (value: number): string => String(value).padStart(2, "0");

/** What each token writes. */
const writers: Readonly<Record<string, (m: PyDateTime) => string>> = {
  YYYY: (m) => String(m.year).padStart(4, "0"),
  YY: (m) => two(m.year % 100),
  MMMM: (m) => monthNames[m.month - 1] ?? "",
  MMM: (m) => (monthNames[m.month - 1] ?? "").slice(0, 3),
  MM: (m) => two(m.month),
  M: (m) => String(m.month),
  DDDD: (m) => strftime("%j", m),
  DDD: (m) => String(Number(strftime("%j", m))),
  DD: (m) => two(m.day),
  D: (m) => String(m.day),
  Do: (m) => `${m.day}${ordinalEnd(m.day)}`,
  dddd: (m) => dayNames[weekdayOf(m.year, m.month, m.day)] ?? "",
  ddd: (m) => (dayNames[weekdayOf(m.year, m.month, m.day)] ?? "").slice(0, 3),
  d: (m) => String(weekdayOf(m.year, m.month, m.day) + 1),
  HH: (m) => two(m.hour),
  H: (m) => String(m.hour),
  hh: (m) => two(m.hour % 12 || 12),
  h: (m) => String(m.hour % 12 || 12),
  mm: (m) => two(m.minute),
  m: (m) => String(m.minute),
  ss: (m) => two(m.second),
  s: (m) => String(m.second),
  X: (m) => String(Number(absolute(m) / 1000000n)),
  x: (m) => String(absolute(m)),
  ZZZ: (m) => m.tz === null ? "" : zoneName(m.tz),
  ZZ: (m) => offsetText(m.offset, ":"),
  Z: (m) => offsetText(m.offset),
  a: (m) => m.hour < 12 ? "am" : "pm",
  A: (m) => m.hour < 12 ? "AM" : "PM",
  W: (m) => {
    const [year, week, day] = isoCalendar(m.year, m.month, m.day);
    return `${year}-W${two(week)}-${day}`;
  },
};

function ordinalEnd(day: number): string {
  if (day % 100 > 10 && day % 100 < 14) return "th";
  return ["th", "st", "nd", "rd"][day % 10] ?? "th";
}

function format(m: PyDateTime, pattern: string): string {
  return pattern.replace(tokens, (token) => {
    if (token.startsWith("[")) return token.slice(1, -1);
    if (token.startsWith("S")) return String(m.microsecond).padStart(6, "0").slice(0, token.length);
    return writers[token]?.(m) ?? token;
  });
}

/** The expression of each token that can be read. */
const readers: Readonly<Record<string, string>> = {
  YYYY: "\\d{4}",
  YY: "\\d{2}",
  MMMM: monthNames.join("|"),
  MMM: monthNames.map((name) => name.slice(0, 3)).join("|"),
  MM: "\\d{2}",
  M: "\\d{1,2}",
  DDDD: "\\d{3}",
  DDD: "\\d{1,3}",
  DD: "\\d{2}",
  D: "\\d{1,2}",
  Do: "\\d{1,2}(?:st|nd|rd|th)",
  dddd: dayNames.join("|"),
  ddd: dayNames.map((name) => name.slice(0, 3)).join("|"),
  d: "[1-7]",
  HH: "\\d{2}",
  H: "\\d{1,2}",
  hh: "\\d{2}",
  h: "\\d{1,2}",
  mm: "\\d{2}",
  m: "\\d{1,2}",
  ss: "\\d{2}",
  s: "\\d{1,2}",
  X: "\\d+(?:\\.\\d+)?",
  x: "\\d+",
  ZZ: "Z|[+-]\\d{2}:?(?:\\d{2})?",
  Z: "Z|[+-]\\d{2}:?(?:\\d{2})?",
  a: "am|pm|AM|PM|a|p",
  A: "am|pm|AM|PM|a|p",
};

function read(text: string, pattern: string): PyDateTime {
  const kinds: string[] = [];
  let source = "";
  let end = 0;
  const escape = (plain: string) => plain.replace(/[\\^$.|?*+()[\]{}/]/g, "\\$&");
  for (const match of pattern.matchAll(tokens)) {
    source += escape(pattern.slice(end, match.index));
    end = match.index + match[0].length;
    const [token] = match;
    if (token.startsWith("[")) source += escape(token.slice(1, -1));
    else {
      const kind = token.startsWith("S") ? "S" : token;
      const expression = kind === "S" ? "\\d+" : readers[kind];
      if (expression === undefined) fail(`Unrecognized token '${token}'.`);
      kinds.push(kind);
      source += `(${expression})`;
    }
  }
  source += escape(pattern.slice(end));
  const found = new RegExp(`(?<![\\S])${source}(?![\\S])`, "i").exec(text);
  if (found === null) fail(`Failed to match '${pattern}' when parsing '${text}'.`);
  return momentOf(new Map(kinds.map((kind, at) => [kind, found[at + 1] ?? ""])));
}

function momentOf(parts: ReadonlyMap<string, string>): PyDateTime {
  const get = (...names: string[]) =>
    names.map((name) => parts.get(name)).find((one) => one !== undefined);
  const stamp = get("X");
  if (stamp !== undefined) return fromTimestamp(flt(Number(stamp)), utcZone);
  const short = get("YY");
  const year = Number(
    get("YYYY") ?? (short === undefined ? 1 : Number(short) + (Number(short) > 68 ? 1900 : 2000)),
  );
  const name = get("MMMM", "MMM")?.toLowerCase();
  const month = name === undefined
    ? Number(get("MM", "M") ?? 1)
    : monthNames.findIndex((one) => one.toLowerCase().startsWith(name)) + 1;
  const day = parseInt(get("DD", "D", "Do") ?? "1", 10);
  const half = get("a", "A")?.toLowerCase();
  const written = Number(get("HH", "H", "hh", "h") ?? 0);
  const hour = half === undefined ? written : written % 12 + (half.startsWith("p") ? 12 : 0);
  const fraction = (get("S") ?? "").padEnd(7, "0");
  const fields = {
    year,
    month,
    day,
    hour,
    minute: Number(get("mm", "m") ?? 0),
    second: Number(get("ss", "s") ?? 0),
    microsecond: Math.min(999999, Math.round(Number(fraction.slice(0, 7)) / 10)),
  };
  if (month < 1 || month > 12 || day < 1 || day > monthDays(year, month) || hour > 23) {
    raise("ValueError", "day is out of range for month");
  }
  return new PyDateTime(fields, zoneFrom(get("ZZ", "Z") ?? "Z"));
}

function zoneFrom(text: string): TimeZone {
  if (/^(?:z|utc|local|gmt)$/i.test(text)) return utcZone;
  const match = /^([+-])?(\d{2}):?(\d{2})?$/.exec(text);
  if (match === null) return fail(`Could not parse timezone expression '${text}'.`);
  const size = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60;
  return size === 0 ? utcZone : new TimeZone(match[1] === "-" ? -size : size);
}

const isoText =
  /^(?:\d{4}(?:-?\d{2}(?:-?\d{2})?)?|\d{4}-?W\d{2}(?:-?\d)?)(?:[T ]\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)?\s*(?:Z|[+-]\d{2}:?(?:\d{2})?)?)?$/;

/** arrow.get(…) */
function get(...args: Value[]): Arrow {
  const [first, second] = args;
  if (first === undefined) return utcnow();
  const text = textOf(first);
  if (text !== undefined && second === undefined) {
    const start = new PyDateTime({ year: 1, month: 1, day: 1 });
    if (!isoText.test(text.trim())) fail(`Could not match input '${text}' to any of the formats.`);
    const whole = /^\d{4}$/.test(text.trim())
      ? `${text.trim()}-01-01`
      : /^\d{4}-?\d{2}$/.test(text.trim())
      ? text.trim().replace(/^(\d{4})-?(\d{2})$/, "$1-$2-01")
      : text;
    return new Arrow(parseDate(whole, { dayFirst: false, yearFirst: false, fuzzy: false }, start));
  }
  if (text !== undefined) {
    const patterns = Array.isArray(second) ? second : [second];
    let failure: unknown;
    for (const pattern of patterns) {
      try {
        return new Arrow(read(text, needText(pattern)));
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
  if (isNumber(first) && second === undefined) return new Arrow(fromTimestamp(first, utcZone));
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
  for (const [name, value] of pairs) {
    const amount = Number(value);
    if (name === "years" || name === "quarters" || name === "months") {
      months += amount * (name === "years" ? 12 : name === "quarters" ? 3 : 1);
    } else if (steps[name] !== undefined) us += BigInt(Math.round(amount * Number(steps[name])));
    else raise("ValueError", `Invalid shift time frame. '${name}' is not supported.`);
  }
  const total = moment.year * 12 + moment.month - 1 + months;
  const [year, month] = [Math.floor(total / 12), total % 12 + 1];
  if (year < 1 || year > 9999) raise("ValueError", `year ${year} is out of range`);
  const { hour, minute, second, microsecond, tz } = moment;
  const day = Math.min(moment.day, monthDays(year, month));
  const moved = new PyDateTime({ year, month, day, hour, minute, second, microsecond }, tz);
  return new Arrow(fromMicroseconds(naive(moved) + us, tz));
}

/** Fields in the singular are set; in the plural they move, as they did in arrow before 0.14. */
function replace(self: Arrow, pairs: readonly Pair[]): Arrow {
  const plural = pairs.filter(([name]) => name.endsWith("s"));
  const { year, month, day, hour, minute, second, microsecond, tz } = self.moment;
  const fields: Record<string, number> = { year, month, day, hour, minute, second, microsecond };
  let zone = tz;
  for (const [name, value] of pairs) {
    if (name === "tzinfo") zone = value instanceof TimeZone ? value : zoneFrom(needText(value));
    else if (Object.hasOwn(fields, name)) fields[name] = Number(value);
    else if (!name.endsWith("s")) raise("ValueError", `Unknown attribute: '${name}'.`);
  }
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

const arrowType: PyType = newType("arrow.Arrow", undefined, get, Arrow.prototype);
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
    ({ moment }, pattern = "YYYY-MM-DD HH:mm:ssZZ") => format(moment, needText(pattern)),
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
    const target = zone instanceof TimeZone ? zone : zoneFrom(needText(zone));
    return new Arrow(fromMicroseconds(absolute(moment) + BigInt(target.offset) * 1000000n, target));
  }],
  floor: [1, 1, floor],
  ceil: [1, 1, ceil],
  shift: [0, 0, (self) => self],
  replace: [0, 0, (self) => self],
});
const itself = (self: Value): Arrow => self instanceof Arrow ? self : fail("not an Arrow");
setKeywords(arrowType, "shift", ([self], pairs) => shift(itself(self), pairs));
setKeywords(arrowType, "replace", ([self], pairs) => replace(itself(self), pairs));

const momentIn = (value: Value): Moment | undefined =>
  value instanceof Arrow ? value.moment : value instanceof Moment ? value : undefined;

addHooks<Arrow>(arrowType, {
  text: ({ moment }) => isoFormat(moment),
  repr: ({ moment }) => `<Arrow [${isoFormat(moment)}]>`,
  equal: (a, b) => absolute(a.moment) === absolute(b.moment),
  key: ({ moment }) => `moment${absolute(moment)}`,
  format: ({ moment }, pattern) => format(moment, pattern),
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
    const target = zone === undefined || zone === null ? utcZone : zoneFrom(needText(zone));
    return new Arrow(fromTimestamp(now(), target));
  }],
  Arrow: arrowType,
});
