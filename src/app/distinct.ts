/**
 * Counts how many different texts there are, up to a bound, in little memory.
 *
 * @module
 */

/** Different values that are counted; beyond, there are only more. */
export const mostDistinct = 1000;

const firstSlots = 16;

/** A hash of 53 bits, cyrb53 by Bryc (public domain); 0 is kept for slots that are free. */
function hashText(text: string): number {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 2654435761);
    high = Math.imul(high ^ code, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return 4294967296 * (2097151 & high) + (low >>> 0) || 1;
}

/**
 * Counts different texts by their hashes: two thousand paths with a thousand values each take 32 MB,
 * and none of the texts is kept. Two of a thousand texts have the same hash in one of 10^10 cases.
 */
export class DistinctTexts {
  #slots: Float64Array | undefined = new Float64Array(firstSlots);
  #count = 0;

  add(text: string): void {
    if (this.#slots === undefined) return;
    if (!insert(this.#slots, hashText(text))) return;
    this.#count++;
    if (this.#count > mostDistinct) this.#slots = undefined;
    else if (this.#count * 2 > this.#slots.length) this.#slots = grow(this.#slots);
  }

  /** How many there are; undefined when there are more than {@linkcode mostDistinct}. */
  get count(): number | undefined {
    return this.#slots === undefined ? undefined : this.#count;
  }
}

/** Puts a hash into its slot, or the next that is free; false when it is there already. */
function insert(slots: Float64Array, hash: number): boolean {
  const last = slots.length - 1;
  for (let at = hash % slots.length;; at = at === last ? 0 : at + 1) {
    if (slots[at] === hash) return false;
    if (slots[at] !== 0) continue;
    slots[at] = hash;
    return true;
  }
}

function grow(slots: Float64Array): Float64Array {
  const larger = new Float64Array(slots.length * 2);
  for (const hash of slots) {
    if (hash !== 0) insert(larger, hash);
  }
  return larger;
}
