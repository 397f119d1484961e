/**
 * Log lines in the notation of Python's `logging.Formatter`, or as JSON.
 *
 * @module
 */

import type { LogEntry, LogLevel } from "./log.ts";
import { defaultTime, type TimeFormat } from "./time.ts";

/** Writes an entry as a line, without the newline. */
export type LineFormat = (entry: LogEntry) => string;

/** How grave a level is in the numbers of Python's `logging`. */
export const levelNumbers = {
  debug: 10,
  info: 20,
  warning: 30,
  error: 40,
} as const satisfies Record<LogLevel, number>;

type Field = (entry: LogEntry, time: TimeFormat) => string | number;

const started = Date.now();

/** One process with one thread writes the log; the thread is called as Python calls it. */
const fields: ReadonlyMap<string, Field> = new Map<string, Field>([
  ["name", (entry) => entry.name],
  ["levelno", (entry) => levelNumbers[entry.level]],
  ["levelname", (entry) => entry.level.toUpperCase()],
  ["message", (entry) => entry.message],
  ["asctime", (entry, time) => time(entry.time)],
  ["created", (entry) => entry.time.getTime() / 1000],
  ["msecs", (entry) => entry.time.getMilliseconds()],
  ["relativeCreated", (entry) => entry.time.getTime() - started],
  ["process", () => process.pid],
  ["processName", () => "MainProcess"],
  ["thread", () => process.pid],
  ["threadName", () => "MainThread"],
]);

/** Fields of Python that say where in its source the line was logged: nothing here answers them. */
const pythonOnly = ["pathname", "filename", "module", "lineno", "funcName", "taskName"];

/** `%(name)-8s`: name, flags, width, precision, conversion. */
const placeholder = /%\((\w+)\)([-+ #0]*)(\d*)(?:\.(\d+))?([a-zA-Z])|%%/g;

/** Whether a text has at least one placeholder, without which it cannot be a format. */
export function hasPlaceholder(pattern: string): boolean {
  return [...pattern.matchAll(placeholder)].some((match) => match[1] !== undefined);
}

/** No sane line is wider; a slip of the hand must not fill the disk with spaces. */
const widest = 200;

function spell(value: string | number, match: RegExpMatchArray): string {
  const [, , flags = "", width = "", precision, conversion = "s"] = match;
  const fill = Math.min(Number(width), widest);
  const text = typeof value === "number"
    ? spellNumber(value, conversion, precision)
    : String(value).slice(0, precision === undefined ? undefined : Number(precision));
  if (flags.includes("-")) return text.padEnd(fill);
  return text.padStart(fill, flags.includes("0") && typeof value === "number" ? "0" : " ");
}

function spellNumber(value: number, conversion: string, precision: string | undefined): string {
  if ("diu".includes(conversion)) return String(Math.trunc(value));
  if ("fF".includes(conversion)) return value.toFixed(Math.min(Number(precision ?? 6), 20));
  return String(value);
}

/**
 * Reads a `format`.
 *
 * @param pattern text with `%(…)s` placeholders
 * @param time writes `%(asctime)s`
 * @returns the format, and the placeholders in it that are not known: those of Python's own source
 * stay empty, others are shown as written
 */
export function parseLineFormat(
  pattern: string,
  time: TimeFormat = defaultTime,
): { readonly format: LineFormat; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const parts: LineFormat[] = [];
  let end = 0;
  for (const match of pattern.matchAll(placeholder)) {
    const literal = pattern.slice(end, match.index);
    end = match.index + match[0].length;
    if (literal !== "") parts.push(() => literal);
    const [whole, name] = match;
    if (name === undefined) {
      parts.push(() => "%");
      continue;
    }
    const field = fields.get(name);
    if (field !== undefined) {
      parts.push((entry) => spell(field(entry, time), match));
      continue;
    }
    unknown.push(whole);
    parts.push(() => pythonOnly.includes(name) ? "" : whole);
  }
  const rest = pattern.slice(end);
  if (rest !== "") parts.push(() => rest);
  return { format: (entry) => parts.map((part) => part(entry)).join(""), unknown };
}

/** One JSON object: `time` in UTC (ISO 8601), `level`, `logger`, `message`. */
export function jsonLine({ time, level, name, message }: LogEntry): string {
  const record = { time: time.toISOString(), level: level.toUpperCase(), logger: name, message };
  return JSON.stringify(record);
}
