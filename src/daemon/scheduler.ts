/**
 * Runs sections when they are due: one after the other, never one beside itself, and what was missed
 * once.
 *
 * @module
 */

import { messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import type { Schedule, Windows } from "../settings/schedule.ts";

/** A section with a schedule. */
export interface ScheduledSection {
  readonly name: string;
  readonly schedule: Schedule;
  /** Milliseconds by which a start may be put off. */
  readonly jitterMs: number;
  readonly windows: Windows;
}

/** What is known of a section's past. */
export interface Past {
  /** When its last run began, whoever began it. */
  readonly lastStart: Date | undefined;
  /** Since when its schedule is as it is now. */
  readonly since: Date;
}

/** How a scheduler works. */
export interface SchedulerSettings {
  readonly sections: readonly ScheduledSection[];
  readonly past: (section: string) => Past;
  /**
   * Runs a section; gives false when it could not begin because another upload is at work. What it
   * throws is logged, and the section waits until it is due again.
   */
  readonly run: (section: string) => Promise<boolean>;
  readonly log: Log;
}

/** What comes next. */
export interface Upcoming {
  readonly section: string;
  /** Undefined when it is never due again. */
  readonly due: Date | undefined;
}

/** The scheduler looks at the clock at least this often: clocks are set, and machines sleep. */
const longestSleepMs = 20_000;
/** So many milliseconds later it is tried again when another upload was at work. */
const busyMs = 5_000;

/** A number from 0 to 1 that is the same for the same text: a restart does not throw the dice again. */
function chanceOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

/**
 * When a section is due. What became due while nothing ran is due at once, however often it was
 * missed; a schedule that is new does not look back.
 */
export function nextDue(section: ScheduledSection, { lastStart, since }: Past): Date | undefined {
  const { schedule, jitterMs, windows, name } = section;
  const isFirst = lastStart === undefined || lastStart < since;
  const from = isFirst ? since : lastStart;
  // An interval that never ran begins with a run.
  const due = isFirst && schedule.isInterval ? since : schedule.next(from);
  if (due === undefined) return undefined;
  const late = Math.floor(chanceOf(`${name} ${due.getTime()}`) * (jitterMs + 1));
  return windows.firstOpen(new Date(due.getTime() + late));
}

/** Runs sections by their schedules until it is stopped. */
export class Scheduler {
  readonly #settings: SchedulerSettings;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #current: string | undefined;
  #isStopped = false;
  /** Sections that another upload held up, and when they are tried again. */
  readonly #postponed = new Map<string, number>();
  /** Starts that the state may not know of, such as those that failed early. */
  readonly #started = new Map<string, Date>();

  constructor(settings: SchedulerSettings) {
    this.#settings = settings;
  }

  /** Begins to watch the clock. */
  start(): void {
    this.#plan();
  }

  /** Begins nothing more, and waits for the run under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** The section that runs at the moment. */
  get current(): string | undefined {
    return this.#current;
  }

  /** What is due when, the next first. */
  upcoming(): Upcoming[] {
    const all = this.#settings.sections.map((section) => ({
      section: section.name,
      due: this.#dueOf(section),
    }));
    const far = Number.POSITIVE_INFINITY;
    return all.sort((a, b) => (a.due?.getTime() ?? far) - (b.due?.getTime() ?? far));
  }

  #dueOf(section: ScheduledSection): Date | undefined {
    const past = this.#settings.past(section.name);
    const started = this.#started.get(section.name);
    const lastStart = [past.lastStart, started].filter((one) => one !== undefined)
      .sort((a, b) => b.getTime() - a.getTime())[0];
    const due = nextDue(section, { ...past, lastStart });
    const postponed = this.#postponed.get(section.name) ?? 0;
    return due !== undefined && due.getTime() < postponed ? new Date(postponed) : due;
  }

  #plan(): void {
    if (this.#isStopped) return;
    let wait = longestSleepMs;
    try {
      const [next] = this.upcoming();
      if (next?.due !== undefined) wait = Math.max(0, next.due.getTime() - Date.now());
      if (next !== undefined && wait === 0) {
        this.#running = this.#run(next.section).finally(() => this.#plan());
        return;
      }
    } catch (error) {
      // The state file, for example: it may be well again later.
      this.#settings.log.error(`Cannot tell what is due: ${messageOf(error)}`);
    }
    this.#timer = setTimeout(() => this.#plan(), Math.min(wait, longestSleepMs));
  }

  async #run(section: string): Promise<void> {
    const { log, run } = this.#settings;
    this.#current = section;
    const begun = new Date();
    try {
      if (await run(section)) {
        this.#started.set(section, begun);
        this.#postponed.delete(section);
        return;
      }
      if (!this.#postponed.has(section)) {
        log.info(`[${section}] is due, but another upload is at work: it waits for that`);
      }
      this.#postponed.set(section, Date.now() + busyMs);
    } catch (error) {
      this.#started.set(section, begun);
      this.#postponed.delete(section);
      log.error(`[${section}] could not run: ${messageOf(error)}`);
    } finally {
      this.#current = undefined;
    }
  }
}
