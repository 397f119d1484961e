/**
 * Random files from fixed seeds: what was written comes back, and rubbish neither crashes nor hangs.
 *
 * @module
 */

import { expect } from "bun:test";
import { Buffer } from "node:buffer";
import { AgentError } from "../../src/base/errors.ts";
import type { CsvSettings } from "../../src/sdk/csv/csv.ts";
import { createFolder, put, read } from "./csv_reading.ts";
import { slow } from "../support/slow.ts";

const folder = createFolder();

/** A small generator of numbers from 0 to below `limit`, the same for the same seed. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

type Random = ReturnType<typeof createRandom>;

function pick<T>(random: Random, items: readonly [T, ...T[]]): T {
  return items[random(items.length)] ?? items[0];
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const cellParts = ['"', '""', ",", ";", "\t", "\n", "\r\n", "\r", " ", "ä", "€", "😀", "'", "x"];

function randomCell(random: Random): string {
  const longest = random(200) === 0 ? 3000 : 5;
  return times(random(longest), () => cellParts[random(cellParts.length)] ?? "").join("");
}

/** Writes cells so that every reader must understand them; the last cell of a row gets an end mark. */
function write(rows: readonly (readonly string[])[], delimiter: string, newline: string): string {
  return rows.map((row) =>
    row.map((cell) => /["\r\n]/.test(cell) || cell.includes(delimiter) ? quoted(cell) : cell)
      .join(delimiter) + newline
  ).join("");
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}

function encode(text: string, encoding: string): Uint8Array {
  if (encoding === "utf-8") return Buffer.from(text);
  if (encoding === "utf-8 with a mark") return Buffer.from(`\ufeff${text}`);
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  return encoding === "utf-16le" ? bytes : bytes.swap16();
}

slow("400 random tables come back as they were written", async () => {
  for (let seed = 1; seed <= 400; seed++) {
    const random = createRandom(seed);
    const delimiter = pick(random, [",", ";", "\t", "|", "😀"]);
    const newline = pick(random, ["\n", "\r\n", "\r"]);
    const encoding = pick(random, ["utf-8", "utf-8 with a mark", "utf-16le", "utf-16be"]);
    const header = times(2 + random(6), (index) => `${index}${randomCell(random)}.`);
    // Some files are larger than a block.
    const rows = times(random(20) === 0 ? 4000 : random(60), () => {
      return header.map((_, index) => `${randomCell(random)}${index === 0 ? "." : ""}`);
    });
    for (const row of rows) row[row.length - 1] += ".";
    const text = write([header, ...rows], delimiter, newline);
    const path = put(folder, "table.csv", encode(text, encoding));
    const { records, lines, error } = await read(path, { delimiter });
    expect({ seed, error, lines: lines.filter((line) => !line.endsWith("no rows.")) })
      .toEqual({ seed, error: undefined, lines: [] });
    const expected = rows.map((row) =>
      Object.fromEntries(row.map((cell, index) => [header[index] ?? "", cell]))
    );
    expect(records).toEqual(expected);
  }
}, 60_000);

const alphabets: readonly [string, ...string[]] = [
  '",\n',
  '"",,;\t|\r\n ab',
  'a,b\n"\r"\n',
  "\u00e4\u00c3\u00bc\u0080\u00e2\u0082,\n\"x'",
  "sep=;\n,\"'",
  "\ufeff\u0000a,\n",
];

/** Bytes that look more or less like CSV. */
function rubbish(random: Random, isSmall: boolean): Uint8Array {
  const length = !isSmall && random(50) === 0 ? 70_000 + random(140_000) : random(400);
  const kind = random(alphabets.length + 1);
  const alphabet = Buffer.from(alphabets[kind] ?? "", kind === 3 ? "latin1" : "utf8");
  const bytes = Uint8Array.from(times(length, () => alphabet[random(alphabet.length)] ?? 0));
  if (alphabet.length === 0) return bytes.map(() => random(256));
  return random(3) === 0 ? Buffer.concat([Buffer.from("id,name;x\n1,2;3\n"), bytes]) : bytes;
}

slow("10,000 random files: records, warnings or an AgentError, nothing else", async () => {
  let failed = 0;
  let records = 0;
  for (let seed = 1; seed <= 10_000; seed++) {
    const random = createRandom(seed);
    const settings: CsvSettings = {
      encoding: pick(random, ["auto", "auto", "utf-8", "utf-16le", "windows-1252", "shift_jis"]),
      delimiter: pick(random, ["auto", "auto", ",", "\t", " ", "a"]),
      quote: pick(random, ['"', '"', "'", "\t", "]"]),
    };
    const outcome = await read(put(folder, "rubbish.csv", rubbish(random, seed % 5 > 0)), settings);
    if (outcome.error !== undefined) {
      failed++;
      const { error } = outcome;
      if (!(error instanceof AgentError)) throw new Error(`seed ${seed}`, { cause: error });
    }
    for (const record of outcome.records) {
      records++;
      const fine = Object.values(record).every((cell) => cell === null || typeof cell === "string");
      if (!fine) throw new Error(`seed ${seed}: ${JSON.stringify(record)}`);
    }
  }
  // Both ways are taken often, or the rubbish would prove nothing.
  expect(failed).toBeGreaterThan(1000);
  expect(failed).toBeLessThan(9000);
  expect(records).toBeGreaterThan(10_000);
}, 60_000);
