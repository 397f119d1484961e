/**
 * Seeded randomness for the tests of the ini files.
 *
 * @module
 */

/** A small seeded generator of numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Random bytes: of any kind, or of those that mean something in an ini file. */
export function noise(random: () => number, length: number): Uint8Array {
  const meaning = '[]=:;#\n\n\n\r\t  "remx0é\0';
  const alphabet = random() < 0.5 ? undefined : new TextEncoder().encode(meaning);
  return Uint8Array.from({ length }, () => {
    const pick = random();
    return alphabet?.[Math.floor(pick * alphabet.length)] ?? Math.floor(pick * 256);
  });
}
