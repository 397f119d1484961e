/**
 * Bytes of ini files to text and back.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { AgentError } from "../../src/base/errors.ts";
import { decodeIni, encodeIni, getOption, parseIni } from "../../src/config/ini.ts";
import { noise, seeded } from "./ini_noise.ts";

describe("decoding", () => {
  const text = "[a]\nx = Zoë 日 😀\n";
  const bytes = (...values: number[]) => Uint8Array.from(values);
  const utf16 = (encoding: "utf-16le" | "utf-16be") => encodeIni(`\uFEFF${text}`, encoding);

  test("UTF-8 with and without mark", () => {
    expect(decodeIni(new TextEncoder().encode(text), "f")).toEqual({
      text,
      encoding: "utf-8",
      findings: [],
    });
    const marked = decodeIni(new TextEncoder().encode(`\uFEFF${text}`), "f");
    expect(marked).toEqual({ text: `\uFEFF${text}`, encoding: "utf-8", findings: [] });
    expect(getOption(parseIni(marked.text, "f"), "a", "x")?.value).toBe("Zoë 日 😀");
  });

  test("UTF-16 with mark, in both byte orders", () => {
    expect([...utf16("utf-16le").subarray(0, 4)]).toEqual([0xFF, 0xFE, 0x5B, 0]);
    expect([...utf16("utf-16be").subarray(0, 4)]).toEqual([0xFE, 0xFF, 0, 0x5B]);
    for (const encoding of ["utf-16le", "utf-16be"] as const) {
      const decoded = decodeIni(utf16(encoding), "f");
      expect(decoded).toEqual({ text: `\uFEFF${text}`, encoding, findings: [] });
    }
  });

  test("anything else is Windows-1252, with a warning that names the line", () => {
    const decoded = decodeIni(bytes(0x5B, 0x61, 0x5D, 10, 0x78, 0x3D, 0xE9, 0x80, 10), "f");
    expect(decoded).toMatchObject({ text: "[a]\nx=é€\n", encoding: "windows-1252" });
    expect(decoded.findings).toMatchObject([{ severity: "warning", file: "f", line: 2 }]);
    expect(decoded.findings[0]?.message).toContain("Windows-1252");
  });

  test("a file that breaks the promise of its mark is an error, not a throw", () => {
    for (const broken of [bytes(0xFF, 0xFE, 0x5B), bytes(0xFE, 0xFF, 0xD8, 0, 0, 0x41)]) {
      expect(decodeIni(broken, "f").findings).toMatchObject([{ severity: "error", file: "f" }]);
    }
    const { findings, text } = decodeIni(bytes(0xEF, 0xBB, 0xBF, 0x5B, 10, 0xFF), "f");
    expect(findings).toMatchObject([{ severity: "error", line: 2 }]);
    expect(text).toBe("\uFEFF[\n\uFFFD");
  });

  test("UTF-16 without mark is recognised by its null bytes", () => {
    const { text: decoded, findings } = decodeIni(utf16("utf-16le").subarray(2, 10), "f");
    expect(findings).toEqual([]);
    expect(parseIni(decoded, "f").findings.map(({ message }) => message).join()).toContain(
      "null byte",
    );
  });

  test("encoding gives the bytes back, whatever they were", () => {
    const random = seeded(3);
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const samples = [every, utf16("utf-16le"), utf16("utf-16be"), new TextEncoder().encode(text)];
    for (let count = 0; count < 500; count++) samples.push(noise(random, count % 8));
    for (const sample of samples) {
      const { text: decoded, encoding, findings } = decodeIni(sample, "f");
      if (findings.some(({ severity }) => severity === "error")) continue;
      expect(encodeIni(decoded, encoding)).toEqual(sample);
    }
  });

  test("Windows-1252 refuses what it cannot hold", () => {
    expect(() => encodeIni("日", "windows-1252")).toThrow(AgentError);
    expect([...encodeIni("é€", "windows-1252")]).toEqual([0xE9, 0x80]);
  });
});
