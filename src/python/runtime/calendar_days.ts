/**
 * Days of the Gregorian calendar.
 *
 * @module
 */

import { raise } from "./errors.ts";

/** Names of the days, Monday first. */
export const dayNames = [
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
  "Sunday",
];
/** Names of the months, January first. */
export const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** A moment as it is written and read. */
export interface MomentFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
  /** Seconds east of UTC; null where there is no zone. */
  readonly offset: number | null;
  /** The zone's name. */
  readonly zone: string;
}

/** Has the year a 29 February? */
export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** How many days the month has; January is 1. */
export function monthDays(year: number, month: number): number {
  return month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Days from 0001-01-01 (day 1) to a date. */
export function toOrdinal(year: number, month: number, day: number): number {
  const before = year - 1;
  let days = before * 365 + Math.floor(before / 4) - Math.floor(before / 100) +
    Math.floor(before / 400);
  for (let at = 1; at < month; at++) days += monthDays(year, at);
  return days + day;
}

/** Year, month and day of a day number. Raises OverflowError beyond the year 9999. */
export function fromOrdinal(ordinal: number): [number, number, number] {
  if (ordinal < 1 || ordinal > 3652059) raise("OverflowError", "date value out of range");
  return dayFields(ordinal);
}

/** Year, month and day of a day number, in any year. */
export function dayFields(ordinal: number): [number, number, number] {
  let year = Math.floor((ordinal - 1) / 365.2425) + 1;
  while (toOrdinal(year + 1, 1, 1) <= ordinal) year++;
  while (toOrdinal(year, 1, 1) > ordinal) year--;
  let month = 12;
  while (toOrdinal(year, month, 1) > ordinal) month--;
  return [year, month, ordinal - toOrdinal(year, month, 1) + 1];
}

/** Monday is 0. */
export function weekdayOf(year: number, month: number, day: number): number {
  return (toOrdinal(year, month, day) + 6) % 7;
}

/** Day number of 1970-01-01. */
export const epochDay = 719163;

/** ISO year, week and weekday. */
export function isoCalendar(year: number, month: number, day: number): [number, number, number] {
  const monday = (of: number) => {
    const first = toOrdinal(of, 1, 1);
    const weekday = (first + 6) % 7;
    return first - weekday + (weekday > 3 ? 7 : 0);
  };
  const ordinal = toOrdinal(year, month, day);
  let iso = year;
  if (ordinal < monday(year)) iso--;
  else if (ordinal >= monday(year + 1)) iso++;
  return [iso, Math.floor((ordinal - monday(iso)) / 7) + 1, weekdayOf(year, month, day) + 1];
}
