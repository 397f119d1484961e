/**
 * What the headers of an answer say about the end of its endpoint.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { describeDeprecation, nameEndpoint } from "../../src/sdk/http/deprecation.ts";

const now = Date.UTC(2026, 10, 28);

const cases: readonly (readonly [Record<string, string>, string | undefined])[] = [
  [{}, undefined],
  [{ Deprecation: "@1741046400" }, "is deprecated since 2025-03-04"],
  [{ Deprecation: "true" }, "is deprecated"],
  [{ Deprecation: "false" }, undefined],
  [{ Deprecation: "Thu, 14 Jan 2027 00:00:00 GMT" }, "will be deprecated on 2027-01-14"],
  [{ Sunset: "Thu, 14 Jan 2027 00:00:00 GMT" }, "ends on 2027-01-14"],
  [{ Sunset: "Wed, 14 Jan 2026 00:00:00 GMT" }, "was to end on 2026-01-14"],
  [{ Sunset: "soon" }, undefined],
  [
    { Deprecation: "@1741046400", Sunset: "Thu, 14 Jan 2027 00:00:00 GMT" },
    "is deprecated since 2025-03-04 and ends on 2027-01-14",
  ],
  [{ Deprecation: "@999999999999" }, "is deprecated"],
  [{ Deprecation: "@99999999999999999" }, "is deprecated"],
  [{ Deprecation: "@-99999999999999999" }, "is deprecated"],
];

test.each(cases.map(([headers, told]) => [headers, told] as const))("%j", (headers, told) => {
  expect(describeDeprecation(new Headers(headers), now)).toBe(told);
});

test("an endpoint is named without its query and its numbers", () => {
  expect(nameEndpoint("/api/v3/devices/17/apps/4?page=3#x")).toBe("/api/v3/devices/N/apps/N");
  expect(nameEndpoint("https://x.example/users/5")).toBe("https://x.example/users/N");
});
