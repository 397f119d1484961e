/**
 * Opens the log of a command: what a logging configuration says, else standard error and, for
 * commands that run something, the files `info.log` and `errors.log`.
 *
 * @module
 */

import { existsSync, fstatSync, readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { ConfigError, messageOf } from "../base/errors.ts";
import { createLog, type Log } from "../logging/log.ts";
import { defaultSinks, programLogger } from "../logging/console.ts";
import { type DefaultFiles, openDefaultFiles } from "../logging/default_files.ts";
import type { Redactor } from "../base/redact.ts";
import { isCompiled, programDirectory } from "../runtime/program.ts";
import type { Console } from "./console.ts";
import type { FileLocation } from "./flags.ts";

/** The log of a run, and how to end it. */
export interface OpenLog {
  readonly log: Log;
  /** Takes what was written to standard error already; undefined when there is nothing but standard error. */
  readonly record: Log | undefined;
  close(): void;
}

/** What a log is opened with. */
export interface LogSettings extends FileLocation {
  /** Where log files and logging.json belong that nobody names, beside the program. */
  readonly dataFolder: string;
  readonly console: Console;
  readonly redactor: Redactor;
  /** Whether the command runs something, so that somebody will want to read about it later. */
  readonly keepsLog: boolean | "asked";
}

/** The word for no log files. */
const none = "none";

/** Name of the configuration that is looked for beside the program, as the Python connector does. */
const configurationName = "logging.json";

/** The folder that is set, by the flag or by systemd (`LogsDirectory=`, systemd.exec(5)). */
function requestedFolder({ global, env }: Pick<FileLocation, "global" | "env">): string {
  const named = global["log-dir"];
  return named === "" ? env.LOGS_DIRECTORY?.split(delimiter)[0] ?? "" : named;
}

/** The folder that holds the default log files of runs, whether this command writes them or not. */
export function runsLogFolder(
  location: FileLocation,
  dataFolder: string,
): string | undefined {
  const requested = requestedFolder(location);
  if (requested === none) return undefined;
  const { directory } = location;
  return requested === "" ? dataFolder : resolve(directory, requested);
}

/** Whether standard error goes to systemd's journal, which keeps it (systemd.exec(5), `$JOURNAL_STREAM`). */
function isJournal({ env }: LogSettings): boolean {
  if (env.JOURNAL_STREAM === undefined) return false;
  const { dev, ino } = fstatSync(2);
  return env.JOURNAL_STREAM === `${dev}:${ino}`;
}

/** Where the default files go; from source nowhere, unless asked for. */
function filesFolder(settings: LogSettings): string | undefined {
  if (settings.keepsLog === false) return undefined;
  const requested = requestedFolder(settings);
  if (requested === none) return undefined;
  if (requested !== "") return resolve(settings.directory, requested);
  if (settings.keepsLog === "asked" || isJournal(settings)) return undefined;
  return isCompiled ? settings.dataFolder : undefined;
}

/** The configuration that was named, or lies beside the program or the other files of the agent. */
function configurationPath(
  { directory, dataFolder, global, keepsLog }: LogSettings,
): string | undefined {
  const named = global["logging-config"];
  if (named !== "") return resolve(directory, named);
  if (keepsLog !== true || !isCompiled) return undefined;
  return [programDirectory(directory), dataFolder].map((folder) => join(folder, configurationName))
    .find((path) => existsSync(path));
}

function readConfiguration(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(`Cannot read the logging configuration ${file}: ${messageOf(error)}`);
  }
}

async function openConfigured(file: string, settings: LogSettings): Promise<OpenLog> {
  const { readLoggingConfig } = await import("../logging/config.ts");
  const { console, directory, redactor } = settings;
  const requested = requestedFolder(settings);
  const logging = readLoggingConfig(readConfiguration(file), {
    file,
    directory: requested === "" || requested === none
      ? settings.dataFolder
      : resolve(directory, requested),
    stdout: (line) => console.print(line),
    stderr: (line) => console.note(line),
  });
  const log = createLog(programLogger, redactor, logging.sinks);
  for (const warning of logging.warnings) log.warning(warning);
  return { log, record: log, close: () => logging.close() };
}

/**
 * Opens the log.
 *
 * @throws {ConfigError} when a logging configuration cannot be used. Files that cannot be written are
 * a warning.
 */
export async function openLog(settings: LogSettings): Promise<OpenLog> {
  const file = configurationPath(settings);
  if (file !== undefined) return await openConfigured(file, settings);
  const { console, redactor, global: { verbose, quiet } } = settings;
  const stderr = (line: string) => console.note(line);
  const shown = defaultSinks({
    verbose,
    quiet,
    stderr,
    isColoured: console.isTerminal && console.wantsColour,
  });
  const folder = filesFolder(settings);
  const files: DefaultFiles = folder === undefined
    ? { sinks: [], close: () => {} }
    : openDefaultFiles(folder, stderr);
  const log = createLog(programLogger, redactor, [...shown, ...files.sinks]);
  if (files.warning !== undefined) log.warning(files.warning);
  const record = files.sinks.length === 0
    ? undefined
    : createLog(programLogger, redactor, files.sinks);
  return { log, record, close: () => files.close() };
}
