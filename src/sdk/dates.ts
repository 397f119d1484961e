/**
 * Dates as sources write them, read as Unix seconds.
 *
 * Sources mostly write ISO 8601. The Python connector's date library was lenient: it searched the text
 * for a date, and where it found none it took any four digits for a year. What it read rightly is
 * read alike here; where it would have invented a date the text is {@link DateReading | doubtful}.
 *
 * @module
 */

/**
 * Unix seconds, whole; or `"doubtful"` for text that looks like a date in an order or a precision
 * that cannot be trusted (`01/02/2019`, `2019-1-2`, `2019-02-30`); or `"unreadable"` for the rest.
 */
export type DateReading = number | "doubtful" | "unreadable";

// The years 1 to 9999, as Python's calendar.
const earliest = -62135596800;
const latest = 253402300799;

const numberText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const monthText = /^(\d{4})-(\d{2})$/;
const dayText = /^(\d{4})-(\d{2})-(\d{2})(?!\d)/;
const momentText =
  /^(\d{4})-(\d{2})-(\d{2})([T ])(\d{2}):(\d{2})(?::(\d{2})(?!\d)(?:[.,]\d+)?|(?![:.,\d]))(?: ?(Z|[+-]\d{2}(?::?\d{2})?)(?!\d))?/i;
const secondsText = /(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})/;

/** Seconds of a number that already counts Unix seconds. */
function fromNumber(value: number): DateReading {
  const seconds = Math.floor(value);
  return seconds >= earliest && seconds <= latest ? seconds : "unreadable";
}

/** How many days a month has; 0 when there is no such month. */
function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  // Not a number is no month either.
  if (!(month >= 1 && month <= 12)) return 0;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * Days from 1970-01-01 to a day of the Gregorian calendar. Counted, not taken from a native date, which
 * takes several times as long and the years 0 to 99 for 1900 to 1999.
 */
function daysSinceEpoch(year: number, month: number, day: number): number {
  // Years begin in March, so that the leap day is the last of its year.
  const march = month > 2 ? year : year - 1;
  const era = Math.floor(march / 400);
  const yearOfEra = march - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) +
    dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Seconds of a moment in UTC, its parts as text; nothing when the calendar lacks it. */
function fromParts(
  year: string,
  month: string,
  day = "1",
  hour = "0",
  minute = "0",
  second = "0",
): number | undefined {
  const [y, m, d, h] = [Number(year), Number(month), Number(day), Number(hour)];
  if (y < 1 || h > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (d < 1 || d > daysInMonth(y, m)) return undefined;
  return daysSinceEpoch(y, m, d) * 86_400 + h * 3600 + Number(minute) * 60 + Number(second);
}

/** Seconds east of UTC of a zone such as `Z`, `+02`, `+0200`, `-02:30`; nothing when there is no such zone. */
function parseZone(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", ""));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/** A date with a time of day, the zone heeded; text after it is ignored, unless it may be another zone. */
function parseMoment(text: string): DateReading {
  const found = momentText.exec(text);
  if (found === null) return "unreadable";
  const [whole, year = "", month = "", day, divider, hour, minute, second, zone] = found;
  const after = text.slice(whole.length);
  if (/^[+-]/.test(after) || (divider !== " " && after.startsWith(" "))) return "unreadable";
  const local = fromParts(year, month, day, hour, minute, second);
  const offset = parseZone(zone);
  return local === undefined || offset === undefined ? "unreadable" : local - offset;
}

/** Two digits of a text as a number; not a number when one is none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/**
 * Midnight of exactly `YYYY-MM-DD`; nothing for any other text. Most dates of most files look like
 * this, and patterns take ten times as long.
 */
function parsePlainDay(text: string): number | undefined {
  if (text.length !== 10 || text[4] !== "-" || text[7] !== "-") return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const isDay = year >= 1 && day >= 1 && day <= daysInMonth(year, month);
  return isDay ? daysSinceEpoch(year, month, day) * 86_400 : undefined;
}

/** A date without a time of day: midnight in UTC. */
function parseDay(text: string): DateReading {
  const [, year = "", month = "", day] = dayText.exec(text) ?? monthText.exec(text) ?? [];
  const seconds = fromParts(year, month, day);
  if (seconds !== undefined) return seconds;
  const digits = /\d{4}/.exec(text);
  return digits === null || digits[0] === "0000" ? "unreadable" : "doubtful";
}

/**
 * Reads a date of any kind: a number or text of a number (Unix seconds), a native date, or ISO 8601
 * text: `2019-01`, `2019-01-02`, `2019-01-02T03:04:05.123+02:00`. No zone means UTC; fractions are cut.
 */
export function readDate(value: unknown): DateReading {
  if (typeof value === "number" || typeof value === "bigint") return fromNumber(Number(value));
  if (value instanceof Date) return fromNumber(value.getTime() / 1000);
  if (typeof value !== "string") return "unreadable";
  const text = value.trim();
  const plain = parsePlainDay(text);
  if (plain !== undefined) return plain;
  if (numberText.test(text)) return fromNumber(Number(text));
  return /[T ]|^[\d-]+t/.test(text) ? parseMoment(text) : parseDay(text);
}

/**
 * Reads `YYYY-MM-DD HH:mm:ss` out of a text, wherever it stands, as UTC: whatever follows, be it
 * a zone, is ignored.
 */
export function readSpacedDate(text: string): DateReading {
  const found = secondsText.exec(text);
  if (found === null) return "unreadable";
  const [, year = "", month = "", day, hour, minute, second] = found;
  return fromParts(year, month, day, hour, minute, second) ?? "unreadable";
}
