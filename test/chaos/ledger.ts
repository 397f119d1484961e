/**
 * What was promised to callers and what arrived at Oomnitza, so that afterwards it is known what was lost,
 * overwritten by something older, or sent again.
 *
 * Each device has a version that grows with each of its changes. An event is posted after a change, and its
 * answer promises that this version, or a newer one, arrives.
 *
 * @module
 */

/** A promise that was not kept. */
export interface Lost {
  readonly device: number;
  /** The version that an answered event was about. */
  readonly promised: number;
  /** The newest version that arrived; 0 when none did. */
  readonly arrived: number;
}

/** A record that arrived after a newer one of its device. */
export interface StaleOverwrite {
  readonly device: number;
  readonly version: number;
  /** The version that it took the place of. */
  readonly newer: number;
  /** When it arrived, in milliseconds since the epoch. */
  readonly at: number;
}

/** Devices, events about them, and records of them. */
export class Ledger {
  readonly #versions = new Map<number, number>();
  readonly #promised = new Map<number, number>();
  readonly #posts = new Map<number, number>();
  readonly #arrivals = new Map<number, number>();
  readonly #newest = new Map<number, number>();
  readonly stale: StaleOverwrite[] = [];
  /** Posts that were answered with the promise. */
  promises = 0;
  /** Posts that were answered otherwise or not at all. */
  refusals = 0;
  /** Posts that are not answered yet. */
  underWay = 0;

  /** The version that a device has now; 0 before its first change. */
  version(device: number): number {
    return this.#versions.get(device) ?? 0;
  }

  /** A device changes; gives its version from then on. */
  change(device: number): number {
    const version = this.version(device) + 1;
    this.#versions.set(device, version);
    return version;
  }

  /** An event is posted, for the first time or again. */
  post(device: number): void {
    this.underWay++;
    this.#posts.set(device, (this.#posts.get(device) ?? 0) + 1);
  }

  /** The answer to a post: whether it promised that the version, or a newer one, will arrive. */
  answer(device: number, version: number, isPromise: boolean): void {
    this.underWay--;
    if (!isPromise) {
      this.refusals++;
      return;
    }
    this.promises++;
    this.#promised.set(device, Math.max(version, this.#promised.get(device) ?? 0));
  }

  /** A record was accepted. */
  arrive(device: number, version: number, at = Date.now()): void {
    this.#arrivals.set(device, this.arrivals(device) + 1);
    const newer = this.newest(device);
    if (version < newer) this.stale.push({ device, version, newer, at });
    else this.#newest.set(device, version);
  }

  /** The newest version of a device that arrived; 0 when none did. */
  newest(device: number): number {
    return this.#newest.get(device) ?? 0;
  }

  /** How many records of a device arrived. */
  arrivals(device: number): number {
    return this.#arrivals.get(device) ?? 0;
  }

  /** All records that arrived. */
  get allArrivals(): number {
    return this.#arrivals.values().reduce((sum, count) => sum + count, 0);
  }

  /** Promises that are not kept so far. */
  get lost(): Lost[] {
    return [...this.#promised]
      .map(([device, promised]) => ({ device, promised, arrived: this.newest(device) }))
      .filter(({ promised, arrived }) => arrived < promised);
  }

  /**
   * Records that arrived more often than events of their device were posted: each was sent again. Of devices
   * with many events those may go unseen, as several events lead to one record.
   */
  get duplicates(): number {
    return this.#arrivals.entries().reduce(
      (sum, [device, count]) => sum + Math.max(0, count - (this.#posts.get(device) ?? 0)),
      0,
    );
  }
}
