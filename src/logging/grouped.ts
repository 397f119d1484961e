/**
 * Keeps the log lines of things that go on at once together, thing by thing.
 *
 * @module
 */

import type { Redactor } from "../base/redact.ts";
import { createLog, type Log, type LogEntry } from "./log.ts";
import { programLogger } from "./console.ts";

/** How long a line is held, in milliseconds: whoever watches a long run sees it go on. */
const longestHoldMs = 5_000;

/** Lines that are held at most. */
const mostHeld = 200;

/** The lines of one logger that are held back. */
interface Group {
  readonly entries: LogEntry[];
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * A log that writes the lines of each logger as a block: when {@linkcode GroupedLog.flush} asks for it, when they are
 * many or old, and with an error, which nobody is to wait for.
 */
export class GroupedLog {
  readonly log: Log;
  readonly #target: Log;
  readonly #isGrouping: () => boolean;
  readonly #groups = new Map<string, Group>();

  /** @param isGrouping whether more than one thing goes on: otherwise lines are written as they come. */
  constructor(target: Log, redactor: Redactor, isGrouping: () => boolean) {
    this.#target = target;
    this.#isGrouping = isGrouping;
    this.log = createLog(programLogger, redactor, [(entry) => this.#take(entry)]);
  }

  /** Writes what is held of a logger. */
  flush(name: string): void {
    const group = this.#groups.get(name);
    this.#groups.delete(name);
    if (group === undefined) return;
    clearTimeout(group.timer);
    for (const entry of group.entries) this.#target.write(entry);
  }

  #take(entry: LogEntry): void {
    const { name, level } = entry;
    if (name === programLogger) return this.#target.write(entry);
    let group = this.#groups.get(name);
    if (group === undefined && !this.#isGrouping()) return this.#target.write(entry);
    if (group === undefined) {
      const timer = setTimeout(() => this.flush(name), longestHoldMs);
      this.#groups.set(name, group = { entries: [], timer });
    }
    group.entries.push(entry);
    const isFull = group.entries.length >= mostHeld;
    if (level === "error" || isFull || !this.#isGrouping()) this.flush(name);
  }
}
