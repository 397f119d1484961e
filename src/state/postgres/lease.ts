/**
 * For how long a process is certainly at work, as far as it can tell by itself.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";

/** A moment by both clocks of a process. */
interface Moment {
  /** Never set back; it may stand still while the machine is suspended. */
  readonly steady: number;
  /** Goes on while the machine is suspended; may be set to any time. */
  readonly wall: number;
}

/** Now, as {@linkcode PgLease} wants to know it of the moment before a renewal is sent. */
export function readClocks(): Moment {
  return { steady: performance.now(), wall: Date.now() };
}

/**
 * A time during which a process may write under one id. Once it is over, it is over for good: another process
 * may have taken over.
 */
export class PgLease {
  /** Id of the row among the owners. */
  readonly id: string;
  readonly #lost = new AbortController();
  /** How long it lasts without a renewal. */
  readonly milliseconds: number;
  #renewed: Moment;

  /** @param begun The moment before the server was asked, so that the server never ends it earlier. */
  constructor(id: string, milliseconds: number, begun: Moment) {
    this.id = id;
    this.milliseconds = milliseconds;
    this.#renewed = begun;
  }

  /** Aborted, with {@linkcode leaseLost} as its reason, once it is over. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Milliseconds since it was renewed. */
  get age(): number {
    const { steady, wall } = readClocks();
    // Whichever clock says more: the one may have stood still, the other may have been set back.
    return Math.max(steady - this.#renewed.steady, wall - this.#renewed.wall);
  }

  /** Milliseconds for which the process is certainly at work; 0 once that is over. */
  leftMs(): number {
    if (this.#lost.signal.aborted) return 0;
    const left = this.milliseconds - this.age;
    if (left > 0) return left;
    this.lose();
    return 0;
  }

  /** Takes that it was renewed, when it is not over yet. @param begun The moment before that was asked for. */
  extend(begun: Moment): void {
    if (this.leftMs() > 0) this.#renewed = begun;
  }

  /** Ends it. */
  lose(): void {
    if (!this.#lost.signal.aborted) this.#lost.abort(leaseLost());
  }

  /** @throws {AgentError} when it is over. */
  check(): void {
    if (this.leftMs() === 0) throw this.#lost.signal.reason;
  }
}

/** The error for a process that was away for too long. */
export function leaseLost(): AgentError {
  return new AgentError("This process was away for too long: another one may do its work now", {
    hint:
      "It stood still, or PostgreSQL could not be reached, for longer than its lease. What it had not sent stays in the state, and who runs the section next sends it.",
    retriable: true,
  });
}
