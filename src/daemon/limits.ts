/**
 * Limits of one address: calls at once, and calls in a second.
 *
 * @module
 */

/** What is allowed; 0 means no limit. */
export interface LimitSettings {
  readonly atOnce: number;
  readonly perSecond: number;
}

interface Usage {
  running: number;
  /** Calls that may still be made at once; fills up with time. */
  credit: number;
  /** When the credit was counted, in milliseconds. */
  at: number;
}

/** So many addresses are remembered; idle ones make room. */
const mostAddresses = 10_000;

/** Counts the calls of every address. */
export class AddressLimits {
  #settings: LimitSettings;
  readonly #usages = new Map<string, Usage>();

  constructor(settings: LimitSettings) {
    this.#settings = settings;
  }

  /** Allows something else from now on; calls that run are counted as before. */
  change(settings: LimitSettings): void {
    this.#settings = settings;
  }

  /**
   * Begins a call, which {@linkcode leave} must end, unless the address has had enough.
   *
   * @param now milliseconds of a clock that nobody sets
   */
  enter(address: string, now: number): boolean {
    const { atOnce, perSecond } = this.#settings;
    const usage = this.#usageOf(address, now);
    if (atOnce > 0 && usage.running >= atOnce) return false;
    if (perSecond > 0) {
      const earned = (now - usage.at) / 1000 * perSecond;
      // What was not used in the last second may be made up for.
      usage.credit = Math.min(perSecond, usage.credit + earned);
      usage.at = now;
      if (usage.credit < 1) return false;
      usage.credit--;
    }
    usage.running++;
    return true;
  }

  /** Ends a call. */
  leave(address: string): void {
    const usage = this.#usages.get(address);
    if (usage !== undefined) usage.running--;
  }

  #usageOf(address: string, now: number): Usage {
    const known = this.#usages.get(address);
    if (known !== undefined) return known;
    if (this.#usages.size >= mostAddresses) this.#forgetIdle(now);
    const usage = { running: 0, credit: this.#settings.perSecond, at: now };
    this.#usages.set(address, usage);
    return usage;
  }

  #forgetIdle(now: number): void {
    for (const [address, { running, at }] of this.#usages) {
      if (running === 0 && now - at > 1000) this.#usages.delete(address);
    }
  }
}
