/**
 * What the doctor says of credentials, by what a vendor told.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { AuthError, SourceError } from "../../src/base/errors.ts";
import { accessUntold, checkAccess } from "../../src/doctor/access.ts";

const now = Date.parse("2026-11-28T12:00:00Z");
const dayMs = 86_400_000;
const token = { credentials: "the token", rights: ["read"], beyondReading: [] };

test("credentials that may read only are fine", () => {
  expect(checkAccess("example", token, now)).toEqual([
    {
      area: "access",
      subject: "example",
      state: "ok",
      found: "the token may read only: read",
      todo: undefined,
    },
  ]);
});

test("those that may also write are a warning, with the rights that are too many", () => {
  const beyondReading = ["a", "b", "c", "d", "e", "f", "g"];
  const [check] = checkAccess("example", { ...token, beyondReading }, now);
  expect(check).toMatchObject({
    state: "warning",
    found: "the token may also write: a, b, c, d, e and 2 more",
    todo: expect.stringContaining("may read only"),
  });
});

test("what is not told is said, and no reason to praise", () => {
  const untold = "the console shows it";
  expect(checkAccess("example", { ...token, untold }, now)[0]).toMatchObject({
    state: "ok",
    found: "the token may read only: read; the console shows it",
  });
  expect(checkAccess("example", { ...token, rights: [], untold }, now)[0]).toMatchObject({
    state: "skipped",
    found: "what the token may do is not told; the console shows it",
  });
});

test("age and end are told, and an end within 30 days is a warning", () => {
  const created = now - 400 * dayMs;
  const [, age] = checkAccess("example", { ...token, created, expires: now + 31 * dayMs }, now);
  expect(age).toMatchObject({
    state: "ok",
    found: "the token: created on 2025-10-24, 400 days ago; will end on 2026-12-29",
  });
  const soon = checkAccess("example", { ...token, expires: now + 29 * dayMs }, now)[1];
  expect(soon).toMatchObject({ state: "warning", todo: expect.stringContaining("Replace") });
  const over = checkAccess("example", { ...token, expires: now - dayMs }, now)[1];
  expect(over).toMatchObject({ state: "warning", found: "the token: ended on 2026-11-27" });
});

test("a vendor that does not let them ask is no failure", () => {
  expect(accessUntold("example", new AuthError("403 Forbidden"))).toMatchObject({
    state: "skipped",
    found: "what the credentials may do is not told: the vendor does not let them ask",
  });
  expect(accessUntold("example", new SourceError("it is down")).found).toContain("it is down");
});
