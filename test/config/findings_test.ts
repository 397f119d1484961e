/**
 * Findings as people read them.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { Finding } from "../../src/base/errors.ts";
import { countFindings, sortFindings } from "../../src/config/findings.ts";

function finding(severity: Finding["severity"], line?: number): Finding {
  return { code: "invalid", severity, file: "config.ini", line, message: `${severity} ${line}` };
}

test("errors come before warnings that stand above them, each in the order of the file", () => {
  const findings = [
    finding("warning", 2),
    finding("error", 9),
    finding("warning", 1),
    finding("error", 3),
  ];
  expect(sortFindings(findings).map(({ message }) => message)).toEqual([
    "error 3",
    "error 9",
    "warning 1",
    "warning 2",
  ]);
  expect(countFindings(findings)).toBe("2 errors and 2 warnings");
});
