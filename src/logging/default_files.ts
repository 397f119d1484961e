/**
 * The log files of a run that no logging configuration describes: `info.log` with everything and
 * `errors.log` with the errors, as the Python connector's default has them.
 *
 * @module
 */

import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../base/errors.ts";
import type { LogSink } from "./log.ts";
import { LogFile, logFileMode } from "./files.ts";
import { levelNumbers, parseLineFormat } from "./format.ts";
import { defaultTime } from "./time.ts";

/** The files, open for writing. */
export interface DefaultFiles {
  /** To be given to `createLog`; empty when the folder cannot be written. */
  readonly sinks: readonly LogSink[];
  /** Why there are no files, as a sentence to warn with. */
  readonly warning?: string | undefined;
  /** Closes the files, and reports on standard error how many lines could not be written. */
  close(): void;
}

/** Name and lowest level of each. */
const files = [["info.log", levelNumbers.debug], ["errors.log", levelNumbers.error]] as const;

/** The connector's: ten megabytes, and twenty old files. */
const rotation = { maxBytes: 10_485_760, backupCount: 20 };

const pattern = "%(name)s: %(asctime)s - %(levelname)s - %(message)s";

/** What keeps the files from being written; undefined when nothing does. */
function obstacle(folder: string): string | undefined {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name] of files) closeSync(openSync(join(folder, name), "a", logFileMode));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Opens the files.
 *
 * @param folder absolute; made when it is missing
 * @param stderr called when a file cannot be written later on
 */
export function openDefaultFiles(folder: string, stderr: (line: string) => void): DefaultFiles {
  const reason = obstacle(folder);
  if (reason !== undefined) {
    const warning = `This run has no log files: ${folder} cannot be written (${reason}). ` +
      "Use --log-dir to choose another folder, or --log-dir none to disable them";
    return { sinks: [], warning, close: () => {} };
  }
  const { format } = parseLineFormat(pattern, defaultTime);
  const opened = files.map(([name, level]) => {
    const settings = { path: join(folder, name), append: true, delay: false, ...rotation };
    return { level, file: new LogFile(settings, stderr) };
  });
  const sink: LogSink = (entry) => {
    const number = levelNumbers[entry.level];
    const line = format(entry);
    for (const { level, file } of opened) if (number >= level) file.write(line);
  };
  return {
    sinks: [sink],
    close: () => {
      for (const { file } of opened) file.close();
    },
  };
}
