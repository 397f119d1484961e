/**
 * An inbox that several agents share, and a spool on this machine for the time in which it cannot be reached:
 * who sends a webhook does not send it again.
 *
 * @module
 */

import { AgentError, messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import type { Spool, SpooledEvent } from "./spool.ts";
import type { Inbox, InboxEntry, InboxEvent, InboxOutcome, InboxSize } from "./state.ts";

/** What a {@linkcode SpooledInbox} is made of. */
export interface SpooledInboxSettings {
  readonly shared: Inbox;
  readonly spool: Spool;
  readonly log: Log;
  /** It is tried so often to forward, in milliseconds; a second, unless given. */
  readonly retryMs?: number | undefined;
}

/** So many milliseconds a caller waits for the shared inbox before its event goes into the spool. */
const addDeadline = { milliseconds: 1500 };
/** The same for what is forwarded, for which nobody waits. */
const forwardDeadline = { milliseconds: 5000 };
/** Events forwarded at a time: while callers keep the thread busy, a group waits for its turn several times. */
const groupSize = 1000;

/**
 * Keeps events in the shared inbox, or in the spool once that did not work for a reason that may pass. From
 * then on all events go through the spool until it is empty, so that none is overtaken by an older one about
 * the same. Everything else is asked of the shared inbox.
 */
export class SpooledInbox implements Inbox {
  readonly #shared: Inbox;
  readonly #spool: Spool;
  readonly #log: Log;
  readonly #retryMs: number;
  #isSpooling = false;
  #failure: unknown;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #forwarding: Promise<void> = Promise.resolve();
  /** The group that is on its way, and whether it is all of the spool. */
  #group: Promise<void> = Promise.resolve();
  #isLastGroup = false;
  /** Events forwarded since the spool was begun to be used. */
  #forwarded = 0;
  /** Events that the shared inbox has and that could not be removed from the spool yet. */
  #unremoved: readonly SpooledEvent[] = [];
  /** The last failure to forward that was told. */
  #told = "";

  /** Takes over the spool, and begins to forward what an earlier process left in it. */
  constructor({ shared, spool, log, retryMs = 1000 }: SpooledInboxSettings) {
    this.#shared = shared;
    this.#spool = spool;
    this.#log = log;
    this.#retryMs = retryMs;
    const left = spool.count();
    if (left === 0) return;
    log.info(`${left} webhook events wait in ${spool.path}, from before this start`);
    this.#beginSpooling(0);
  }

  /** Why the shared inbox could not be reached when it was tried last. */
  get failure(): unknown {
    return this.#failure;
  }

  /** How many events are in the spool. */
  get spooled(): number {
    return this.#spool.count();
  }

  async add(events: readonly InboxEvent[]): Promise<void> {
    if (this.#isSpooling && this.#failure === undefined) await this.#waitForGroups();
    if (!this.#isSpooling) {
      try {
        return await this.#shared.add(events, addDeadline);
      } catch (thrown) {
        if (!mayPass(thrown)) throw thrown;
        this.#failure = thrown;
        this.#log.warning(
          `${
            messageOf(thrown)
          }: webhook events are kept in ${this.#spool.path} until it takes them`,
        );
        this.#beginSpooling(this.#retryMs);
      }
    }
    // It is in the file when this call returns: the last look whether the spool is empty finds it.
    await this.#spool.add(events);
  }

  take(section: string, limit: number, early: boolean): Promise<InboxEntry[]> {
    return this.#shared.take(section, limit, early);
  }

  recordOutcomes(outcomes: readonly InboxOutcome[]): Promise<void> {
    return this.#shared.recordOutcomes(outcomes);
  }

  release(): Promise<void> {
    return this.#shared.release();
  }

  nextDue(section: string): Promise<number | undefined> {
    return this.#shared.nextDue(section);
  }

  dueSections(): Promise<string[]> {
    return this.#shared.dueSections();
  }

  /** Rejects at once while it is known that the shared inbox cannot be reached. */
  sizes(): Promise<InboxSize[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return this.#shared.sizes();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#forwarding;
    try {
      const left = this.#spool.count();
      if (left > 0) {
        this.#log.warning(
          `${left} webhook events stay in ${this.#spool.path}: they are forwarded after the next start`,
        );
      }
      await this.#spool.close();
    } finally {
      await this.#shared.close();
    }
  }

  #beginSpooling(firstTryMs: number): void {
    this.#isSpooling = true;
    this.#forwarded = 0;
    this.#told = "";
    this.#tryLater(firstTryMs);
  }

  #tryLater(ms: number): void {
    this.#timer = setTimeout(() => this.#forwarding = this.#forward(), ms);
  }

  /** Forwards all that is in the spool, and begins anew later when that fails. Never rejects. */
  async #forward(): Promise<void> {
    try {
      while (!this.#isClosed) {
        this.#group = this.#forwardGroup();
        await this.#group;
        if (!this.#spool.isEmpty) continue;
        this.#isSpooling = false;
        this.#log.info(`${this.#forwarded} webhook events of ${this.#spool.path} were forwarded`);
        return;
      }
    } catch (thrown) {
      this.#failure = thrown;
      this.#tell(thrown);
      if (!this.#isClosed) this.#tryLater(this.#retryMs);
    }
  }

  /** Lets what is on its way arrive: or the spool would never be empty while many events come. */
  async #waitForGroups(): Promise<void> {
    await endOrTimeout(this.#group);
    if (this.#isLastGroup) await endOrTimeout(this.#group);
  }

  /** Without anything in the spool it is a trial. */
  async #forwardGroup(): Promise<void> {
    this.#remove();
    const group = this.#spool.oldest(groupSize);
    const last = group.at(-1);
    this.#isLastGroup = last === undefined || this.#spool.isLast(last);
    await this.#shared.add(group, forwardDeadline);
    this.#failure = undefined;
    this.#forwarded += group.length;
    this.#unremoved = group;
    this.#remove();
  }

  #remove(): void {
    this.#spool.remove(this.#unremoved);
    this.#unremoved = [];
  }

  /** That the shared inbox is away was said; what else keeps events from being forwarded is said once. */
  #tell(thrown: unknown): void {
    const message = messageOf(thrown);
    if (mayPass(thrown) || message === this.#told) return;
    this.#told = message;
    this.#log.error(`Webhook events of ${this.#spool.path} cannot be forwarded: ${message}`);
  }
}

/** Waits until some work is over, as long as a caller may wait. */
async function endOrTimeout(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, addDeadline.milliseconds);
  });
  // Who does the work looks at its failure.
  await Promise.race([work.catch(() => undefined), time]);
  clearTimeout(timer);
}

/** Whether a failure is one of those that end by themselves: the same events may be kept later. */
function mayPass(thrown: unknown): boolean {
  return thrown instanceof AgentError && thrown.retriable;
}
