/**
 * dateutil.parser: reads dates in whatever form they are written.
 *
 * @module
 */

import { dayNames, monthDays, monthNames, weekdayOf } from "./calendar_days.ts";
import { t } from "./compare.ts";
import { errorType, exception, PyError, raise } from "./errors.ts";
import { host } from "./host.ts";
import { typeName } from "./kinds.ts";
import { textOf } from "./lenient.ts";
import { type Fields, fromMicroseconds, Moment, naive, PyDateTime } from "./moments.ts";
import { b_repr } from "./repr.ts";
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
  /(\d+)\s*h(?:ours?)?\s*(?:(\d+)\s*m(?:in(?:utes?)?)?)?\s*(?:(\d+)\s*s(?:ec(?:onds?)?)?)?/i;
const offsetAfter =
  /^\s*(?:UTC|GMT|Z)?\s*([+-])(\d{2}):?(\d{2})?(?::?(\d{2}))?(?![\d:])(?:\s*\([^)]*\))?/;
const zoneAfter = /^\s*(?:UTC|GMT|Z)\b/;

function fail(text: string, what = "Unknown string format"): never {
  throw new PyError(errorType("ParserError"), [`${what}: ${text}`]);
}

function readClock(text: string, reading: Reading): string {
  for (const pattern of [clockPattern, compactClock]) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const [whole, hour, minute, second = "0", fraction = "", half] = match;
    Object.assign(reading, {
      hour: Number(hour),
      minute: Number(minute),
      second: Number(second),
      microsecond: Number(fraction.slice(0, 6).padEnd(6, "0")),
    });
    applyHalf(reading, half);
    return cutOut(text, match.index, whole.length, reading);
  }
  const hour = hourPattern.exec(text);
  if (hour !== null) {
    Object.assign(reading, { hour: Number(hour[1]), minute: 0, second: 0, microsecond: 0 });
    applyHalf(reading, hour[2]);
    return cutOut(text, hour.index, hour[0].length, reading);
  }
  const named = namedClock.exec(text);
  if (named === null) return text;
  const [whole, h, m = "0", s = "0"] = named;
  Object.assign(reading, { hour: Number(h), minute: Number(m), second: Number(s), microsecond: 0 });
  return cutOut(text, named.index, whole.length, reading);
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
    const [whole, sign, hours, minutes = "0", seconds = "0"] = offset;
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    reading.zone = size === 0 ? utcZone : new TimeZone(sign === "-" ? -size : size);
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
  "the",
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
    } else if (!fuzzy && !"/-.,:'()+".includes(token)) fail(whole);
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
  } else if (token.length === 6 && reading.numbers.length === 0) {
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
  readWords(readClock(trimmed, reading), text, reading, options);
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

/** The members of dateutil.parser. */
export const dateParserModule: Record<string, Value> = members({
  parse: [
    1,
    5,
    (text, fallback, dayFirst, yearFirst, fuzzy) =>
      parse(text, fallback, dayFirst, yearFirst, fuzzy),
    "timestr default dayfirst yearfirst fuzzy",
  ],
  isoparse: [1, 1, (text) => parse(text, undefined, undefined, undefined, undefined)],
  ParserError: errorType("ParserError"),
});
