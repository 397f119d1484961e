/**
 * `agent doctor` and `agent check` on what credentials allow, and on what vendors end.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { VendorUnderTest } from "../support/conformance.ts";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { start as startCasper } from "../sources/casper/section.ts";
import { startOkta, token as oktaToken } from "../sources/okta/server.ts";
import { account, startZendesk, type ZendeskOptions } from "../sources/zendesk/server.ts";

interface Check {
  readonly area: string;
  readonly state: string;
  readonly found: string;
  readonly todo: string | null;
}

type Section = Pick<VendorUnderTest, "vendor" | "section" | "options">;

/** Runs a command on one section; doctor's checks of one area with it. */
async function run({ section, options }: Section, words: readonly string[]) {
  await using instance = record();
  using space = workspace();
  const ini = `${oomnitzaSection(instance)}[${section}]\nenable = True\n${options}\n`;
  space.write("config.ini", ini);
  return await space.agent([...words, "--output", "json"], { timeoutMs: 60_000 });
}

async function examine(section: Section, area: string) {
  const { stdout, code } = await run(section, ["doctor"]);
  const checks: readonly (Check & { subject: string })[] = JSON.parse(stdout).checks;
  return {
    code,
    of: checks.filter((check) => check.area === area && check.subject === section.section),
  };
}

const people = "default_role = 25\ndefault_position = Employee\n";

function zendesk(told: ZendeskOptions["told"], signIn: string): Section {
  const vendor = startZendesk({ users: 3, ...(told === undefined ? {} : { told }) });
  const options = `url = ${vendor.url}\nsystem_name = example\n${signIn}${people}`;
  return { vendor, section: "zendesk", options };
}

const byApiToken = `username = ${account.username}\napi_token = ${account.apiToken}\n`;
const byOauthToken = `oauth_token = ${account.oauthToken}\n`;
const byClient = `client_id = ${account.clientId}\nclient_secret = ${account.clientSecret}\n`;
const told = {
  scopes: ["read"],
  created: "2026-01-02T03:04:05Z",
  expires: "2099-01-01T00:00:00Z",
  role: "admin",
} as const;

test("Zendesk tells the scopes of a token, its age and its end", async () => {
  const section = zendesk(told, byOauthToken);
  await using _vendor = section.vendor;
  const { of } = await examine(section, "access");
  expect(of[0]).toMatchObject({ state: "ok", found: "the OAuth token may read only: read" });
  expect(of[1]?.found).toStartWith("the OAuth token: created on 2026-01-02, ");
  expect(of[1]?.found).toEndWith("will end on 2099-01-01");
});

test("a token with more scopes than it needs is a warning", async () => {
  const section = zendesk({ ...told, scopes: ["users:read", "tickets:write"] }, byClient);
  await using _vendor = section.vendor;
  const { code, of } = await examine(section, "access");
  expect(of[0]).toMatchObject({
    state: "warning",
    found: expect.stringContaining("may also write: tickets:write"),
  });
  expect(code).toBe(0);
});

test("an API token of Zendesk may do all that its owner may, and its end is counted down", async () => {
  const section = zendesk(told, byApiToken);
  await using _vendor = section.vendor;
  const access = await examine(section, "access");
  expect(access.of[0]?.found).toContain("everything that the account may, whose role is admin");
  const [deadline] = (await examine(section, "deadline")).of;
  expect(deadline?.found).toContain("Zendesk");
  expect(deadline?.found).toContain("API tokens on 2027-04-30, ");
  expect(deadline?.todo).toBe("Create an OAuth client and set client_id and client_secret.");
  const checked = await run(section, ["check", "zendesk"]);
  expect(checked.stdout).toContain("API tokens on 2027-04-30, ");
  const fileOnly = await run(section, ["check", "zendesk", "--file-only"]);
  expect(fileOnly.stdout).toContain("API tokens on 2027-04-30, ");
});

test("a client of Zendesk has no end, and where nobody may ask nothing is claimed", async () => {
  const section = zendesk(undefined, byClient);
  await using _vendor = section.vendor;
  expect((await examine(section, "deadline")).of).toEqual([]);
  const { of } = await examine(section, "access");
  expect(of.map(({ state }) => state)).toEqual(["skipped"]);
});

function okta(roles: readonly string[], tokens?: { created: string; expiresAt: string }[]) {
  const administrator = { roles, ...(tokens === undefined ? {} : { tokens }) };
  const vendor = startOkta({ active: 3, administrator });
  const options = `url = ${vendor.url}\napi_token = ${oktaToken}\n${people}`;
  return { vendor, section: "okta", options };
}

test("Okta tells the roles of an API token's owner, and when the token ends", async () => {
  const dates = { created: "2026-01-02T00:00:00.000Z", expiresAt: "2099-01-01T00:00:00.000Z" };
  const section = okta(["READ_ONLY_ADMIN"], [dates]);
  await using _vendor = section.vendor;
  const { of } = await examine(section, "access");
  expect(of[0]).toMatchObject({
    state: "ok",
    found: "the API token may read only: read only admin",
  });
  expect(of[1]?.found).toContain("created on 2026-01-02");
  const [deadline] = (await examine(section, "deadline")).of;
  expect(deadline).toMatchObject({
    state: "ok",
    found: expect.stringContaining("has deprecated API tokens (SSWS) without naming an end"),
  });
});

test("a token of a super administrator is a warning, also where its age is not told", async () => {
  const section = okta(["SUPER_ADMIN", "READ_ONLY_ADMIN"]);
  await using _vendor = section.vendor;
  const { of } = await examine(section, "access");
  expect(of).toHaveLength(1);
  expect(of[0]).toMatchObject({
    state: "warning",
    found: "the API token may also write: super admin",
  });
});

test("Jamf Pro tells the privileges of an account", async () => {
  const reading = ["Read Computers", "Read Mobile Devices"];
  const cases = [
    ["CUSTOM", reading, "ok", "the account may read only: Read Computers, Read Mobile Devices"],
    [
      "CUSTOM",
      [...reading, "Update Computers"],
      "warning",
      "the account may also write: Update Computers",
    ],
    ["ADMINISTRATOR", ["Delete Computers", "Read Computers"], "warning", "Delete Computers"],
  ] as const;
  for (const [privilegeSet, privileges, state, found] of cases) {
    const section = startCasper({ count: 2, account: { privilegeSet, privileges } });
    await using _vendor = section.vendor;
    const { of } = await examine(section, "access");
    expect(of).toEqual([expect.objectContaining({ state, found: expect.stringContaining(found) })]);
  }
});

test("a server of Jamf Pro that does not tell is no failure", async () => {
  const section = startCasper({ count: 2 });
  await using _vendor = section.vendor;
  const { of } = await examine(section, "access");
  expect(of.map(({ state }) => state)).toEqual(["skipped"]);
});
