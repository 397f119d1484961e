/**
 * Runs sections when they are due: some side by side, never one beside itself, and what was missed once.
 *
 * @module
 */

import {
  byDue,
  isAhead,
  nextDue,
  type Past,
  type ReadPast,
  type ScheduledSection,
} from "../app/schedule.ts";
import { SectionQueue } from "../app/section_queue.ts";
import { messageOf } from "../base/errors.ts";
import { errorLines } from "../logging/error.ts";
import type { Log } from "../logging/log.ts";

/** How a scheduler works. */
export interface SchedulerSettings {
  readonly sections: readonly ScheduledSection[];
  readonly readPast: ReadPast;
  /** Sections that run side by side. */
  readonly parallel: number;
  /**
   * Runs a section that was due, told which of those before it it had to wait for; gives false when it could
   * not begin because another upload is running. What it throws is logged, and the section waits until it is
   * due again.
   */
  readonly run: (section: string, due: Date, waitedFor: readonly string[]) => Promise<boolean>;
  readonly log: Log;
  /** Milliseconds after which it is looked anew at the latest, when not the usual ones. */
  readonly lookMs?: number | undefined;
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

/** Findings of a configuration that are named where nobody asked for it. */
export const mostFindings = 10;

/** Runs sections by their schedules until it is stopped. */
export class Scheduler {
  readonly #settings: SchedulerSettings;
  readonly #queue: SectionQueue;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The sections that wait for their turn or run, each until it has ended. */
  readonly #begun = new Set<Promise<void>>();
  #isStopped = false;
  /** Why it could not be determined what is due; it is said once. */
  #failure = "";
  /** One look after the other. */
  #looking: Promise<void> = Promise.resolve();
  /** Whether a look has not begun yet, which sees all that has ended until then. */
  #isLookDue = false;
  /** Sections that another upload held up, and when they are tried again. */
  readonly #postponed = new Map<string, number>();
  /** When sections were due by their schedules, also when another upload held them up since. */
  readonly #scheduled = new Map<string, Date>();
  /** Starts that the state may not know of, such as those that failed early. */
  readonly #started = new Map<string, Date>();

  constructor(settings: SchedulerSettings) {
    this.#settings = settings;
    const after = new Map(settings.sections.map((section) => [section.name, section.after]));
    this.#queue = new SectionQueue({
      width: settings.parallel,
      after: (section) => after.get(section) ?? [],
    });
  }

  /** Begins to watch the clock. */
  start(): void {
    this.#watch();
  }

  /** Begins nothing more, and waits for the running uploads. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#queue.close();
    await this.#looking;
    await Promise.all(this.#begun);
  }

  /** The sections that run at the moment. */
  get running(): readonly string[] {
    return this.#queue.running;
  }

  /** Whether sections run or wait for their turn. */
  get isBusy(): boolean {
    return this.#begun.size > 0;
  }

  /** When all sections, or some, are due, the next first. */
  async upcoming(sections = this.#settings.sections): Promise<DueSection[]> {
    const past = await this.#settings.readPast();
    return byDue(
      sections.map((section) => {
        return { section: section.name, due: this.#dueOf(section, past(section.name)) };
      }),
    );
  }

  #dueOf(section: ScheduledSection, past: Past): Date | undefined {
    const started = this.#started.get(section.name);
    const lastStart = [past.lastStart, started]
      .filter((one) => one !== undefined)
      .filter((one) => !isAhead(one))
      .sort((a, b) => b.getTime() - a.getTime())[0];
    // What was made up for, or could not even begin, waits for its schedule.
    const isAbandoned = past.isAbandoned === true && lastStart === past.lastStart;
    const due = nextDue(section, { ...past, lastStart, isAbandoned });
    // A run that was left is made up for once, whenever that may be.
    const claimed = isAbandoned ? past.lastStart : due;
    if (claimed !== undefined) this.#scheduled.set(section.name, claimed);
    const postponed = this.#postponed.get(section.name) ?? 0;
    return due !== undefined && due.getTime() < postponed ? new Date(postponed) : due;
  }

  /** Hands on what is due, and looks again when something else is, or has ended. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    this.#looking = this.#looking.then(() => this.#look());
  }

  /** Never throws. */
  async #look(): Promise<void> {
    this.#isLookDue = false;
    let wait = this.#settings.lookMs ?? longestSleepMs;
    try {
      // The others are looked at when they have ended; many may still wait then.
      const idle = this.#settings.sections.filter(({ name }) => !this.#queue.has(name));
      const upcoming = this.#isStopped ? [] : await this.upcoming(idle);
      this.#failure = "";
      for (const { section, due } of upcoming) {
        if (this.#isStopped) return;
        if (due === undefined) continue;
        const left = due.getTime() - Date.now();
        if (left > 0) {
          wait = Math.min(wait, left);
          break;
        }
        this.#begin(section, this.#scheduled.get(section) ?? due);
      }
    } catch (error) {
      // The state, for example: it may be well again later.
      const failure = messageOf(error);
      if (failure !== this.#failure) {
        this.#settings.log.error(`Cannot determine what is due: ${failure}`);
      }
      this.#failure = failure;
    }
    clearTimeout(this.#timer);
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#watch(), wait);
  }

  #begin(section: string, due: Date): void {
    const ended = this.#queue.add(section, (waitedFor) => this.#run(section, due, waitedFor))
      .then(() => {
        this.#begun.delete(ended);
        this.#watch();
      });
    this.#begun.add(ended);
  }

  async #run(section: string, due: Date, waitedFor: readonly string[]): Promise<void> {
    const { log, run } = this.#settings;
    const begun = new Date();
    try {
      if (await run(section, due, waitedFor)) {
        this.#started.set(section, begun);
        this.#postponed.delete(section);
        return;
      }
      if (!this.#isStopped && !this.#postponed.has(section)) {
        log.info(`[${section}] is due, but another upload is running: it waits for that`);
      }
      this.#postponed.set(section, Date.now() + (this.#settings.lookMs ?? busyMs));
    } catch (error) {
      this.#started.set(section, begun);
      this.#postponed.delete(section);
      const [line, ...details] = errorLines(error, { verbose: false, mostFindings });
      log.error(`[${section}] could not run: ${line}`, details);
    }
  }
}
