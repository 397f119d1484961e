/**
 * A set of keys that takes little memory.
 *
 * @module
 */

/**
 * Knows which keys were there, at 12 to 24 bytes each: a table of 53-bit fingerprints with open
 * addressing. Among a million keys the chance that any two are taken for one is 1 in 18,000.
 */
export class KeySet {
  /** A slot holds a fingerprint, or 0 for none. */
  #slots = new Float64Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    const mark = fingerprint(key);
    return this.#slots[findSlot(this.#slots, mark)] === mark;
  }

  add(key: string): void {
    const mark = fingerprint(key);
    const slot = findSlot(this.#slots, mark);
    if (this.#slots[slot] === mark) return;
    this.#slots[slot] = mark;
    this.#size += 1;
    if (this.#size * 3 > this.#slots.length * 2) this.#grow();
  }

  #grow(): void {
    const larger = new Float64Array(this.#slots.length * 2);
    for (const mark of this.#slots) {
      if (mark !== 0) larger[findSlot(larger, mark)] = mark;
    }
    this.#slots = larger;
  }
}

/** Where a fingerprint is, or the free slot where it would go. */
function findSlot(slots: Float64Array, mark: number): number {
  const mask = slots.length - 1;
  let slot = (mark >>> 0) & mask;
  while (slots[slot] !== 0 && slots[slot] !== mark) slot = (slot + 1) & mask;
  return slot;
}

/** 53 bits that depend on every character, never 0: two multiplicative hashes, mixed. */
function fingerprint(key: string): number {
  let low = 0x9e3779b1;
  let high = 0x85ebca77;
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index);
    low = Math.imul(low ^ code, 0x9e3779b1);
    high = Math.imul(high ^ code, 0x5f356495);
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  return (high & 0x1fffff) * 0x100000000 + (low >>> 0) || 1;
}
