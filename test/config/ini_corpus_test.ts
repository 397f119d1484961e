/**
 * The ini parser against the stored answers of Python 2's own parser (scripts/ini_corpus.py).
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { type IniDocument, type IniOption, parseIni } from "../../src/config/ini.ts";

type Pairs = readonly (readonly [string, string])[];
type Sections = readonly (readonly [string, Pairs])[];

interface Entry {
  readonly name: string;
  readonly text: string;
  readonly python2: {
    readonly headless: readonly number[];
    readonly bad: readonly number[];
    readonly defaults: Pairs;
    readonly sections: Sections;
  };
  /** What the specification wants where it parts from Python 2. */
  readonly expected?: Sections;
}

const corpus: readonly Entry[] = await Bun.file(new URL("./ini_corpus.json", import.meta.url))
  .json();

describe("Python 2", () => {
  for (const entry of corpus) {
    test(`agrees on ${entry.name}`, () => {
      const document = parseIni(entry.text, "f");
      const expected = entry.expected ?? entry.python2.sections;
      expect(document.sections.map(({ name, options }) => [name, stripped(options)])).toEqual(
        expected.map(([name, pairs]) => [name, pairs]),
      );
      expect(stripped(document.defaults)).toEqual(entry.python2.defaults);
      expectFaultsOf(entry, document);
      for (const { options } of [...document.sections, { options: document.defaults }]) {
        for (const option of options.values()) expectTrueLines(entry.text, option);
      }
    });
  }

  test("was asked often enough, also about faulty files", () => {
    expect(corpus.length).toBeGreaterThanOrEqual(150);
    expect(corpus.filter(({ python2 }) => python2.bad.length > 0).length).toBeGreaterThan(30);
    expect(corpus.filter(({ python2 }) => python2.headless.length > 0).length).toBeGreaterThan(5);
    expect(corpus.filter(({ expected }) => expected !== undefined).length).toBe(5);
  });

  /** Values as Python's stock parser gives them: it strips the lines that L5 keeps whole. */
  function stripped(options: ReadonlyMap<string, IniOption>): Pairs {
    return [...options.values()].map(({ key, value }) => {
      const [first, ...rest] = value.split("\n");
      const trimmed = rest.map((line) => line.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, ""));
      return [key, [first, ...trimmed].join("\n")];
    });
  }

  function expectFaultsOf(entry: Entry, { findings }: IniDocument): void {
    const { headless, bad } = entry.expected ? { headless: [], bad: [] } : entry.python2;
    const errors = findings.filter(({ severity, message }) =>
      severity === "error" && !message.includes("null byte")
    );
    expect(errors.map(({ line }) => line)).toEqual([...headless.slice(0, 1), ...bad]);
    if (headless.length < 2) return;
    expect(errors[0]?.message).toContain(`lines ${headless[0]} to ${headless.at(-1)})`);
  }

  function expectTrueLines(text: string, option: IniOption): void {
    const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
    const values = option.value.split("\n");
    expect(option.lines.length).toBe(values.length);
    expect(option.lines[0]).toBe(option.line);
    expect(option.lines.at(-1)).toBe(option.lastLine);
    expect(lines[option.line - 1]).toStartWith(option.rawKey);
    expect(lines[option.line - 1]).toContain(values[0] ?? "");
    expect(option.lines.slice(1).map((line) => lines[line - 1])).toEqual(values.slice(1));
  }
});
