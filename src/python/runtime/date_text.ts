/**
 * dateutil.parser: reads dates in whatever form they are written.
 *
 * @module
 */

import {
  dayNames,
  fromOrdinal,
  monthDays,
  monthNames,
  toOrdinal,
  weekdayOf,
} from "./calendar_days.ts";
import { t } from "./compare.ts";
import { errorType, exception, PyError, raise } from "./errors.ts";
import { host } from "./host.ts";
import { typeName } from "./kinds.ts";
import { textOf } from "./lenient.ts";
import { type Fields, fromMicroseconds, Moment, naive, PyDateTime } from "./moments.ts";
import { b_repr } from "./repr.ts";
import { needText } from "./text.ts";
import { TimeZone, utcZone } from "./timedelta.ts";
import { members, type Value } from "./types.ts";

exception("ParserError", "ValueError");

/** What a text says; what it leaves out comes from the default. */
interface Reading {
  numbers: { value: number; digits: number; isMonth: boolean }[];
  hour?: number;
  minute?: number;
  second?: number;
  microsecond?: number;
  afternoon?: boolean;
  weekday?: number;
  zone?: TimeZone | null;
  year?: number;
}

interface Options {
  readonly dayFirst: boolean;
  readonly yearFirst: boolean;
  readonly fuzzy: boolean;
}

const monthIndex = (word: string): number => indexOf(monthNames, word);
const dayIndex = (word: string): number => indexOf(dayNames, word);

function indexOf(names: readonly string[], word: string): number {
  const lower = word.toLowerCase();
  if (lower === "sept" && names === monthNames) return 8;
  const minimum = lower.length === 3;
  return names.findIndex((name) =>
    name.toLowerCase() === lower || (minimum && name.slice(0, 3).toLowerCase() === lower)
  );
}

const clockPattern =
  /(?<![\d:])(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?:\s*([ap])\.?m\b\.?)?/i;
const compactClock = /(?<=\d{8}T?)(\d{2})(\d{2})(\d{2})?(?:[.,](\d+))?(?!\d)/;
const hourPattern = /(?<!\d)(\d{1,2})\s*([ap])\.?m\b\.?/i;
const namedClock =
  /(\d+)\s*h(?:ours?)?\s*(?:(\d+)\s*m(?:in(?:utes?)?)?|(?<=h)(\d{2})(?!\d))?\s*(?:(\d+)(?:\.(\d+))?\s*s(?:ec(?:onds?)?)?)?(?:\s*([ap])\.?m\b\.?)?/i;
/** A zone that stands by itself. */
const looseZone = /\s([+-])(\d{2}):?(\d{2})\b|\b(?:UTC|GMT)\b/;
const offsetAfter =
  /^\s*(UTC|GMT|Z|[A-Z]{3,5})?(\s*)([+-])(\d{1,2}):?(\d{2})?(?::?(\d{2}))?(?![\d:])(?:\s*\([A-Z]{3,}\))?/;
const zoneAfter = /^\s*(?:UTC|GMT|Z)\b/;

function fail(text: string, what = "Unknown string format"): never {
  throw new PyError(errorType("ParserError"), [`${what}: ${text}`]);
}

function readClock(text: string, reading: Reading): string {
  for (const pattern of [clockPattern, compactClock]) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const [whole, hour, minute, second, fraction, half] = match;
    reading.hour = Number(hour);
    reading.minute = Number(minute);
    setSeconds(reading, second, fraction);
    applyHalf(reading, half);
    return cutOut(text, match.index, whole.length, reading);
  }
  const hour = hourPattern.exec(text);
  if (hour !== null) {
    reading.hour = Number(hour[1]);
    applyHalf(reading, hour[2]);
    return cutOut(text, hour.index, hour[0].length, reading);
  }
  const named = namedClock.exec(text);
  if (named === null) return text;
  const [whole, h, labelled, attached, s, fraction, half] = named;
  const m = labelled ?? attached;
  reading.hour = Number(h);
  if (m !== undefined) reading.minute = Number(m);
  setSeconds(reading, s, fraction);
  applyHalf(reading, half);
  return cutOut(text, named.index, whole.length, reading);
}

