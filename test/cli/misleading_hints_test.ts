/**
 * Messages that pointed at the wrong thing: each says what is the case.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { createRedactor } from "../../src/base/redact.ts";
import { unreadableFileError } from "../../src/config/ini_bytes.ts";
import { createLog } from "../../src/logging/log.ts";
import { prepareUserCode } from "../../src/sandbox/mod.ts";
import { createHttp } from "../../src/sdk/http/http.ts";
import { createVendorHttp } from "../../src/sdk/http/vendor.ts";
import { binaryPath } from "../support/binary.ts";
import { start as startApple } from "../sources/appledep/section.ts";
import { asClient, asUser, start as startJamf } from "../sources/casper/section.ts";
import type { VendorUnderTest } from "../support/conformance.ts";
import { record } from "../support/recorder.ts";
import type { VendorFault } from "../support/vendor.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";

const program = await binaryPath();

/** What asking a vendor for a list comes to. */
async function asked(answer: Response): Promise<string> {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => answer.clone() });
  try {
    const http = createHttp({
      base: `http://127.0.0.1:${server.port}`,
      tls: { verify: true, ca: undefined },
      proxy: undefined,
      timeoutMs: 5000,
      log: createLog("test", createRedactor(), []),
      signal: new AbortController().signal,
    });
    const vendor = createVendorHttp({
      redactor: createRedactor(),
      http,
      auth: undefined,
      title: "Vendor",
      section: "vendor",
      credentials: [],
    });
    const page = await vendor.page({ path: "/list" }, z.array(z.string()));
    return JSON.stringify(page.body);
  } catch (error) {
    return (error as Error).message;
  } finally {
    await server.stop(true);
  }
}

describe("an answer that cannot be read says what it is", () => {
  test.each([
    [`<?xml version="1.0"?><a>1</a>`, "the answer is XML instead of JSON"],
    ['["a\nb"]', "it has control characters inside of a text"],
    ['["a\tb"]', "it has control characters inside of a text"],
    ["", "the answer is empty instead of JSON"],
    ['["a"', "the answer is not valid JSON (4 characters"],
  ])("%p", async (body, expected) => {
    expect(await asked(new Response(body))).toContain(expected);
  });

  test("a 204 is no list without entries", async () => {
    expect(await asked(new Response(null, { status: 204 }))).toContain("204 the answer is empty");
  });
});

test("code whose language is known gets no hint about languages", () => {
  const find = (body: string) =>
    prepareUserCode([{
      kind: "filter",
      name: "a",
      section: "a",
      option: "recordfilter",
      body,
      file: "config.ini",
      line: 1,
      lines: body.split("\n").map((_, index) => index + 1),
    }]).findings;
  const [unsupported] = find("async def f():\n  pass\nreturn True");
  expect(unsupported?.message).toContain("not supported");
  expect(unsupported?.hint).toBeUndefined();
  expect(find("neither this nor that")[0]?.hint).toContain("# language: python");
});

test("a configuration that may not be read does not suggest to write a new one", () => {
  const denied = Object.assign(new Error("EACCES: permission denied, open 'x'"), {
    code: "EACCES",
  });
  const error = unreadableFileError("/etc/agent.ini", denied);
  expect(error.message).toBe("Cannot read /etc/agent.ini: permission denied");
  expect(error.hint).toContain("the account that owns the file");
  const missing = Object.assign(new Error("ENOENT"), { code: "ENOENT" });
  expect(unreadableFileError("/etc/agent.ini", missing).hint).toContain("generate-ini");
});

test("with too few files to open, a run says so instead of waiting for ever", async () => {
  using space = workspace();
  space.write("config.ini", "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = abcdefgh\n");
  chmodSync(join(space.folder, "config.ini"), 0o600);
  const line = `ulimit -n 16; exec "${program}" upload csv_assets --log-dir none`;
  const child = Bun.spawn(["sh", "-c", line], { cwd: space.folder, stderr: "pipe" });
  expect(await new Response(child.stderr).text()).toMatch(
    /^This process may open only \d+ more files, and a run needs 32\n {2}Raise the limit: ulimit/,
  );
  expect(await child.exited).toBe(1);
});

test("a schedule that cannot be is reported without the words of a library", async () => {
  using space = workspace();
  space.write(
    "config.ini",
    "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = abcdefgh\n[csv_assets]\nenable = 1\n" +
      "filename = a.csv\nsync_field = A\nschedule = 0 25 * * *\n",
  );
  const { stderr } = await space.agent(["check", "--file-only"]);
  expect(stderr).toContain("is not a schedule such as 0 3 * * *");
  expect(stderr).not.toMatch(/CronPattern|TypeError/);
});

/** What an upload says when a vendor answers some requests otherwise than it should. */
async function uploadAgainst(
  source: string,
  { vendor, options }: VendorUnderTest,
  fault: VendorFault,
): Promise<string> {
  await using _vendor = vendor;
  await using instance = record();
  using space = workspace();
  space.write(
    "config.ini",
    `${oomnitzaSection(instance)}[${source}]\nenable = True\n${options}\n`,
  );
  vendor.fail(fault);
  const { code, stdout, stderr } = await space.agent(["upload", source, "--log-dir", "none"]);
  expect(code).toBe(3);
  return stderr + stdout;
}

test.each([
  ["an API client", asClient, "Check client_id, client_secret."],
  ["a user", asUser, "Check username, password."],
])(
  "Jamf Pro refuses %s at its list: the hint names what the section has",
  async (_, login, hint) => {
    const output = await uploadAgainst("casper", startJamf({ count: 1 }, "", login), {
      on: ({ path }) => path.includes("/JSSResource/") || path.includes("/computers-inventory"),
      times: 100,
      answer: () => new Response("no", { status: 401 }),
    });
    expect(output).toContain("401");
    expect(output).toContain(hint);
    expect(output.match(/Check [^.]*username/g) ?? []).toHaveLength(login === asUser ? 1 : 0);
  },
);

test.each([
  ["USER_AGENT_INVALID", "user agent"],
  ["X_SERVER_PROTOCOL_VERSION_INVALID", "protocol version"],
])("Apple answers %s: the server token is not blamed", async (code, subject) => {
  const output = await uploadAgainst("appledep", startApple({ count: 1 }), {
    on: ({ path }) => path === "/session",
    times: 100,
    answer: () => new Response(JSON.stringify(code), { status: 400 }),
  });
  expect(output).toContain(`400 "${code}"`);
  expect(output).toContain(`Apple does not take the ${subject} of this program.`);
  expect(output).toContain("the server token is not the cause");
  expect(output).not.toContain("Check api_token");
});
