/**
 * The texts of arrow: its own formats, written and read, and ISO 8601 as it reads it.
 *
 * @module
 */

import {
  dayNames,
  fromOrdinal,
  isLeap,
  isoCalendar,
  monthDays,
  monthNames,
  toOrdinal,
  weekdayOf,
} from "./calendar_days.ts";
import { errorType, exception, PyError, raise } from "./errors.ts";
import { absolute, fromMicroseconds, fromTimestamp, naive, PyDateTime } from "./moments.ts";
import { flt } from "./numbers.ts";
import { offsetText, strftime } from "./strftime.ts";
import { TimeZone, utcZone, zoneName } from "./timedelta.ts";
import { typeKey } from "./types.ts";

exception("ArrowParserError", "ValueError");

/** Raises ParserError, a ValueError. */
export function failParsing(message: string): never {
  throw new PyError(errorType("ArrowParserError"), [message]);
}

const tokens =
  /\[(?:\\.|[^\]])*\]|YYYY|YY|MMMM|MMM|MM|M|DDDD|DDD|DD|Do|D|dddd|ddd|d|HH|H|hh|h|mm|m|ss|s|S+|ZZZ|ZZ|Z|a|A|X|x|W/g;
/** The name of a zone, where it has one: an offset has none. */
export function zoneLabel(zone: TimeZone | null): string | null {
  return zone === null || (zone.offset !== 0 && zone.name === undefined) ? null : zoneName(zone);
}

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
  ZZZ: (m) => zoneLabel(m.tz) ?? "",
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

/** A moment in a format of arrow. */
export function formatMoment(m: PyDateTime, pattern: string): string {
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
  Do: "\\d+(?:st|nd|rd|th)",
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
  S: "\\d+",
  X: "-?\\d+(?:\\.\\d+)?",
  x: "-?\\d+",
  ZZ: "[+-]\\d{2}:\\d{2}|[+-]\\d{2}|Z",
  Z: "[+-]\\d{2}\\d{2}|[+-]\\d{2}:\\d{2}|[+-]\\d{2}|Z",
  a: "am|pm|AM|PM",
  A: "am|pm|AM|PM",
  W: "\\d{4}-?W\\d{2}-?\\d?",
};

/** Where a date may begin and end in a text: next to blanks, with one sign of punctuation between. */
const begin = "(?<!\\S\\S)(?<![^,.;:?!\"'`\\[\\]{}()<>\\s])(?:\\b|^)";
const end = "(?=[,.;:?!\"'`\\[\\]{}()<>]?(?!\\S))";

/** A format as an expression, with the tokens of its groups. */
interface Reader {
  readonly kinds: readonly string[];
  readonly expression: RegExp;
}

const escapeText = (plain: string): string => plain.replace(/[\\^$.|?*+()[\]{}/]/g, "\\$&");

function makeReader(pattern: string): Reader {
  const kinds: string[] = [];
  let source = "";
  let at = 0;
  for (const { 0: token, index } of pattern.matchAll(tokens)) {
    source += escapeText(pattern.slice(at, index));
    at = index + token.length;
    if (token.startsWith("[")) {
      source += escapeText(token.slice(1, -1));
      continue;
    }
    const kind = token.startsWith("S") ? "S" : token;
    const expression = readers[kind];
    if (expression === undefined) failParsing(`Unrecognized token '${token}'.`);
    // The engine has no more than 255 groups; a date has seven parts.
    if (kinds.push(kind) > 100) failParsing("The format has too many tokens.");
    source += `(${expression})`;
  }
  source += escapeText(pattern.slice(at));
  return { kinds, expression: new RegExp(begin + source + end, "iu") };
}

const known = new Map<string, Reader>();

/** Reads a text in a format. Raises ParserError. */
export function readPattern(text: string, pattern: string): PyDateTime {
  const reader = known.get(pattern) ?? makeReader(pattern);
  if (known.size < 100) known.set(pattern, reader);
  const { kinds, expression } = reader;
  const found = expression.exec(text);
  if (found === null) failParsing(`Failed to match '${pattern}' when parsing '${text}'.`);
  return momentOf(new Map(kinds.map((kind, index) => [kind, found[index + 1] ?? ""])));
}

