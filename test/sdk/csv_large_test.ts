/**
 * Large files, read by a process of its own whose peak memory is looked at.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFolder } from "./csv_reading.ts";
import { slow } from "../support/slow.ts";

const folder = createFolder();
const MB = 1024 * 1024;

/** A process that reads 1 MB needs about 60; the files are far larger than the difference. */
const mostMegabytes = 130;

interface Peak {
  readonly records: number;
  readonly last: unknown;
  readonly error?: string;
  readonly lines: readonly string[];
  readonly peak: number;
}

/** Writes a piece again and again, then an end, and reads the file. */
function readLarge(name: string, head: string, piece: string, times: number, end: Uint8Array) {
  const path = join(folder, name);
  writeFileSync(path, head);
  const chunk = Math.max(1, Math.floor(MB / piece.length));
  for (let left = times; left > 0; left -= chunk) {
    appendFileSync(path, piece.repeat(Math.min(left, chunk)));
  }
  appendFileSync(path, end);
  const program = new URL("./csv_peak.ts", import.meta.url).pathname;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, program, path]);
  expect(stderr.toString()).toBe("");
  return JSON.parse(stdout.toString().replaceAll(path, "F")) as Peak;
}

describe("memory is flat", () => {
  test("when the first byte that is not UTF-8 comes after 55 MB", () => {
    const row = `C02XK0AAJHD2,${"some notes ".repeat(17)}\n`;
    const rows = 275_000;
    const end = Uint8Array.of(0xfc, 0x2c, 0xdf, 10);
    const result = readLarge("late.csv", "Serial,Notes\n", row, rows, end);
    expect(result.records).toBe(rows + 1);
    expect(result.last).toEqual({ Serial: "ü", Notes: "ß" });
    expect(result.lines).toHaveLength(1);
    expect(result.lines[0]).toContain(`line ${rows + 2} is not UTF-8`);
    expect(result.peak).toBeLessThan(mostMegabytes);
  }, 30_000);

  slow("when a quote is never closed, with the records before it", () => {
    const head = 'a,b\n1,2\n"3\n3",4\n5,"6\n';
    const result = readLarge("open.csv", head, "7,8\n", 12_000_000, new Uint8Array());
    expect(result.records).toBe(2);
    expect(result.last).toEqual({ a: "3\n3", b: "4" });
    expect(result.error).toBe(
      "Cannot read F: the quote opened on line 5 is not closed within 16 MB.",
    );
    // The cell itself, once as it grows and once as it is tried.
    expect(result.peak).toBeLessThan(mostMegabytes + 3 * 16);
  }, 30_000);

  slow("when lines end in CR", () => {
    const result = readLarge("mac.csv", "a,b\r", "1234567,12345678\r", 2_000_000, new Uint8Array());
    expect(result.records).toBe(2_000_000);
    expect(result.error).toBeUndefined();
    expect(result.peak).toBeLessThan(mostMegabytes);
  }, 30_000);

  test("when there are no line breaks", () => {
    const result = readLarge("line.csv", "a,b\n1,2\n", "x,y,z", 6_000_000, new Uint8Array());
    expect(result.records).toBe(1);
    expect(result.error).toBe("Cannot read F: line 3 is longer than 16 MB.");
    expect(result.peak).toBeLessThan(mostMegabytes + 3 * 16);
  }, 30_000);
});

slow("a cell of 12 MB is read, whatever comes before and after", () => {
  // The cell begins in the middle of a block.
  const head = `a,b\n${"1,2\n".repeat(6000)}"`;
  const end = Buffer.from(`",2\n${"3,4\n".repeat(MB)}`);
  const result = readLarge("cell.csv", head, 'line ""x"";\n', MB, end);
  expect(result.error).toBeUndefined();
  expect(result.lines).toEqual([]);
  expect(result.records).toBe(6001 + MB);
}, 30_000);
