/**
 * Log files that rotate by size, as Python's `RotatingFileHandler` does it.
 *
 * Each line is handed to the operating system before the next statement runs, so a crash loses
 * none. What goes wrong on the disk is reported once and never stops the program.
 *
 * @module
 */

import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../base/errors.ts";

/** Where and how a log file is written. */
export interface LogFileSettings {
  /** Absolute path. */
  readonly path: string;
  /** False empties the file when it is first opened. */
  readonly append: boolean;
  /** The file is rotated before it would reach so many bytes; 0 never rotates. */
  readonly maxBytes: number;
  /** How many old files are kept, as `path.1` (the newest) and up; 0 never rotates. */
  readonly backupCount: number;
  /** Opens the file with the first line instead of at once. */
  readonly delay: boolean;
}

/** After a failure, how long lines are dropped before the disk is tried again. */
const pauseMs = 60_000;

/** Logs hold names and addresses of people: the owner's and the group's eyes only. */
export const logFileMode = 0o640;

/** One log file, open for writing. */
export class LogFile {
  readonly #settings: LogFileSettings;
  readonly #warn: (line: string) => void;
  #descriptor: number | undefined;
  #append: boolean;
  #size = 0;
  /** Rotate before the file would reach so many bytes. */
  #limit = Infinity;
  #tryAgainAt = 0;
  #lost = 0;
  /** The disk became full in the middle of a line. */
  #isTorn = false;
  readonly #reported = new Set<string>();
  #isClosed = false;

  /**
   * Opens the file, with the directories that it needs.
   *
   * @param warn called with what goes wrong with the file, each thing once, and at the end how
   * many lines were lost
   */
  constructor(settings: LogFileSettings, warn: (line: string) => void) {
    this.#settings = settings;
    this.#append = settings.append;
    this.#warn = warn;
    if (settings.delay) return;
    try {
      this.#open();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Writes a line; the newline is added. Never throws: a line that cannot be written is counted. */
  write(line: string): void {
    if (this.#isClosed) return;
    if (this.#tryAgainAt !== 0 && Date.now() < this.#tryAgainAt) {
      this.#lost++;
      return;
    }
    try {
      const bytes = new TextEncoder().encode(this.#isTorn ? `\n${line}\n` : `${line}\n`);
      this.#writeAll(this.#ready(bytes.length), bytes);
      this.#tryAgainAt = 0;
    } catch (error) {
      this.#lost++;
      this.#fail(error);
    }
  }

  /** Closes the file and reports how many lines were lost, if any. A second call does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
    if (this.#lost === 0) return;
    const lines = this.#lost === 1 ? "1 line was" : `${this.#lost} lines were`;
    this.#warn(`${lines} lost that belong in the log file ${this.#settings.path}`);
  }

  #open(): number {
    const { path, maxBytes, backupCount } = this.#settings;
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(path, this.#append ? "a" : "w", logFileMode);
    this.#descriptor = descriptor;
    this.#append = true;
    const stat = fstatSync(descriptor);
    this.#size = stat.size;
    // A pipe or a device, such as /dev/stdout, cannot be renamed.
    const rotates = maxBytes > 0 && backupCount > 0 && stat.isFile();
    this.#limit = rotates ? maxBytes : Infinity;
    return descriptor;
  }

  /** The descriptor to write so many bytes to, after a rotation if one is due. */
  #ready(bytes: number): number {
    const descriptor = this.#descriptor ?? this.#open();
    // An empty file stays even for a line that is longer than the limit.
    if (this.#size === 0 || this.#size + bytes < this.#limit) return descriptor;
    const isStillOurs = this.#isAtPath(descriptor);
    this.#release();
    const problem = isStillOurs ? this.#rotate() : undefined;
    const next = this.#open();
    if (problem !== undefined) this.#limit = this.#size + this.#settings.maxBytes;
    return next;
  }

  /** False when somebody else, another agent for example, has moved or removed the file. */
  #isAtPath(descriptor: number): boolean {
    const named = statSync(this.#settings.path, { throwIfNoEntry: false });
    return named !== undefined && named.ino === fstatSync(descriptor).ino;
  }

  /** Moves every file one number up; the result is what was in the way. */
  #rotate(): unknown {
    const { path, backupCount } = this.#settings;
    // After a rotation that failed half-way there is a gap, which ends the moving.
    let last = 1;
    while (last < backupCount && existsSync(`${path}.${last}`)) last++;
    try {
      rmSync(`${path}.${last}`, { force: true });
      for (let n = last; n > 1; n--) renameSync(`${path}.${n - 1}`, `${path}.${n}`);
      renameSync(path, `${path}.1`);
      return undefined;
    } catch (error) {
      this.#reportOnce("rotate", `it keeps growing: ${messageOf(error)}`);
      return error;
    }
  }

  #writeAll(descriptor: number, bytes: Uint8Array): void {
    let written = 0;
    while (written < bytes.length) {
      const count = writeSync(descriptor, bytes, written);
      if (count === 0) throw new Error("nothing could be written");
      written += count;
      this.#size += count;
      this.#isTorn = written < bytes.length;
    }
  }

  #fail(error: unknown): void {
    this.#tryAgainAt = Date.now() + pauseMs;
    this.#release();
    this.#reportOnce("write", `its lines are lost until then: ${messageOf(error)}`);
  }

  #release(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor === undefined) return;
    try {
      closeSync(descriptor);
    } catch (error) {
      // The lines are with the system already; a network drive may still refuse here.
      this.#reportOnce("close", messageOf(error));
    }
  }

  #reportOnce(action: string, consequence: string): void {
    if (this.#reported.has(action)) return;
    this.#reported.add(action);
    this.#warn(`Cannot ${action} the log file ${this.#settings.path}: ${consequence}`);
  }
}
