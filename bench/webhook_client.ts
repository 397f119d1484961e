/**
 * Posts events over many connections, and reports how long each answer took.
 *
 * `bun bench/webhook_client.ts URL EVENTS CONNECTIONS` prints the milliseconds in all, and those of the
 * median, the 99th percentile and the slowest answer, as JSON.
 *
 * @module
 */
import { eventBody } from "../test/sources/casper/events.ts";

const [url = "", events = "0", connections = "1"] = process.argv.slice(2);
const total = Number(events);
const times = new Float64Array(total);
let next = 0;

async function post(): Promise<void> {
  for (let number = next++; number < total; number = next++) {
    const body = eventBody("ComputerInventoryCompleted", number + 1);
    const begun = performance.now();
    const answer = await fetch(`${url}/bench/casper`, { method: "POST", body });
    if (answer.status !== 204) throw new Error(`${answer.status} ${await answer.text()}`);
    times[number] = performance.now() - begun;
  }
}

const begun = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, post));
const all = performance.now() - begun;
times.sort();
const at = (part: number) => times[Math.min(total - 1, Math.floor(total * part))];
console.log(JSON.stringify({ all, p50: at(0.5), p99: at(0.99), max: at(1) }));
