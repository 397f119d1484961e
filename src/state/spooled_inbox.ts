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

/** What a {@linkcode SpoolIntake} is made of. */
export interface SpoolIntakeSettings {
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
 * Keeps events in a shared inbox, or in the spool once that did not work for a reason that may pass. From then on
 * all events go through the spool until it is empty, so that none is overtaken by an older one about the same.
 *
 * It outlives the configurations of a tenant: whichever takes the calls says to which inbox events go from then
 * on. Until one does, they wait in the spool.
 */
export class SpoolIntake {
  readonly #spool: Spool;
  readonly #log: Log;
  readonly #retryMs: number;
  #shared: Inbox | undefined;
  #isSpooling = false;
  #failure: unknown;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #forwarding: Promise<void> = Promise.resolve();
  #isForwarding = false;
  /** The group that is on its way, and whether it is all of the spool. */
  #group: Promise<void> = Promise.resolve();
  #isLastGroup = false;
  /** Events forwarded since the spool was begun to be used. */
  #forwarded = 0;
  /** Events that the shared inbox has and that could not be removed from the spool yet. */
  #unremoved: readonly SpooledEvent[] = [];
  /** The last failure to forward that was told. */
  #told = "";

  /** Takes over the spool; what an earlier process left in it is forwarded to the first inbox that is used. */
  constructor({ spool, log, retryMs = 1000 }: SpoolIntakeSettings) {
    this.#spool = spool;
    this.#log = log;
    this.#retryMs = retryMs;
    const left = spool.count();
    if (left > 0) log.info(`${left} webhook events wait in ${spool.path}, from before this start`);
  }

  /** The file. */
  get path(): string {
    return this.#spool.path;
  }

  /** Why the shared inbox could not be reached when it was tried last. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Whether events go to this inbox. */
  uses(shared: Inbox): boolean {
    return this.#shared === shared;
  }

  /** How many events are in the spool. */
  get spooled(): number {
    return this.#spool.count();
  }

  /** Has events go to an inbox from now on, also those that wait. */
  use(shared: Inbox): void {
    this.#shared = shared;
    this.#failure = undefined;
    this.#told = "";
    if (!this.#isSpooling && this.#spool.count() > 0) this.#beginSpooling(0);
  }

  /** Has events wait, while there is no inbox yet that they could go to: for this reason. */
  hold(failure: unknown): void {
    if (this.#shared === undefined) this.#failure = failure;
  }

  /** Uses an inbox no more, unless another one is used already; fulfilled when nothing is on its way to it. */
  async leave(shared: Inbox): Promise<void> {
    if (this.#shared === shared) {
      this.#shared = undefined;
      clearTimeout(this.#timer);
      if (!this.#isForwarding) this.#isSpooling = false;
    }
    // Who forwards looks at its failure.
    await this.#group.catch(() => undefined);
  }

  /**
   * Keeps events as {@linkcode Inbox} does.
   *
   * @throws {AgentError} when that fails, or would fail every time: then somebody has to mend it first.
   */
  async add(events: readonly InboxEvent[]): Promise<void> {
    if (this.#isSpooling && this.#failure === undefined) await this.#waitForGroups();
    const shared = this.#shared;
    if (!this.#isSpooling && shared !== undefined) {
      try {
        return await shared.add(events, addDeadline);
      } catch (thrown) {
        if (!mayPass(thrown)) throw thrown;
        this.#fallBack(shared, thrown);
      }
    }
    if (this.#failure !== undefined && !mayPass(this.#failure)) throw this.#failure;
    // It is in the file when this call returns: the last look whether the spool is empty finds it.
    await this.#spool.add(events);
  }

  /** Ends. @param whenForwarded When what is left is forwarded, for people. */
  async close(whenForwarded = "after the next start"): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#forwarding;
    const left = this.#spool.count();
    if (left === 0) return;
    this.#log.warning(
      `${left} webhook events stay in ${this.#spool.path}: they are forwarded ${whenForwarded}`,
    );
  }

  #fallBack(shared: Inbox, failure: unknown): void {
    if (this.#isSpooling) return;
    if (shared === this.#shared) {
      this.#failure = failure;
      this.#log.warning(
        `${messageOf(failure)}: webhook events are kept in ${this.#spool.path} until it takes them`,
      );
    }
    this.#beginSpooling(this.#retryMs);
  }

  #beginSpooling(firstTryMs: number): void {
    this.#isSpooling = true;
    this.#forwarded = 0;
    this.#told = "";
    this.#tryLater(firstTryMs);
  }

  #tryLater(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#forwarding = this.#forward(), ms);
  }

  /** Forwards all that is in the spool, and begins anew later when that fails. Never rejects. */
  async #forward(): Promise<void> {
    this.#isForwarding = true;
    try {
      while (!this.#isClosed) {
        const shared = this.#shared;
        // Whichever is used next begins anew.
        if (shared === undefined) return void (this.#isSpooling = false);
        this.#group = this.#forwardGroup(shared);
        await this.#group;
        if (this.#spool.count() > 0) continue;
        this.#isSpooling = false;
        this.#log.info(`${this.#forwarded} webhook events of ${this.#spool.path} were forwarded`);
        return;
      }
    } catch (thrown) {
      this.#tell(thrown);
      this.#tryLater(this.#retryMs);
    } finally {
      this.#isForwarding = false;
    }
  }

  /** Lets what is on its way arrive: or the spool would never be empty while many events come. */
  async #waitForGroups(): Promise<void> {
    await endOrTimeout(this.#group);
    if (this.#isLastGroup) await endOrTimeout(this.#group);
  }

  /** Without anything in the spool it is a trial. */
  async #forwardGroup(shared: Inbox): Promise<void> {
    this.#remove();
    const group = this.#spool.oldest(groupSize);
    const last = group.at(-1);
    this.#isLastGroup = last === undefined || this.#spool.isLast(last);
    try {
      await shared.add(group, forwardDeadline);
    } catch (thrown) {
      this.#failure = thrown;
      throw thrown;
    }
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
    const effect = thrown === this.#failure ? ". New ones are refused until that is mended" : "";
    this.#log.error(
      `Webhook events of ${this.#spool.path} cannot be forwarded: ${message}${effect}`,
    );
  }
}

/** A shared inbox whose events come through a {@linkcode SpoolIntake}. All else is asked of the inbox itself. */
export class SpooledInbox implements Inbox {
  readonly #shared: Inbox;
  /** Where events come in. */
  readonly intake: SpoolIntake;

  constructor(shared: Inbox, intake: SpoolIntake) {
    this.#shared = shared;
    this.intake = intake;
  }

  /** Why it could not be reached when it was tried last; another one says nothing about that. */
  get failure(): unknown {
    return this.intake.uses(this.#shared) ? this.intake.failure : undefined;
  }

  /** Has events go to this inbox from now on. */
  takeOver(): void {
    this.intake.use(this.#shared);
  }

  add(events: readonly InboxEvent[]): Promise<void> {
    return this.intake.add(events);
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
    const { failure } = this;
    return failure === undefined ? this.#shared.sizes() : Promise.reject(failure);
  }

  async close(): Promise<void> {
    await this.intake.leave(this.#shared);
    await this.#shared.close();
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
export function mayPass(thrown: unknown): boolean {
  return thrown instanceof AgentError && thrown.retriable;
}