function setSeconds(reading: Reading, second?: string, fraction?: string): void {
  if (second === undefined) return;
  reading.second = Number(second);
  if (fraction !== undefined) reading.microsecond = Number(fraction.slice(0, 6).padEnd(6, "0"));
}

function zoneOfSize(sign: string | undefined, seconds: number): TimeZone {
  return seconds === 0 ? utcZone : new TimeZone(sign === "-" ? -seconds : seconds);
}

/** The text without its time of day, and without the zone that follows it. */
function cutOut(text: string, at: number, length: number, reading: Reading): string {
  return `${text.slice(0, at)} ${readZone(text.slice(at + length), reading)}`;
}

function applyHalf(reading: Reading, half: string | undefined): void {
  if (half === undefined || reading.hour === undefined) return;
  reading.hour = reading.hour % 12 + (half.toLowerCase() === "p" ? 12 : 0);
}

/** Takes the zone off the front of what follows a time of day. */
function readZone(text: string, reading: Reading): string {
  const offset = offsetAfter.exec(text);
  if (offset !== null) {
    const [whole, name, blank, sign, hours, minutes = "0", seconds = "0"] = offset;
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    // GMT+3 means that this time and three hours are that of Greenwich.
    const isReversed = name !== undefined && blank === "";
    const isNamed = blank !== "" && /^(?:UTC|GMT|Z)$/.test(name ?? "");
    reading.zone = zoneOfSize((sign === "-") === isReversed ? "+" : "-", isNamed ? 0 : size);
    return text.slice(whole.length);
  }
  const named = zoneAfter.exec(text);
  if (named === null) return text;
  reading.zone = utcZone;
  return text.slice(named[0].length);
}

const wordsBetween = new Set([
  "t",
  "at",
  "on",
  "and",
  "ad",
  "m",
  "of",
  "st",
  "nd",
  "rd",
  "th",
]);

function readWords(text: string, whole: string, reading: Reading, { fuzzy }: Options): void {
  for (const [token] of text.matchAll(/\d+|\p{L}+|[^\s\d\p{L}]/gu)) {
    if (/^\d+$/.test(token)) readNumber(token, whole, reading);
    else if (/^\p{L}+$/u.test(token)) {
      const month = monthIndex(token);
      if (month >= 0) reading.numbers.push({ value: month + 1, digits: 0, isMonth: true });
      else if (dayIndex(token) >= 0) reading.weekday = dayIndex(token);
      else if (!fuzzy && !wordsBetween.has(token.toLowerCase())) {
        // The short names of zones say nothing that could be known.
        if (!/^[A-Z]{3,5}$/.test(token) || reading.hour === undefined) fail(whole);
      }
    } else if (!fuzzy && !"/-.,;'".includes(token)) fail(whole);
  }
}

function readNumber(token: string, whole: string, reading: Reading): void {
  const push = (value: string) =>
    reading.numbers.push({ value: Number(value), digits: value.length, isMonth: false });
  if (token.length === 8 || token.length === 14 || token.length === 12) {
    push(token.slice(0, 4));
    push(token.slice(4, 6));
    push(token.slice(6, 8));
    if (token.length > 8) {
      Object.assign(reading, {
        hour: Number(token.slice(8, 10)),
        minute: Number(token.slice(10, 12)),
        second: Number(token.slice(12) || 0),
        microsecond: 0,
      });
    }
  } else if (token.length === 6 && reading.numbers.length > 0 && reading.hour === undefined) {
    reading.hour = Number(token.slice(0, 2));
    reading.minute = Number(token.slice(2, 4));
    reading.second = Number(token.slice(4));
  } else if (token.length === 6) {
    for (const at of [0, 2, 4]) push(token.slice(at, at + 2));
  } else if (token.length > 4) fail(whole);
  else push(token);
}

type Part = "year" | "month" | "day";

