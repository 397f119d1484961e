/**
 * Program of its own: reads a CSV file and prints its records, warnings and peak memory as JSON.
 *
 * @module
 */

import type { Log } from "../../src/base/log.ts";
import { readCsv } from "../../src/sdk/csv.ts";

const lines: string[] = [];
const keep = (message: string) => void lines.push(message);
const log: Log = { debug: keep, info: keep, warning: keep, error: keep, named: () => log };
const settings = { encoding: "auto", delimiter: "auto", quote: '"' };
const context = { log, signal: new AbortController().signal };
let records = 0;
let last: unknown;
let error: string | undefined;
try {
  for await (const record of readCsv(process.argv[2] ?? "", settings, context)) {
    records++;
    last = record;
  }
} catch (thrown) {
  error = (thrown as Error).message;
}
const peak = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ records, last, error, lines, peak }));
