/**
 * What is peculiar to one of OneLogin's APIs.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { onelogin } from "../../../src/sources/onelogin/mod.ts";
import { uploadAll } from "../../support/conformance.ts";
import { isList, start } from "./section.ts";
import { account, startOneLogin, tokenStart } from "./server.ts";
import { slow } from "../../support/slow.ts";

test("title is OneLogin's own, whatever a custom attribute is called", async () => {
  for (const api of ["API 1", "API 2"] as const) {
    const extra =
      'mapping.TITLE = {"source": "title"}\nmapping.CUSTOM = {"source": "custom_attributes.title"}\n' +
      'mapping.CENTER = {"source": "cost.center"}\n';
    const space = start(api, { users: 1 }, extra);
    await using _vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.records[0]).toMatchObject({
      TITLE: "Engineer",
      CUSTOM: "Custom title",
      CENTER: "4711",
    });
  }
});

slow("API 2 is asked for more fields only when one of them is looked at", async () => {
  const plain = start("API 2", { users: 60 });
  await using first = plain.vendor;
  await uploadAll(plain);
  for (const { query } of first.calls.filter(isList)) expect(query.has("fields")).toBe(false);
  const filtered = start(
    "API 2",
    { users: 60 },
    "recordfilter:\n    return record['department'] == 'R&D'\n",
  );
  await using second = filtered.vendor;
  const run = await uploadAll(filtered);
  expect(run.records).toHaveLength(60);
  for (const { query } of second.calls.filter(isList)) {
    expect(query.get("fields")?.split(",")).toContain("department");
    expect(query.get("fields")?.split(",")).toContain("custom_attributes");
  }
});

test("API 2 with fewer people than its Total-Count has failed", async () => {
  const space = start("API 2", { users: 120 });
  await using vendor = space.vendor;
  const answer = () => Response.json([], { headers: { "Total-Count": "120" } });
  vendor.fail({ on: ({ query }) => query.has("cursor"), times: 99, answer });
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(50);
  expect(run.code).toBe(3);
});

test("a page of API 1 without pagination is read, and is the last", async () => {
  const space = start("API 1", { users: 70, bareEnd: true });
  await using _vendor = space.vendor;
  expect((await uploadAll(space)).records).toHaveLength(70);
});

test("a url with a query of its own keeps it", async () => {
  const space = start("API 1", { users: 70 });
  await using vendor = space.vendor;
  const options = space.options.replace("/api/1/users", "/api/1/users?since=2015-01-01");
  const run = await uploadAll(space, [], options);
  expect(run.records).toHaveLength(70);
  for (const { query } of vendor.calls.filter(isList)) {
    expect(query.get("since")).toBe("2015-01-01");
  }
});

test("an error inside of a 200 is one, for tokens and for lists", async () => {
  const refused = start("API 1", { users: 3, refusesInside: true });
  await using _first = refused.vendor;
  const run = await uploadAll(refused, [], refused.wrongOptions);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("401 Authentication Failure");
  expect(run.report.sections[0]?.error?.hint).toContain("client_secret");
  const broken = start("API 1", { users: 3 });
  await using vendor = broken.vendor;
  const status = { error: true, code: 503, type: "error", message: "Under maintenance" };
  vendor.fail({ on: isList, times: 9, answer: () => Response.json({ status }) });
  const second = await uploadAll(broken);
  expect(second.code).toBe(3);
  expect(second.report.sections[0]?.error?.message).toContain("503 Under maintenance");
});

test("a token that ends is renewed once, and is in no error", async () => {
  for (const api of ["API 1", "API 2"] as const) {
    const space = start(api, { users: 220, tokenUses: 2 });
    await using vendor = space.vendor;
    expect((await uploadAll(space)).records).toHaveLength(220);
    // Pages 1 and 2, a refusal, pages 3 and 4, a refusal, page 5; and three tokens.
    expect(vendor.calls.filter(isList)).toHaveLength(7);
    expect(vendor.calls).toHaveLength(10);
    vendor.fail({
      on: isList,
      times: 9,
      answer: ({ headers }) =>
        new Response(`you sent ${headers.get("authorization")}`, { status: 403 }),
    });
    const run = await uploadAll(space, ["--verbose"]);
    expect(run.stdout).toContain("you sent ***");
    expect(run.stdout + run.stderr).not.toContain(tokenStart);
  }
});

test("token_url names another server for tokens, and only it gets the secret", async () => {
  const tokens = startOneLogin({ users: 0 });
  await using _tokens = tokens;
  const extra = `token_url = ${tokens.url.replace("127.0.0.1", "localhost")}/auth/oauth2/token\n`;
  const space = start("API 1", { users: 3 }, extra);
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  // The data's server does not know the token of the other, which shows that it was asked.
  expect(run.code).toBe(3);
  expect(tokens.calls.map(({ path }) => path)).toEqual(Array(2).fill("/auth/oauth2/token"));
  for (const { headers } of vendor.calls) {
    expect(headers.get("authorization")).not.toContain(account.clientSecret);
  }
});

test("API credentials go before api_token, which is reported to be deprecated", async () => {
  const both = start("API 1", { users: 3 }, `api_token = ${account.apiToken}\n`);
  await using _first = both.vendor;
  const run = await uploadAll(both);
  expect(run.records).toHaveLength(3);
  expect(run.stderr).not.toContain("deprecated");
  const old = start("the XML API", { users: 3 });
  await using _second = old.vendor;
  expect((await uploadAll(old)).stderr).toContain("deprecated");
});

test("XML with a document type is refused", async () => {
  const space = start("the XML API", { users: 3 });
  await using vendor = space.vendor;
  const bomb =
    '<!DOCTYPE users [<!ENTITY a "x">]><users><user><username>&a;</username></user></users>';
  vendor.fail({ on: isList, times: 9, answer: () => new Response(bomb) });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("document type");
  expect(run.records).toEqual([]);
});

test("the rule names what is missing, and an address of the other API", () => {
  const blank = {
    url: "https://api.us.onelogin.com/api/1/users",
    client_id: "",
    client_secret: "",
    api_token: "",
  };
  const xml = "https://app.onelogin.com/api/v2/users.xml";
  const rule = (values: Partial<typeof blank>) => onelogin.rule?.({ ...blank, ...values } as never);
  expect(rule({})).toContain("needs client_id and client_secret");
  expect(rule({ client_id: "a" })).toContain("both");
  expect(rule({ client_id: "a", client_secret: "b" })).toBeUndefined();
  expect(rule({ client_id: "a", client_secret: "b", api_token: "c" })).toBeUndefined();
  expect(rule({ api_token: "c" })).toContain("ends in .xml");
  expect(rule({ api_token: "c", url: xml })).toBeUndefined();
  expect(rule({ client_id: "a", client_secret: "b", url: xml })).toContain("old XML API");
});

test("a cursor that comes again ends the section instead of running for ever", async () => {
  const space = start("API 1", { users: 120 });
  await using vendor = space.vendor;
  const answer = () => Response.json({ data: [], pagination: { after_cursor: "same" } });
  vendor.fail({ on: isList, times: 50, answer });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("The list repeats itself");
  expect(vendor.calls.filter(isList)).toHaveLength(2);
});
