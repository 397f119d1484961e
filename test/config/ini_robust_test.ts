/**
 * The ini parser on noise and on very large files.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { decodeIni, parseIni } from "../../src/config/ini.ts";
import { noise, seeded } from "./ini_noise.ts";
import { slow } from "../support/slow.ts";

describe("robustness", () => {
  test("10,000 files of noise never throw", () => {
    const random = seeded(1);
    for (let count = 0; count < 10_000; count++) {
      const { text } = decodeIni(noise(random, Math.floor(random() * 200)), "f");
      const document = parseIni(text, "f");
      for (const { options } of document.sections) {
        for (const { value, lines } of options.values()) {
          if (value.split("\n").length !== lines.length) throw new Error(JSON.stringify(text));
        }
      }
    }
  });

  const megabytes = 10_000_000;
  const large: [string, () => string, number][] = [
    ["a line of letters", () => `[a]\nx = 1\n${"b".repeat(megabytes)}`, 1],
    ["a line of spaces", () => `[a]\nx = ${" ".repeat(megabytes)}y\n`, 0],
    ["a blank line", () => `[a]\nx = 1\n${" ".repeat(megabytes)}\n`, 0],
    ["a key of spaces", () => `[a]\nx${" ".repeat(megabytes)}= 1\n`, 0],
    ["a value of semicolons", () => `[a]\nx = ${";".repeat(megabytes)}\n`, 0],
    ["an unclosed header", () => `[${"a".repeat(megabytes)}\n`, 1],
    ["carriage returns", () => `[a]\nx = 1${"\r".repeat(megabytes)}`, 0],
    ["1e6 options", () => "[a]\n" + lines((at) => `key${at} = v`), 0],
    ["many sections", () => lines((at) => `[s${at}]`, 200_000), 0],
    ["many repeats", () => "[a]\n" + lines(() => "x = 1", 200_000), 199_999],
    ["1e6 continuation lines", () => "[a]\nx:\n" + lines(() => "  y"), 0],
    ["1e6 bad lines", () => "[a]\n" + lines(() => "bad"), 1_000_000],
    ["1e6 lines before any header", () => lines(() => "bad"), 1],
  ];
  for (const [name, textOf, findings] of large) {
    slow(`takes linear time on ${name}`, () => {
      const text = textOf();
      const start = performance.now();
      expect(parseIni(text, "f").findings.length).toBe(findings);
      // Ten times what a busy machine needs; anything quadratic would take hours.
      expect(performance.now() - start).toBeLessThan(20_000);
    }, 30_000);
  }

  function lines(line: (at: number) => string, length = 1_000_000): string {
    return Array.from({ length }, (_, at) => line(at)).join("\n");
  }
});
