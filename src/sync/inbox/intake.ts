/**
 * The intake of the inbox: events that arrive together share a transaction, and all that are written while
 * the disk is busy share its next write.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import type { Inbox, InboxEvent } from "../../state/state.ts";

interface Waiting {
  readonly event: InboxEvent;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

/** So many entries may wait in all: beyond it, events are refused rather than the disk filled. */
const maxWaiting = 1_000_000;

/** Makes events durable, many at a time. */
export class Intake {
  readonly #inbox: Inbox;
  #waiting: Waiting[] = [];
  /** Entries in the inbox, at most: those that fell together are counted apart until the next count. */
  #size = 0;
  #failure: unknown;

  private constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  /** Opens the intake of an inbox, and counts what waits in it. */
  static async open(inbox: Inbox): Promise<Intake> {
    const intake = new Intake(inbox);
    await intake.recount();
    return intake;
  }

  /** Why the last events could not be made durable, when they could not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Counts anew what waits. */
  async recount(): Promise<void> {
    this.#size = (await this.#inbox.sizes()).reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /**
   * Makes an event durable.
   *
   * @throws {AgentError} when that fails, or too much waits already.
   */
  accept(event: InboxEvent): Promise<void> {
    return new Promise((resolve, reject) => {
      // After all requests that are there already: they go along.
      if (this.#waiting.length === 0) setImmediate(() => void this.#write());
      this.#waiting.push({ event, resolve, reject });
    });
  }

  /** Never throws. */
  async #write(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      if (this.#size + waiting.length > maxWaiting) await this.#makeRoom(waiting.length);
      this.#size += waiting.length;
      await this.#inbox.add(waiting.map(({ event }) => event));
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = thrown;
      for (const { reject } of waiting) reject(thrown);
      return;
    }
    for (const { resolve } of waiting) resolve();
  }

  /** Counts anew, as entries go; throws when there are too many. */
  async #makeRoom(count: number): Promise<void> {
    await this.recount();
    if (this.#size + count <= maxWaiting) return;
    throw new AgentError(`${this.#size} webhook events wait already`, {
      hint: "They cannot be processed: the log says why.",
      retriable: true,
    });
  }
}
