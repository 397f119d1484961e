/**
 * MobileIron Core against its server.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { groupFields } from "../../../src/sources/mobileiron/core.ts";
import { mobileiron } from "../../../src/sources/mobileiron/mod.ts";
import { conformance, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { account, throttled } from "./cloud_server.ts";
import { coreDevice, type CoreOptions, startCore } from "./core_server.ts";

const mapped =
  'api_version = 2\nsync_field = SERIAL\nmapping.SERIAL = {"source": "common.SerialNumber"}\nmapping.MAIL = {"source": "user.email_address"}\n';

function start(options: CoreOptions, extra = ""): VendorUnderTest {
  const vendor = startCore(options);
  const rest = `url = ${vendor.url}/\nusername = ${account.username}\n${mapped}${extra}`;
  const serials = Object.values(options.spaces).flat().map((one) =>
    `${one["common.SerialNumber"]}`
  );
  return {
    vendor,
    section: "mobileiron",
    options: `password = ${account.password}\n${rest}`,
    wrongOptions: `password = wrong-password\n${rest}`,
    keys: [...new Set(serials)],
    keyField: "SERIAL",
    secrets: [account.password],
  };
}

function some(count: number, first = 0): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => coreDevice(first + index));
}

function isList({ path }: VendorCall): boolean {
  return path === "/api/v2/devices";
}

describe("version 2", () => {
  conformance({
    source: mobileiron,
    many: 450,
    start: (count) => start({ spaces: { "1": some(count) } }),
    isList,
    throttled: () => throttled(1000),
  });
});

test("1,200 devices arrive exactly, with eight requests, and only what is mapped is asked for", async () => {
  const space = start({ spaces: { "1": some(1200) } });
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(run.records[1]).toEqual({ SERIAL: "SN1", MAIL: "person1@example.com" });
  expect(vendor.calls).toHaveLength(8);
  expect(vendor.unused()).toEqual([]);
  const asked = vendor.calls.filter(isList).map(({ query }) => query.get("fields"));
  expect(new Set(asked)).toEqual(
    new Set(["common.id,common.uuid,common.SerialNumber,user.email_address"]),
  );
});

test("a device of two spaces arrives once", async () => {
  const space = start({ spaces: { "1": some(250), "7": some(250, 100) } });
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(run.records).toHaveLength(350);
});

test("a page that the server cut short moves the next one", async () => {
  const space = start({ spaces: { "1": some(95) }, pageLimit: 30 });
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(vendor.calls.filter(isList).map(({ query }) => query.get("offset"))).toEqual([
    "0",
    "30",
    "60",
    "90",
  ]);
});

test("a list that does not move on ends with an error", async () => {
  const space = start({ spaces: { "1": some(5) } });
  await using vendor = space.vendor;
  vendor.fail({
    on: isList,
    times: 99,
    answer: () => Response.json({ results: [], totalCount: 5, resultCount: 0, hasMore: true }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("The list repeats itself");
});

test("a total that the pages do not reach fails the section", async () => {
  const space = start({ spaces: { "1": some(5) } });
  await using vendor = space.vendor;
  vendor.fail({
    on: isList,
    times: 99,
    answer: () => Response.json({ results: [coreDevice(0)], totalCount: 5, hasMore: false }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.records).toHaveLength(1);
});

test("a field that MobileIron lacks is reported, and the others arrive", async () => {
  const extra = 'mapping.FLOOR = {"source": "custom.floor"}\n';
  const space = start({ spaces: { "1": some(2), "2": some(2, 2) } }, extra);
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(4);
  expect(run.records[0]?.FLOOR).toBeNull();
  expect(run.stderr.split("has no field custom.floor")).toHaveLength(2);
});

const many = Array.from({ length: 700 }, (_, index) => `custom_attribute.number_${index}`);
const filter = "recordfilter:\n    return Object.keys(record).length === 707\n";

test("all fields are asked for in groups when user code could read any, and put together", async () => {
  const space = start({ spaces: { "1": some(3) }, fields: many }, filter);
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(3);
  const groups = vendor.calls.filter(isList).map(({ query }) => query.get("fields")?.split(","));
  expect(groups.length).toBeGreaterThan(1);
  expect(new Set(groups.flat()).size).toBe(707);
});

test("a device that moves while its groups are read is named, not sent in half", async () => {
  const space = start({ spaces: { "1": some(3) }, fields: many }, filter);
  await using vendor = space.vendor;
  vendor.fail({
    on: (call) => isList(call) && call.query.get("fields")?.includes("number_699") === true,
    times: 1,
    answer: () =>
      Response.json({
        results: [{ "common.id": 500 }, { "common.id": 502 }],
        totalCount: 2,
        resultCount: 2,
        hasMore: false,
      }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.counts.unreadable).toBe(1);
  expect(run.stderr).toContain("device 501: the list changed");
});

test("groupFields() keeps to 512 names and to what an address can hold", () => {
  const short = Array.from({ length: 1100 }, (_, index) => `f${index}`);
  const groups = groupFields([...short, "common.id", "f0"]);
  expect(groups.map((group) => group.length)).toEqual([512, 512, 82]);
  expect(new Set(groups.flat()).size).toBe(1102);
  const long = Array.from({ length: 40 }, (_, index) => `${"x".repeat(300)}${index}`);
  for (const group of groupFields(long)) {
    expect(encodeURIComponent(group.join(",")).length).toBeLessThanOrEqual(6000);
  }
  expect(groupFields([])).toEqual([["common.id", "common.uuid"]]);
});

test("an administrator without a device space is reported", async () => {
  const space = start({ spaces: {} });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain("has no access to any device space");
});
