/**
 * Calls `agent serve` and a bare server in turn, and reports how long answers took.
 *
 * `bun bench/history_caller.ts URL BARE_URL SECONDS` prints the milliseconds of each kind of call as JSON.
 * It is a process of its own, so that nothing else that the bench does is taken for the service's time.
 *
 * @module
 */
import { eventBody } from "../test/sources/casper/events.ts";

/** The milliseconds of each kind of call. */
export interface CallTimes {
  readonly health: readonly number[];
  /** Of the bare server, called together with `health`: what the machine and this process add. */
  readonly bare: readonly number[];
  readonly webhook: readonly number[];
  /** Of the bare server, which writes the same events to the disk. */
  readonly bareWebhook: readonly number[];
  readonly metrics: readonly number[];
}

/** Devices that webhooks are about. */
export const devices = 500;

const webhooksPerSecond = 20;
const scrapeMs = 5000;
const healthMs = 100;

/** Calls again and again until it is told to end. */
function callEvery(ms: number, call: () => Promise<Response>) {
  const times: number[] = [];
  const timer = setInterval(async () => {
    const begun = performance.now();
    try {
      await (await call()).text();
    } catch {
      // Until it listens, and when it has ended.
      return;
    }
    times.push(performance.now() - begun);
  }, ms);
  return { times, end: () => clearInterval(timer) };
}

async function callAll(url: string, bareUrl: string, seconds: number): Promise<CallTimes> {
  let device = 0;
  let bareDevice = 0;
  function post(url: string, device: number): Promise<Response> {
    const body = eventBody("ComputerInventoryCompleted", 1 + device % devices);
    return fetch(url, { method: "POST", body });
  }
  const calls = {
    health: callEvery(healthMs, () => fetch(`${url}/healthz`)),
    bare: callEvery(healthMs, () => fetch(bareUrl)),
    metrics: callEvery(scrapeMs, () => fetch(`${url}/metrics`)),
    webhook: callEvery(1000 / webhooksPerSecond, () => post(`${url}/bench/casper`, device++)),
    bareWebhook: callEvery(1000 / webhooksPerSecond, () => post(bareUrl, bareDevice++)),
  };
  await Bun.sleep(seconds * 1000);
  for (const { end } of Object.values(calls)) end();
  // What is on its way still counts.
  await Bun.sleep(2000);
  const { health, bare, webhook, bareWebhook, metrics } = calls;
  return {
    health: health.times,
    bare: bare.times,
    webhook: webhook.times,
    bareWebhook: bareWebhook.times,
    metrics: metrics.times,
  };
}

if (import.meta.main) {
  const [url = "", bareUrl = "", seconds = "0"] = process.argv.slice(2);
  console.log(JSON.stringify(await callAll(url, bareUrl, Number(seconds))));
}