/** Which numbers are year, month and day: dateutil's rules. */
function orderOf({ numbers }: Reading, { dayFirst, yearFirst }: Options): Part[] {
  const [a = 0, b = 0, c = 0] = numbers.map(({ value }) => value);
  const named = numbers.findIndex(({ isMonth }) => isMonth);
  const yearAt = numbers.findIndex(({ digits }) => digits > 2);
  if (numbers.length === 0) return [];
  if (numbers.length === 1) {
    return named === 0 ? ["month"] : a > 31 || yearAt === 0 ? ["year"] : ["day"];
  }
  if (numbers.length === 2) {
    if (named === 0) return b > 31 || yearAt === 1 ? ["month", "year"] : ["month", "day"];
    if (named === 1) return a > 31 || yearAt === 0 ? ["year", "month"] : ["day", "month"];
    if (a > 31 || yearAt === 0) return ["year", "month"];
    if (b > 31 || yearAt === 1) return ["month", "year"];
    return dayFirst && b <= 12 ? ["day", "month"] : ["month", "day"];
  }
  if (named === 0) {
    return b > 31 || yearAt === 1 ? ["month", "year", "day"] : ["month", "day", "year"];
  }
  if (named === 1) {
    return a > 31 || yearAt === 0 || (yearFirst && c <= 31)
      ? ["year", "month", "day"]
      : ["day", "month", "year"];
  }
  if (named === 2) {
    return b > 31 || yearAt === 1 ? ["day", "year", "month"] : ["year", "day", "month"];
  }
  if (a > 31 || yearAt === 0 || (yearFirst && b <= 12 && c <= 31)) {
    return dayFirst && c <= 12 ? ["year", "day", "month"] : ["year", "month", "day"];
  }
  return a > 12 || (dayFirst && b <= 12) ? ["day", "month", "year"] : ["month", "day", "year"];
}

/** The moment that counts as now; the epoch where the host gives none. */
function today(): PyDateTime {
  return fromMicroseconds(BigInt(Math.trunc(host.now ?? 0)) * 1000000n);
}

function fullYear(value: number, digits: number): number {
  if (value >= 100 || digits > 2) return value;
  const now = today().year;
  const year = value + Math.floor(now / 100) * 100;
  return year >= now + 50 ? year - 100 : year < now - 50 ? year + 100 : year;
}

/** Reads a date. Raises ParserError, a ValueError. */
export function parseDate(text: string, options: Options, given?: Moment): PyDateTime {
  const reading: Reading = { numbers: [] };
  const trimmed = text.trim();
  const rest = readClock(trimmed, reading);
  const loose = options.fuzzy && reading.zone === undefined && reading.hour !== undefined
    ? looseZone.exec(rest)
    : null;
  if (loose !== null) {
    const [, sign, hours = "0", minutes = "0"] = loose;
    reading.zone = zoneOfSize(sign, Number(hours) * 3600 + Number(minutes) * 60);
  }
  readWords(loose === null ? rest : rest.replace(loose[0], " "), text, reading, options);
  if (reading.numbers.length > 3) fail(text);
  const isEmpty = reading.numbers.length === 0 && reading.hour === undefined &&
    reading.weekday === undefined;
  if (isEmpty) fail(text, trimmed === "" ? "String does not contain a date" : undefined);
  const start = given ?? today();
  const fields: Fields = {
    year: start.year,
    month: start.month,
    day: start.day,
    hour: reading.hour ?? given?.hour ?? 0,
    minute: reading.minute ?? given?.minute ?? 0,
    second: reading.second ?? given?.second ?? 0,
    microsecond: reading.microsecond ?? given?.microsecond ?? 0,
  };
  let hasDay = false;
  orderOf(reading, options).forEach((part, at) => {
    const { value = 0, digits = 0 } = reading.numbers[at] ?? {};
    if (part === "day") hasDay = true;
    fields[part] = part === "year" ? fullYear(value, digits) : value;
  });
  if (!hasDay && reading.numbers.length > 0) {
    fields.day = Math.min(fields.day, monthDays(fields.year, fields.month));
  }
  checkRanges(fields, text);
  const found = new PyDateTime(fields, reading.zone ?? given?.tz ?? null);
  return reading.weekday === undefined || hasDay ? found : nextWeekday(found, reading.weekday);
}

