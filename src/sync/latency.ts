/**
 * How long records take from where they come from until Oomnitza has them, in flat memory.
 *
 * @module
 */

/** Buckets of a spread. */
const size = 512;
/** Width of a bucket to begin with, in milliseconds. */
const firstWidthMs = 4;

/** How many moments were when: counts in buckets, which grow wider where moments are far apart. */
export class TimeSpread {
  readonly #counts = new Float64Array(size);
  #widthMs = firstWidthMs;
  #total = 0;

  /** How many moments there are. */
  get total(): number {
    return this.#total;
  }

  /** Adds moments, in milliseconds since the beginning. */
  add(ms: number, count = 1): void {
    const at = Math.max(0, ms);
    while (at >= size * this.#widthMs) this.#widen();
    const bucket = Math.floor(at / this.#widthMs);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    this.#total += count;
  }

  /** The middle of each bucket that has moments, in milliseconds, and how many. */
  *entries(): Generator<Moment> {
    for (const [bucket, count] of this.#counts.entries()) {
      if (count > 0) yield [(bucket + 0.5) * this.#widthMs, count];
    }
  }

  #widen(): void {
    for (let bucket = 0; bucket < size; bucket++) {
      const from = 2 * bucket;
      const both = (this.#counts[from] ?? 0) + (this.#counts[from + 1] ?? 0);
      this.#counts[bucket] = from < size ? both : 0;
    }
    this.#widthMs *= 2;
  }
}

/** A moment in milliseconds, and how many records it is about. */
export type Moment = readonly [ms: number, count: number];

/** Records that share a moment while they come fast. */
const sharing = 8;
/** Records come fast when so many of them take no more milliseconds than this. */
const fastMs = 50;

/** When records were read. */
export class ReadTimes {
  readonly #clock: { readonly elapsed: number };
  #moments: [ms: number, count: number][] = [];
  #last: [ms: number, count: number] = [Number.NEGATIVE_INFINITY, 0];
  /** Further records that share the last moment: asking for the time costs more than reading a row. */
  #left = 0;

  constructor(clock: { readonly elapsed: number }) {
    this.#clock = clock;
  }

  /** Notes that a record was read now. */
  note(): void {
    if (this.#left > 0) {
      this.#left--;
      this.#last[1]++;
      return;
    }
    const now = this.#clock.elapsed;
    this.#left = now - this.#last[0] < fastMs ? sharing - 1 : 0;
    this.#last = [now, 1];
    this.#moments.push(this.#last);
  }

  /** When the records were read that came since the last call. */
  take(): readonly Moment[] {
    const moments = this.#moments;
    this.#moments = [];
    this.#left = 0;
    return moments;
  }
}

/** Upper bounds of the buckets of a latency, in seconds; beyond the last there is one more. */
export const latencyBoundsSeconds: readonly number[] = [
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
  120,
  300,
  600,
  1800,
  3600,
];

/** How long records took. */
export interface Latency {
  readonly records: number;
  /** Half of them took no longer. */
  readonly p50_ms: number;
  /** 99 % of them took no longer. */
  readonly p99_ms: number;
  readonly sum_ms: number;
  /** How many took no longer than each bound, and at last all of them. */
  readonly buckets: readonly number[];
}

/** The latency of records whose ages are spread so, in milliseconds; null when there are none. */
export function measureLatency(
  ages: Iterable<Moment>,
): Latency | null {
  const sorted = [...ages].sort(([a], [b]) => a - b);
  const records = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (records === 0) return null;
  return {
    records: Math.round(records),
    p50_ms: Math.round(quantile(sorted, records * 0.5)),
    p99_ms: Math.round(quantile(sorted, records * 0.99)),
    sum_ms: Math.round(sorted.reduce((sum, [ms, count]) => sum + ms * count, 0)),
    buckets: [...latencyBoundsSeconds, Number.POSITIVE_INFINITY].map((bound) =>
      Math.round(sorted.reduce((sum, [ms, count]) => ms <= bound * 1000 ? sum + count : sum, 0))
    ),
  };
}

function quantile(sorted: readonly Moment[], rank: number): number {
  let seen = 0;
  for (const [ms, count] of sorted) {
    seen += count;
    if (seen >= rank) return ms;
  }
  return sorted.at(-1)?.[0] ?? 0;
}

/** A latency as a phrase: `p50 1.2 s, p99 3.4 s`. */
export function describeLatency({ p50_ms, p99_ms }: Pick<Latency, "p50_ms" | "p99_ms">): string {
  return `p50 ${(p50_ms / 1000).toFixed(1)} s, p99 ${(p99_ms / 1000).toFixed(1)} s`;
}
