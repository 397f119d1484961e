/**
 * Lines of log files, read back: their level and who wrote them, for searching.
 *
 * @module
 */
import { levels, type LogLevel } from "../logging/log.ts";

/** An entry of a log file, with the lines that belong to it. */
export interface LoggedEntry {
  /** The section, or the program; blank when the line has another form. */
  readonly name: string;
  readonly level: LogLevel;
  readonly text: string;
}

/** What is looked for. */
export interface LogSearch {
  /** The lowest level. */
  readonly level: LogLevel;
  /** Words that all have to be there, without regard to case; blank for everything. */
  readonly words: string;
  /** Whether a name is of this configuration. */
  readonly isOwn: (name: string) => boolean;
}

/** The form of the default files: `name: time - LEVEL - message`. */
const start = /^(\S+): .*? - (DEBUG|INFO|WARNING|ERROR) - /;

/** The entries of some lines; lines of another form belong to the entry above them. */
export function parseLogLines(lines: readonly string[]): LoggedEntry[] {
  const entries: { name: string; level: LogLevel; text: string }[] = [];
  for (const line of lines) {
    const [, name = "", level = "info"] = start.exec(line) ?? [];
    const last = entries.at(-1);
    if (name === "" && last !== undefined) last.text += `\n${line}`;
    else entries.push({ name, level: level.toLowerCase() as LogLevel, text: line });
  }
  return entries;
}

/** The entries that are looked for, the newest first. */
export function searchLog(
  entries: readonly LoggedEntry[],
  { level, words, isOwn }: LogSearch,
): LoggedEntry[] {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const floor = levels.indexOf(level);
  return entries.filter((entry) => {
    const text = entry.text.toLowerCase();
    return levels.indexOf(entry.level) >= floor && isOwn(entry.name) &&
      wanted.every((word) => text.includes(word));
  }).toReversed();
}
