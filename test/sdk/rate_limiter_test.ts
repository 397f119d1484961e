/**
 * The limits of vendors: what is declared, what their headers say, what somebody set, and who shares them.
 *
 * @module
 */
import { expect, setSystemTime, test } from "bun:test";
import { AdaptiveWidth } from "../../src/sdk/http/adaptive_width.ts";
import {
  createRateLimiter,
  type RateLimiter,
  RateLimiters,
  type ReaderLimits,
} from "../../src/sdk/http/rate_limiter.ts";

const never = new AbortController().signal;

function open(limits: ReaderLimits): RateLimiter {
  return createRateLimiter(limits, never);
}

function answer(headers: Record<string, string>, status = 200) {
  return { status, headers: new Headers(headers) };
}

async function runMany(limiter: RateLimiter, count: number): Promise<number> {
  const begun = performance.now();
  await Promise.all(Array.from({ length: count }, () => limiter.run(() => Promise.resolve())));
  return performance.now() - begun;
}

/** Whether one more request has to wait. */
async function isHeldUp(limiter: RateLimiter): Promise<boolean> {
  let isThrough = false;
  // Nobody waits for it: it may take a minute.
  void limiter.run(() => Promise.resolve(isThrough = true));
  await Bun.sleep(30);
  return !isThrough;
}

const generous = {
  "X-Rate-Limit-Limit": "1200",
  "X-Rate-Limit-Remaining": "1199",
  "X-Rate-Limit-Reset": "50",
};

test("what is declared is kept to until the headers say otherwise", async () => {
  const declared = open({ requests: 2, perSeconds: 600 });
  await runMany(declared, 2);
  expect(await isHeldUp(declared)).toBe(true);
  const told = open({ requests: 2, perSeconds: 600 });
  told.observe(answer(generous));
  await runMany(told, 50);
});

test("a clock that is set back holds nothing up", async () => {
  const paced = open({ requests: 2, perSeconds: 0.2 });
  const paused = open({});
  try {
    setSystemTime(new Date(Date.now() + 3_600_000));
    await runMany(paced, 2);
    paused.observe(answer({ "Retry-After": "1" }, 429));
    setSystemTime();
    await runMany(paced, 2);
    await runMany(paused, 1);
  } finally {
    setSystemTime();
  }
});

test("a smaller limit of the headers rules too, and what is under way counts as used", async () => {
  const limiter = open({ requests: 600, perSeconds: 60 });
  limiter.observe(answer({
    "X-Rate-Limit-Limit": "20",
    "X-Rate-Limit-Remaining": "4",
    "X-Rate-Limit-Reset": "600",
  }));
  await runMany(limiter, 3);
  // A twentieth is left to others.
  expect(await isHeldUp(limiter)).toBe(true);
});

test("a limit without a time is a pace: Zendesk's X-Rate-Limit is for a minute", async () => {
  const limiter = open({ requests: 2, perSeconds: 60 });
  limiter.observe(answer({ "X-Rate-Limit": "100", "X-Rate-Limit-Remaining": "99" }));
  await runMany(limiter, 95);
  expect(await isHeldUp(limiter)).toBe(true);
});

test("what somebody set holds whatever the headers allow, and may be more than is declared", async () => {
  const lower = open({ requests: 2, perSeconds: 600, isPaceSet: true });
  lower.observe(answer(generous));
  await runMany(lower, 2);
  expect(await isHeldUp(lower)).toBe(true);
  const limiters = new RateLimiters();
  const higher = limiters.join("okta", { requests: 40, perSeconds: 600, isPaceSet: true }, never);
  await runMany(higher, 40);
  expect(await isHeldUp(higher)).toBe(true);
});

test("Retry-After of one answer holds up all requests of the account", async () => {
  const limiters = new RateLimiters();
  const [one, other] = [limiters.join("okta", {}, never), limiters.join("okta", {}, never)];
  const stranger = limiters.join("another", {}, never);
  one.observe(answer({ "Retry-After": "1" }, 429));
  const begun = performance.now();
  await runMany(stranger, 3);
  await other.run(() => Promise.resolve());
  expect(performance.now() - begun).toBeGreaterThan(900);
  one.observe(answer({ "Retry-After": "600" }, 404));
  await runMany(other, 1);
});

test("those who share an account keep to the lowest of their limits while they are there", async () => {
  const limiters = new RateLimiters();
  const end = new AbortController();
  const one = limiters.join("jamf", { concurrency: 5 }, never);
  const other = limiters.join("jamf", { concurrency: 1 }, end.signal);
  let running = 0;
  let most = 0;
  async function work(): Promise<void> {
    most = Math.max(most, ++running);
    await Bun.sleep(1);
    running--;
  }
  await Promise.all([one, one, other, one, other, one].map((limiter) => limiter.run(work)));
  expect(most).toBe(1);
  end.abort();
  await Promise.all(Array.from({ length: 12 }, () => one.run(work)));
  expect(most).toBe(5);
});

test("who is ended does not wait for a place any more", async () => {
  const limiters = new RateLimiters();
  const end = new AbortController();
  const one = limiters.join("jamf", { concurrency: 1 }, never);
  const other = limiters.join("jamf", { concurrency: 1 }, end.signal);
  const release = Promise.withResolvers<void>();
  const first = one.run(() => release.promise);
  const waiting = other.run(() => Promise.resolve());
  const next = one.run(() => Promise.resolve("next"));
  end.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
  release.resolve();
  await first;
  expect(await next).toBe("next");
});

/** Some answers of one duration. */
function take(width: AdaptiveWidth, ms: number, samples = 1): void {
  for (let n = 0; n < samples * 20; n++) width.note(ms, 5);
}

test("slow answers make fewer requests, usual ones as many as are allowed again", () => {
  const width = new AdaptiveWidth();
  expect(width.within(5)).toBe(5);
  take(width, 200, 3);
  expect(width.within(5)).toBe(5);
  take(width, 900);
  expect(width.within(5)).toBe(4);
  take(width, 900, 10);
  expect(width.within(5)).toBe(1);
  take(width, 210, 2);
  expect(width.within(5)).toBe(3);
  take(width, 210, 9);
  expect(width.within(5)).toBe(5);
});

test("a quick server whose answers vary by milliseconds keeps its requests", () => {
  const width = new AdaptiveWidth();
  take(width, 5);
  take(width, 90, 5);
  expect(width.within(5)).toBe(5);
});

test("a server that stays slow is taken as it is after a while", () => {
  const width = new AdaptiveWidth();
  take(width, 200);
  take(width, 450, 40);
  expect(width.within(5)).toBe(5);
});
