/**
 * What is said of errors that are not ours.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { lookup } from "node:dns/promises";
import { join } from "node:path";
import {
  AgentError,
  AuthError,
  ConfigError,
  messageOf,
  SinkError,
  SourceError,
  UsageError,
} from "../../src/base/errors.ts";
import { ConnectionError } from "../../src/sdk/http/errors.ts";
import { useFolder } from "../support/folder.ts";

/** Words of the runtime and of libraries that mean nothing to who runs the agent. */
const foreign =
  /\b(E[A-Z]{4,}|errno|syscall|getaddrinfo|scandir|fetch\(\)|verbose: true|CronPattern|undefined)\b|able to access the url|no such file|, open /;

/** What was thrown for doing something. */
async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const folder = useFolder("errors");
writeFileSync(join(folder, "file"), "");

test.each<[string, () => unknown, string]>([
  ["a file that is missing", () => readFileSync(join(folder, "none")), "it does not exist"],
  ["a folder for a file", () => readFileSync(folder), "it is a directory"],
  [
    "a file for a folder",
    () => statSync(join(folder, "file", "x")),
    "a part of its path is not a directory",
  ],
  [
    "a name that is too long",
    () => readFileSync(join(folder, "x".repeat(5000))),
    "its name is too long",
  ],
  [
    "a file that exists",
    () => writeFileSync(join(folder, "file"), "", { flag: "wx" }),
    "it exists already",
  ],
  ["a full disk", () => writeFileSync("/dev/full", "x"), "the disk is full"],
  ["a closed port", () => fetch("http://127.0.0.1:1"), "nothing listens at this host and port"],
  [
    "a host that nobody knows",
    () => lookup("oomnitza.invalid"),
    "the name of the host is not known to DNS",
  ],
  [
    "a closed port of a socket",
    () => new Promise((_, reject) => connect(1, "127.0.0.1").on("error", reject)),
    "nothing listens at this host and port",
  ],
])("%s is reported in our own words", async (_, work, expected) => {
  const thrown = await thrownBy(work);
  expect(messageOf(thrown)).toBe(expected);
  expect((thrown as Error).message).not.toBe(expected);
  expect(messageOf(thrown)).not.toMatch(foreign);
});

describe("every error class", () => {
  const cause = Object.assign(new Error("ENOENT: no such file or directory, open 'x'"), {
    code: "ENOENT",
  });
  test.each([AgentError, AuthError, ConnectionError, SinkError, SourceError, UsageError])(
    "%p says what it was given, whatever its cause",
    (Class) => {
      const error = new Class("Cannot read x", { cause, hint: "Do this." });
      expect(error).toBeInstanceOf(AgentError);
      expect(messageOf(error)).toBe("Cannot read x");
      expect(messageOf(new Class(`Cannot read x: ${messageOf(cause)}`, { cause })))
        .not.toMatch(foreign);
    },
  );
  test("ConfigError too", () => {
    expect(messageOf(new ConfigError("Cannot use x", [], { cause }))).toBe("Cannot use x");
  });
});
