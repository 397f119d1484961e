/**
 * What an answer of the upload API means for the records.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { AgentError, AuthError, SinkError } from "../../src/base/errors.ts";
import {
  absentError,
  classifyError,
  classifyResponse as classifyAnswer,
  type PostOutcome,
} from "../../src/sync/deliver/response.ts";

function classifyResponse(status: number, body: string, path: string): PostOutcome {
  return classifyAnswer({ status, body }, path, (text) => text);
}

const kinds: [status: number, kind: PostOutcome["kind"]][] = [
  [200, "accepted"],
  [204, "accepted"],
  [299, "accepted"],
  [301, "refused"],
  [400, "refused"],
  [401, "stop"],
  [403, "stop"],
  [404, "absent"],
  [405, "absent"],
  [408, "unavailable"],
  [413, "refused"],
  [422, "refused"],
  [429, "unavailable"],
  [500, "unavailable"],
  [501, "unavailable"],
  [503, "unavailable"],
  [599, "unavailable"],
];

test.each(kinds)("%d is %s", (status, kind) => {
  expect(classifyResponse(status, "", "/api/v3/bulk").kind).toBe(kind);
});

test.each([
  "<html><body>Please sign in</body></html>",
  "\n <!DOCTYPE html><title>404</title>",
  "\ufeff<h1>Not found</h1>",
  '<?xml version="1.0"?><error/>',
])("a page says nothing about the API of the instance: %s", (body) => {
  for (const status of [404, 405]) {
    const outcome = classifyResponse(status, body, "/api/v3/bulk");
    expect(outcome).toMatchObject({ kind: "unavailable", isServerError: false, status });
    expect(outcome.kind === "unavailable" && outcome.reason).toContain("set api_version = v2");
    expect(classifyResponse(status, body, "/api/v2/bulk/users")).toMatchObject({
      reason: expect.not.stringContaining("api_version"),
    });
  }
});

test.each(["", "Not Found", "404 page not found", '{"error": "no such endpoint"}'])(
  "what is no page says that an endpoint is absent: %p",
  (body) => expect(classifyResponse(404, body, "/api/v3/bulk")).toEqual({ kind: "absent" }),
);

test("only 500 may be one record that the instance fails on", () => {
  for (const status of [429, 500, 502]) {
    expect(classifyResponse(status, "", "/")).toMatchObject({ isServerError: status === 500 });
  }
});

test("the reason has the status and the beginning of the answer, on one line", () => {
  expect(classifyResponse(400, "bad\n\n  field", "/")).toEqual({
    kind: "refused",
    reason: "400 bad field",
    status: 400,
  });
  expect(classifyResponse(503, "", "/")).toMatchObject({ reason: "503" });
  const stopped = classifyResponse(403, "no", "/api/v3/bulk");
  if (stopped.kind !== "stop") throw new Error("not stopped");
  expect(stopped.error).toBeInstanceOf(AuthError);
  expect(stopped.error.message).toBe(
    "Oomnitza refused the upload [oomnitza]: 403 no (POST /api/v3/bulk)",
  );
});

test("of what is thrown, only what may pass is tried again, and bugs are thrown on", () => {
  const passing = new AgentError("no route", { retriable: true });
  expect(classifyError(passing)).toEqual({
    kind: "unavailable",
    reason: "no route",
    isServerError: false,
    status: null,
  });
  const final = new SinkError("not trusted");
  expect(classifyError(final)).toEqual({ kind: "stop", error: final });
  const bug = new TypeError("x is undefined");
  expect(() => classifyError(bug)).toThrow(bug);
});

test("an endpoint that is not there is named", () => {
  expect(absentError("/api/v2/bulk/audit").message).toBe(
    "Oomnitza has no POST /api/v2/bulk/audit [oomnitza]",
  );
});
