/**
 * Apple Business against its servers.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { appleBusiness } from "../../../src/sources/apple_business/mod.ts";
import { chooseCoverage } from "../../../src/sources/apple_business/record.ts";
import { check, conformance, uploadAll } from "../../support/conformance.ts";
import { slow } from "../../support/slow.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { inOneLine, start } from "./section.ts";
import { dropped, serial, throttled } from "./server.ts";
import { account } from "./token_server.ts";

function isList({ path }: VendorCall): boolean {
  return path === "/v1/orgDevices";
}

const care = `mapping.AGREEMENT = {"source": "coverage.agreementNumber"}
mapping.END = {"source": "coverage.endDateTime"}
`;

conformance({
  source: appleBusiness,
  many: 2500,
  start: (count) => start({ count }),
  isList,
  throttled,
});

test("the record has Apple's names and those of appledep", async () => {
  const names = ["serial_number", "model", "description", "color", "device_family", "os"];
  const more = ["orderNumber", "orderDateTime", "imei.0", "productType"];
  const extra = [...names, ...more].map((name) =>
    `mapping.${name.toUpperCase().replace(".", "_")} = {"source": "${name}"}\n`
  );
  const space = start({ count: 1 }, extra.join(""));
  await using _vendor = space.vendor;
  await using _tokens = space.tokenServer;
  const run = await uploadAll(space);
  expect(run.records).toEqual([{
    SERIAL: "XABC000000",
    SERIAL_NUMBER: "XABC000000",
    MODEL: 'iMac 21.5"',
    DESCRIPTION: 'iMac 21.5" 750GB SILVER',
    COLOR: "SILVER",
    DEVICE_FAMILY: "Mac",
    OS: "OSX",
    ORDERNUMBER: "1234567890",
    ORDERDATETIME: 1313391600,
    IMEI_0: "123456789012345",
    PRODUCTTYPE: "iMac16,2",
  }]);
});

test("1,200 devices arrive exactly, with two requests and one token", async () => {
  const space = start({ count: 1200 });
  await using vendor = space.vendor;
  await using tokenServer = space.tokenServer;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(vendor.calls).toHaveLength(2);
  expect(tokenServer.calls).toHaveLength(1);
  expect(vendor.unexpected).toEqual([]);
});

test("pages are followed by link and by cursor, also when they are small", async () => {
  for (const linkless of [false, true]) {
    const space = start({ count: 70, mostPerPage: 30, linkless });
    await using vendor = space.vendor;
    await using _tokens = space.tokenServer;
    const run = await uploadAll(space, ["--workers", "1"]);
    expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
    expect(vendor.calls).toHaveLength(3);
  }
});

test("a link to another host is not followed", async () => {
  const space = start({ count: 3 });
  await using vendor = space.vendor;
  await using _tokens = space.tokenServer;
  vendor.fail({
    on: isList,
    times: 1,
    answer: () =>
      Response.json({ data: [], links: { next: "https://example.com/v1/orgDevices?cursor=x" } }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("another host");
});

test("the services of all devices are read from their lists, not from each device", async () => {
  const space = start(
    { count: 30, mostPerPage: 7 },
    'mapping.SERVER = {"source": "assignedServer.serverName"}\n',
  );
  await using vendor = space.vendor;
  await using _tokens = space.tokenServer;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.slice(0, 4).map(({ SERVER }) => SERVER)).toEqual([
    "Jamf",
    "Büro",
    null,
    "Jamf",
  ]);
  expect(vendor.calls).toHaveLength(1 + 2 + 2 + 5);
});

test("AppleCare is read when a mapping reads it, two devices at once at most", async () => {
  const space = start({ count: 30 }, care);
  await using vendor = space.vendor;
  await using _tokens = space.tokenServer;
  const run = await uploadAll(space, ["--workers", "4"]);
  const bySerial = new Map(run.records.map((record) => [record.SERIAL, record]));
  expect(bySerial.get(serial(0))).toMatchObject({ AGREEMENT: null, END: null });
  expect(bySerial.get(serial(1))).toMatchObject({ AGREEMENT: null, END: 1769990400 });
  expect(bySerial.get(serial(2))).toMatchObject({ AGREEMENT: "AGR2", END: 1833062400 });
  expect(vendor.calls).toHaveLength(31);
  expect(vendor.mostAtOnce()).toBeLessThanOrEqual(2);
});

test("a device whose coverage cannot be read is named, one that Apple does not know has none", async () => {
  const space = start({ count: 4 }, care);
  await using vendor = space.vendor;
  await using _tokens = space.tokenServer;
  const of = (index: number) => ({ path }: VendorCall) => path.includes(`${serial(index)}/apple`);
  vendor.fail({ on: of(1), times: 99, answer: () => new Response("broken", { status: 400 }) });
  vendor.fail({
    on: of(2),
    times: 99,
    answer: () => Response.json({ errors: [] }, { status: 404 }),
  });
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(3);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([serial(0), serial(2), serial(3)]);
  expect(run.records[1]?.AGREEMENT).toBeNull();
  expect(run.stderr).toContain(`device ${serial(1)}`);
});

test("an answer that breaks off is asked for again", async () => {
  const space = start({ count: 20 }, care);
  await using vendor = space.vendor;
  await using _tokens = space.tokenServer;
  vendor.fail({ on: isList, times: 1, answer: dropped });
  vendor.fail({ on: ({ path }) => path.endsWith("appleCareCoverage"), times: 3, answer: dropped });
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(20);
  expect(vendor.calls).toHaveLength(1 + 1 + 20 + 3);
});

slow("the limit of the vendor holds up the run and loses nothing", async () => {
  const space = start(
    { count: 30, throttle: { requests: 12, windowMs: 1500, answer: throttled } },
    care,
  );
  await using vendor = space.vendor;
  await using _tokens = space.tokenServer;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(30);
  expect(run.code).toBe(0);
  expect(vendor.throttled()).toBeGreaterThan(0);
});

test("a token that ends is renewed, with another assertion", async () => {
  const space = start({ count: 1500 });
  await using vendor = space.vendor;
  await using tokenServer = space.tokenServer;
  vendor.fail({
    on: ({ query }) => query.has("cursor"),
    times: 1,
    answer: () => {
      space.tokens.clear();
      space.tokens.add("placeholder");
      return Response.json({
        errors: [{ code: "NOT_AUTHORIZED", title: "NOT_AUTHORIZED", status: "401" }],
      }, { status: 401 });
    },
  });
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(1500);
  expect(tokenServer.calls).toHaveLength(2);
});

test("a token request that fails is repeated with another assertion", async () => {
  const space = start({ count: 2 });
  await using _vendor = space.vendor;
  await using tokenServer = space.tokenServer;
  tokenServer.fail({ on: () => true, times: 1, answer: () => new Response("", { status: 503 }) });
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  const assertions = tokenServer.calls.map(({ body }) =>
    new URLSearchParams(body).get("client_assertion")
  );
  expect(new Set(assertions).size).toBe(2);
});

test("Apple School Manager has its own scope, and some accounts have no key id", async () => {
  const clientId = "SCHOOLAPI.9703f56c-10ce-4876-8f59-e78e5e23a152";
  const space = start({ count: 2 }, "", { scope: "school.api", clientId, keyless: true });
  await using _vendor = space.vendor;
  await using _tokens = space.tokenServer;
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(2);
});

test("a key of another account is refused, with what to look at", async () => {
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
    .export({ format: "pem", type: "pkcs8" }).toString();
  const space = start({ count: 1 });
  await using _vendor = space.vendor;
  await using _tokens = space.tokenServer;
  const options = space.options.replace(/private_key = .*/, `private_key = ${inOneLine(other)}`);
  const run = await check(space, options);
  expect(run.code).toBe(3);
  expect(run.stdout).toContain("invalid_client");
  expect(run.stdout).toContain("Check client_id, key_id and private_key");
});

