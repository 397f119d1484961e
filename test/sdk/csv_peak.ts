/**
 * Program of its own: reads a CSV file and prints its records, warnings and peak memory as JSON.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import type { Log } from "../../src/logging/log.ts";
import { readCsvFiles } from "../../src/sdk/csv/csv.ts";

const lines: string[] = [];
const keep = (message: string) => void lines.push(message);
const log: Log = {
  debug: keep,
  info: keep,
  warning: keep,
  error: keep,
  named: () => log,
  write: ({ message }) => keep(message),
};
const settings = { encoding: "auto", delimiter: "auto", quote: '"' };
const options = { filename: process.argv[2] ?? "", directory: "", ...settings };
const context = { log, signal: new AbortController().signal };
let records = 0;
let last: unknown;
let error: string | undefined;
try {
  for await (const batch of readCsvFiles({ ...context, options })) {
    records += batch.length;
    last = batch.at(-1) ?? last;
  }
} catch (thrown) {
  error = (thrown as Error).message;
}
// What the kernel counts as the peak in rusage begins with that of the parent; this one does not.
const status = readFileSync("/proc/self/status", "utf8");
const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
console.log(JSON.stringify({ records, last, error, lines, peak }));
