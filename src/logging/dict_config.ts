/**
 * Reads a logging configuration in the schema of Python's `logging.config.dictConfig`, version 1,
 * into checked settings, with everything that is wrong at once.
 *
 * @module
 */

import type { z } from "zod";
import { ConfigError, type Finding, formatFinding } from "../base/errors.ts";
import { ownEntry } from "../base/record.ts";
import {
  fileObject,
  fileSchema,
  formatterSchema,
  handlerClass,
  handlerSchemas,
  loggerSchema,
  table,
} from "./dict_schema.ts";
import { jsonLine, type LineFormat, parseLineFormat } from "./format.ts";
import { findJsonError } from "./json.ts";
import { parseTimeFormat } from "./time.ts";

/** A file that a handler writes, its name as configured. */
export interface FileOutput {
  readonly kind: "file";
  readonly filename: string;
  readonly append: boolean;
  readonly maxBytes: number;
  readonly backupCount: number;
  readonly delay: boolean;
}

/** Where a handler writes. */
export type HandlerOutput =
  | { readonly kind: "stdout" | "stderr" | "nowhere" }
  | FileOutput;

export interface HandlerSettings {
  /** Level number below which it drops lines. */
  readonly level: number;
  readonly format: LineFormat;
  readonly output: HandlerOutput;
}

export interface LoggerSettings {
  /** Level number below which it drops lines; absent or 0 when its parent decides. */
  readonly level: number | undefined;
  /** Whether lines also go to the handlers of the parents. */
  readonly propagate: boolean;
  /** Ids of its handlers; those of unknown classes are left out. */
  readonly handlers: readonly string[];
}

export interface LoggingSettings {
  readonly handlers: ReadonlyMap<string, HandlerSettings>;
  /** By dotted name, without the root. */
  readonly loggers: ReadonlyMap<string, LoggerSettings>;
  readonly root: LoggerSettings;
  /** What has no effect. */
  readonly warnings: readonly string[];
}

/** Python writes this when a handler names no formatter. */
const defaultFormat = "%(message)s";

/** What a file has beside {@linkcode fileSchema}. */
const tables = ["formatters", "handlers", "loggers", "root"];

