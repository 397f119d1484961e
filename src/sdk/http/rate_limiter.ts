/**
 * Keeps the requests to a vendor within what the vendor allows: so many at once, so many per interval,
 * and fewer when its answers say that the limit is near.
 *
 * @module
 */

import { sleep } from "../../base/iteration.ts";
import { parseReset } from "./retry.ts";

/** What a vendor allows. */
export interface Limits {
  /** Concurrent requests. */
  readonly concurrency?: number;
  /** Requests in one interval … */
  readonly requests?: number;
  /** … of so many seconds. */
  readonly perSeconds?: number;
  /** Records in one page, where the vendor lets it be chosen. */
  readonly pageSize?: number;
}

/** Lets requests through as the limits allow. */
export interface RateLimiter {
  /** Waits until one more is allowed, and does the work. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Pauses when the vendor's headers say that the limit is nearly used up. */
  observe(headers: Headers): void;
}

/** The part of a vendor's limit that is left to others who use the same account. */
const reserve = 0.05;

/** The longest that headers can hold up the next request, in milliseconds. */
const longestPause = 120_000;

function remainder(
  headers: Headers,
): { readonly remaining: number; readonly limit: number } | undefined {
  const remaining = headers.get("x-rate-limit-remaining") ?? headers.get("x-ratelimit-remaining") ??
    headers.get("ratelimit-remaining");
  const limit = headers.get("x-rate-limit-limit") ?? headers.get("x-rate-limit") ??
    headers.get("x-ratelimit-limit") ?? headers.get("ratelimit-limit");
  if (remaining === null || limit === null) return undefined;
  const numbers = { remaining: Number.parseInt(remaining), limit: Number.parseInt(limit) };
  return Number.isFinite(numbers.remaining) && numbers.limit > 0 ? numbers : undefined;
}

class VendorRateLimiter implements RateLimiter {
  readonly #concurrency: number;
  readonly #requests: number;
  readonly #intervalMs: number;
  readonly #signal: AbortSignal;
  readonly #waiting: (() => void)[] = [];
  /** When the latest requests were let through, oldest first. */
  readonly #passed: number[] = [];
  #running = 0;
  #pausedUntil = 0;

  constructor(limits: Limits, signal: AbortSignal) {
    this.#concurrency = Math.max(1, limits.concurrency ?? Number.POSITIVE_INFINITY);
    this.#requests = Math.max(1, limits.requests ?? Number.POSITIVE_INFINITY);
    // A little longer than the vendor says: its clock sees requests at another pace than ours.
    this.#intervalMs = (limits.perSeconds ?? 60) * 1000 * 1.02 + 20;
    this.#signal = signal;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#concurrency) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
    try {
      await this.#turn();
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  observe(headers: Headers): void {
    const left = remainder(headers);
    if (left === undefined || left.remaining > left.limit * reserve) return;
    const reset = parseReset(headers, Date.now());
    if (reset === undefined) return;
    this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + Math.min(reset, longestPause));
  }

  /** Waits until one more request is allowed, and counts it. */
  async #turn(): Promise<void> {
    for (;;) {
      const now = Date.now();
      const oldest = this.#passed.length < this.#requests ? undefined : this.#passed[0];
      const free = oldest === undefined ? 0 : oldest + this.#intervalMs;
      const wait = Math.max(free, this.#pausedUntil) - now;
      if (wait <= 0) break;
      await sleep(wait, this.#signal);
    }
    if (this.#passed.length >= this.#requests) this.#passed.shift();
    if (Number.isFinite(this.#requests)) this.#passed.push(Date.now());
  }
}

export function createRateLimiter(limits: Limits, signal: AbortSignal): RateLimiter {
  return new VendorRateLimiter(limits, signal);
}
