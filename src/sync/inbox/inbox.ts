/**
 * Processes the inbox: batch after batch, each section on its own, until it is stopped.
 *
 * @module
 */

import { AgentError, messageOf } from "../../base/errors.ts";
import type { Log } from "../../logging/log.ts";
import type {
  Inbox,
  InboxEntry,
  InboxOutcome,
  SectionHold,
  SectionHolder,
} from "../../state/state.ts";
import { backoffMs, InboxBatch, type InboxRetryDelays } from "./batch.ts";
import type { PreparedSection } from "../prepare.ts";
import { describeCounts, type SectionReport, toSectionError } from "../report.ts";
import type { PartialRead } from "../read/read_items.ts";

/** What processing the inbox needs. */
export interface WorkSettings {
  readonly inbox: Inbox;
  /** The sections whose events are processed. */
  readonly sections: readonly string[];
  /** Gets a section ready for one more run. */
  readonly prepare: (section: string) => Promise<PreparedSection>;
  readonly run: (
    prepared: PreparedSection,
    how: {
      readonly read: PartialRead;
      readonly postponed: () => number;
      readonly arrivals: () => readonly number[];
    },
  ) => Promise<SectionReport>;
  /**
   * Takes a section for this process, so that its events are processed by one process at a time, in order;
   * absent where no other process can have it.
   */
  readonly holdSection?: ((section: string) => Promise<SectionHold | SectionHolder>) | undefined;
  /**
   * Processes a batch when it is its turn, and gives nothing when it will not be; absent where nobody else
   * wants turns.
   */
  readonly takeTurn?:
    | ((batch: () => Promise<boolean>) => Promise<boolean | undefined>)
    | undefined;
  /** How often it is looked for what other processes left or took in, in milliseconds. */
  readonly pollMs?: number | undefined;
  /** Whether an earlier run of a section left something to deliver. */
  readonly hasBacklog: (section: string) => Promise<boolean>;
  /** Things fetched at once. */
  readonly workers: number;
  readonly retryDelays: InboxRetryDelays;
  readonly log: Log;
  /** Aborted when even running work is to end. */
  readonly signal: AbortSignal;
  /** Called with the outcome of each batch. */
  readonly onReport?: ((report: SectionReport) => void) | undefined;
}

/** Entries of one batch. */
const batchSize = 500;

/** How often it is checked whether another process left something in the inbox, unless somebody says otherwise. */
const pollIntervalMs = 60_000;

/** So many milliseconds later it is tried again when another process had the section. */
const busyMs = 500;

/** Who tells what fails again and again once. */
interface Teller {
  readonly log: Log;
  /** The last failure of the state that was told; empty once it works. */
  told: string;
}

function tellOnce(teller: Teller, thrown: unknown, what = ""): void {
  const message = messageOf(thrown);
  if (message !== teller.told) teller.log.error(what + message);
  teller.told = message;
}

/** How a section is doing. */
interface Loop extends Teller {
  readonly section: string;
  /** Batches in a row that failed as a whole. */
  failures: number;
  /** Nothing is begun before, in milliseconds since the epoch. */
  notBefore: number;
  /** Something is left in the outbox. */
  hasBacklog: boolean;
  /** What became of entries and could not be written down yet. */
  unrecorded: readonly InboxOutcome[];
  /** Ends the present wait. */
  wake: (() => void) | undefined;
  wakesAt: number;
}

export class InboxWork {
  readonly #settings: WorkSettings;
  readonly #loops = new Map<string, Loop>();
  #isEnding = false;
  #done: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #polling: Teller & { isUnderWay: boolean };

  constructor(settings: WorkSettings) {
    this.#settings = settings;
    this.#polling = { log: settings.log, told: "", isUnderWay: false };
  }

