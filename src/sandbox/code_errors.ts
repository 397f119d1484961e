/**
 * What user code logs and fails with during a run: the first error of each kind goes to the log, all
 * are counted.
 *
 * @module
 */

import type { Log } from "../logging/log.ts";
import type { PreparedProgram } from "./prepare.ts";
import type { GuestPosition, GuestReply } from "./protocol.ts";

/** Lines of its own that each program may write to the log in a run. */
const logLinesPerProgram = 20;
/** Kinds of errors of one program that are told apart. */
const kindsPerProgram = 20;

/** Errors of one program that are alike: of one class, at one line. */
export interface ErrorKind {
  /** For example `converter full_name`. */
  readonly program: string;
  /** The first error of the kind, with its position in the ini. */
  readonly example: string;
  readonly count: number;
}

/** The errors and log lines of user code over a run. */
export class CodeErrors {
  readonly #programs: readonly PreparedProgram[];
  readonly #log: Log;
  readonly #kinds = new Map<string, { program: string; example: string; count: number }>();
  readonly #lines = new Map<number, number>();

  constructor(programs: readonly PreparedProgram[], log: Log) {
    this.#programs = programs;
    this.#log = log;
  }

  /** The kinds of errors so far. */
  get kinds(): readonly ErrorKind[] {
    return [...this.#kinds.values()];
  }

  /** Takes what came with the answer to a batch. */
  take(reply: GuestReply): void {
    for (const { program, position, text, count } of reply.errors) {
      this.#add(program, position, text, count);
    }
    for (const [program, { entries, dropped }] of Object.entries(reply.logged)) {
      for (const [level, text] of entries) this.#say(Number(program), level, text);
      this.#count(Number(program), dropped);
    }
  }

  /** Logs what was counted and not logged one by one. */
  summarise(): void {
    for (const { program, example, count } of this.#kinds.values()) {
      if (count > 1) this.#log.warning(`${program} failed ${count} times like this: ${example}`);
    }
    for (const [program, lines] of this.#lines) {
      const more = lines - logLinesPerProgram;
      if (more > 0) this.#log.info(`${this.#label(program)} wrote ${more} more lines to the log`);
    }
  }

  /** An error with the position in the ini that it comes from. */
  locate(position: GuestPosition | null, text: string): string {
    const program = position === null ? undefined : this.#programs[position[0]];
    const line = position === null ? undefined : program?.iniLine(position[1]);
    return program === undefined || line === undefined
      ? text
      : `${text} (${program.source.file}:${line})`;
  }

  /** A program as the log names it. */
  #label(program: number): string {
    const { kind, name } = this.#programs[program]?.source ?? { kind: "converter", name: "?" };
    return kind === "filter" ? "The record filter" : `Converter ${name}`;
  }

  #add(program: number, position: GuestPosition | null, text: string, count: number): void {
    const label = this.#label(program);
    const named = [...this.#kinds.keys()].filter((key) => key.startsWith(`${program}\n`)).length;
    const key = named < kindsPerProgram ? `${program}\n${kindOf(text)}` : `${program}\n`;
    const known = this.#kinds.get(key);
    if (known !== undefined) {
      known.count += count;
      return;
    }
    const example = this.locate(position, text);
    this.#kinds.set(key, { program: label, example, count });
    this.#log.warning(`${label} failed: ${example}`);
  }

  #say(program: number, level: string, text: string): void {
    if (this.#count(program, 1) > logLinesPerProgram) return;
    const line = `${this.#label(program)}: ${text}`;
    if (level === "debug") this.#log.debug(line);
    else if (level === "info") this.#log.info(line);
    else if (level === "warning") this.#log.warning(line);
    else this.#log.error(line);
  }

  #count(program: number, lines: number): number {
    const sum = (this.#lines.get(program) ?? 0) + lines;
    this.#lines.set(program, sum);
    return sum;
  }
}

/** Errors that differ in a value or a number are of one kind. */
function kindOf(text: string): string {
  return text.replace(/'[^']*'|"[^"]*"|\d+/g, "…").slice(0, 120);
}
