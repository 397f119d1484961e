/**
 * Callers that post webhooks to all replicas in turn.
 *
 * @module
 */
import { eventBody } from "../sources/casper/events.ts";
import type { Cluster } from "./cluster.ts";
import type { Replica } from "./replica.ts";

/** How callers call. */
export interface CallerOptions {
  /** How many call at once. */
  readonly callers: number;
  /** Milliseconds between the events of one caller. */
  readonly everyMs: number;
  /** Whether an event that was refused, or not answered, is posted again to another replica. */
  readonly repeats: boolean;
  /** Milliseconds that a caller waits for an answer. */
  readonly timeoutMs: number;
}

/** Callers at work. */
export interface Callers {
  /** Begins no event any more, and waits for the answers to those that were begun. */
  stop(): Promise<void>;
  /** The longest time until an event was answered with the promise, in milliseconds. */
  readonly longestMs: () => number;
}

/** Devices below this number have many events, the others one. */
const firstUnique = 1_000_001;
const repeatedDevices = 200;

/** Posts one event; gives whether it was answered with the promise. */
export async function postEvent(
  { ledger, hookPath }: Pick<Cluster, "ledger" | "hookPath">,
  replica: Replica,
  device: number,
  version: number,
  timeoutMs = 10_000,
): Promise<boolean> {
  ledger.post(device);
  const body = eventBody("ComputerCheckIn", device);
  const signal = AbortSignal.timeout(timeoutMs);
  const answer = await fetch(`${replica.url}/${hookPath(device)}`, { method: "POST", body, signal })
    .catch(() => undefined);
  const isPromise = answer?.status === 204;
  ledger.answer(device, version, isPromise);
  return isPromise;
}

/** Starts callers: every second event is about one of some devices, every other about one of its own. */
export function startCallers(cluster: Cluster, options: CallerOptions): Callers {
  const { ledger, replicas } = cluster;
  let isStopped = false;
  let events = 0;
  let posts = 0;
  let longestMs = 0;
  async function call(): Promise<void> {
    while (!isStopped) {
      const number = events++;
      const device = number % 2 === 0 ? firstUnique + number : 1 + number % repeatedDevices;
      const version = ledger.change(device);
      const begun = performance.now();
      for (;;) {
        const replica = replicas[posts++ % replicas.length];
        if (replica === undefined) throw new Error("There is no replica");
        if (await postEvent(cluster, replica, device, version, options.timeoutMs)) {
          longestMs = Math.max(longestMs, performance.now() - begun);
          break;
        }
        if (!options.repeats || isStopped) break;
        await Bun.sleep(50);
      }
      await Bun.sleep(options.everyMs);
    }
  }
  const working = Promise.all(Array.from({ length: options.callers }, call));
  return {
    async stop() {
      isStopped = true;
      await working;
    },
    longestMs: () => longestMs,
  };
}
