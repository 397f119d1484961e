/**
 * Findings of a configuration file as people read them: sorted, counted, and those of sections that
 * nobody asked about in one line.
 *
 * @module
 */

import { type Finding, formatFinding } from "../base/errors.ts";

/** Errors first, then warnings, each in the order of the file. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) =>
    Number(a.severity === "warning") - Number(b.severity === "warning") ||
    (a.line ?? 0) - (b.line ?? 0)
  );
}

/** How many there are, for example `2 errors and 1 warning`. */
export function countFindings(findings: readonly Finding[]): string {
  const words = (["error", "warning"] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return words.join(" and ");
}

/** What was found in sections that nobody asked about, as one sentence; nothing when it is nothing. */
export function summariseOthers(others: readonly Finding[]): string | undefined {
  if (others.length === 0) return undefined;
  const names = [...new Set(others.flatMap(({ section }) => section ?? []))];
  return `Other sections have ${countFindings(others)}: ${names.join(", ")}. ` +
    "agent check --file-only lists them";
}

/** Each finding once: sections share the custom converters, and so their faults. */
export function distinctFindings(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [formatFinding(finding), finding])).values()];
}
