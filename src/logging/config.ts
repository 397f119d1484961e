/**
 * Turns a logging configuration (Python's `logging.config.dictConfig`, JSON) into sinks of the log.
 *
 * @module
 */

import { resolve } from "node:path";
import type { LogSink } from "./log.ts";
import { type FileOutput, type HandlerSettings, readSettings } from "./dict_config.ts";

import { LogFile } from "./files.ts";
import { createRouter, type Handler } from "./route.ts";

/** What a logging configuration is read with. */
export interface LoggingOptions {
  /** Path of the configuration, to be named in findings. */
  readonly file: string;
  /** Where relative names of log files lead: the directory of the program. */
  readonly directory: string;
  /** Writes a line, without its newline, to standard output; must not throw. */
  readonly stdout: (line: string) => void;
  /** Writes a line to standard error; also called when a log file cannot be written. */
  readonly stderr: (line: string) => void;
}

export interface Logging {
  /** To be given to `createLog`. */
  readonly sinks: LogSink[];
  /** What the configuration says without effect, to be logged. */
  readonly warnings: string[];
  /** Closes the log files, and reports on standard error how many lines could not be written. */
  close(): void;
}

type OpenFile = (id: string, output: FileOutput) => LogFile;

/** Opens each file once, also when two handlers write it: two would rotate it under each other. */
function fileOpener(
  options: LoggingOptions,
  files: Map<string, LogFile>,
  warnings: string[],
): OpenFile {
  return (id, output) => {
    const { filename, append, maxBytes, backupCount, delay } = output;
    const path = resolve(options.directory, filename);
    const open = files.get(path);
    if (open !== undefined) {
      warnings.push(
        `${options.file} handlers.${id}: writes the same file as an earlier handler, whose mode and ` +
          "limits apply to both",
      );
      return open;
    }
    const settings = { path, append, maxBytes, backupCount, delay };
    const file = new LogFile(settings, options.stderr);
    files.set(path, file);
    return file;
  };
}

function lineWriter(
  id: string,
  { output }: HandlerSettings,
  options: LoggingOptions,
  openFile: OpenFile,
): (line: string) => void {
  switch (output.kind) {
    case "stdout":
      return options.stdout;
    case "stderr":
      return options.stderr;
    case "nowhere":
      return () => {};
    case "file": {
      const file = openFile(id, output);
      return (line) => file.write(line);
    }
  }
}

/**
 * Reads a logging configuration and opens its log files.
 *
 * @param text content of the JSON file
 * @throws {ConfigError} when it is not JSON, or says something that cannot be done; a log file that
 * cannot be opened is no such thing: it is reported on standard error
 */
export function readLoggingConfig(text: string, options: LoggingOptions): Logging {
  const settings = readSettings(text, options.file);
  const files = new Map<string, LogFile>();
  const warnings = [...settings.warnings];
  const openFile = fileOpener(options, files, warnings);
  const handlers = new Map<string, Handler>();
  for (const [id, handler] of settings.handlers) {
    const write = lineWriter(id, handler, options, openFile);
    const { level, format } = handler;
    handlers.set(id, { level, write: (entry) => write(format(entry)) });
  }
  const { loggers, root } = settings;
  const lastResort: LogSink = ({ message }) => options.stderr(message);
  return {
    sinks: [createRouter({ handlers, loggers, root, lastResort })],
    warnings,
    close: () => {
      for (const file of files.values()) file.close();
    },
  };
}
