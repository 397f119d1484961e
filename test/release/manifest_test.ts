/**
 * Checksums, identities and the order of versions.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { compareVersions, parseIdentity, parseSums } from "../../src/release/manifest.ts";

describe("compareVersions", () => {
  // The order that section 11 of Semantic Versioning 2.0.0 gives as its example, and around it.
  const ordered = [
    "0.9.9",
    "0.10.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-x-y",
    "2.0.0",
    "2.1.0",
    "2.1.1",
    "10.0.0",
  ];

  test("orders as the specification does", () => {
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        expect([a, b, Math.sign(compareVersions(a, b))]).toEqual([a, b, Math.sign(i - j)]);
      }
    }
  });

  test("does not look at the build", () => {
    expect(compareVersions("1.0.0+a-1", "1.0.0+b")).toBe(0);
  });
});

describe("parseSums", () => {
  const sum = "a".repeat(64);

  test("reads what sha256sum writes, in text and in binary mode, on any system", () => {
    expect([...parseSums(`${sum}  a\r\n${sum} *b c\n# note\n\nnonsense  x\n`)]).toEqual([
      ["a", sum],
      ["b c", sum],
    ]);
  });
});

describe("parseIdentity", () => {
  test("reads version and commit", () => {
    const text = '{"version":"1.2.3-rc.1","commit":"abc"}';
    expect(parseIdentity(text, "x")).toEqual({ version: "1.2.3-rc.1", commit: "abc" });
    expect(parseIdentity('{"version":"1.2.3"}', "x").commit).toBeUndefined();
  });

  test.each(["", "[]", "null", '{"version":3}', '{"version":"newest"}'])("refuses %j", (text) => {
    expect(() => parseIdentity(text, "release.json")).toThrow(
      "release.json does not contain a version",
    );
  });
});
