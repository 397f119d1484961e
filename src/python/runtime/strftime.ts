/**
 * strftime() and strptime().
 *
 * @module
 */

import {
  dayNames,
  fromOrdinal,
  isoCalendar,
  type MomentFields,
  monthDays,
  monthNames,
  toOrdinal,
  weekdayOf,
} from "./calendar_days.ts";
import { raise } from "./errors.ts";
import { b_repr } from "./repr.ts";

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** +hhmm of an offset in seconds. */
export function offsetText(seconds: number | null, colon = ""): string {
  if (seconds === null) return "";
  const size = Math.abs(seconds);
  const rest = size % 60 === 0 ? "" : `${colon}${twoDigits(size % 60)}`;
  return `${seconds < 0 ? "-" : "+"}${twoDigits(Math.floor(size / 3600))}${colon}${
    twoDigits(Math.floor(size / 60) % 60)
  }${rest}`;
}

function yearDay(v: MomentFields): number {
  return toOrdinal(v.year, v.month, v.day) - toOrdinal(v.year, 1, 1) + 1;
}

function dayName(v: MomentFields): string {
  return dayNames[weekdayOf(v.year, v.month, v.day)] ?? "";
}

function monthName(v: MomentFields): string {
  return monthNames[v.month - 1] ?? "";
}

const directives: Record<string, (v: MomentFields) => string> = {
  a: (v) => dayName(v).slice(0, 3),
  A: (v) => dayName(v),
  b: (v) => monthName(v).slice(0, 3),
  h: (v) => monthName(v).slice(0, 3),
  B: (v) => monthName(v),
  c: (v) => strftime("%a %b %e %H:%M:%S %Y", v),
  C: (v) => twoDigits(Math.floor(v.year / 100)),
  d: (v) => twoDigits(v.day),
  D: (v) => strftime("%m/%d/%y", v),
  e: (v) => String(v.day).padStart(2, " "),
  F: (v) => strftime("%Y-%m-%d", v),
  f: (v) => String(v.microsecond).padStart(6, "0"),
  G: (v) => String(isoCalendar(v.year, v.month, v.day)[0]),
  H: (v) => twoDigits(v.hour),
  I: (v) => twoDigits(v.hour % 12 === 0 ? 12 : v.hour % 12),
  j: (v) => String(yearDay(v)).padStart(3, "0"),
  m: (v) => twoDigits(v.month),
  M: (v) => twoDigits(v.minute),
  n: () => "\n",
  p: (v) => v.hour < 12 ? "AM" : "PM",
  R: (v) => strftime("%H:%M", v),
  S: (v) => twoDigits(v.second),
  t: () => "\t",
  T: (v) => strftime("%H:%M:%S", v),
  u: (v) => String(weekdayOf(v.year, v.month, v.day) + 1),
  U: (v) =>
    twoDigits(Math.floor((yearDay(v) + 6 - (weekdayOf(v.year, v.month, v.day) + 1) % 7) / 7)),
  V: (v) => twoDigits(isoCalendar(v.year, v.month, v.day)[1]),
  w: (v) => String((weekdayOf(v.year, v.month, v.day) + 1) % 7),
  W: (v) => twoDigits(Math.floor((yearDay(v) + 6 - weekdayOf(v.year, v.month, v.day)) / 7)),
  x: (v) => strftime("%m/%d/%y", v),
  X: (v) => strftime("%H:%M:%S", v),
  y: (v) => twoDigits(v.year % 100),
  Y: (v) => String(v.year),
  z: (v) => offsetText(v.offset),
  Z: (v) => v.zone,
  "%": () => "%",
};

/** Formats the fields of a moment. */
export function strftime(format: string, moment: MomentFields): string {
  return format.replace(/%-?([a-zA-Z%])/g, (whole, kind) => {
    const write = directives[kind];
    if (write === undefined) return whole;
    const text = write(moment);
    return whole[1] === "-" && whole.length === 3 ? text.replace(/^0+(?=\d)/, "") : text;
  });
}

const lowerNames = (list: readonly string[]): string[] => list.map((name) => name.toLowerCase());
const shortNames = (list: readonly string[]): string[] =>
  list.map((name) => name.slice(0, 3).toLowerCase());
const patterns: Record<string, string> = {
  a: shortNames(dayNames).join("|"),
  A: lowerNames(dayNames).join("|"),
  b: shortNames(monthNames).join("|"),
  h: shortNames(monthNames).join("|"),
  B: lowerNames(monthNames).join("|"),
  d: "3[01]|[12]\\d|0[1-9]|[1-9]| [1-9]",
  f: "\\d{1,6}",
  H: "2[0-3]|[01]\\d|\\d",
  I: "1[0-2]|0[1-9]|[1-9]| [1-9]",
  j: "36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]",
  m: "1[0-2]|0[1-9]|[1-9]",
  M: "[0-5]\\d|\\d",
  p: "am|pm",
  S: "6[01]|[0-5]\\d|\\d",
  U: "5[0-3]|[0-4]\\d|\\d",
  w: "[0-6]",
  W: "5[0-3]|[0-4]\\d|\\d",
  y: "\\d\\d",
  Y: "\\d{4}",
  z: "[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|z",
  Z: "utc|gmt",
};
const combined: Record<string, string> = {
  c: "%a %b %d %H:%M:%S %Y",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
  D: "%m/%d/%y",
  T: "%H:%M:%S",
  R: "%H:%M",
  F: "%Y-%m-%d",
};

