/**
 * Memory that is free is given back early where records are large.
 *
 * @module
 */

/** Characters of large records after which what nobody needs any more is looked for. */
const collectAfter = 1_250_000;

/**
 * Collects garbage while large records go through. The engine waits until its heap has grown to a share
 * of the machine's memory, which is hundreds of megabytes when records have many parts; for small records
 * it collects often enough by itself.
 */
export class GarbageCollector {
  #size = 0;

  /** Takes note of large records that went through, in characters. */
  note(size: number): void {
    this.#size += size;
    if (this.#size < collectAfter) return;
    this.#size = 0;
    Bun.gc(true);
  }
}
