/**
 * The limit to compare with: posts ready-made bodies, a given number at a time, and does nothing else.
 * Prints the milliseconds that posting took.
 *
 * @module
 */
import { body } from "./data.ts";

const [url = "", token = "", rows = "0", width = "2"] = process.argv.slice(2);
const size = 100;
const portion = crypto.randomUUID();
const bodies = Array.from(
  { length: Number(rows) / size },
  (_, index) => body(index * size, size, portion),
);
const headers = { "Content-Type": "application/json; charset=utf-8", Authorization2: token };
const begun = performance.now();
let next = 0;
await Promise.all(Array.from({ length: Number(width) }, async () => {
  while (next < bodies.length) {
    const response = await fetch(`${url}/api/v3/bulk`, {
      method: "POST",
      headers,
      body: bodies[next++] ?? "",
    });
    await response.text();
    if (response.status !== 200) throw new Error(`The stand-in answered ${response.status}`);
  }
}));
console.log(performance.now() - begun);
