/**
 * Apple's server token: where it may stand, and what is wrong with it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { appledep } from "../../../src/sources/appledep/mod.ts";
import { uploadAll } from "../../support/conformance.ts";
import { workspace } from "../../support/workspace.ts";
import { inline, start } from "./section.ts";
import { serverToken } from "./server.ts";

test("the server token may be in a file, with all that stands around it, and appears nowhere", async () => {
  using folder = workspace();
  const wrapped = [
    'Content-Type: text/plain;charset="UTF-8"',
    "Content-Transfer-Encoding: 7bit",
    "",
    "-----BEGIN MESSAGE-----",
    `${inline.slice(0, 70)}\r\n${inline.slice(70)}`,
    "-----END MESSAGE-----",
    "",
  ].join("\r\n");
  const space = start({ count: 5 }, "", folder.write("token file.txt", wrapped));
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--verbose"]);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(5);
  vendor.fail({
    on: () => true,
    times: 99,
    answer: ({ headers }) => new Response(headers.get("authorization"), { status: 400 }),
  });
  const bad = await uploadAll(space, ["--verbose"]);
  expect(bad.code).toBe(3);
  for (const secret of space.secrets) {
    expect(run.stdout + run.stderr + bad.stdout + bad.stderr).not.toContain(secret);
  }
});

test("what is wrong with a server token is reported without it", async () => {
  using folder = workspace();
  const cases = [
    [
      folder.write("encrypted.p7m", "Content-Type: application/pkcs7-mime\r\n\r\nMIIB"),
      "encrypted",
    ],
    [folder.write("other.txt", "hello"), "not a server token"],
    [`${folder.folder}/absent.txt`, "it does not exist"],
  ] as const;
  for (const [token, reason] of cases) {
    const space = start({ count: 5 }, "", token);
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.code).toBe(3);
    expect(run.report.sections[0]?.error?.message).toContain(reason);
    expect(vendor.calls).toEqual([]);
  }
  const rule = (token: unknown) => appledep.rule?.({ api_token: JSON.stringify(token) } as never);
  expect(rule(serverToken)).toBeUndefined();
  expect(rule({ ...serverToken, consumer_key: undefined })).toContain("has no consumer_key");
  expect(rule({ ...serverToken, access_token: "CK_1" })).toContain("does not begin with AT_");
  expect(appledep.rule?.({ api_token: '{"consumer_key": ' } as never)).toContain("not valid JSON");
  expect(appledep.rule?.({ api_token: "/etc/agent/token.txt" } as never)).toBeUndefined();
});

test("a server token that ends soon or has ended gives a warning", async () => {
  const cases = [[40, ""], [20, "ends on"], [-1, "ended on"]] as const;
  for (const [days, words] of cases) {
    const expiry = new Date(Date.now() + days * 86_400_000).toISOString();
    const token = JSON.stringify({ ...serverToken, access_token_expiry: expiry });
    const space = start({ count: 1 }, "", token);
    await using _vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.code).toBe(0);
    if (words === "") expect(run.stderr).not.toContain("server token");
    else expect(run.stderr).toContain(`The server token ${words}`);
  }
});
