/**
 * Reads values of a logging configuration by type and collects what is wrong with them.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";

/** The levels of Python's `logging`, with its aliases. */
const levelNumbers: ReadonlyMap<string, number> = new Map([
  ["CRITICAL", 50],
  ["FATAL", 50],
  ["ERROR", 40],
  ["WARNING", 30],
  ["WARN", 30],
  ["INFO", 20],
  ["DEBUG", 10],
  ["NOTSET", 0],
]);

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/**
 * Takes values apart. A value of the wrong type becomes a fault and is read as absent; `null` is
 * absent, as in Python. Paths are dotted, for example `handlers.console.level`.
 */
export class DictReader {
  /** What makes the configuration unusable. */
  readonly faults: Finding[] = [];
  /** What is not understood and has no effect. */
  readonly oddities: Finding[] = [];
  readonly #file: string;

  /** @param file the path to name in findings */
  constructor(file: string) {
    this.#file = file;
  }

  /** Records a fault. */
  fault(path: string, message: string, { hint }: { readonly hint?: string } = {}): void {
    this.faults.push(this.#finding("error", path, message, hint));
  }

  /** Records something that has no effect. */
  oddity(path: string, message: string): void {
    this.oddities.push(this.#finding("warning", path, message));
  }

  /** Warns of every key that is not among the known ones. */
  warnUnknown(value: Record<string, unknown>, known: readonly string[], path: string): void {
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      this.oddity(path === "" ? key : `${path}.${key}`, "is not known and has no effect");
    }
  }

  /** An object; an empty one when it is absent or of another type. */
  object(value: unknown, path: string): Record<string, unknown> {
    if (value === undefined || value === null) {
      if (path === "") this.#wrongType(path, "an object", value);
      return {};
    }
    if (typeof value !== "object" || Array.isArray(value)) {
      this.#wrongType(path, "an object", value);
      return {};
    }
    return value as Record<string, unknown>;
  }

  entries(value: unknown, path: string): [string, unknown][] {
    return Object.entries(this.object(value, path));
  }

  text(value: unknown, path: string): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    return this.#wrongType(path, "a text", value);
  }

  /** A list of texts; empty when absent. */
  texts(value: unknown, path: string): string[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    this.#wrongType(path, "a list of texts", value);
    return [];
  }

  /** A flag; the numbers 0 and 1 do as well. */
  flag(value: unknown, path: string): boolean | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === "boolean") return value;
    if (value === 0 || value === 1) return value === 1;
    return this.#wrongType(path, "true or false", value);
  }

  /** A whole number of 0 or more. */
  count(value: unknown, path: string): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    return this.#wrongType(path, "a whole number of 0 or more", value);
  }

  /** The number of a level that is given by name, in any case, or by number; NOTSET is 0. */
  level(value: unknown, path: string): number | undefined {
    if (value === undefined || value === null) return undefined;
    const number = typeof value === "string" ? levelNumbers.get(value.trim().toUpperCase()) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    this.fault(path, `${shown(value)} is not a level`, {
      hint: `Use ${["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"].join(", ")} or a number`,
    });
    return undefined;
  }

  #wrongType(path: string, wanted: string, value: unknown): undefined {
    this.fault(path, `must be ${wanted}, not ${shown(value)}`);
  }

  #finding(
    severity: Finding["severity"],
    path: string,
    message: string,
    hint?: string,
  ): Finding {
    const option = path === "" ? undefined : path;
    return { severity, file: this.#file, option, message, hint };
  }
}
