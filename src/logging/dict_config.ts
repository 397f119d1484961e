/**
 * Reads a logging configuration in the schema of Python's `logging.config.dictConfig`, version 1,
 * into settings that are checked, with all faults at once.
 *
 * @module
 */

import { ConfigError, type Finding, formatFinding } from "../base/errors.ts";
import { type HandlerSettings, readHandler } from "./dict_handlers.ts";
import { DictReader } from "./dict_reader.ts";
import { hasPlaceholder, jsonLine, type LineFormat, parseLineFormat } from "./format.ts";
import { findJsonFault } from "./json.ts";
import { parseTimeFormat } from "./time.ts";

/** One logger as configured. */
export interface LoggerSettings {
  /** Level number below which it drops lines; absent or 0 when its parent decides. */
  readonly level: number | undefined;
  /** Whether lines also go to the handlers of the parents. */
  readonly propagate: boolean;
  /** Ids of its handlers; those of unknown classes are left out. */
  readonly handlers: readonly string[];
}

/** A whole configuration. */
export interface LoggingSettings {
  readonly handlers: ReadonlyMap<string, HandlerSettings>;
  /** By dotted name, without the root. */
  readonly loggers: ReadonlyMap<string, LoggerSettings>;
  readonly root: LoggerSettings;
  /** Whatever is not understood and has no effect. */
  readonly warnings: readonly string[];
}

type Json = Record<string, unknown>;

const topKeys = ["version", "formatters", "handlers", "loggers", "root", "format"]
  .concat("disable_existing_loggers");
const formatterKeys = ["format", "datefmt", "style", "validate"];

/** Python writes this when a handler names no formatter. */
const defaultFormat = "%(message)s";

function parse(text: string, file: string): unknown {
  const plain = text.replace(/^\uFEFF/, "");
  try {
    return JSON.parse(plain);
  } catch (cause) {
    const fault = findJsonFault(plain);
    const finding: Finding = {
      severity: "error",
      file,
      line: fault?.line,
      message: fault === undefined
        ? "is not valid JSON"
        : `is not valid JSON at column ${fault.column}: ${fault.message}`,
      hint: fault?.hint,
    };
    throw new ConfigError(`Cannot read the logging configuration ${file}`, [finding], { cause });
  }
}

function readFormatter(reader: DictReader, value: unknown, path: string): LineFormat {
  const settings = reader.object(value, path);
  reader.warnUnknown(settings, formatterKeys, path);
  const style = reader.text(settings.style, `${path}.style`) ?? "%";
  if (style !== "%") {
    reader.fault(`${path}.style`, `${JSON.stringify(style)} is not understood`, {
      hint: "Write the fields of format as %(name)s and leave style out",
    });
  }
  const pattern = reader.text(settings.format, `${path}.format`) ?? defaultFormat;
  if (pattern === "json") return jsonLine;
  if (!hasPlaceholder(pattern)) {
    reader.fault(`${path}.format`, `${JSON.stringify(pattern)} has no field, such as %(message)s`);
  }
  const datefmt = reader.text(settings.datefmt, `${path}.datefmt`);
  const time = datefmt === undefined ? undefined : parseTimeFormat(datefmt);
  for (const directive of time?.unknown ?? []) {
    reader.oddity(`${path}.datefmt`, `${directive} is not known and is shown as it is`);
  }
  const { format, unknown } = parseLineFormat(pattern, time?.format);
  for (const field of unknown) reader.oddity(`${path}.format`, `${field} is not known here`);
  return format;
}

function readFormatters(reader: DictReader, top: Json): Map<string, LineFormat> {
  const formats = new Map<string, LineFormat>();
  for (const [id, value] of reader.entries(top.formatters, "formatters")) {
    formats.set(id, readFormatter(reader, value, `formatters.${id}`));
  }
  return formats;
}

function isJsonThroughout(reader: DictReader, top: Json): boolean {
  const format = reader.text(top.format, "format");
  if (format !== undefined && format !== "json") {
    reader.fault("format", `${JSON.stringify(format)} is not understood`, {
      hint: 'Only "json" can be set for all handlers; others are set in formatters',
    });
  }
  return format === "json";
}

function readHandlers(reader: DictReader, top: Json): Map<string, HandlerSettings | "ignored"> {
  const formats = readFormatters(reader, top);
  const plain = parseLineFormat(defaultFormat).format;
  const isJson = isJsonThroughout(reader, top);
  const handlers = new Map<string, HandlerSettings | "ignored">();
  for (const [id, value] of reader.entries(top.handlers, "handlers")) {
    const path = `handlers.${id}`;
    const settings = reader.object(value, path);
    const formatter = reader.text(settings.formatter, `${path}.formatter`);
    const format = formatter === undefined ? plain : formats.get(formatter);
    if (format === undefined) {
      reader.fault(`${path}.formatter`, `there is no formatter ${JSON.stringify(formatter)}`);
    }
    handlers.set(id, readHandler(reader, settings, path, isJson ? jsonLine : format ?? plain));
  }
  return handlers;
}

function readLogger(
  reader: DictReader,
  value: unknown,
  path: string,
  handlers: ReadonlyMap<string, HandlerSettings | "ignored">,
): LoggerSettings {
  const settings = reader.object(value, path);
  reader.warnUnknown(settings, ["level", "propagate", "handlers"], path);
  const ids = reader.texts(settings.handlers, `${path}.handlers`);
  for (const id of ids) {
    if (handlers.has(id)) continue;
    reader.fault(`${path}.handlers`, `there is no handler ${JSON.stringify(id)}`);
  }
  return {
    level: reader.level(settings.level, `${path}.level`),
    propagate: reader.flag(settings.propagate, `${path}.propagate`) ?? true,
    handlers: [...new Set(ids)].filter((id) => handlers.get(id) !== "ignored"),
  };
}

function readAll(reader: DictReader, top: Json): Omit<LoggingSettings, "warnings"> {
  if (top.version !== 1) {
    reader.fault("version", top.version === undefined ? "is missing" : "is not 1", {
      hint: 'The file must say "version": 1',
    });
  }
  reader.warnUnknown(top, topKeys, "");
  reader.flag(top.disable_existing_loggers, "disable_existing_loggers");
  const handlers = readHandlers(reader, top);
  const loggers = new Map<string, LoggerSettings>();
  for (const [name, value] of reader.entries(top.loggers, "loggers")) {
    loggers.set(name, readLogger(reader, value, `loggers.${name}`, handlers));
  }
  // Python knows the root under these names too; its own key counts most.
  const named = loggers.get("root") ?? loggers.get("");
  for (const alias of ["", "root"]) loggers.delete(alias);
  const root = top.root === undefined ? named : readLogger(reader, top.root, "root", handlers);
  const usable = [...handlers].flatMap(([id, settings]): [string, HandlerSettings][] =>
    settings === "ignored" ? [] : [[id, settings]]
  );
  return {
    handlers: new Map(usable),
    loggers,
    root: root ?? { level: undefined, propagate: false, handlers: [] },
  };
}

/**
 * Reads and checks a configuration; no file is opened yet.
 *
 * @param text the content of the JSON file
 * @param file its path, to be named in findings
 * @throws {ConfigError} when it is not JSON, or says something that cannot be done
 */
export function readSettings(text: string, file: string): LoggingSettings {
  const reader = new DictReader(file);
  const settings = readAll(reader, reader.object(parse(text, file), ""));
  if (reader.faults.length > 0) {
    throw new ConfigError(`Cannot use the logging configuration ${file}`, reader.faults);
  }
  return { ...settings, warnings: reader.oddities.map(formatFinding) };
}
