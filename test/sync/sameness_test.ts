/**
 * Fields that are never alone a reason to send a record.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { Fingerprints } from "../../src/state/fingerprint.ts";
import { Sameness } from "../../src/sync/changes/sameness.ts";

const prints = new Fingerprints(["TAG"]);

function print(record: Record<string, unknown>) {
  const made = prints.create(record);
  if (made === undefined) throw new Error("cannot be written");
  return made;
}

const long = "x".repeat(300);

const pairs: [what: string, old: object, now: object, isSame: boolean][] = [
  ["nothing differs", { TAG: "1", IP: "a" }, { TAG: "1", IP: "a" }, true],
  ["a volatile field", { TAG: "1", IP: "a" }, { TAG: "1", IP: "b" }, true],
  ["a volatile list", { IP: ["a"], OS: ["1"] }, { IP: ["b", "c"], OS: ["1"] }, true],
  ["another field", { IP: "a", OS: "1" }, { IP: "a", OS: "2" }, false],
  ["both", { IP: "a", OS: "1" }, { IP: "b", OS: "2" }, false],
  ["a list", { IP: "a", OS: ["1"] }, { IP: "b", OS: ["1", "2"] }, false],
  ["null for a text", { IP: "a", OS: null }, { IP: "b", OS: "" }, false],
  ["null for a list", { IP: "a", OS: null }, { IP: "b", OS: [] }, false],
  ["the end of a long text", { IP: "a", OS: `${long}1` }, { IP: "b", OS: `${long}2` }, false],
  ["a long number", { IP: "a", OS: 2n ** 63n }, { IP: "b", OS: 2n ** 63n + 1n }, false],
  ["a long volatile number", { IP: 1, OS: 2n ** 63n }, { IP: 2, OS: 2n ** 63n }, true],
  ["a volatile field more", { OS: "1" }, { OS: "1", IP: "b" }, true],
  ["a volatile field less", { OS: "1", IP: "b" }, { OS: "1" }, true],
  ["another field more", { OS: "1", IP: "a" }, { OS: "1", IP: "b", NAME: "" }, false],
  ["another field less", { OS: "1", NAME: "", IP: "a" }, { OS: "1", IP: "b" }, false],
];

test.each(pairs)("records in which %s differs", (_, old, now, isSame) => {
  const sameness = new Sameness(new Set(["IP", "SEEN"]));
  const [before, after] = [print({ ...old }), print({ ...now })];
  expect(sameness.isSame(before, after)).toBe(isSame);
  expect(sameness.isSame(after, before)).toBe(isSame);
});

test("without volatile fields, every difference counts", () => {
  const sameness = new Sameness();
  expect(sameness.isSame(print({ IP: "a" }), print({ IP: "a" }))).toBe(true);
  expect(sameness.isSame(print({ IP: "a" }), print({ IP: "b" }))).toBe(false);
});

test("records with other fields in between are compared by their own", () => {
  const sameness = new Sameness(new Set(["IP"]));
  const one = [print({ IP: "a", OS: "1" }), print({ IP: "b", OS: "1" })] as const;
  const other = [print({ OS: "1", IP: "a" }), print({ OS: "2", IP: "a" })] as const;
  expect(sameness.isSame(...one)).toBe(true);
  expect(sameness.isSame(...other)).toBe(false);
  expect(sameness.isSame(...one)).toBe(true);
});