function checkRanges({ year, month, day, hour, minute, second }: Fields, text: string): void {
  if (month < 1 || month > 12) fail(text, "month must be in 1..12");
  if (year < 1 || year > 9999) fail(text, `year ${year} is out of range`);
  if (day < 1 || day > monthDays(year, month)) fail(text, "day is out of range for month");
  if (hour > 23 || minute > 59 || second > 59) fail(text, "hour must be in 0..23");
}

function nextWeekday(moment: PyDateTime, weekday: number): PyDateTime {
  const ahead = (weekday - weekdayOf(moment.year, moment.month, moment.day) + 7) % 7;
  return fromMicroseconds(naive(moment) + BigInt(ahead) * 86400000000n, moment.tz);
}

function parse(
  text: Value,
  fallback: Value,
  dayFirst: Value,
  yearFirst: Value,
  fuzzy: Value,
): Value {
  const read = textOf(text);
  if (read === undefined) {
    raise("TypeError", `Parser must be a string or character stream, not ${typeName(text)}`);
  }
  if (read.length > 200) fail(b_repr(read.slice(0, 50)));
  const options = { dayFirst: t(dayFirst), yearFirst: t(yearFirst), fuzzy: t(fuzzy) };
  return parseDate(read, options, fallback instanceof Moment ? fallback : undefined);
}

const isoParts =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d))?|(\d\d)(\d\d)|-?W(\d\d)(?:-?([1-7]))?|-?(\d{3}))?(?:[^\d](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** ISO 8601, and nothing else. Raises ValueError. */
function isoparse(text: string): PyDateTime {
  const found = isoParts.exec(text);
  if (found === null) return raise("ValueError", "String contains unknown ISO components");
  const [, y, m1, d1, m2, d2, week, weekday = "1", dayOfYear, h = "0", min = "0", s = "0"] = found;
  const year = Number(y);
  const first = toOrdinal(year, 1, 1);
  const monday = toOrdinal(year, 1, 4) - weekdayOf(year, 1, 4);
  const [yearOf, month, day] = week !== undefined
    ? fromOrdinal(monday + (Number(week) - 1) * 7 + Number(weekday) - 1)
    : dayOfYear !== undefined
    ? fromOrdinal(first + Number(dayOfYear) - 1)
    : [year, Number(m1 ?? m2 ?? 1), Number(d1 ?? d2 ?? 1)];
  const isMidnight = Number(h) === 24 && Number(min) === 0 && Number(s) === 0;
  const hour = isMidnight ? 0 : Number(h);
  const fields = { year: yearOf, month, day, hour, minute: Number(min), second: Number(s) };
  checkRanges({ ...fields, microsecond: 0 }, text);
  const microsecond = Number((found[12] ?? "").slice(0, 6).padEnd(6, "0"));
  const moment = new PyDateTime({ ...fields, microsecond }, isoZone(found[13]));
  return isMidnight ? fromMicroseconds(naive(moment) + 86400000000n, moment.tz) : moment;
}

function isoZone(text: string | undefined): TimeZone | null {
  if (text === undefined) return null;
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d\d):?(\d\d)?$/.exec(text) ?? [];
  return zoneOfSize(sign, Number(hours) * 3600 + Number(minutes) * 60);
}

/** The members of dateutil.parser. */
export const dateParserModule: Record<string, Value> = members({
  parse: [
    1,
    5,
    (text, fallback, dayFirst, yearFirst, fuzzy) =>
      parse(text, fallback, dayFirst, yearFirst, fuzzy),
    "timestr default dayfirst yearfirst fuzzy",
  ],
  isoparse: [1, 1, (text) => isoparse(needText(text))],
  ParserError: errorType("ParserError"),
});