const isoDates = [
  "YYYY-M-D",
  "YYYY/M/D",
  "YYYY.M.D",
  "YYYYMMDD",
  "YYYY-DDDD",
  "YYYYDDDD",
  "YYYY-MM",
  "YYYY/MM",
  "YYYY.MM",
  "YYYY",
  "W",
];
const clock = /^(\d{2})(?::?(\d{2}))?(?::?(\d{2}))?(?:([.,])(\d+))?$/;

/** The format of what follows the date, after the T or the blank. */
function clockFormat(text: string): string {
  const [plain = "", zone] = text.split(/[+\-Z](.*)/i);
  const match = clock.exec(plain);
  if (match === null) {
    failParsing(
      "Invalid time component provided. Please specify a format or provide a valid time.",
    );
  }
  const [, , minutes, seconds, point, fraction] = match;
  const colon = plain.includes(":") ? ":" : "";
  let format = "HH";
  if (minutes !== undefined) format += `${colon}mm`;
  if (seconds !== undefined) format += `${colon}ss`;
  if (fraction !== undefined) format += `${point}S`;
  return zone === undefined ? format : `${format}${zone.includes(":") ? "ZZ" : "Z"}`;
}

/** Reads ISO 8601. Raises ParserError. */
export function readIso(text: string): PyDateTime {
  const blanks = text.split(" ").length - 1;
  const separator = blanks > 0 ? " " : text.includes("T") ? "T" : undefined;
  if (blanks > 1 || (blanks > 0 && text.includes("T"))) {
    failParsing(`Expected an ISO 8601-like string, but was given '${text}'.`);
  }
  const tail = separator === undefined
    ? ""
    : separator + clockFormat(text.slice(text.indexOf(separator) + 1));
  for (const date of isoDates) {
    try {
      return readPattern(text, date + tail);
    } catch (error) {
      if (!(error instanceof PyError) || error[typeKey] !== errorType("ArrowParserError")) {
        throw error;
      }
    }
  }
  return failParsing(`Could not match input '${text}' to any of the formats.`);
}

/** Seconds of a number that may as well be milliseconds or microseconds. Raises ValueError. */
export function normalizeTimestamp(value: number): number {
  const most = 253402318799;
  if (value <= most) return value;
  if (value <= most * 1e3) return value / 1e3;
  if (value <= most * 1e6) return value / 1e6;
  return raise("ValueError", `The specified timestamp ${value} is too large.`);
}

type Get = (...names: string[]) => string | undefined;

/** Year, month and day of a text, by whatever it has. */
function dateOf(get: Get): readonly [number, number, number] {
  const [, weekYear, week, weekday] = /^(\d{4})-?W(\d{2})-?(\d?)$/i.exec(get("W") ?? "") ?? [];
  if (weekYear !== undefined) {
    return dateOfWeek(Number(weekYear), Number(week), Number(weekday || 1));
  }
  const short = get("YY");
  const year = Number(
    get("YYYY") ?? (short === undefined ? 1 : Number(short) + (Number(short) > 68 ? 1900 : 2000)),
  );
  const dayOfYear = get("DDDD", "DDD");
  if (dayOfYear !== undefined) return dateOfDay(year, Number(dayOfYear), get);
  const name = get("MMMM", "MMM")?.toLowerCase();
  const month = name === undefined
    ? Number(get("MM", "M") ?? 1)
    : monthNames.findIndex((one) => one.toLowerCase().startsWith(name)) + 1;
  const day = get("DD", "D", "Do");
  const weekdayName = get("dddd", "ddd")?.slice(0, 3).toLowerCase();
  if (day !== undefined || weekdayName === undefined) {
    return [year, month, parseInt(day ?? "1", 10)];
  }
  const start = get("YYYY", "YY") === undefined ? 1970 : year;
  const wanted = dayNames.findIndex((one) => one.toLowerCase().startsWith(weekdayName));
  const ahead = (wanted - weekdayOf(start, month, 1) + 7) % 7;
  return [start, month, 1 + ahead];
}

