/**
 * A log over a logging configuration, in a folder of its own.
 *
 * @module
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, type Log, type LogLevel } from "../../src/logging/log.ts";
import { type Logging, readLoggingConfig } from "../../src/logging/config.ts";
import { createRedactor } from "../../src/base/redact.ts";

/** A line as a test logs it: logger, level, message. */
export type Line = readonly [logger: string, level: LogLevel, message: string];

/** Logging in a folder. */
export interface Setup {
  readonly folder: string;
  readonly logging: Logging;
  /** Lines written to the standard streams. */
  readonly stdout: string[];
  readonly stderr: string[];
  readonly log: Log;
  /** Logs lines. */
  write(lines: readonly Line[]): void;
  /** The content of a file in the folder. */
  read(name: string): string;
  /** The names of the files in the folder, sorted. */
  files(): string[];
}

const folders: string[] = [];

/** A new empty folder, gone after {@linkcode removeFolders}. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "agent-log-"));
  folders.push(folder);
  return folder;
}

/** Removes the folders of this test file. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Reads a configuration, given as JSON or as an object, and logs by it. */
export function setUp(config: unknown, folder = newFolder()): Setup {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const logging = readLoggingConfig(typeof config === "string" ? config : JSON.stringify(config), {
    file: "logging.json",
    directory: folder,
    stdout: (line) => stdout.push(line),
    stderr: (line) => stderr.push(line),
  });
  const log = createLog("agent", createRedactor(), logging.sinks);
  return {
    folder,
    logging,
    stdout,
    stderr,
    log,
    write: (lines) => {
      for (const [logger, level, message] of lines) log.named(logger)[level](message);
    },
    read: (name) => readFileSync(join(folder, name), "utf8"),
    files: () => readdirSync(folder).sort(),
  };
}
