/**
 * Jasper by its REST API against that server.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { fromRest } from "../../../src/sources/jasper/rest.ts";
import { jasper } from "../../../src/sources/jasper/mod.ts";
import { check, conformance, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { account, type RestOptions, type RestServer, startRest, throttled } from "./rest_server.ts";
import { series, start as startSoap } from "./section.ts";
import { changedAt, iccid } from "./server.ts";

interface RestUnderTest extends VendorUnderTest {
  readonly vendor: RestServer;
}

const mappings = `sync_field = SIM
mapping.SIM = {"source": "iccid"}
mapping.PHONE = {"source": "msisdn"}
mapping.CUSTOMER = {"source": "customer"}
mapping.IP = {"source": "fixedIpAddress"}
mapping.STATUS = {"source": "status"}
mapping.ADDED = {"source": "dateAdded"}
mapping.CHANGED = {"source": "dateModified"}
mapping.ACCOUNT = {"source": "accountId"}
mapping.NOTE = {"source": "custom1"}
`;

const usage = `mapping.USE = {"source": "monthToDateUsage"}
mapping.OVER = {"source": "overageLimitReached"}
mapping.SESSIONS = {"source": "ctdSessionCount"}
`;

function start(options: RestOptions, extra = ""): RestUnderTest {
  const vendor = startRest(options);
  const common = `api = rest\nurl = ${vendor.url}\nusername = ${account.username}\n` +
    `${mappings}${extra}`;
  return {
    vendor,
    section: "jasper",
    options: `api_token = ${account.apiKey}\n${common}`,
    wrongOptions: `api_token = wrong-key\n${common}`,
    keys: Array.from({ length: options.count }, (_, index) => iccid(index)),
    keyField: "SIM",
    secrets: [account.apiKey],
  };
}

function isList({ path }: VendorCall): boolean {
  return path === "/rws/api/v1/devices";
}

conformance({
  source: jasper,
  isKeyId: true,
  many: 120,
  start: (count) => start({ count }),
  isList,
  throttled,
});

test("the record of a SIM is that of the SOAP API", async () => {
  const space = start({ count: 1 }, usage);
  await using _vendor = space.vendor;
  const soap = startSoap(
    { count: 1 },
    `${mappings.replace(/^.*\n.*\n.*\n.*\n.*\n/, "")}${usage.replace(/^.*\n.*\n/, "")}`,
  );
  await using _soap = soap.vendor;
  const [byRest] = (await uploadAll(space)).records;
  const [bySoap] = (await uploadAll(soap)).records;
  expect(byRest).toMatchObject({ USE: 12.5, OVER: false, SESSIONS: 17, ACCOUNT: 100055555 });
  for (const [field, value] of Object.entries(bySoap ?? {})) {
    if (field !== "REST") expect([field, byRest?.[field]]).toEqual([field, value]);
  }
});

test("what SIMs used is requested only when something reads it", async () => {
  const space = start({ count: 3 });
  await using vendor = space.vendor;
  await uploadAll(space);
  expect(vendor.calls).toHaveLength(4);
  const more = start({ count: 3 }, usage);
  await using moreVendor = more.vendor;
  await uploadAll(more);
  expect(moreVendor.calls).toHaveLength(7);
});

test("one call at a time, 50 SIMs in a page", async () => {
  const space = start({ count: 120 });
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "4"]);
  expect(run.records).toHaveLength(120);
  expect(vendor.calls.filter(isList).map(({ query }) => query.get("pageSize"))).toEqual([
    "50",
    "50",
    "50",
  ]);
  expect(vendor.mostAtOnce()).toBe(1);
  expect(vendor.unexpected).toEqual([]);
});

test("the next upload reads what changed, also after a change of the API", async () => {
  const space = start({ count: 60 });
  await using vendor = space.vendor;
  using runs = series(space);
  await runs.upload();
  vendor.touch(7, "2026-02-28T10:00:00.000Z");
  expect((await runs.upload()).sims).toEqual([iccid(7)]);
  expect(vendor.since.at(-1)).toBe(changedAt(59).replace(".000Z", "+00:00"));
  const soap = startSoap({ count: 60 });
  await using _soap = soap.vendor;
  runs.readFrom(soap);
  await runs.upload();
  expect(soap.vendor.since.at(-1)?.slice(0, 19)).toBe("2026-02-28T10:00:00");
});

test("a list that moves while it is read loses nobody", async () => {
  const space = start({
    count: 130,
    onPage: (page, server) => {
      if (page === 2 && server.since.length === 1) server.touch(0, "2026-02-01T00:00:00.000Z");
    },
  });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(new Set(run.records.map(({ SIM }) => SIM)).size).toBe(130);
});

test("a SIM without details is named, and the position stays", async () => {
  const space = start({ count: 5, unknown: [2] });
  await using _vendor = space.vendor;
  using runs = series(space);
  const run = await runs.upload();
  expect(run.code).toBe(3);
  expect(run.section.counts).toMatchObject({ fetched: 4, unreadable: 1 });
  expect(run.stderr).toContain(`SIM ${iccid(2)}`);
  expect(runs.remembered()).toBeUndefined();
});

test("full_sync reads all, since the API wants a time", async () => {
  const space = start({ count: 3 }, "full_sync = True\n");
  await using vendor = space.vendor;
  using runs = series(space);
  await runs.upload();
  expect((await runs.upload()).sims).toHaveLength(3);
  expect(vendor.since.at(-1)).toBe("2000-01-01T00:00:00+00:00");
});

test("a refused key names the option, and what Control Center says", async () => {
  const space = start({ count: 1 });
  await using _vendor = space.vendor;
  const run = await check(space, space.wrongOptions);
  expect(run.stdout).toContain("10000002 Invalid credentials.");
  expect(run.stdout).toContain("api_token");
});

test("dates, states and names are those of the SOAP API", () => {
  expect(fromRest({
    status: "TEST_READY",
    dateUpdated: "2016-04-18 17:31:34.121+0050",
    dateShipped: "soon",
    deviceID: "d",
    accountCustom10: "x",
    accountId: "0100",
  })).toEqual({
    status: "TEST_READY_NAME",
    dateModified: "2016-04-18T16:41:34.121Z",
    dateShipped: "soon",
    terminalId: "d",
    custom10: "x",
    accountId: 100,
  });
});

test("options that do not fit the API are reported before the run", () => {
  const rule = (values: Record<string, unknown>) => jasper.rule?.(values as never);
  expect(rule({ api: "soap", password: "" })).toContain("password");
  expect(rule({ api: "soap", password: "p" })).toBeUndefined();
  expect(rule({ api: "rest", password: "" })).toContain("url");
  expect(rule({ api: "rest", password: "", url: "https://example.com" })).toBeUndefined();
});
