/**
 * Configurations drawn at random write the same files as under Python's own logging.
 *
 * @module
 */
import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseTimeFormat } from "../../src/logging/time.ts";
import { readCorpus } from "../support/corpus.ts";
import { type Line, newFolder, removeFolders, setUp } from "./setup.ts";

/** A configuration, the lines logged, and what Python's logging wrote of them. */
interface Case {
  readonly config: Parameters<typeof setUp>[0];
  readonly lines: readonly Line[];
  readonly files: Readonly<Record<string, string>>;
  readonly stdout: string;
  readonly stderr: string;
}

const corpus = readCorpus<{
  readonly cases: readonly Case[];
  /** Time zone, seconds since the epoch, pattern, and the text of Python. */
  readonly times: readonly (readonly [string, number, string, string])[];
}>(join(import.meta.dir, "corpus.json"));

const zone = process.env.TZ;

afterEach(() => {
  removeFolders();
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

describe("as Python's logging", () => {
  for (const [index, example] of corpus.cases.entries()) {
    test(`configuration ${index}`, () => {
      const folder = newFolder();
      for (const name of ["plain0.log", "rotating0.log"]) {
        writeFileSync(join(folder, name), "old\n");
      }
      const setup = setUp(example.config, folder);
      expect(setup.logging.warnings).toEqual([]);
      setup.write(example.lines);
      setup.logging.close();
      expect(Object.fromEntries(setup.files().map((name) => [name, setup.read(name)])))
        .toEqual(example.files);
      expect(joined(setup.stdout)).toBe(example.stdout);
      expect(joined(setup.stderr)).toBe(example.stderr);
    });
  }
});

test("times as Python's strftime writes them", () => {
  for (const [timeZone, seconds, pattern, expected] of corpus.times) {
    process.env.TZ = timeZone;
    const { format, unknown } = parseTimeFormat(pattern);
    expect(`${timeZone} ${pattern} ${format(new Date(seconds * 1000))}`)
      .toBe(`${timeZone} ${pattern} ${expected}`);
    expect(unknown).toEqual([]);
  }
});
