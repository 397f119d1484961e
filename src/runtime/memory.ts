/**
 * Memory that is free is given back early where the engine would wait for too long.
 *
 * @module
 */

/** Characters of large records after which what nobody needs any more is looked for. */
const collectAfter = 1_250_000;
/** Small records after which that is done, where they go through fast. */
const collectAfterRecords = 25_000;
/** How many times as long as the last collection took has to pass before the next one of small records. */
const restTimes = 30;

/**
 * Collects garbage while records go through. The engine waits until its heap has grown to a share of the
 * machine's memory, which is hundreds of megabytes when records have many parts; of small records it keeps
 * what its quick collections once took for long-lived, until that is several times what is in use.
 */
export class GarbageCollector {
  #size = 0;
  #records = 0;
  #restsUntil = 0;

  /** Takes note of large records that went through, in characters. */
  note(size: number): void {
    this.#size += size;
    if (this.#size < collectAfter) return;
    this.#size = 0;
    Bun.gc(true);
  }

  /** Takes note of small records that went through. Where much is in use, it is done less often. */
  noteRecords(count: number): void {
    this.#records += count;
    const begun = performance.now();
    if (this.#records < collectAfterRecords || begun < this.#restsUntil) return;
    this.#records = 0;
    Bun.gc(true);
    const ended = performance.now();
    this.#restsUntil = ended + (ended - begun) * restTimes;
  }
}