  /** Begins to work. */
  start(): void {
    const { sections, log } = this.#settings;
    for (const section of sections) {
      const loop: Loop = {
        section,
        log: log.named(section),
        failures: 0,
        told: "",
        notBefore: 0,
        hasBacklog: false,
        unrecorded: [],
        wake: undefined,
        wakesAt: 0,
      };
      this.#loops.set(section, loop);
    }
    this.#done = this.#workAll();
    const { pollMs = pollIntervalMs } = this.#settings;
    this.#timer = setInterval(() => void this.#poll(), pollMs);
  }

  /** Makes sure that a section is awake when something is due, in milliseconds since the epoch. */
  nudge(section: string, due: number): void {
    const loop = this.#loops.get(section);
    if (loop !== undefined && due < loop.wakesAt) loop.wake?.();
  }

  /** Processes what can be processed now, and ends. */
  async end(): Promise<void> {
    this.#isEnding = true;
    clearInterval(this.#timer);
    for (const { wake } of this.#loops.values()) wake?.();
    await this.#done;
  }

  async #workAll(): Promise<void> {
    await this.#release();
    await Promise.all([...this.#loops.values()].map(async (loop) => {
      try {
        loop.hasBacklog = await this.#settings.hasBacklog(loop.section);
      } catch (thrown) {
        // A run finds out.
        loop.hasBacklog = true;
        loop.log.error(messageOf(thrown));
      }
      await this.#work(loop);
    }));
  }

