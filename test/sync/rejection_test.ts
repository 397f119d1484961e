/**
 * Answers with a good status: which of them accept what was sent.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { findRejection } from "../../src/oomnitza/rejection.ts";
import { classifyResponse } from "../../src/sync/deliver/response.ts";

const unmasked = (text: string) => text;

const accepted = [
  "",
  " \n",
  "{}",
  "[]",
  "null",
  "true",
  '"OK"',
  '{"received": 3, "added": 1, "error": null, "errors": [], "success": true}',
  '{"status": "processing", "errors": {}, "error": ""}',
];

test.each(accepted)("%s accepts", (body) => {
  expect(findRejection(body, unmasked)).toBeUndefined();
  expect(classifyResponse({ status: 200, body }, "/api/v3/bulk", unmasked)).toEqual({
    kind: "accepted",
  });
});

const refused = [
  '{"error": "not licensed"}',
  '{"error": {"code": 7}}',
  '{"errors": ["no such field"]}',
  '{"errors": {"SERIAL": "is wrong"}}',
  '{"success": false}',
  '{"success": "False"}',
  '{"status": "error"}',
  "false",
];

test.each(refused)("%s is Oomnitza's no", (body) => {
  const outcome = classifyResponse({ status: 200, body }, "/api/v3/bulk", unmasked);
  expect(outcome).toMatchObject({ kind: "refused", status: 200 });
  expect(outcome.kind === "refused" && outcome.reason).toBe(`200, but ${body}`);
});

test.each(["<html><title>Sign in</title></html>", "OK", "{broken", "Please sign in"])(
  "%s is not of Oomnitza, and is tried again by the next run",
  (body) => {
    expect(classifyResponse({ status: 202, body }, "/api/v3/bulk", unmasked)).toEqual({
      kind: "unavailable",
      reason: `202, but the answer is not JSON: ${body}`,
      isServerError: false,
      status: 202,
    });
  },
);

test("the beginning of an answer is one line without control characters", () => {
  const { reason = "" } =
    findRejection(`<p>\u001b[31mred\nline</p>${"x".repeat(1000)}`, unmasked) ?? {};
  expect(reason).toStartWith("the answer is not JSON: <p>\\x1b[31mred line</p>xxx");
  expect(reason.length).toBeLessThan(350);
});
