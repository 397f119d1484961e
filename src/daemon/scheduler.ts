/**
 * Runs sections when they are due: one after the other, never one beside itself, and what was missed
 * once.
 *
 * @module
 */

import { byDue, nextDue, type Past, type ScheduledSection } from "../app/schedule.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";

/** How a scheduler works. */
export interface SchedulerSettings {
  readonly sections: readonly ScheduledSection[];
  readonly past: (section: string) => Past;
  /**
   * Runs a section; gives false when it could not begin because another upload is running. What it
   * throws is logged, and the section waits until it is due again.
   */
  readonly run: (section: string) => Promise<boolean>;
  readonly log: Log;
}

/** What comes next. */
export interface DueSection {
  readonly section: string;
  /** Undefined when it is never due again. */
  readonly due: Date | undefined;
}

/** The scheduler looks at the clock at least this often: clocks are set, and machines sleep. */
const longestSleepMs = 20_000;
/** So many milliseconds later it is tried again when another upload was running. */
const busyMs = 5_000;

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
    this.#watch();
  }

  /** Begins nothing more, and waits for the running upload. */
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
  upcoming(): DueSection[] {
    return byDue(
      this.#settings.sections.map((section) => {
        return { section: section.name, due: this.#dueOf(section) };
      }),
    );
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

  #watch(): void {
    if (this.#isStopped) return;
    let wait = longestSleepMs;
    try {
      const [next] = this.upcoming();
      if (next?.due !== undefined) wait = Math.max(0, next.due.getTime() - Date.now());
      if (next !== undefined && wait === 0) {
        this.#running = this.#run(next.section).finally(() => this.#watch());
        return;
      }
    } catch (error) {
      // The state file, for example: it may be well again later.
      this.#settings.log.error(`Cannot determine what is due: ${messageOf(error)}`);
    }
    this.#timer = setTimeout(() => this.#watch(), Math.min(wait, longestSleepMs));
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
        log.info(`[${section}] is due, but another upload is running: it waits for that`);
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
