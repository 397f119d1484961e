/**
 * The intake of the inbox: events that arrive together share a transaction, and all that arrive while one is
 * under way share the next.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import { mostWaiting } from "../../state/inbox.ts";
import type { Inbox, InboxEvent } from "../../state/state.ts";

interface Waiting {
  readonly event: InboxEvent;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

/** Most events of one transaction. */
const mostAtOnce = 1000;

/**
 * Makes events durable, many at a time. One transaction follows the other: of two at once over several
 * connections, the older one could end last, and take the place of a newer event about the same.
 */
export class Intake {
  readonly #inbox: Pick<Inbox, "add" | "sizes">;
  readonly #trialMs: number;
  readonly #waiting: Waiting[] = [];
  #isWriting = false;
  /** Entries in the inbox, at most: those that fell together are counted apart until the next count. */
  #size = 0;
  #failure: unknown;
  #trial: ReturnType<typeof setTimeout> | undefined;
  #isTrialDue = false;
  #isEnded = false;

  private constructor(inbox: Pick<Inbox, "add" | "sizes">, trialMs: number) {
    this.#inbox = inbox;
    this.#trialMs = trialMs;
  }

  /**
   * Opens the intake of an inbox, and counts what waits in it.
   *
   * @param trialMs After a failure it is tried so often whether events can be kept again, in milliseconds.
   */
  static async open(
    inbox: Pick<Inbox, "add" | "sizes">,
    trialMs = 1000,
  ): Promise<Intake> {
    const intake = new Intake(inbox, trialMs);
    await intake.#recount();
    return intake;
  }

  /** Why the last events could not be made durable, while none can be. */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Makes an event durable.
   *
   * @throws {AgentError} when that fails, or too much waits already.
   */
  accept(event: InboxEvent): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event, resolve, reject });
      this.#begin();
    });
  }

  /** Tries now whether events can be kept, also while none come. */
  try(): void {
    if (this.#isEnded) return;
    this.#isTrialDue = true;
    this.#begin();
  }

  /** Tries no more after a failure. Events that come are still kept. */
  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#trial);
  }

  #begin(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    // After all requests that are there already: they go along.
    setImmediate(() => void this.#writeAll());
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0 || this.#isTrialDue) {
      this.#isTrialDue = false;
      await this.#write(this.#waiting.splice(0, mostAtOnce));
    }
    this.#isWriting = false;
  }

  /** Never rejects. */
  async #write(waiting: readonly Waiting[]): Promise<void> {
    try {
      if (this.#size + waiting.length > mostWaiting) await this.#makeRoom(waiting.length);
      this.#size += waiting.length;
      await this.#inbox.add(waiting.map(({ event }) => event));
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = thrown;
      this.#tryLater();
      for (const { reject } of waiting) reject(thrown);
      return;
    }
    for (const { resolve } of waiting) resolve();
  }

  /** Nobody may send events to who says that it takes none: it has to find out by itself. */
  #tryLater(): void {
    clearTimeout(this.#trial);
    if (this.#isEnded) return;
    this.#trial = setTimeout(() => {
      this.#isTrialDue = this.#failure !== undefined;
      if (this.#isTrialDue) this.#begin();
    }, this.#trialMs);
  }

  /** Counts anew what waits, as entries go; what cannot be reached is counted when it can be again. */
  async #recount(): Promise<void> {
    try {
      this.#size = (await this.#inbox.sizes()).reduce((sum, { waiting }) => sum + waiting, 0);
    } catch (thrown) {
      if (!(thrown instanceof AgentError && thrown.retriable)) throw thrown;
      this.#size = 0;
    }
  }

  /** Throws when there are too many. */
  async #makeRoom(count: number): Promise<void> {
    await this.#recount();
    if (this.#size + count <= mostWaiting) return;
    throw new AgentError(`${this.#size} webhook events wait already`, {
      hint: "They cannot be processed: the log says why.",
      retriable: true,
    });
  }
}
