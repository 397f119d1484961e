/**
 * Counts tests from the report of the test runner, and trusts nothing that is missing.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";

/** How a test run ended. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why `failed` is more than the report says. */
  readonly note?: string;
}

/**
 * The counts of the JUnit report at `path`, from a runner that exited with `exitCode`. A missing or
 * unreadable report, a report of no tests, and an exit code that the report does not explain (a
 * test file that could not be loaded) each count as one failed.
 */
export function readCounts(path: string, exitCode: number): Counts {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const head = /<testsuites\b[^>]*>/.exec(text)?.[0] ?? "";
  const [tests, failures, errors, skipped] = ["tests", "failures", "errors", "skipped"]
    .map((name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0));
  const counts = {
    failed: (failures ?? 0) + (errors ?? 0),
    skipped: skipped ?? 0,
    passed: 0,
  };
  const passed = (tests ?? 0) - counts.failed - counts.skipped;
  if (head === "") return { ...counts, failed: 1, note: "The test runner left no report." };
  if (tests === 0) return { ...counts, failed: 1, note: "No test ran." };
  if (exitCode === 0 || counts.failed > 0) return { ...counts, passed };
  const note = `The test runner exited with ${exitCode} for a reason that is in no test.`;
  return { ...counts, passed, failed: 1, note };
}

/** One test of a report. */
export interface TimedTest {
  readonly file: string;
  /** With the names of its suites. */
  readonly name: string;
  readonly seconds: number;
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function attribute(tag: string, name: string): string {
  const text = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
  return text.replaceAll(/&(\w+);/g, (whole, entity) => entities[entity] ?? whole);
}

/** A test's name behind those of its suites. */
function nameOf(tag: string): string {
  return [attribute(tag, "classname"), attribute(tag, "name")].filter((part) => part !== "")
    .join(" > ");
}

/** The tests of a JUnit report, with how long each took. */
export function readTimes(path: string): TimedTest[] {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return (text.match(/<testcase\s[^>]*>/g) ?? []).map((tag) => ({
    file: attribute(tag, "file"),
    name: nameOf(tag),
    seconds: Number(attribute(tag, "time")),
  }));
}

/**
 * The tests of a JUnit report that failed, as `file: "name"`: the words of each stand far above the end
 * of a long log, of which often only the end is kept.
 */
export function readFailures(path: string): string[] {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const tags = text.matchAll(/<testcase\s[^>]*[^/]>(?=\s*<(?:failure|error)\b)/g);
  return [...tags].map(([tag]) => `${attribute(tag, "file")}: "${nameOf(tag)}"`);
}

/** The line that ends a run: `12 passed, 0 failed`, with `, 1 skipped` when some were. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed` + (skipped === 0 ? "" : `, ${skipped} skipped`);
}
