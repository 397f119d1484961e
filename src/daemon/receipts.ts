/**
 * Receipts in `agent serve`: asked for beside the runs, so that waiting for one holds up no other; those of
 * webhooks in groups.
 *
 * @module
 */

import { messageOf } from "../base/errors.ts";
import { sleep } from "../base/iteration.ts";
import type { Log } from "../logging/log.ts";
import type { WebhookUploads } from "../app/webhook_uploads.ts";
import { receiptWaitMs } from "../sync/receipt/ask.ts";
import type { SectionReport } from "../sync/report.ts";
import type { DeliveredSection } from "../sync/run.ts";

/** What waiting for receipts needs. */
export interface ReceiptQueueSettings {
  /** Called with the report of each run once its receipt is there, or not waited for any more. */
  readonly onReport: (report: SectionReport) => void;
  readonly log: Log;
}

/** Asks about many uploads of a section at once. */
export type AskMany = WebhookUploads["ask"];

/** The uploads of webhooks of one section. */
interface Group {
  readonly waiting: Set<DeliveredSection>;
  isAtWork: boolean;
  /** When it was asked last, in milliseconds of the process. */
  askedAt: number;
}

/** A section's webhooks are asked about no more often than this, in milliseconds. */
const groupIntervalMs = 1000;

/** Runs that were delivered and wait for their receipts. */
export class ReceiptQueue {
  readonly #settings: ReceiptQueueSettings;
  readonly #groups = new Map<string, Group>();
  readonly #running = new Set<Promise<void>>();
  readonly #end = new AbortController();

  constructor(settings: ReceiptQueueSettings) {
    this.#settings = settings;
  }

  /** Aborted when receipts are not waited for any more. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Takes a run of all of a section; `onReport` gets its report as well. */
  add(delivered: DeliveredSection, onReport: (report: SectionReport) => void): void {
    this.#track(async () => {
      if (!await delivered.ask()) await delivered.wait();
      const report = await delivered.settle();
      onReport(report);
      this.#settings.onReport(report);
    });
  }

  /** Takes a run for webhooks. */
  addToGroup(section: string, delivered: DeliveredSection, ask: AskMany): void {
    if (delivered.awaited() === undefined) {
      this.#track(() => this.#settle(delivered));
      return;
    }
    const group = this.#groups.get(section) ??
      { waiting: new Set(), isAtWork: false, askedAt: Number.NEGATIVE_INFINITY };
    this.#groups.set(section, group);
    group.waiting.add(delivered);
    if (group.isAtWork) return;
    group.isAtWork = true;
    this.#track(() => this.#work(group, ask));
  }

  /** Ends the waiting: what is not decided is asked for after the next start. */
  async end(): Promise<void> {
    this.#end.abort();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Asks about all that wait, until none does. */
  async #work(group: Group, ask: AskMany): Promise<void> {
    try {
      for (let rounds = 0; group.waiting.size > 0; rounds++) {
        const pause = Math.max(groupIntervalMs, rounds === 0 ? 0 : receiptWaitMs(rounds));
        await this.#sleep(group.askedAt + pause - performance.now());
        const before = group.waiting.size;
        await this.#ask(group, ask);
        if (group.waiting.size < before) rounds = 0;
        if (this.#end.signal.aborted) await this.#settleAll(group);
      }
    } finally {
      group.isAtWork = false;
      await this.#settleAll(group);
    }
  }

  async #ask(group: Group, ask: AskMany): Promise<void> {
    const asked = [...group.waiting].flatMap((delivered) => {
      const upload = delivered.awaited();
      return upload === undefined ? [] : [{ delivered, upload }];
    });
    const answers = await ask(asked.map(({ upload }) => upload));
    group.askedAt = performance.now();
    const decided: DeliveredSection[] = [];
    for (const [index, { delivered }] of asked.entries()) {
      const answer = answers[index];
      if (answer === undefined || !await delivered.take(answer)) continue;
      group.waiting.delete(delivered);
      decided.push(delivered);
    }
    // All at once: they are on the disk with one write.
    await Promise.all(decided.map((delivered) => this.#settle(delivered)));
  }

  async #settleAll(group: Group): Promise<void> {
    const all = [...group.waiting];
    group.waiting.clear();
    await Promise.all(all.map((delivered) => this.#settle(delivered)));
  }

  async #settle(delivered: DeliveredSection): Promise<void> {
    this.#settings.onReport(await delivered.settle());
  }

  async #sleep(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, this.#end.signal).catch(() => undefined);
  }

  #track(work: () => Promise<void>): void {
    const task: Promise<void> = work()
      .catch((error) => this.#settings.log.error(`Cannot finish a receipt: ${messageOf(error)}`))
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
  }
}