test("an account without the permission is told which", async () => {
  const space = start({ count: 1 });
  await using vendor = space.vendor;
  await using _tokens = space.tokenServer;
  const answer = () =>
    Response.json({ errors: [{ code: "FORBIDDEN", title: "Forbidden", detail: "No." }] }, {
      status: 403,
    });
  vendor.fail({ on: isList, times: 9, answer });
  const run = await uploadAll(space);
  expect(run.report.sections[0]?.error?.message).toContain("FORBIDDEN: No.");
  expect(run.report.sections[0]?.error?.hint).toContain("permissions");
});

test("a client id and a key that do not fit are reported before the run", () => {
  const rule = (values: Record<string, string>) => appleBusiness.rule?.(values as never);
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
    .export({ format: "pem", type: "pkcs8" }).toString();
  const { clientId: client_id } = account;
  expect(rule({ client_id: "x", private_key: "key.pem" })).toContain("BUSINESSAPI.");
  expect(rule({ client_id, private_key: "key.pem" })).toBeUndefined();
  expect(rule({ client_id, private_key: account.privateKey })).toBeUndefined();
  expect(rule({ client_id, private_key: rsa })).toContain("P-256");
  expect(rule({ client_id, private_key: "-----BEGIN CERTIFICATE-----" })).toContain("private key");
});

test("of the active coverages the one that ends last counts, else of all", () => {
  const warranty = { status: "ACTIVE", endDateTime: "2026-01-01T00:00:00Z" };
  const monthly = { status: "ACTIVE", endDateTime: null };
  const ended = { status: "INACTIVE", endDateTime: "2030-01-01T00:00:00Z" };
  const older = { status: "INACTIVE", endDateTime: "2020-01-01T00:00:00Z" };
  expect(chooseCoverage([ended, warranty])).toBe(warranty);
  expect(chooseCoverage([warranty, monthly])).toBe(monthly);
  expect(chooseCoverage([older, ended])).toBe(ended);
  expect(chooseCoverage([])).toBeUndefined();
});
