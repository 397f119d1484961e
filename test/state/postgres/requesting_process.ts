/**
 * A process that sends as many requests to an account of a vendor as the limits allow, 50 a second, and prints
 * the time of each, in milliseconds since the epoch, when its input ends. For a line of its input, its next
 * request is answered with status 429.
 *
 * `bun requesting_process.ts URL TENANT`
 *
 * @module
 */
import { RateLimiters } from "../../../src/sdk/http/rate_limiter.ts";
import { connect, openTenant } from "./states.ts";

const [url = "", tenant = ""] = process.argv.slice(2);
const state = await openTenant(connect(url, 2), tenant);
await state.owner.lease();
const end = new AbortController();
const limits = { requests: 50, perSeconds: 1, concurrency: 10 };
const limiter = new RateLimiters(state.budget).join("account", limits, end.signal, "vendor");
const times: number[] = [];
const refusals: number[] = [];
let isRefused = false;

async function request(): Promise<void> {
  times.push(Date.now());
  // As long as an answer takes.
  await Bun.sleep(20);
  if (!isRefused) return;
  isRefused = false;
  refusals.push(Date.now());
  limiter.observe({ status: 429, headers: new Headers({ "retry-after": "4" }) });
}

async function work(): Promise<void> {
  while (!end.signal.aborted) await limiter.run(request);
}

console.log("ready");
const workers = Array.from({ length: 10 }, () => work().catch(() => undefined));
for await (const _line of console) isRefused = true;
end.abort();
await Promise.all(workers);
console.log(JSON.stringify({ times, refusals }));
await state.close();
process.exit();
