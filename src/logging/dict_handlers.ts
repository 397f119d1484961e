/**
 * Reads the handlers of a logging configuration, class by class.
 *
 * @module
 */

import type { DictReader } from "./dict_reader.ts";
import type { LineFormat } from "./format.ts";

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

/** One handler as configured. */
export interface HandlerSettings {
  /** Level number below which it drops lines. */
  readonly level: number;
  readonly format: LineFormat;
  readonly output: HandlerOutput;
}

type Json = Record<string, unknown>;
type OutputReader = (reader: DictReader, settings: Json, path: string) => HandlerOutput;

interface HandlerClass {
  /** What it understands beside class, level and formatter. */
  readonly keys: readonly string[];
  readonly read: OutputReader;
}

const fileKeys = ["filename", "mode", "encoding", "delay", "errors"];
const rotatingKeys = [...fileKeys, "maxBytes", "backupCount"];

/** The connector's own class rotates even when the file does not say by how much. */
const connectorDefaults = { maxBytes: 10_485_760, backupCount: 20 };
const pythonDefaults = { maxBytes: 0, backupCount: 0 };

const classes: ReadonlyMap<string, HandlerClass> = new Map<string, HandlerClass>([
  ["logging.StreamHandler", { keys: ["stream"], read: readStream }],
  ["logging.NullHandler", { keys: [], read: () => ({ kind: "nowhere" }) }],
  ["logging.FileHandler", { keys: fileKeys, read: fileReader(pythonDefaults) }],
  [
    "logging.handlers.RotatingFileHandler",
    { keys: rotatingKeys, read: fileReader(pythonDefaults) },
  ],
  ["lib.config.RotateHandler", { keys: rotatingKeys, read: fileReader(connectorDefaults) }],
]);

function readStream(reader: DictReader, settings: Json, path: string): HandlerOutput {
  const stream = reader.text(settings.stream, `${path}.stream`) ?? "ext://sys.stderr";
  if (stream === "ext://sys.stderr") return { kind: "stderr" };
  if (stream !== "ext://sys.stdout") {
    reader.fault(`${path}.stream`, `${JSON.stringify(stream)} is not a stream`, {
      hint: "Use ext://sys.stdout or ext://sys.stderr",
    });
  }
  return { kind: "stdout" };
}

function readFilename(reader: DictReader, value: unknown, path: string): string {
  const filename = reader.text(value, path);
  if (filename === undefined || filename.trim() === "") reader.fault(path, "is missing");
  // deno-lint-ignore no-control-regex
  else if (/[\x00-\x1f]/.test(filename)) {
    reader.fault(path, `${JSON.stringify(filename)} contains a control character`, {
      hint: "Write a backslash as \\\\",
    });
  }
  return filename ?? "";
}

function readMode(reader: DictReader, value: unknown, path: string): "a" | "w" {
  const mode = reader.text(value, path) ?? "a";
  if (mode === "a" || mode === "w") return mode;
  reader.fault(path, `${JSON.stringify(mode)} is not a mode`, { hint: "Use a or w" });
  return "a";
}

function checkEncoding(reader: DictReader, value: unknown, path: string): void {
  const encoding = reader.text(value, path);
  if (encoding === undefined || /^utf[-_ ]?8$|^u8$|^(us[-_ ]?)?ascii$/i.test(encoding)) return;
  reader.oddity(path, `${JSON.stringify(encoding)} has no effect: log files are written in UTF-8`);
}

function fileReader(defaults: typeof pythonDefaults): OutputReader {
  return (reader, settings, path) => {
    checkEncoding(reader, settings.encoding, `${path}.encoding`);
    const mode = readMode(reader, settings.mode, `${path}.mode`);
    const maxBytes = reader.count(settings.maxBytes, `${path}.maxBytes`) ?? defaults.maxBytes;
    return {
      kind: "file",
      filename: readFilename(reader, settings.filename, `${path}.filename`),
      // As in Python: a file that rotates is never emptied.
      append: mode === "a" || maxBytes > 0,
      maxBytes,
      backupCount: reader.count(settings.backupCount, `${path}.backupCount`) ??
        defaults.backupCount,
      delay: reader.flag(settings.delay, `${path}.delay`) ?? false,
    };
  };
}

/**
 * Reads one handler.
 *
 * @param path where it stands, for findings
 * @param format of its formatter
 * @returns `ignored`, with a warning, when its class is not known
 */
export function readHandler(
  reader: DictReader,
  settings: Json,
  path: string,
  format: LineFormat,
): HandlerSettings | "ignored" {
  const name = reader.text(settings.class ?? settings["()"], `${path}.class`);
  if (name === undefined) {
    reader.fault(`${path}.class`, "is missing");
    return "ignored";
  }
  const handlerClass = classes.get(name);
  if (handlerClass === undefined) {
    reader.oddity(
      `${path}.class`,
      `${JSON.stringify(name)} is not known: the handler is left out`,
    );
    return "ignored";
  }
  reader.warnUnknown(settings, ["class", "()", "level", "formatter", ...handlerClass.keys], path);
  return {
    level: reader.level(settings.level, `${path}.level`) ?? 0,
    format,
    output: handlerClass.read(reader, settings, path),
  };
}
