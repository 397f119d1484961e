/**
 * Errors as people see them.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { ConfigError, SourceError } from "../../src/base/errors.ts";
import { describeLines, errorLines } from "../../src/logging/error.ts";
import { createRedactor } from "../../src/base/redact.ts";

const redactor = createRedactor();
redactor.add("hunter2&co");

function described(error: unknown, verbose = false): string {
  return describeLines(errorLines(error, { verbose }), redactor);
}

/** Without the frames of stacks, which differ from machine to machine. */
function withoutFrames(text: string): string[] {
  return text.split("\n").filter((line) => !line.startsWith("  at "));
}

function failure(): SourceError {
  const socket = new TypeError("ECONNRESET by hunter2%26co");
  const request = new Error("GET /users?token=hunter2%26co", { cause: socket });
  return new SourceError("Cannot load users [okta]", { hint: "Check api_token.", cause: request });
}

describe("describeError", () => {
  test("message and hint", () => {
    expect(described(failure())).toBe("Cannot load users [okta]\n  Check api_token.");
  });

  test("every finding of a configuration", () => {
    const findings = [1, 2].map((line) => ({
      code: "invalid" as const,
      severity: "error" as const,
      file: "config.ini",
      line,
      message: "is odd",
    }));
    expect(described(new ConfigError("Cannot start", findings)))
      .toBe("Cannot start\n  error: config.ini:1: is odd\n  error: config.ini:2: is odd");
  });

  test("verbose adds the stack and the causes with theirs, secrets masked", () => {
    const text = described(failure(), true);
    expect(withoutFrames(text)).toEqual([
      "Cannot load users [okta]",
      "  Check api_token.",
      "  Caused by: Error: GET /users?token=***",
      "  Caused by: TypeError: ECONNRESET by ***",
    ]);
    expect(text.match(/^ {2}at .*failure.*error_test\.ts/gm)).toHaveLength(3);
  });

  test("all errors of an AggregateError", () => {
    const errors = [new Error("IPv4"), new Error("IPv6")];
    const text = described(new AggregateError(errors, "no address answers"), true);
    expect(withoutFrames(text)).toEqual([
      "no address answers",
      "  Caused by: Error: IPv4",
      "  Caused by: Error: IPv6",
    ]);
  });

  test("a ring of causes ends", () => {
    const [one, two] = [new Error("one"), new Error("two")];
    one.cause = two;
    two.cause = one;
    expect(withoutFrames(described(one, true))).toEqual(["one", "  Caused by: Error: two"]);
  });

  test("whatever else was thrown", () => {
    expect(described("just text")).toBe("just text");
    expect(described(undefined, true)).toBe("undefined");
    expect(described(new Error("x", { cause: "hunter2&co" }), true)).toContain("Caused by: ***");
  });

  test("text of others forges no line", () => {
    const text = described(new Error("body:\n  <html>\r\n\x1b[2J\nERROR forged"), true);
    expect(text).toStartWith("body:\\n  <html>\\x0d\\n\\x1b[2J\\nERROR forged\n  at ");
  });

  test("a secret of several lines is masked before its newlines become escapes", () => {
    const keeper = createRedactor();
    keeper.add("line one\nline two");
    const error = new Error("key line one\nline two refused");
    expect(describeLines(errorLines(error, { verbose: false }), keeper)).toBe("key *** refused");
  });
});
