/**
 * Turns that are shared fairly: who waits for many does not keep those waiting who want one.
 *
 * @module
 */

/** Does some work when it is its turn; gives nothing when it will not be. */
export type TakeTurn = <T>(work: () => Promise<T>) => Promise<T | undefined>;

/** What one tenant wants and has. */
interface Share {
  readonly tenant: string;
  /** Begins the work of whoever waits. */
  readonly waiting: (() => void)[];
  running: number;
}

/**
 * Some works that go on at once, of all tenants together. A turn that gets free goes to the tenant that has
 * waited for its next one the longest, and none has more than half of them.
 */
export class FairTurns {
  readonly #width: number;
  readonly #mostOfOne: number;
  /** Those who want or have something; who got a turn last is at the end. */
  #shares: Share[] = [];
  #running = 0;

  /** @param width Works at once. */
  constructor(width: number) {
    this.#width = width;
    this.#mostOfOne = Math.max(1, Math.floor(width / 2));
  }

  /** Does some work when it is the tenant's turn; gives nothing when the signal ended the waiting. */
  async take<T>(
    tenant: string,
    work: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    if (!await this.#wait(tenant, signal)) return undefined;
    try {
      return await work();
    } finally {
      this.#leave(tenant);
    }
  }

  /** Gives whether it is the tenant's turn; else the signal was quicker. */
  #wait(tenant: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    const share = this.#shareOf(tenant);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const begin = () => {
      signal.removeEventListener("abort", giveUp);
      resolve(true);
    };
    const giveUp = () => {
      share.waiting.splice(share.waiting.indexOf(begin), 1);
      this.#forget(share);
      resolve(false);
    };
    share.waiting.push(begin);
    signal.addEventListener("abort", giveUp, { once: true });
    this.#next();
    return promise;
  }

  #leave(tenant: string): void {
    const share = this.#shareOf(tenant);
    share.running--;
    this.#running--;
    this.#forget(share);
    this.#next();
  }

  #next(): void {
    while (this.#running < this.#width) {
      const share = this.#shares.find(({ waiting, running }) =>
        waiting.length > 0 && running < this.#mostOfOne
      );
      if (share === undefined) return;
      this.#shares = [...this.#shares.filter((each) => each !== share), share];
      share.running++;
      this.#running++;
      share.waiting.shift()?.();
    }
  }

  #shareOf(tenant: string): Share {
    const known = this.#shares.find((share) => share.tenant === tenant);
    if (known !== undefined) return known;
    const share = { tenant, waiting: [], running: 0 };
    this.#shares.push(share);
    return share;
  }

  #forget(share: Share): void {
    if (share.running > 0 || share.waiting.length > 0) return;
    this.#shares = this.#shares.filter((each) => each !== share);
  }
}
