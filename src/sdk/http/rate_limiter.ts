/**
 * Keeps the requests to a vendor within what the vendor allows: so many at once, so many per interval,
 * and fewer when its answers say that the limit is near. What is declared is where it begins: the
 * vendor's headers rule over it.
 *
 * @module
 */

import { sleep } from "../../base/iteration.ts";
import { AdaptiveWidth } from "./adaptive_width.ts";
import { parseReset, parseRetryAfter } from "./retry.ts";
import type { Pace, SharedAccount, SharedBudget } from "./shared_budget.ts";

/** What a vendor allows. */
export interface Limits {
  /** Concurrent requests. */
  readonly concurrency?: number;
  /** Whether there are fewer while the vendor answers slowly. */
  readonly adaptive?: boolean;
  /** Requests in one interval … */
  readonly requests?: number;
  /** … of so many seconds. */
  readonly perSeconds?: number;
  /** The part of the limit in headers that one client may use, where they tell that of all clients. */
  readonly ownShare?: number;
  /** Records in one page, where the vendor lets it be chosen. */
  readonly pageSize?: number;
}

/** The limits that one reader keeps to. */
export interface ReaderLimits extends Limits {
  /** Whether somebody set the requests per interval, so that no header allows more. */
  readonly isPaceSet?: boolean | undefined;
}

/** An answer, as far as it says something about limits. */
export interface LimitedAnswer {
  readonly status: number;
  readonly headers: Headers;
}

/** Lets requests through as the limits allow. */
export interface RateLimiter {
  /** Waits until one more is allowed, and does the work. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Takes what an answer says about the limit. */
  observe(answer: LimitedAnswer): void;
}

/** The part of a vendor's limit that is left to others who use the same account. */
const reserve = 0.05;

/** The longest that headers can hold up the next request, in milliseconds. */
const longestPause = 120_000;

/** A pause that gets longer by less milliseconds is not told to other processes. */
const noticeableMs = 250;

/** What headers say of a limit: requests in an interval, and what is left of them. */
interface Budget {
  readonly limit: number;
  left: number;
  /** When it begins anew, milliseconds since the epoch; unknown where no header says so. */
  readonly resetsAt: number | undefined;
}

function readBudget(headers: Headers, now: number): Budget | undefined {
  const remaining = headers.get("x-rate-limit-remaining") ?? headers.get("x-ratelimit-remaining") ??
    headers.get("ratelimit-remaining");
  const allowed = headers.get("x-rate-limit-limit") ?? headers.get("x-rate-limit") ??
    headers.get("x-ratelimit-limit") ?? headers.get("ratelimit-limit");
  if (remaining === null || allowed === null) return undefined;
  const left = Number.parseInt(remaining);
  const limit = Number.parseInt(allowed);
  if (!Number.isFinite(left) || !(limit > 0)) return undefined;
  const reset = parseReset(headers, now);
  return { limit, left, resetsAt: reset === undefined ? undefined : now + reset };
}

function paceOf({ requests, perSeconds = 60 }: Limits): Pace | undefined {
  if (requests === undefined) return undefined;
  // A little longer than the vendor says: its clock sees requests at another pace than ours.
  return { requests: Math.max(1, requests), intervalMs: perSeconds * 1000 * 1.02 + 20 };
}

function slowest(paces: readonly (Pace | undefined)[]): Pace | undefined {
  const known = paces.filter((pace) => pace !== undefined);
  const rate = ({ requests, intervalMs }: Pace) => requests / intervalMs;
  return known.toSorted((a, b) => rate(a) - rate(b))[0];
}

/** What all who use one account of a vendor have in common. */
class VendorAccount {
  readonly #readers = new Set<ReaderLimits>();
  readonly #waiting: (() => void)[] = [];
  /** When the latest requests were let through, oldest first. */
  #passed: number[] = [];
  readonly #width = new AdaptiveWidth();
  #running = 0;
  #pausedUntil = 0;
  /** What the latest answer said, once one said something. */
  #budget: Budget | undefined;
  /** Requests of ours in the interval of the budget. */
  #own = 0;
  /** The same account as other processes use it. */
  readonly #shared: SharedAccount | undefined;

  constructor(shared?: SharedAccount) {
    this.#shared = shared;
  }

  join(limits: ReaderLimits, signal: AbortSignal): RateLimiter {
    this.#readers.add(limits);
    const leave = () => {
      this.#readers.delete(limits);
      this.#admit();
    };
    signal.addEventListener("abort", leave, { once: true });
    return {
      run: (work) => this.#run(work, signal),
      observe: (answer) => this.#observe(answer),
    };
  }