/** A format as an expression whose groups are of these kinds. */
interface CompiledFormat {
  readonly expression: RegExp;
  readonly kinds: readonly string[];
}

const compiled = new Map<string, CompiledFormat>();

function compileFormat(format: string): CompiledFormat {
  const known = compiled.get(format);
  if (known !== undefined) return known;
  const kinds: string[] = [];
  const plain = format.replace(/%([cxXDTRF])/g, (_, kind) => combined[kind] ?? "");
  const source = plain.replace(/%(.?)|(\s+)|[\\^$.|?*+()[\]{}/]/gs, (whole, kind, space) => {
    if (space !== undefined) return "\\s+";
    if (kind === undefined) return `\\${whole}`;
    if (kind === "%") return "%";
    if (kind === "") raise("ValueError", `stray % in format ${b_repr(format)}`);
    const pattern = patterns[kind];
    if (pattern === undefined) {
      raise("ValueError", `'${kind}' is a bad directive in format ${b_repr(format)}`);
    }
    kinds.push(kind);
    return `(${pattern})`;
  });
  const made = { expression: new RegExp(`^${source}`, "i"), kinds };
  if (compiled.size > 100) compiled.clear();
  compiled.set(format, made);
  return made;
}

/** The texts that were read, by the letter of their directive. */
type RawFields = Record<string, string | undefined>;
type ReadFields = { -readonly [K in keyof MomentFields]: MomentFields[K] };

/** Reads a text by a format into fields. Raises ValueError. */
export function strptime(text: string, format: string): MomentFields {
  const { expression, kinds } = compileFormat(format);
  const match = expression.exec(text);
  if (match === null) {
    raise("ValueError", `time data ${b_repr(text)} does not match format ${b_repr(format)}`);
  }
  if (match[0].length < text.length) {
    raise("ValueError", `unconverted data remains: ${text.slice(match[0].length)}`);
  }
  const found: ReadFields = {
    year: 1900,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    microsecond: 0,
    offset: null,
    zone: "",
  };
  const raw: RawFields = {};
  kinds.forEach((kind, index) => raw[kind] = match[index + 1]?.toLowerCase());
  readDate(raw, found);
  readClock(raw, found);
  if (found.day > monthDays(found.year, found.month)) {
    raise("ValueError", "day is out of range for month");
  }
  return found;
}

function readDate(raw: RawFields, found: ReadFields): void {
  if (raw["Y"] !== undefined) found.year = Number(raw["Y"]);
  else if (raw["y"] !== undefined) {
    found.year = Number(raw["y"]) + (Number(raw["y"]) < 69 ? 2000 : 1900);
  }
  const month = raw["b"] ?? raw["h"];
  if (raw["m"] !== undefined) found.month = Number(raw["m"]);
  else if (month !== undefined) found.month = shortNames(monthNames).indexOf(month) + 1;
  else if (raw["B"] !== undefined) found.month = lowerNames(monthNames).indexOf(raw["B"]) + 1;
  if (raw["d"] !== undefined) found.day = Number(raw["d"]);
  if (
    raw["j"] !== undefined && raw["m"] === undefined && month === undefined &&
    raw["B"] === undefined
  ) {
    const [, m, d] = fromOrdinal(toOrdinal(found.year, 1, 1) + Number(raw["j"]) - 1);
    Object.assign(found, { month: m, day: d });
  }
}

function readClock(raw: RawFields, found: ReadFields): void {
  if (raw["H"] !== undefined) found.hour = Number(raw["H"]);
  else if (raw["I"] !== undefined) {
    found.hour = Number(raw["I"]) % 12 + (raw["p"] === "pm" ? 12 : 0);
  }
  if (raw["M"] !== undefined) found.minute = Number(raw["M"]);
  if (raw["S"] !== undefined) found.second = Number(raw["S"]);
  if (raw["f"] !== undefined) found.microsecond = Number(raw["f"].padEnd(6, "0"));
  if (raw["z"] === undefined) return;
  found.offset = 0;
  if (raw["z"] === "z") return;
  const digits = raw["z"].slice(1).replaceAll(":", "");
  found.offset = (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4))) * 60 +
    Number(digits.slice(4, 6) || 0);
  if (raw["z"][0] === "-") found.offset = -found.offset;
}
