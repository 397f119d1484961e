/**
 * Long lists in temporary files.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringifyExactJson } from "../../src/base/json.ts";
import { AgentError } from "../../src/base/errors.ts";
import { readLines } from "../../src/sync/changes/line_reader.ts";
import { RecordSpool } from "../../src/sync/changes/record_spool.ts";
import { Fingerprints } from "../../src/state/fingerprint.ts";
import { Spool } from "../../src/sync/changes/spool.ts";

function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "agent-lines-"));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("lines come whole, whatever their length, and say where they end", () => {
  inFolder((folder) => {
    const lines = ["", "ä".repeat(200_000), "short", "€".repeat(300_001), "last"];
    const path = join(folder, "lines");
    writeFileSync(path, `${lines.join("\n")}\nno line`);
    const file = openSync(path, "r");
    const read = [...readLines(file)];
    expect(read.map(({ text }) => text)).toEqual(lines);
    const [, second] = read;
    expect([...readLines(file, second?.end)].map(({ text }) => text)).toEqual(lines.slice(2));
    closeSync(file);
  });
});

test("a spool gives back what it took, as often as it is asked, and leaves no file", () => {
  inFolder((folder) => {
    const spool = new Spool<{ row: number; text: string }>(join(folder, "state"));
    for (let row = 0; row < 20_000; row++) spool.add({ row, text: `größe\n${row}` });
    expect(spool.length).toBe(20_000);
    for (let round = 0; round < 2; round++) {
      let next = 0;
      for (const { row, text } of spool.values()) {
        expect([row, text]).toEqual([next, `größe\n${next}`]);
        next++;
      }
      expect(next).toBe(20_000);
    }
    spool.close();
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("a folder that is not there is reported with the path", () => {
  inFolder((folder) => {
    const beside = join(folder, "nosuch", "state");
    expect(() => new Spool(beside)).toThrow(AgentError);
    expect(() => new Spool(beside)).toThrow(beside);
  });
});

test("records come back from a spool as JSON has them, with or without a fingerprint", () => {
  inFolder((folder) => {
    const prints = new Fingerprints(["TAG"]);
    const special: Record<string, unknown>[] = [
      { TAG: "T1", day: new Date("2026-01-01T00:00:00Z"), none: undefined, nothing: null },
      { TAG: "T2", long: "ä\n".repeat(300), list: [1, { a: [] }] },
      { TAG: "T3", sim: 89014103211118510720n, list: [undefined] },
      JSON.parse('{"TAG":"T4","__proto__":{"isAdmin":true}}'),
      {},
    ];
    const usual = Array.from(
      { length: 3000 },
      (_, row) => ({ TAG: `U${row}`, row, on: row % 2 > 0 }),
    );
    const all = [...usual.slice(0, 150), ...special, ...usual.slice(150), ...special];
    const spool = new RecordSpool(join(folder, "state"));
    for (const [index, record] of all.entries()) {
      spool.add(record, index % 3 === 0 ? undefined : prints.create(record));
    }
    expect(spool.length).toBe(all.length);
    const texts = [...spool.values()].map((record) => stringifyExactJson(record));
    expect(texts).toEqual(all.map((record) => stringifyExactJson(record)));
    expect(() => spool.add({ TAG: "T", ring: spooledRing })).toThrow(TypeError);
    spool.close();
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** A value that JSON has no form for: it holds itself. */
const spooledRing: Record<string, unknown> = {};
spooledRing.self = spooledRing;
