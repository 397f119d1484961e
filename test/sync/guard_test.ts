/**
 * The guard: which rule is in force, and what it is against.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { ChangeTally } from "../../src/sync/changes/delta.ts";
import {
  type ComparedRun,
  describeViolations,
  findViolations,
  guardError,
  type GuardOptions,
  type GuardRule,
  resolveGuardRule,
} from "../../src/sync/changes/guard.ts";

const rules: [section: GuardOptions, general: GuardOptions, rule: GuardRule | undefined][] = [
  [{}, {}, { percent: 20, count: undefined, isDefault: true }],
  [{ guard: "off" }, { guard: 5 }, undefined],
  [{}, { guard: "off" }, undefined],
  [{ guard: "off", guard_count: 5 }, {}, undefined],
  [{ guard: 5 }, { guard: 50 }, { percent: 5, count: undefined, isDefault: false }],
  [{}, { guard: 50, guard_count: 7 }, { percent: 50, count: 7, isDefault: false }],
  [{ guard_count: 0 }, {}, { percent: undefined, count: 0, isDefault: false }],
  [{ guard: 5 }, { guard: "off" }, { percent: 5, count: undefined, isDefault: false }],
];

test.each(rules)("%j over %j", (section, general, rule) => {
  expect(resolveGuardRule(section, general)).toEqual(rule as GuardRule);
});

/** What was found by comparing, as far as the guard looks at it. */
function compared(
  found: { differing?: number; blanked?: number; gone?: number },
  size: number,
): ComparedRun {
  const { differing = 0, blanked = 0, gone } = found;
  const tally = new ChangeTally();
  tally.differing = differing;
  tally.counts.blanked = blanked;
  if (blanked > 0) tally.blankedFields.set("NAME", blanked).set("OS", blanked + 1);
  const goneNames = Array.from({ length: gone ?? 0 }, (_, index) => `T${index + 1}`);
  return { tally, size, gone, goneNames, renames: [] };
}

const usual: GuardRule = { percent: 20, count: undefined, isDefault: true };
const asked: GuardRule = { percent: 10, count: undefined, isDefault: false };

test("a share is exceeded by one record more than it", () => {
  const at = (gone: number) => findViolations(asked, compared({ gone }, 200));
  expect(at(20)).toEqual([]);
  expect(at(21)).toEqual([
    "21 of 200 records (11 %) are gone from the source: T1, T2, T3, T4, T5, …",
  ]);
});

test("the lower of share and number counts", () => {
  const rule = { percent: 50, count: 3, isDefault: false };
  const at = (gone: number) => findViolations(rule, compared({ gone }, 100));
  expect(at(3)).toEqual([]);
  expect(at(4)).toEqual(["4 of 100 records (4.0 %) are gone from the source: T1, T2, T3, T4"]);
  const byCount = { percent: undefined, count: 0, isDefault: false };
  expect(findViolations(byCount, compared({ gone: 1 }, 0))).toEqual([
    "1 of 0 records (100 %) are gone from the source: T1",
  ]);
});

test("values that are lost are named by field, the most first", () => {
  expect(findViolations(asked, compared({ blanked: 12 }, 100))).toEqual([
    "12 of 100 records (12 %) would lose a value: OS in 13, NAME in 12",
  ]);
});

test("changes count only where somebody asked for a guard", () => {
  const run = compared({ differing: 100, gone: 0 }, 100);
  expect(findViolations(asked, run)).toEqual(["100 of 100 records (100 %) would change"]);
  expect(findViolations(usual, run)).toEqual([]);
});

test("a guard that nobody asked for lets ten records pass, whatever their share", () => {
  const at = (gone: number) => findViolations(usual, compared({ gone }, 20));
  expect(at(10)).toEqual([]);
  expect(at(11)).toHaveLength(1);
  expect(
    findViolations(asked, compared({ gone: 3 }, 20)),
  ).toHaveLength(1);
});

test("what is gone does not count when the source was not read to its end", () => {
  const run = { ...compared({ gone: 100 }, 100), gone: undefined };
  expect(findViolations(asked, run)).toEqual([]);
});

test("the texts say what is allowed and what to do", () => {
  expect(describeViolations({ percent: 5, count: 7, isDefault: false }, ["a", "b"])).toBe(
    "a; b. Allowed are 5 % or 7 records.",
  );
  expect(describeViolations(usual, ["a"])).toBe("a. Allowed are 20 % (the default).");
  const error = guardError("casper", "a.");
  expect(error.message).toBe("The guard stopped [casper] before anything was sent: a.");
  expect(error.hint).toContain("agent upload casper --accept");
});
