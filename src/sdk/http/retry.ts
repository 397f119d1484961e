/**
 * When to try a request again, and how long to wait before.
 *
 * @module
 */

/** How often a request is repeated, and for how long. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Milliseconds after which no further attempt is begun. */
  readonly budgetMs: number;
  /** Whether an attempt is broken off when they are over, whatever time a request may take. */
  readonly isStrict?: boolean;
}

/** The policies of the product, by what is requested. */
export const retryPolicies = {
  /** Eleven attempts like the Python connector, but within five minutes. */
  standard: { attempts: 11, budgetMs: 300_000 },
  /** The details of one of many records: one that fails for good must not hold up the others. */
  detail: { attempts: 4, budgetMs: 60_000 },
  /** Part of a batch that the instance failed on as a whole. */
  split: { attempts: 3, budgetMs: 30_000 },
  /** What is asked again later anyway. */
  once: { attempts: 1, budgetMs: 0 },
  /** A person waits for the answer. */
  interactive: { attempts: 2, budgetMs: 15_000 },
  /** A person waits to learn whether the other side is there at all. */
  firstContact: { attempts: 8, budgetMs: 15_000, isStrict: true },
} as const satisfies Readonly<Record<string, RetryPolicy>>;

const retriedStatuses = new Set([408, 429, 500, 502, 503, 504]);

/** Whether an answer with this status may be better next time. */
export function isRetriable(status: number): boolean {
  return retriedStatuses.has(status);
}

/**
 * The longest wait before retry `n` (1 = the first), in milliseconds: 0, 1, 2, 4 … 120 s,
 * as the Python connector waited.
 */
export function longestWait(n: number): number {
  if (n <= 1) return 0;
  return Math.min(2 ** (n - 2), 120) * 1000;
}

/**
 * Reads a `Retry-After` header, in both of its forms (RFC 9110 10.2.3).
 *
 * @returns milliseconds from `now`, never negative; `undefined` when absent or unreadable.
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const resetHeaders = [
  "x-rate-limit-reset",
  "x-ratelimit-reset",
  "ratelimit-reset",
  "rate-limit-reset",
];

/**
 * Reads when a vendor's limit is renewed, from the headers that vendors have for it: a number above
 * 10^12 is epoch milliseconds, above 10^9 epoch seconds, and seconds from now otherwise.
 *
 * @returns milliseconds from `now`, never negative; a second is added for clocks that differ.
 */
export function parseReset(headers: Headers, now: number): number | undefined {
  const text = resetHeaders.map((name) => headers.get(name)).find((value) => value !== null);
  const number = text === undefined || text === null ? Number.NaN : Number.parseFloat(text);
  if (!Number.isFinite(number) || number < 0) return undefined;
  if (number > 1e12) return Math.max(0, number - now) + 1000;
  if (number > 1e9) return Math.max(0, number * 1000 - vendorTime(headers, now)) + 1000;
  return number * 1000 + 1000;
}

/** The vendor's own time where its answer has it, for clocks that differ. */
function vendorTime(headers: Headers, now: number): number {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? now : date;
}

/**
 * The wait before retry `n`: what the server asked for, else a random part of {@linkcode longestWait}
 * ("full jitter"), so that many agents do not come back at once. Throttling (429) waits a second at least.
 */
export function waitBefore(
  n: number,
  status: number | undefined,
  retryAfterMs: number | undefined,
  random: () => number = Math.random,
): number {
  if (retryAfterMs !== undefined) return retryAfterMs;
  if (status === 429) return 1000 + random() * longestWait(n + 1);
  return random() * longestWait(n);
}