  /** Gives back what other processes took that are no more. */
  async #release(): Promise<void> {
    try {
      await this.#settings.inbox.release();
    } catch (thrown) {
      this.#settings.log.error(messageOf(thrown));
    }
  }

  async #work(loop: Loop): Promise<void> {
    while (!this.#settings.signal.aborted) {
      // When the end came during this round, one more takes what only waits for more of its kind.
      const isLast = this.#isEnding;
      let isIdle = true;
      try {
        isIdle = performance.now() < loop.notBefore || !await this.#batchInTurn(loop);
      } catch (thrown) {
        // The state fails, or a bug: it stops one round, never the service.
        this.#postpone(loop, thrown);
      }
      if (isIdle && isLast) return;
      if (isIdle && !this.#isEnding) await this.#wait(loop);
    }
  }

  async #batchInTurn(loop: Loop): Promise<boolean> {
    const { takeTurn } = this.#settings;
    if (takeTurn === undefined) return await this.#batch(loop);
    // Most of the time nothing waits, and no turn is needed to see that.
    return await this.#hasWork(loop) && await takeTurn(() => this.#batch(loop)) === true;
  }

  /** Whether there is anything to do for a section. */
  async #hasWork({ section, hasBacklog, unrecorded }: Loop): Promise<boolean> {
    if (hasBacklog || unrecorded.length > 0) return true;
    const due = await this.#settings.inbox.nextDue(section);
    return due !== undefined && (this.#isEnding || due <= Date.now());
  }

  /** Processes one batch when no other process has the section; gives whether there was anything to do. */
  async #batch(loop: Loop): Promise<boolean> {
    await this.#recordOutcomes(loop, []);
    const hold = await this.#settings.holdSection?.(loop.section);
    if (hold?.kind === "busy") {
      loop.notBefore = performance.now() + busyMs;
      return false;
    }
    try {
      return await this.#batchHeld(loop);
    } finally {
      await hold?.release();
    }
  }

  async #batchHeld(loop: Loop): Promise<boolean> {
    const { inbox, workers, signal } = this.#settings;
    const entries = await inbox.take(loop.section, batchSize, this.#isEnding);
    loop.told = "";
    if (entries.length === 0 && !await this.#hasBacklog(loop)) return false;
    const batch = new InboxBatch(entries, { workers, retryDelays: this.#settings.retryDelays });
    const report = await this.#run(loop, batch, entries);
    this.#conclude(loop, report);
    // What was broken off is not to blame: it is given back as it was.
    if (!signal.aborted) await this.#recordOutcomes(loop, batch.outcomes(report));
    return true;
  }

  /** Whether something is left now: what another process had at work may be done since. */
  async #hasBacklog(loop: Loop): Promise<boolean> {
    if (loop.hasBacklog) loop.hasBacklog = await this.#settings.hasBacklog(loop.section);
    return loop.hasBacklog;
  }

  async #recordOutcomes(loop: Loop, outcomes: readonly InboxOutcome[]): Promise<void> {
    loop.unrecorded = [...loop.unrecorded, ...outcomes];
    await this.#settings.inbox.recordOutcomes(loop.unrecorded);
    loop.unrecorded = [];
  }

  /** Runs the section for some entries. Nothing is thrown: what went wrong is in the report. */
  async #run(
    loop: Loop,
    batch: InboxBatch,
    entries: readonly InboxEntry[],
  ): Promise<Pick<SectionReport, "error">> {
    const { prepare, run, onReport } = this.#settings;
    let prepared: PreparedSection;
    try {
      prepared = await prepare(loop.section);
    } catch (thrown) {
      return { error: toSectionError(thrown) };
    }
    const { source } = prepared.section;
    const report = await run(prepared, {
      read: (context) => batch.read(source, context),
      postponed: () => batch.postponed,
      arrivals: () => batch.arrivals,
    });
    const { counts, backlog } = report;
    loop.hasBacklog = counts.kept + backlog.kept > 0;
    const events = entries.reduce((sum, entry) => sum + entry.events, 0);
    loop.log.info(
      `Webhooks: ${events} ${events === 1 ? "event" : "events"}, ${describeCounts(counts)}`,
    );
    onReport?.(report);
    return report;
  }

  /** After a batch that failed as a whole, the next one waits. */
  #conclude(loop: Loop, { error }: Pick<SectionReport, "error">): void {
    if (error === null && !loop.hasBacklog) {
      loop.failures = 0;
      loop.notBefore = 0;
      return;
    }
    if (error !== null) loop.log.error(error.message);
    this.#slowDown(loop);
  }

  /** A state that was away for long is no reason to wait for long once it is back. */
  #postpone(loop: Loop, thrown: unknown): void {
    const isAway = thrown instanceof AgentError && thrown.retriable;
    if (isAway) loop.notBefore = performance.now() + this.#settings.retryDelays.firstWaitMs;
    else this.#slowDown(loop);
    tellOnce(loop, thrown, "Cannot process the webhook events: ");
  }

  #slowDown(loop: Loop): void {
    loop.notBefore = performance.now() + backoffMs(++loop.failures, this.#settings.retryDelays);
  }

  async #poll(): Promise<void> {
    // One that takes long is not to be followed by many that wait for the same.
    if (this.#polling.isUnderWay) return;
    this.#polling.isUnderWay = true;
    try {
      await this.#settings.inbox.release();
      // What other processes took in, or let be processed again.
      const sections = await this.#settings.inbox.dueSections();
      for (const section of sections) this.#loops.get(section)?.wake?.();
      this.#polling.told = "";
    } catch (thrown) {
      tellOnce(this.#polling, thrown);
    } finally {
      this.#polling.isUnderWay = false;
    }
  }

  async #wait(loop: Loop): Promise<void> {
    let isWoken = false;
    // What comes while it is looked for what is due is not to be missed.
    loop.wakesAt = Infinity;
    loop.wake = () => isWoken = true;
    const next = loop.hasBacklog ? undefined : await this.#nextDue(loop);
    if (isWoken || this.#settings.signal.aborted) return;
    const now = Date.now();
    const due = loop.hasBacklog ? now : next ?? now + pollIntervalMs;
    const left = Math.max(0, loop.notBefore - performance.now(), due - now);
    const { signal } = this.#settings;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        loop.wake = undefined;
        resolve();
      };
      const timer = setTimeout(end, left);
      loop.wakesAt = now + left;
      loop.wake = end;
      signal.addEventListener("abort", end, { once: true });
    });
  }

  async #nextDue(loop: Loop): Promise<number | undefined> {
    try {
      return await this.#settings.inbox.nextDue(loop.section);
    } catch (thrown) {
      tellOnce(loop, thrown);
      return undefined;
    }
  }
}