/** Parses by schemas and collects findings. Paths are dotted, for example `handlers.console.level`. */
class Reader {
  readonly errors: Finding[] = [];
  readonly warnings: Finding[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** The value by its schema; undefined, with errors, when it does not fit. */
  parse<T>(schema: z.ZodType<T>, value: unknown, path: string): T | undefined {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    for (const { path: below, message } of result.error.issues) {
      const option = [path, ...below].filter((part) => part !== "").join(".") || undefined;
      this.errors.push({ code: "invalid", severity: "error", file: this.#file, option, message });
    }
    return undefined;
  }

  /** The same for an object, with a warning for each key that the schema does not have. */
  parseObject<S extends z.ZodRawShape>(schema: z.ZodObject<S>, value: unknown, path: string) {
    const entries = this.parse(table, value, path);
    if (entries === undefined) return undefined;
    this.warnUnknown(entries, Object.keys(schema.shape), path);
    return this.parse(schema, entries, path);
  }

  /** Reads each entry of a table. */
  parseTable<T>(value: unknown, path: string, read: (value: unknown, path: string) => T) {
    const entries = Object.entries(this.parse(table, value, path) ?? {});
    return new Map(entries.map(([id, entry]) => [id, read(entry, `${path}.${id}`)]));
  }

  warnUnknown(entries: Record<string, unknown>, known: readonly string[], path: string): void {
    for (const key of Object.keys(entries).filter((each) => !known.includes(each))) {
      this.warn(path === "" ? key : `${path}.${key}`, "is not known and has no effect");
    }
  }

  warn(option: string, message: string): void {
    const file = this.#file;
    this.warnings.push({ code: "ineffective", severity: "warning", file, option, message });
  }
}

function parseJson(text: string, file: string): unknown {
  const plain = text.replace(/^\uFEFF/, "");
  try {
    return JSON.parse(plain);
  } catch (cause) {
    const found = findJsonError(plain);
    const finding: Finding = {
      code: "syntax",
      severity: "error",
      file,
      line: found?.line,
      message: found === undefined
        ? "is not valid JSON"
        : `is not valid JSON at column ${found.column}: ${found.message}`,
      hint: found?.hint,
    };
    throw new ConfigError(`Cannot read the logging configuration ${file}`, [finding], { cause });
  }
}

function readFormatter(reader: Reader, value: unknown, path: string): LineFormat | undefined {
  const settings = reader.parseObject(formatterSchema, value, path);
  if (settings === undefined) return undefined;
  const pattern = settings.format ?? defaultFormat;
  if (pattern === "json") return jsonLine;
  const time = settings.datefmt === undefined ? undefined : parseTimeFormat(settings.datefmt);
  for (const directive of time?.unknown ?? []) {
    reader.warn(`${path}.datefmt`, `${directive} is not known and is shown as it is`);
  }
  const { format, unknown } = parseLineFormat(pattern, time?.format);
  for (const field of unknown) reader.warn(`${path}.format`, `${field} is not known here`);
  return format;
}

/** Defaults of the classes that write files. The connector's own rotates even when the file does not say so. */
const fileClasses = {
  "logging.FileHandler": { rotates: false, maxBytes: 0, backupCount: 0 },
  "logging.handlers.RotatingFileHandler": { rotates: true, maxBytes: 0, backupCount: 0 },
  "lib.config.RotateHandler": { rotates: true, maxBytes: 10_485_760, backupCount: 20 },
} as const;

type FileClass = (typeof fileClasses)[keyof typeof fileClasses];
type HandlerSchemas = ReturnType<typeof handlerSchemas>;
type ParsedHandler = z.output<HandlerSchemas["base"]>;
type ParsedFile = z.output<HandlerSchemas["file"]> & Partial<z.output<HandlerSchemas["rotating"]>>;

function readFileOutput(
  reader: Reader,
  settings: ParsedFile,
  defaults: FileClass,
  path: string,
): FileOutput {
  const { encoding, mode, filename, delay = false } = settings;
  if (encoding !== undefined && !/^utf[-_ ]?8$|^u8$|^(us[-_ ]?)?ascii$/i.test(encoding)) {
    const shown = JSON.stringify(encoding);
    reader.warn(`${path}.encoding`, `${shown} has no effect: log files are written in UTF-8`);
  }
  const { maxBytes = defaults.maxBytes, backupCount = defaults.backupCount } = settings;
  // As in Python: a file that rotates is never emptied.
  const append = mode !== "w" || maxBytes > 0;
  return { kind: "file", filename, append, maxBytes, backupCount, delay };
}

/** A handler as its class has it; nothing, with a warning, when the class is not known. */
function readOutput(
  reader: Reader,
  schemas: HandlerSchemas,
  name: string,
  entries: Record<string, unknown>,
  path: string,
): [ParsedHandler, HandlerOutput] | undefined {
  const fileClass = ownEntry<FileClass>(fileClasses, name);
  if (fileClass !== undefined) {
    const settings: ParsedFile | undefined = fileClass.rotates
      ? reader.parseObject(schemas.rotating, entries, path)
      : reader.parseObject(schemas.file, entries, path);
    if (settings === undefined) return undefined;
    return [settings, readFileOutput(reader, settings, fileClass, path)];
  }
  if (name === "logging.StreamHandler") {
    const settings = reader.parseObject(schemas.stream, entries, path);
    if (settings === undefined) return undefined;
    return [settings, { kind: settings.stream === "ext://sys.stdout" ? "stdout" : "stderr" }];
  }
  if (name === "logging.NullHandler") {
    const settings = reader.parseObject(schemas.base, entries, path);
    return settings === undefined ? undefined : [settings, { kind: "nowhere" }];
  }
  const shown = JSON.stringify(name);
  reader.warn(`${path}.class`, `${shown} is not known: the handler is left out`);
  return undefined;
}

function readHandlers(
  reader: Reader,
  formats: ReadonlyMap<string, LineFormat | undefined>,
  value: unknown,
  isJson: boolean,
): Map<string, HandlerSettings | undefined> {
  const schemas = handlerSchemas([...formats.keys()]);
  const plain = parseLineFormat(defaultFormat).format;
  function readHandler(value: unknown, path: string): HandlerSettings | undefined {
    const entries = reader.parse(table, value, path);
    if (entries === undefined) return undefined;
    const name = reader.parse(handlerClass, entries.class ?? entries["()"], `${path}.class`);
    const found = name === undefined ? undefined : readOutput(reader, schemas, name, entries, path);
    if (found === undefined) return undefined;
    const [{ level = 0, formatter }, output] = found;
    const format = formatter === undefined ? plain : formats.get(formatter) ?? plain;
    return { level, format: isJson ? jsonLine : format, output };
  }
  return reader.parseTable(value, "handlers", readHandler);
}

function readLoggers(
  reader: Reader,
  file: Record<string, unknown>,
  handlers: ReadonlyMap<string, HandlerSettings | undefined>,
): Pick<LoggingSettings, "loggers" | "root"> {
  const schema = loggerSchema([...handlers.keys()]);
  function readLogger(value: unknown, path: string): LoggerSettings {
    const { level, propagate = true, handlers: ids = [] } =
      reader.parseObject(schema, value, path) ?? {};
    const known = [...new Set(ids)].filter((id) => handlers.get(id) !== undefined);
    return { level, propagate, handlers: known };
  }
  const loggers = reader.parseTable(file.loggers, "loggers", readLogger);
  // Python knows the root under these names too; its own key counts most.
  const named = loggers.get("root") ?? loggers.get("");
  for (const alias of ["", "root"]) loggers.delete(alias);
  const root = file.root === undefined ? named : readLogger(file.root, "root");
  return { loggers, root: root ?? { level: undefined, propagate: false, handlers: [] } };
}

/**
 * Reads and checks a configuration; no file is opened yet.
 *
 * @param text the content of the JSON file
 * @param file its path, to be named in findings
 * @throws {ConfigError} when it is not JSON, or says something that cannot be done
 */
export function readSettings(text: string, file: string): LoggingSettings {
  const reader = new Reader(file);
  const top = reader.parse(fileObject, parseJson(text, file), "") ?? {};
  const { format } = reader.parse(fileSchema, top, "") ?? {};
  reader.warnUnknown(top, [...Object.keys(fileSchema.shape), ...tables], "");
  const formats = reader.parseTable(
    top.formatters,
    "formatters",
    (value, path) => readFormatter(reader, value, path),
  );
  const handlers = readHandlers(reader, formats, top.handlers, format === "json");
  const { loggers, root } = readLoggers(reader, top, handlers);
  if (reader.errors.length > 0) {
    throw new ConfigError(`Cannot use the logging configuration ${file}`, reader.errors);
  }
  const usable = [...handlers].flatMap(([id, handler]): [string, HandlerSettings][] =>
    handler === undefined ? [] : [[id, handler]]
  );
  const warnings = reader.warnings.map(formatFinding);
  return { handlers: new Map(usable), loggers, root, warnings };
}
