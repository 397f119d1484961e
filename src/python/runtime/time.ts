/**
 * The time and calendar modules.
 *
 * @module
 */

import {
  dayFields,
  dayNames,
  epochDay,
  isLeap,
  type MomentFields,
  monthDays,
  monthNames,
  toOrdinal,
  weekdayOf,
} from "./calendar_days.ts";
import { raise } from "./errors.ts";
import { now } from "./host.ts";
import { typeName } from "./kinds.ts";
import { structTime, structType } from "./moments.ts";
import { flt, fv, isNumber } from "./numbers.ts";
import { mark } from "./records.ts";
import { strftime, strptime } from "./strftime.ts";
import { needText } from "./text.ts";
import { members, PyTuple, type Value } from "./types.ts";

/** Unix seconds as struct_time, in UTC. */
function gmtime(seconds?: Value): PyTuple {
  const value = seconds === undefined || seconds === null ? now() : seconds;
  if (!isNumber(value)) {
    raise("TypeError", `'${typeName(value)}' object cannot be interpreted as an integer`);
  }
  const total = Math.floor(fv(value));
  const days = Math.floor(total / 86400);
  const rest = total - days * 86400;
  if (Math.abs(total) > 1e14) raise("OverflowError", "timestamp out of range for platform time_t");
  const [year, month, day] = dayFields(days + epochDay);
  const yearDay = toOrdinal(year, month, day) - toOrdinal(year, 1, 1) + 1;
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60];
  return structTime([year, month, day, ...clock, weekdayOf(year, month, day), yearDay, 0]);
}

/** The fields of a struct_time or a tuple of nine. */
function fields(value: Value): MomentFields {
  if (!(value instanceof PyTuple) || value.a.length < 6) {
    raise("TypeError", "Tuple or struct_time argument required");
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = value.a.map(Number);
  return { year, month, day, hour, minute, second, microsecond: 0, offset: 0, zone: "UTC" };
}

function seconds(value: Value): number {
  const m = fields(value);
  const days = toOrdinal(m.year, 1, 1) - epochDay;
  const before = [...Array(m.month - 1).keys()].reduce(
    (sum, at) => sum + monthDays(m.year, at + 1),
    0,
  );
  return (days + before + m.day - 1) * 86400 + m.hour * 3600 + m.minute * 60 + m.second;
}

/** The members of time. */
export const timeModule = members({
  time: [0, 0, now],
  gmtime: [0, 1, gmtime],
  localtime: [0, 1, gmtime],
  mktime: [1, 1, (value) => flt(seconds(value))],
  strftime: [1, 2, (format, value) => strftime(needText(format), fields(value ?? gmtime()))],
  strptime: [1, 2, (text, format = "%a %b %d %H:%M:%S %Y") => {
    const m = strptime(needText(text), needText(format));
    const yearDay = toOrdinal(m.year, m.month, m.day) - toOrdinal(m.year, 1, 1) + 1;
    const weekday = weekdayOf(m.year, m.month, m.day);
    return structTime([m.year, m.month, m.day, m.hour, m.minute, m.second, weekday, yearDay, -1]);
  }],
  struct_time: structType,
});

/** The members of calendar. */
export const calendarModule = members({
  timegm: [1, 1, seconds],
  monthrange: [
    2,
    2,
    (year: number, month: number) =>
      new PyTuple([weekdayOf(year, month, 1), monthDays(year, month)]),
  ],
  isleap: [1, 1, isLeap],
  weekday: [3, 3, weekdayOf],
});
Object.assign(calendarModule, {
  month_name: ["", ...monthNames],
  month_abbr: ["", ...monthNames.map((name) => name.slice(0, 3))],
  day_name: dayNames.slice(),
  day_abbr: dayNames.map((name) => name.slice(0, 3)),
});
// Calls may change them, and later ones find them as they were.
Object.values(calendarModule).forEach(mark);
