/**
 * Leases: renewed before they end, for as long as the run goes on.
 *
 * @module
 */

export interface Lease {
  /** Seconds that it still lives; 0 when it does not end. */
  readonly seconds: number;
  /**
   * Renews it.
   *
   * @returns seconds that it lives from now on; 0 when there is nothing more to be done
   */
  renew(): Promise<number>;
}

/** The longest wait that a timer takes, in seconds. */
const longestWait = 2_000_000;

/** Renews leases until it is closed. */
export class LeaseKeeper {
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #underWay = new Set<Promise<void>>();
  #closed = false;

  /** Renews a lease from now on, each time when two thirds of its life are over. */
  keep(lease: Lease): void {
    this.#schedule(lease, lease.seconds);
  }

  #schedule(lease: Lease, seconds: number): void {
    if (this.#closed || seconds <= 0) return;
    const wait = Math.min(longestWait, seconds * 2 / 3) * 1000;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const work = lease.renew().then((next) => this.#schedule(lease, next)).finally(() =>
        this.#underWay.delete(work)
      );
      this.#underWay.add(work);
    }, wait);
    // A lease keeps nobody from ending.
    timer.unref();
    this.#timers.add(timer);
  }

  /** Renews nothing any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.allSettled(this.#underWay);
  }
}
