/**
 * The log as a person sees it on standard error when no logging configuration is given.
 *
 * @module
 */

import { isAtLeast, type LogEntry, type LogLevel, type LogSink } from "./log.ts";
import { clockTime } from "./time.ts";

/** The logger of lines that are about no section; its name is not shown on the console. */
export const programLogger = "agent";

/** How the console shows the log. */
export interface ConsoleOptions {
  /** Shows debug lines too; counts more than `quiet`. */
  readonly verbose: boolean;
  /** Shows warnings and errors only. */
  readonly quiet: boolean;
  /** Writes a line, without its newline, to standard error; must not throw. */
  readonly stderr: (line: string) => void;
  /** Whether levels are coloured. */
  readonly isColoured: boolean;
}

const colours: Partial<Record<LogLevel, string>> = { warning: "\x1b[33m", error: "\x1b[31m" };
const plain = "\x1b[0m";

function lowestLevel({ verbose, quiet }: ConsoleOptions): LogLevel {
  if (verbose) return "debug";
  return quiet ? "warning" : "info";
}

function consoleLine({ time, level, name, message }: LogEntry, isColoured: boolean): string {
  const word = level.toUpperCase();
  const colour = isColoured ? colours[level] : undefined;
  const shown = colour === undefined ? word : `${colour}${word}${plain}`;
  const section = name === programLogger ? "" : `[${name}] `;
  return `${clockTime(time)} ${shown} ${section}${message}`;
}

/** The sink of the console: `12:04:31 WARNING [csv_assets] message`. */
export function defaultSinks(options: ConsoleOptions): LogSink[] {
  const floor = lowestLevel(options);
  return [(entry) => {
    if (isAtLeast(entry.level, floor)) options.stderr(consoleLine(entry, options.isColoured));
  }];
}
