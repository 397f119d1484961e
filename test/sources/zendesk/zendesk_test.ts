/**
 * Zendesk against its server.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { zendesk } from "../../../src/sources/zendesk/mod.ts";
import { conformance, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import { slow } from "../../support/slow.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { account, startZendesk, throttled, tokenStart, type ZendeskOptions } from "./server.ts";

const client = `client_id = ${account.clientId}\nclient_secret = ${account.clientSecret}\n`;
const apiToken = `username = ${account.username}\napi_token = ${account.apiToken}\n`;

function start(options: ZendeskOptions, extra = "", credentials = client): VendorUnderTest {
  const vendor = startZendesk(options);
  const common = `system_name = example\nurl = ${vendor.url}/\ndefault_role = 25\n` +
    `default_position = Employee\n${extra}`;
  return {
    vendor,
    section: "zendesk",
    options: `${credentials}${common}`,
    wrongOptions: `client_id = ${account.clientId}\nclient_secret = wrong-secret\n${common}`,
    keys: Array.from({ length: options.users }, (_, index) => `person${index}@example.com`),
    keyField: "USER",
    secrets: [account.clientSecret, account.oauthToken, account.apiToken, tokenStart],
  };
}

function isUsers({ path }: VendorCall): boolean {
  return path === "/api/v2/users.json";
}

conformance({
  source: zendesk,
  many: 250,
  start: (count) => start({ users: count }),
  isList: isUsers,
  throttled: () => throttled(0),
  isLongThrottle: true,
});

test("1,200 people arrive exactly, with twelve requests and one for the token", async () => {
  const space = start({ users: 1200 });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.records.map(({ USER }) => USER).sort()).toEqual([...space.keys].sort());
  expect(vendor.calls.filter(isUsers)).toHaveLength(12);
  expect(vendor.calls).toHaveLength(13);
});

test("a record has all mapped fields; one word is both names", async () => {
  const space = start({ users: 10 });
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  const common = { PERMISSIONS_ID: "25", POSITION: "Employee" };
  expect(run.records[0]).toEqual({
    USER: "person0@example.com",
    FIRST_NAME: "First0",
    LAST_NAME: "Lästname",
    EMAIL: "person0@example.com",
    PHONE: "+4930123",
    ...common,
  });
  expect(run.records[9]).toMatchObject({ FIRST_NAME: "Mono9", LAST_NAME: "Mono9", PHONE: null });
});

test("an API token signs in as before, with a warning of its end", async () => {
  const space = start({ users: 150 }, "", apiToken);
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(150);
  expect(run.stderr).toContain("30 April 2027");
  expect(vendor.calls).toHaveLength(2);
});

test("a ready token signs in, and an OAuth client goes before an API token", async () => {
  const ready = start({ users: 3 }, "", `oauth_token = ${account.oauthToken}\n`);
  await using vendor = ready.vendor;
  expect((await uploadAll(ready)).records).toHaveLength(3);
  expect(vendor.calls).toHaveLength(1);
  const both = start(
    { users: 3 },
    "",
    `${client}username = a@example.com\napi_token = old-wrong\n`,
  );
  await using _vendor = both.vendor;
  const run = await uploadAll(both);
  expect(run.records).toHaveLength(3);
  expect(run.stderr).not.toContain("30 April 2027");
});

test("a section without any credentials is reported before anything is asked for", async () => {
  const space = start({ users: 3 }, "", "");
  await using vendor = space.vendor;
  const values = { client_id: "", client_secret: "", oauth_token: "", api_token: "", username: "" };
  expect(zendesk.rule?.({ ...values, roles: "" } as never)).toContain(
    "client_id and client_secret",
  );
  expect(zendesk.rule?.({ ...values, roles: "", api_token: "x" } as never)).toContain("needs");
  expect(zendesk.rule?.({ ...values, oauth_token: "x", roles: "agent,boss" } as never))
    .toContain('"boss"');
  expect(zendesk.rule?.({ ...values, oauth_token: "x", roles: " agent, admin," } as never))
    .toBeUndefined();
  expect(vendor.calls).toEqual([]);
});

test("organizations are joined when they are mapped", async () => {
  const extra = 'load_organizations = yes\nmapping.COMPANY = {"source": "organization.name"}\n';
  const space = start({ users: 150, organizations: 210 }, extra);
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.records.slice(0, 3).map(({ COMPANY }) => COMPANY)).toEqual([
    "Örganization 0",
    "Örganization 1",
    null,
  ]);
  expect(vendor.calls.map(({ path }) => path)).toEqual([
    "/oauth/tokens",
    ...Array<string>(3).fill("/api/v2/organizations.json"),
    ...Array<string>(2).fill("/api/v2/users.json"),
  ]);
  // Only with mode = changes.
  expect(vendor.unused()).toEqual(["GET /api/v2/incremental/users/cursor.json"]);
});

test("load_organizations = False is no, and nobody loads what nobody reads", async () => {
  const mapping = 'mapping.COMPANY = {"source": "organization.name"}\n';
  for (const extra of [`load_organizations = False\n${mapping}`, "load_organizations = True\n"]) {
    const space = start({ users: 3, organizations: 3 }, extra);
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.records).toHaveLength(3);
    expect(vendor.calls.some(({ path }) => path.includes("organizations"))).toBe(false);
  }
});

test("organizations that cannot be read end the section", async () => {
  const extra = 'load_organizations = True\nmapping.COMPANY = {"source": "organization.name"}\n';
  const space = start({ users: 3, organizations: 3 }, extra);
  await using vendor = space.vendor;
  vendor.fail({
    on: ({ path }) => path.includes("organizations"),
    times: 9,
    answer: () => Response.json({ error: "Forbidden" }, { status: 403 }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("Cannot load organizations");
  expect(run.records).toEqual([]);
});

test("roles are left to Zendesk, on every page", async () => {
  const space = start({ users: 450, pageLimit: 100 }, "roles = agent, admin\n");
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(300);
  const pages = vendor.calls.filter(isUsers);
  expect(pages).toHaveLength(3);
  for (const { query } of pages) expect(query.getAll("role[]")).toEqual(["agent", "admin"]);
});

test("a page that the server cut short is not the end", async () => {
  const space = start({ users: 95, pageLimit: 30 });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(95);
  expect(vendor.calls.filter(isUsers)).toHaveLength(4);
});

test("exactly full pages ask for no empty one", async () => {
  const space = start({ users: 200 });
  await using vendor = space.vendor;
  expect((await uploadAll(space)).records).toHaveLength(200);
  expect(vendor.calls.filter(isUsers)).toHaveLength(2);
});

test("a server without cursors is followed by next_page", async () => {
  const space = start({ users: 250, offsetOnly: true });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(250);
  expect(vendor.calls.filter(isUsers)).toHaveLength(3);
});

test("more to come without a link to it is an error, not the end", async () => {
  const space = start({ users: 3 });
  await using vendor = space.vendor;
  const answer = () =>
    Response.json({ users: [], meta: { has_more: true }, links: { next: null } });
  vendor.fail({ on: isUsers, times: 9, answer });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("no link");
});

test("a token that ends is renewed once, before its end or after a 401", async () => {
  const refused = start({ users: 450, tokenUses: 2 });
  await using first = refused.vendor;
  expect((await uploadAll(refused)).records).toHaveLength(450);
  // Pages 1 and 2, a refusal, pages 3 and 4, a refusal, page 5.
  expect(first.calls.filter(isUsers)).toHaveLength(7);
  expect(first.calls).toHaveLength(10);
  const expiring = start({ users: 250, tokenSeconds: 0 });
  await using second = expiring.vendor;
  const run = await uploadAll(expiring);
  expect(run.records).toHaveLength(250);
  expect(second.calls).toHaveLength(6);
});

test("a token that is refused from the start is not renewed for ever", async () => {
  const space = start({ users: 3, tokenUses: 0 });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("401");
  expect(vendor.calls).toHaveLength(4);
});

test("a token is in no error, even when Zendesk repeats it", async () => {
  const space = start({ users: 250 });
  await using vendor = space.vendor;
  vendor.fail({
    on: ({ query }) => query.has("page[after]"),
    times: 9,
    answer: ({ headers }) =>
      new Response(`you sent ${headers.get("authorization")}`, { status: 403 }),
  });
  const run = await uploadAll(space, ["--verbose"]);
  expect(run.code).toBe(3);
  expect(run.stdout).toContain("you sent ***");
  expect(run.stdout + run.stderr).not.toContain(tokenStart);
});

slow("the limit of the vendor holds up the run and loses nothing", async () => {
  const space = start({ users: 700, throttle: { requests: 4, windowMs: 2000, answer: throttled } });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(700);
  expect(run.code).toBe(0);
  expect(vendor.throttled()).toBeGreaterThan(0);
  expect(vendor.busiest(60_000)).toBeLessThanOrEqual(200);
});

test("a next link to another host is refused, and carries no token there", async () => {
  const trap = startZendesk({ users: 0 });
  await using _trap = trap;
  const space = start({ users: 250, linkOrigin: trap.url.replace("127.0.0.1", "localhost") });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("another host");
  expect(run.records).toHaveLength(100);
  expect(trap.calls).toEqual([]);
});
