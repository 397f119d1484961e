/**
 * BambooHR with an OAuth application instead of a key.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bamboohr } from "../../../src/sources/bamboohr/mod.ts";
import { check, conformance, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import { useFolder } from "../../support/folder.ts";
import { application, type BambooOptions, company, startBamboo, throttled } from "./server.ts";

const folder = useFolder("test");
let files = 0;

interface Started extends VendorUnderTest {
  readonly file: string;
}

function start(options: BambooOptions, extra = ""): Started {
  const vendor = startBamboo(options);
  const file = join(folder, `refresh-${files++}`);
  writeFileSync(file, `${application.refreshStart}0\n`, { mode: 0o600 });
  const common = `url = ${vendor.url}/api/gateway.php\nsystem_name = ${company}\n` +
    `token_url = ${vendor.url}/token.php?request=token\nrefresh_token_file = ${file}\n` +
    `client_id = ${application.clientId}\ndefault_role = 25\n${extra}`;
  return {
    vendor,
    file,
    section: "bamboohr",
    options: `client_secret = ${application.clientSecret}\n${common}`,
    wrongOptions: `client_secret = wrong-secret\n${common}`,
    keys: Array.from({ length: options.active }, (_, index) => `person${index}@example.com`),
    keyField: "USER",
    secrets: [application.clientSecret, application.tokenStart, application.refreshStart],
  };
}

const employees = "endpoint = employees\n";

conformance({
  source: bamboohr,
  many: 450,
  start: (count) => start({ active: count, pageLimit: 200, rotates: true }, employees),
  isList: ({ path }) => path.endsWith("/employees"),
  throttled: () => throttled(0),
});

test("a refresh token that is good once is followed by the next, in a file of the same mode", async () => {
  const space = start({ active: 3, rotates: true }, employees);
  await using _vendor = space.vendor;
  for (const round of [1, 2]) {
    const run = await uploadAll(space);
    expect(run.code).toBe(0);
    expect(run.records).toHaveLength(3);
    expect(readFileSync(space.file, "utf8")).toBe(`${application.refreshStart}${round}\n`);
  }
  if (process.platform !== "win32") expect(statSync(space.file).mode & 0o777).toBe(0o600);
});

test("a refresh token that stays is not written", async () => {
  const space = start({ active: 3 });
  await using _vendor = space.vendor;
  const before = statSync(space.file).ino;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(3);
  expect(statSync(space.file).ino).toBe(before);
});

test("a token that ends is renewed with the next refresh token", async () => {
  const options = { active: 450, pageLimit: 200, rotates: true, tokenSeconds: 0 };
  const space = start(options, employees);
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(450);
  const renewals = vendor.calls.filter(({ path }) => path === "/token.php").length;
  expect(renewals).toBe(3);
  expect(readFileSync(space.file, "utf8")).toBe(`${application.refreshStart}${renewals}\n`);
});

test("a refresh token that is good no more says to authorize the application again", async () => {
  const space = start({ active: 3 });
  await using _vendor = space.vendor;
  writeFileSync(space.file, "revoked");
  const run = await check(space);
  expect(run.code).toBe(3);
  expect(run.stdout).toContain("invalid_grant");
  expect(run.stdout).toContain("authorize the application again");
});

test("a scope that is missing is refused as BambooHR says it", async () => {
  const space = start({ active: 3, scopes: ["employee_directory"] }, employees);
  await using _vendor = space.vendor;
  const run = await check(space);
  expect(run.code).toBe(3);
  expect(run.stdout).toContain("403 Insufficient scope");
});

test("half of the credentials is refused before any request", () => {
  const values = { api_token: "", client_id: "a", client_secret: "b", refresh_token_file: "" };
  const rest = { endpoint: "directory", inactive: false };
  expect(bamboohr.rule?.({ ...values, ...rest } as never)).toContain("go together");
  const none = { api_token: "", client_id: "", client_secret: "", refresh_token_file: "" };
  expect(bamboohr.rule?.({ ...none, ...rest } as never)).toContain("needs api_token");
});
