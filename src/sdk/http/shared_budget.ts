/**
 * What a vendor allows, where several processes use the same account of it.
 *
 * @module
 */

/** Requests in an interval of so many milliseconds. */
export interface Pace {
  readonly requests: number;
  readonly intervalMs: number;
}

/** One account of a vendor, as all processes use it. */
export interface SharedAccount {
  /** Processes that were at work when it was last looked, this one included. */
  readonly processes: number;
  /**
   * Waits until one more request may be sent: until no process has all of them wait, and until it is its turn
   * at the pace of all. Rejects with the reason of the signal.
   *
   * @param pace Of all processes together; without it, only pauses are waited for.
   */
  enter(pace: Pace | undefined, signal: AbortSignal): Promise<void>;
  /** Has all processes wait for so many milliseconds from now. */
  pause(milliseconds: number): void;
}

/** The accounts that several processes use. */
export interface SharedBudget {
  /** Milliseconds that requests of this process waited for it, all together. */
  readonly waitedMs: number;
  /** The account with a key, which says the same in all processes and holds no secret. */
  account(key: string): SharedAccount;
}
