/**
 * The log: leveled lines with a logger name, redacted and safe to show on a terminal.
 *
 * Where the lines go is decided by the sinks that the command line gives.
 *
 * @module
 */

import type { Redactor } from "./redact.ts";

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

/** Writes lines under one logger name. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
  /** The same log under another logger name. */
  named(name: string): Log;
}

/** Whether a level is at or above another. */
export function isAtLeast(level: LogLevel, floor: LogLevel): boolean {
  return levels.indexOf(level) >= levels.indexOf(floor);
}

/**
 * Neutralises what could forge log lines or drive a terminal: control characters become `\x1b`-like
 * escapes; a newline stays only where the agent itself wrote it as `\n  ` (an indented detail).
 */
export function neutralise(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\n(?! {2})|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/g, (character) => {
    if (character === "\n") return "\\n";
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** Creates a log over some sinks; every message is redacted and neutralised first. */
export function createLog(name: string, redactor: Redactor, sinks: readonly LogSink[]): Log {
  function write(level: LogLevel, message: string): void {
    const entry = { time: new Date(), level, name, message: neutralise(redactor.redact(message)) };
    for (const sink of sinks) sink(entry);
  }
  return {
    debug: (message) => write("debug", message),
    info: (message) => write("info", message),
    warning: (message) => write("warning", message),
    error: (message) => write("error", message),
    named: (other) => createLog(other, redactor, sinks),
  };
}
