/**
 * When to try a request again, and how long to wait before.
 *
 * @module
 */

/** How often and how patiently a request is repeated. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Milliseconds after which no further attempt is begun. */
  readonly budgetMs: number;
}

/** Eleven attempts like the Python connector, but within five minutes. */
export const patient: RetryPolicy = { attempts: 11, budgetMs: 300_000 };

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
