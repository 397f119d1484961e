/**
 * When a section is to run by itself: cron patterns, intervals, and hours in which nothing begins.
 *
 * @module
 */

import { Cron } from "croner";
import { z } from "zod";
import { AgentError, messageOf } from "../base/errors.ts";
import { opt, type Option } from "../sdk/option.ts";

/** When something is due. */
export interface Schedule {
  /** Whether it counts from the last start instead of by the clock. */
  readonly isInterval: boolean;
  /** The first moment after another at which it is due; undefined when there is none any more. */
  next(after: Date): Date | undefined;
}

const units: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The longest interval: a year. */
const longest = 366 * 86_400_000;

function parseInterval(text: string): Schedule | undefined {
  const [, number = "", unit = ""] = /^every\s+(\d{1,6})\s*([smhd])$/i.exec(text) ?? [];
  if (number === "") return undefined;
  const ms = Number(number) * (units[unit.toLowerCase()] ?? 0);
  if (ms === 0 || ms > longest) {
    throw new AgentError("is not an interval between one second and a year");
  }
  return { isInterval: true, next: (after) => new Date(after.getTime() + ms) };
}

const forms = "is not a schedule such as 0 3 * * *, @daily or every 6h";

function parseCron(text: string, timeZone: string): Schedule {
  // Seven fields, with a year, would be a schedule that ends.
  if (!text.startsWith("@") && !/^(\S+\s+){4,5}\S+$/.test(text)) throw new AgentError(forms);
  let cron: Cron;
  try {
    cron = new Cron(text, { paused: true, ...(timeZone === "" ? {} : { timezone: timeZone }) });
    cron.nextRun();
  } catch (error) {
    // croner names itself, and its own terms, in what it says.
    throw new AgentError(
      timeZone === ""
        ? `${forms}: one of its fields has a value that it cannot have`
        : `${forms}, or its time zone is not known`,
      { cause: error },
    );
  }
  // A service with many sections asks for the same again and again, and it takes 30 to 50 µs.
  let last: { readonly after: number; readonly due: Date | undefined } | undefined;
  return {
    isInterval: false,
    next(after) {
      if (last?.after !== after.getTime()) {
        last = { after: after.getTime(), due: cron.nextRun(after) ?? undefined };
      }
      return last.due;
    },
  };
}

/**
 * Reads a schedule: five fields of cron, six with seconds in front, `@daily` and its kin, or `every 6h`
 * (s, m, h, d).
 *
 * @param timeZone IANA name such as `Europe/Berlin`; blank for that of the system.
 * @throws {AgentError} with what is wrong, to be put after the option's name.
 */
export function parseSchedule(text: string, timeZone = ""): Schedule {
  const trimmed = text.trim();
  return parseInterval(trimmed) ?? parseCron(trimmed, timeZone);
}

const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Hours of some days in which nothing begins; both in minutes, the end may be past midnight. */
interface Window {
  readonly days: ReadonlySet<number>;
  readonly from: number;
  readonly length: number;
}

const minutesOfDay = 1440;

function parseWindow(text: string): Window {
  const [, named = "", h1 = "", m1 = "", h2 = "", m2 = ""] =
    /^([a-z]{3}(?:\s+[a-z]{3})*\s+)?(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/i.exec(
      text.trim(),
    ) ??
      [];
  const from = Number(h1) * 60 + Number(m1);
  const until = Number(h2) * 60 + Number(m2);
  const chosen = named.trim().toLowerCase().split(/\s+/).filter((word) => word !== "");
  const numbers = chosen.map((word) => days.indexOf(word));
  const inRange = from < minutesOfDay && until <= minutesOfDay && Number(m1) < 60 &&
    Number(m2) < 60;
  if (h1 === "" || numbers.includes(-1) || !inRange || from === until) {
    throw new AgentError(
      `is not a time window such as 22:00-04:00 or sat sun 00:00-24:00: "${text.trim()}"`,
    );
  }
  const length = (until - from + minutesOfDay) % minutesOfDay || minutesOfDay;
  return { days: new Set(numbers.length === 0 ? days.keys() : numbers), from, length };
}

/** Minutes since the beginning of the week in a time zone. */
function minuteOfWeek(moment: Date, format: Intl.DateTimeFormat): number {
  const parts = Object.fromEntries(
    format.formatToParts(moment).map(({ type, value }) => [type, value]),
  );
  const day = days.indexOf(String(parts.weekday).toLowerCase());
  return day * minutesOfDay + Number(parts.hour) * 60 + Number(parts.minute);
}

/** Hours in which nothing begins. */
export interface Windows {
  /** The moment itself, or the first minute after it that is in no window; undefined when all are. */
  firstOpen(moment: Date): Date | undefined;
}

/**
 * Reads windows, separated by commas: `22:00-04:00`, or `sat sun 00:00-24:00` for some days only.
 *
 * @throws {AgentError} with what is wrong, to be put after the option's name.
 */
export function parseWindows(text: string, timeZone = ""): Windows {
  const windows = text.split(",").filter((part) => part.trim() !== "").map(parseWindow);
  if (windows.length === 0) return { firstOpen: (moment) => moment };
  const format = new Intl.DateTimeFormat("en-US", {
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(timeZone === "" ? {} : { timeZone }),
  });
  const week = 7 * minutesOfDay;
  function isClosed(moment: Date): boolean {
    const minute = minuteOfWeek(moment, format);
    return windows.some(({ days: chosen, from, length }) =>
      [...chosen].some((day) => (minute - day * minutesOfDay - from + week) % week < length)
    );
  }
  return {
    firstOpen(moment) {
      if (!isClosed(moment)) return moment;
      const minute = units.m ?? 0;
      let candidate = Math.floor(moment.getTime() / minute) * minute;
      for (let step = 0; step < week; step++) {
        candidate += minute;
        if (!isClosed(new Date(candidate))) return new Date(candidate);
      }
      return undefined;
    },
  };
}

function checked(option: Option<string>, check: (text: string) => unknown): Option<string> {
  const schema = z.string().superRefine((value, context) => {
    try {
      check(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: messageOf(error) });
    }
  });
  return { ...option, schema };
}

function checkTimeZone(text: string): void {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: text.trim() });
  } catch {
    throw new AgentError(`is not a time zone such as Europe/Berlin: "${text.trim()}"`);
  }
}

/** Options of every section that say when `agent serve` runs it. */
export const scheduleOptions = {
  schedule: checked(
    opt.text(
      "When agent serve runs this section: cron (0 3 * * *, or with seconds in front), @hourly, @daily, @weekly, @monthly, or every 6h (s, m, h, d). By default, it runs only on request.",
      { default: "", example: "0 3 * * *", advanced: true },
    ),
    (text) => parseSchedule(text),
  ),
  schedule_timezone: checked(
    opt.text(
      "Time zone of schedule and maintenance_window. Default: the time zone of the system.",
      {
        default: "",
        example: "Europe/Berlin",
        advanced: true,
      },
    ),
    checkTimeZone,
  ),
  schedule_jitter: opt.integer(
    "Maximum random delay of a scheduled start in seconds, so that sections do not all start at once.",
    { default: 0, maximum: 86_400, advanced: true },
  ),
  maintenance_window: checked(
    opt.text(
      "Hours in which no scheduled run starts, for example 22:00-04:00 or sat sun 00:00-24:00; several are separated by commas. Runs that are due in them start at their end.",
      { default: "", example: "22:00-04:00", advanced: true },
    ),
    (text) => parseWindows(text),
  ),
} as const;
