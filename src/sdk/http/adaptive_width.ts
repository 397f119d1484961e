/**
 * How many requests are in flight at once, by how quickly a vendor answers them.
 *
 * @module
 */

/** Answers that are looked at together. */
const sampleSize = 20;

/** Answers that take so many times the usual time show that the other side is busy … */
const slowFactor = 2;

/** … when that is so many milliseconds more: below, it is the network that varies. */
const noticeableMs = 100;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/**
 * One fewer when answers get slow, one more when they are as quick as usual: "Measure response times
 * and dynamically adjust" ("Jamf Pro API Scalability Best Practices").
 */
export class AdaptiveWidth {
  #width = Number.POSITIVE_INFINITY;
  #usualMs = Number.POSITIVE_INFINITY;
  #sample: number[] = [];

  /** How many may be in flight, where `most` are allowed. */
  within(most: number): number {
    return Math.max(1, Math.min(this.#width, most));
  }

  /** Takes the milliseconds that an answer took, with the number of requests that were in flight at most. */
  note(ms: number, most: number): void {
    this.#sample.push(ms);
    if (this.#sample.length < sampleSize) return;
    const now = median(this.#sample);
    this.#sample = [];
    const width = this.within(most);
    if (now > this.#usualMs * slowFactor && now > this.#usualMs + noticeableMs) {
      this.#width = Math.max(1, width - 1);
      // What stays slow is usual after a while: another kind of request, or a slower day.
      this.#usualMs *= 1.05;
      return;
    }
    this.#width = width + 1;
    this.#usualMs = Math.min(this.#usualMs, now);
  }
}