function dateOfWeek(year: number, week: number, day: number): [number, number, number] {
  if (week < 1 || week > 53) raise("ValueError", "ISO Calendar week value must be between 1-53.");
  if (day < 1 || day > 7) raise("ValueError", "ISO Calendar day value must be between 1-7");
  const fourth = toOrdinal(year, 1, 4);
  const monday = fourth - weekdayOf(year, 1, 4);
  return fromOrdinal(monday + (week - 1) * 7 + day - 1);
}

function dateOfDay(year: number, day: number, get: Get): [number, number, number] {
  if (get("YYYY", "YY") === undefined) {
    failParsing("Year component is required with the DDD and DDDD tokens.");
  }
  if (get("MMMM", "MMM", "MM", "M") !== undefined) {
    failParsing("Month component is not allowed with the DDD and DDDD tokens.");
  }
  if (day < 1 || day > (isLeap(year) ? 366 : 365)) {
    failParsing(`The provided day of year '${day}' is invalid.`);
  }
  return fromOrdinal(toOrdinal(year, 1, 1) + day - 1);
}

/** Microseconds of digits after the point; the seventh rounds, and a five to the even one. */
function readFraction(digits: string): number {
  const padded = digits.padEnd(7, "0");
  const seventh = Number(padded[6]);
  const up = seventh === 5 ? Number(padded[5]) % 2 : seventh > 5 ? 1 : 0;
  return Number(padded.slice(0, 6)) + up;
}

function momentOf(parts: ReadonlyMap<string, string>): PyDateTime {
  const get: Get = (...names) =>
    names.map((name) => parts.get(name)).find((one) => one !== undefined);
  const zone = readZone(get("ZZ", "Z") ?? "Z");
  const stamp = get("X") ?? get("x");
  if (stamp !== undefined) {
    const seconds = get("X") === undefined ? normalizeTimestamp(Number(stamp)) : Number(stamp);
    return fromTimestamp(flt(seconds), zone);
  }
  const [year, month, day] = dateOf(get);
  const half = get("a", "A")?.toLowerCase();
  const written = Number(get("HH", "H", "hh", "h") ?? 0);
  const hour = half === undefined
    ? written
    : half === "pm" && written < 12
    ? written + 12
    : half === "am" && written === 12
    ? 0
    : written;
  const minute = Number(get("mm", "m") ?? 0);
  const second = Number(get("ss", "s") ?? 0);
  const microsecond = readFraction(get("S") ?? "");
  const isMidnight = hour === 24 && minute === 0 && second === 0 && microsecond === 0;
  if (month < 1 || month > 12) raise("ValueError", "month must be in 1..12");
  if (year < 1) raise("ValueError", `year ${year} is out of range`);
  if (day < 1 || day > monthDays(year, month)) {
    raise("ValueError", "day is out of range for month");
  }
  if (minute > 59 || second > 59 || (hour > 23 && !isMidnight)) {
    raise("ValueError", "hour must be in 0..23");
  }
  const start = naive(new PyDateTime({ year, month, day }, zone));
  const seconds = BigInt((hour * 60 + minute) * 60 + second);
  return fromMicroseconds(start + seconds * 1000000n + BigInt(microsecond), zone);
}

/** A zone by its offset, or one of the names of UTC. Raises ParserError. */
export function readZone(text: string): TimeZone {
  if (/^(?:z|utc|local|gmt)$/i.test(text)) return utcZone;
  const match = /^([+-])?(\d{2}):?(\d{2})?$/.exec(text);
  if (match === null) return failParsing(`Could not parse timezone expression '${text}'.`);
  const size = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60;
  return size === 0 ? utcZone : new TimeZone(match[1] === "-" ? -size : size);
}