  async #run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      await this.#turn(signal);
      const begun = performance.now();
      const result = await work();
      this.#noteTime(performance.now() - begun);
      return result;
    } finally {
      this.#running--;
      this.#admit();
    }
  }

  /** Waits for a place among those in flight; whoever leaves gives it on. */
  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < this.#most) {
      this.#running++;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      const place = this.#waiting.indexOf(enter);
      if (place >= 0) this.#waiting.splice(place, 1);
      reject(signal.reason);
    };
    const enter = () => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    this.#waiting.push(enter);
    signal.addEventListener("abort", leave, { once: true });
    await promise;
  }

  #admit(): void {
    while (this.#running < this.#most) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running++;
      next();
    }
  }

  /** Requests that may be in flight: the fewest that any reader is to have. */
  get #allowed(): number {
    const all = [...this.#readers].map(({ concurrency }) => concurrency ?? Infinity);
    return Math.max(1, Math.min(...all));
  }

  get #isAdaptive(): boolean {
    return [...this.#readers].some(({ adaptive = false }) => adaptive);
  }

  get #most(): number {
    return this.#isAdaptive ? this.#width.within(this.#allowed) : this.#allowed;
  }

  #noteTime(ms: number): void {
    // One request at a time says nothing about how many the other side takes.
    if (this.#isAdaptive && this.#running >= this.#most) this.#width.note(ms, this.#allowed);
  }

  #observe({ status, headers }: LimitedAnswer): void {
    const now = Date.now();
    const budget = readBudget(headers, now);
    if (budget !== undefined) this.#take(budget);
    const wait = parseRetryAfter(headers.get("retry-after"), now);
    if (wait !== undefined && (status === 429 || status === 503)) this.#pause(now + wait);
    if (
      budget === undefined || budget.left > budget.limit * reserve || budget.resetsAt === undefined
    ) {
      return;
    }
    this.#pause(budget.resetsAt);
  }

  #take(budget: Budget): void {
    const { resetsAt: known, left } = this.#budget ?? {};
    const isSame = known !== undefined && budget.resetsAt !== undefined &&
      Math.abs(known - budget.resetsAt) < 2_000;
    // This is the first answer of a new interval; what is under way belongs to it too.
    if (!isSame) this.#own = this.#running + 1;
    // Answers overtake each other; within an interval, what is left only gets less.
    this.#budget = {
      ...budget,
      left: isSame ? Math.min(budget.left, left ?? budget.left) : budget.left,
    };
  }

  #pause(until: number): void {
    const now = Date.now();
    const steady = performance.now();
    const ms = Math.min(until - now, longestPause);
    if (ms - Math.max(this.#pausedUntil - steady, 0) > noticeableMs) this.#shared?.pause(ms);
    this.#pausedUntil = Math.max(this.#pausedUntil, steady + ms);
  }

  /**
   * The pace to keep: what somebody set, else what the headers say, else what is declared. Headers that say
   * when the limit begins anew need none: then what is left is counted.
   */
  get #pace(): Pace | undefined {
    const readers = [...this.#readers];
    const set = slowest(readers.filter(({ isPaceSet }) => isPaceSet === true).map(paceOf));
    if (set !== undefined) return set;
    const declared = slowest(readers.map(paceOf));
    const { limit, resetsAt } = this.#budget ?? {};
    if (limit === undefined) return declared;
    if (resetsAt !== undefined) return undefined;
    const intervalMs = declared?.intervalMs ?? paceOf({ requests: limit })?.intervalMs ?? 0;
    return { requests: Math.max(1, Math.floor(limit * (1 - reserve))), intervalMs };
  }

  /** What all of ours may use of a limit that headers tell; nothing where somebody set a pace. */
  get #ownShare(): number {
    const readers = [...this.#readers];
    if (readers.some(({ isPaceSet }) => isPaceSet === true)) return 1;
    const share = Math.min(1, ...readers.map(({ ownShare = 1 }) => ownShare));
    return share < 1 ? share / (this.#shared?.processes ?? 1) : 1;
  }

  /** Milliseconds until what the headers say is left allows one more. */
  #waitForBudget(now: number): number {
    const { limit = 0, left = 1, resetsAt } = this.#budget ?? {};
    const share = this.#ownShare;
    const isUsedUp = share < 1 && this.#own >= Math.max(1, Math.floor(limit * share));
    if (resetsAt === undefined || (left > limit * reserve && !isUsedUp)) return 0;
    if (resetsAt > now) return Math.min(resetsAt - now, longestPause);
    // It has begun anew, with what the next answer will say.
    this.#budget = { limit, left: limit, resetsAt: undefined };
    this.#own = 0;
    return 0;
  }

  #waitForPace(now: number): number {
    const pace = this.#pace;
    if (pace === undefined || this.#passed.length < pace.requests) return 0;
    return (this.#passed.at(-pace.requests) ?? 0) + pace.intervalMs - now;
  }

  /** Waits until one more request is allowed, and counts it. */
  async #turn(signal: AbortSignal): Promise<void> {
    for (let isEntered = this.#shared === undefined;;) {
      // The clock of the day may be set back, and would then hold everything up until it caught up.
      const now = performance.now();
      const wait = Math.max(
        this.#pausedUntil - now,
        this.#waitForBudget(Date.now()),
        this.#waitForPace(now),
      );
      if (wait > 0) await sleep(wait, signal);
      else if (isEntered) break;
      else {
        await this.#shared?.enter(this.#pace, signal);
        isEntered = true;
      }
    }
    if (this.#budget !== undefined) this.#budget.left--;
    this.#own++;
    const kept = this.#pace?.requests ?? 0;
    this.#passed.push(performance.now());
    if (this.#passed.length > kept * 2) this.#passed = kept === 0 ? [] : this.#passed.slice(-kept);
  }
}

/** The accounts of vendors that are in use: those who read from one account share what it allows. */
export class RateLimiters {
  readonly #accounts = new Map<string, VendorAccount>();
  readonly #budget: SharedBudget | undefined;

  /** @param budget What other processes use too; absent where there are none. */
  constructor(budget?: SharedBudget) {
    this.#budget = budget;
  }

  /**
   * Takes part in the limits of an account, until the signal ends it.
   *
   * @param sharedKey The account for other processes, without secrets; absent when it is not shared.
   */
  join(
    account: string,
    limits: ReaderLimits,
    signal: AbortSignal,
    sharedKey?: string,
  ): RateLimiter {
    let found = this.#accounts.get(account);
    if (found === undefined) {
      const shared = sharedKey === undefined ? undefined : this.#budget?.account(sharedKey);
      this.#accounts.set(account, found = new VendorAccount(shared));
    }
    return found.join(limits, signal);
  }
}

/** Limits that are shared with nobody. */
export function createRateLimiter(limits: ReaderLimits, signal: AbortSignal): RateLimiter {
  return new VendorAccount().join(limits, signal);
}
