/**
 * MD5, SHA-1 and SHA-256 of byte texts.
 *
 * @module
 */

/** The padded message as 32-bit words. */
function words(text: string, bigEndian: boolean): number[] {
  const size = ((text.length + 8 >> 6) + 1) * 16;
  const out = new Array<number>(size).fill(0);
  for (let at = 0; at <= text.length; at++) {
    const byte = at === text.length ? 0x80 : text.charCodeAt(at);
    out[at >> 2] = (out[at >> 2] ?? 0) | byte << (bigEndian ? 24 - at % 4 * 8 : at % 4 * 8);
  }
  const bits = text.length * 8;
  out[size - (bigEndian ? 1 : 2)] = bits | 0;
  out[size - (bigEndian ? 2 : 1)] = Math.floor(bits / 4294967296);
  return out;
}

function digestText(state: readonly number[], bigEndian: boolean): string {
  return state.map((word) =>
    [24, 16, 8, 0].map((by) => String.fromCharCode(word >>> (bigEndian ? by : 24 - by) & 255)).join(
      "",
    )
  ).join("");
}

const left = (word: number, by: number): number => word << by | word >>> 32 - by;
const right = (word: number, by: number): number => word >>> by | word << 32 - by;

const md5Shifts = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
const md5Sines = Array.from(
  { length: 64 },
  (_, at) => Math.floor(Math.abs(Math.sin(at + 1)) * 4294967296) | 0,
);

/** MD5 of a text of bytes, as such a text. */
export function md5(text: string): string {
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  const message = words(text, false);
  for (let block = 0; block < message.length; block += 16) {
    let [a = 0, b = 0, c = 0, d = 0] = state;
    for (let at = 0; at < 64; at++) {
      const round = at >> 4;
      const [mix, index] = round === 0
        ? [b & c | ~b & d, at]
        : round === 1
        ? [d & b | ~d & c, (5 * at + 1) % 16]
        : round === 2
        ? [b ^ c ^ d, (3 * at + 5) % 16]
        : [c ^ (b | ~d), 7 * at % 16];
      const sum = a + mix + (md5Sines[at] ?? 0) + (message[block + index] ?? 0) | 0;
      [a, d, c, b] = [d, c, b, b + left(sum, md5Shifts[round]?.[at % 4] ?? 0) | 0];
    }
    [a, b, c, d].forEach((word, at) => state[at] = (state[at] ?? 0) + word | 0);
  }
  return digestText(state, false);
}

/** SHA-1 of a text of bytes, as such a text. */
export function sha1(text: string): string {
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  const message = words(text, true);
  for (let block = 0; block < message.length; block += 16) {
    const w = message.slice(block, block + 16);
    for (let at = 16; at < 80; at++) {
      const [x = 0, y = 0, z = 0, v = 0] = [w[at - 3], w[at - 8], w[at - 14], w[at - 16]];
      w.push(left(x ^ y ^ z ^ v, 1));
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
    for (let at = 0; at < 80; at++) {
      const [mix, key] = at < 20
        ? [b & c | ~b & d, 0x5a827999]
        : at < 40
        ? [b ^ c ^ d, 0x6ed9eba1]
        : at < 60
        ? [b & c | b & d | c & d, 0x8f1bbcdc]
        : [b ^ c ^ d, 0xca62c1d6];
      const sum = left(a, 5) + mix + e + key + (w[at] ?? 0) | 0;
      [e, d, c, b, a] = [d, c, left(b, 30), a, sum];
    }
    [a, b, c, d, e].forEach((word, at) => state[at] = (state[at] ?? 0) + word | 0);
  }
  return digestText(state, true);
}

/** The first 32 bits of the fractions of roots of primes. */
function primeRoots(count: number, power: number): number[] {
  const out: number[] = [];
  for (let number = 2; out.length < count; number++) {
    let prime = true;
    for (let by = 2; by * by <= number; by++) if (number % by === 0) prime = false;
    const root = Math.pow(number, power);
    if (prime) out.push((root - Math.floor(root)) * 4294967296 | 0);
  }
  return out;
}

const sha256Keys = primeRoots(64, 1 / 3);
const sha256Start = primeRoots(8, 1 / 2);

/** SHA-256 of a text of bytes, as such a text. */
export function sha256(text: string): string {
  const state = sha256Start.slice();
  const message = words(text, true);
  for (let block = 0; block < message.length; block += 16) {
    const w = message.slice(block, block + 16);
    for (let at = 16; at < 64; at++) {
      const [x = 0, y = 0] = [w[at - 15], w[at - 2]];
      const small = right(x, 7) ^ right(x, 18) ^ x >>> 3;
      const large = right(y, 17) ^ right(y, 19) ^ y >>> 10;
      w.push((w[at - 16] ?? 0) + small + (w[at - 7] ?? 0) + large | 0);
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let at = 0; at < 64; at++) {
      const choice = e & f ^ ~e & g;
      const one = h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + choice + (sha256Keys[at] ?? 0) +
          (w[at] ?? 0) |
        0;
      const two = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + (a & b ^ a & c ^ b & c) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, d + one | 0, c, b, a, one + two | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => state[at] = (state[at] ?? 0) + word | 0);
  }
  return digestText(state, true);
}
