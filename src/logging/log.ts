/**
 * The log: leveled lines with a logger name, redacted and safe to show on a terminal.
 *
 * Where the lines go is decided by the sinks that the command line gives.
 *
 * @module
 */

import type { Redactor } from "../base/redact.ts";

/** How grave a line is, in rising order. */
export const levels = ["debug", "info", "warning", "error"] as const;

/** One of {@linkcode levels}. */
export type LogLevel = typeof levels[number];

/** One line of the log, already redacted. */
export interface LogEntry {
  readonly time: Date;
  readonly level: LogLevel;
  /** Logger name, for example the section that it is about. */
  readonly name: string;
  readonly message: string;
}

/** Takes the lines; must not throw. */
export type LogSink = (entry: LogEntry) => void;

/**
 * Writes entries under one logger name. A message is one line, whatever stands in it; details are
 * lines of their own, indented below it.
 */
export interface Log {
  debug(message: string, details?: readonly string[]): void;
  info(message: string, details?: readonly string[]): void;
  warning(message: string, details?: readonly string[]): void;
  error(message: string, details?: readonly string[]): void;
  /** Writes an entry of another log, as it is: what was held back keeps its time and its name. */
  write(entry: LogEntry): void;
  /** The same log under another logger name. */
  named(name: string): Log;
}

/** Whether a level is at or above another. */
export function isAtLeast(level: LogLevel, floor: LogLevel): boolean {
  return levels.indexOf(level) >= levels.indexOf(floor);
}

/** Controls of C0 (but tab) and C1, line separators, and what turns the writing round. */
const hostile =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Neutralises what could forge lines of a log or report, drive a terminal or show a line in another
 * order than it has: such characters become escapes like `\n`, `\x1b` and `\u202e`. The result is one
 * line.
 */
export function neutralise(text: string): string {
  return text.replace(hostile, (character) => {
    if (character === "\n") return "\\n";
    const code = character.charCodeAt(0);
    const digits = code.toString(16);
    return code < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u${digits}`;
  });
}

/** A line and, indented below it, its details; each of them stays one line. */
export function indentDetails(lines: readonly string[]): string {
  return lines.map(neutralise).join("\n  ");
}

/** The same characters but for newlines. */
const hostileInResults =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Neutralises a result for standard output, which may be a terminal: newlines stay, and the escapes
 * are those of JSON, so that JSON means the same as before.
 */
export function neutraliseResult(text: string): string {
  return text.replace(hostileInResults, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Creates a log over some sinks; every message is redacted and neutralised first. */
export function createLog(name: string, redactor: Redactor, sinks: readonly LogSink[]): Log {
  const shownName = neutralise(name);
  function write(level: LogLevel, message: string, details: readonly string[] = []): void {
    const shown = indentDetails([message, ...details].map((line) => redactor.redact(line)));
    const entry = { time: new Date(), level, name: shownName, message: shown };
    for (const sink of sinks) sink(entry);
  }
  return {
    debug: (message, details) => write("debug", message, details),
    info: (message, details) => write("info", message, details),
    warning: (message, details) => write("warning", message, details),
    error: (message, details) => write("error", message, details),
    write(entry) {
      for (const sink of sinks) sink(entry);
    },
    named: (other) => createLog(other, redactor, sinks),
  };
}
