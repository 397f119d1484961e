/**
 * Okta against its server.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { okta } from "../../../src/sources/okta/mod.ts";
import { conformance, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import { type OktaOptions, startOkta, throttled, token } from "./server.ts";
import { slow } from "../../support/slow.ts";

function start(options: OktaOptions, extra = ""): VendorUnderTest {
  const vendor = startOkta(options);
  const common = `url = ${vendor.url}/\ndefault_role = 25\ndefault_position = Employee\n${extra}`;
  const total = options.active + (extra.includes("deprovisioned") ? options.deprovisioned ?? 0 : 0);
  return {
    vendor,
    section: "okta",
    options: `api_token = ${token}\n${common}`,
    wrongOptions: `api_token = 00wrong-token\n${common}`,
    keys: Array.from({ length: total }, (_, index) => `person${index}@example.com`),
    keyField: "USER",
    secrets: [token],
  };
}

conformance({
  source: okta,
  many: 450,
  start: (count) => start({ active: count }),
  isList: ({ path }) => path === "/api/v1/users",
  throttled: () => throttled(0),
  isLongThrottle: true,
});

test("1,200 people arrive exactly, with six requests", async () => {
  const space = start({ active: 1200 });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records.map(({ USER }) => USER).sort()).toEqual([...space.keys].sort());
  expect(vendor.calls).toHaveLength(6);
  expect(vendor.unused()).toEqual([]);
});

test("a record has all mapped fields", async () => {
  const space = start({ active: 1 });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toEqual([{
    USER: "person0@example.com",
    FIRST_NAME: "First0",
    LAST_NAME: "Lästname 0",
    EMAIL: "person0@example.com",
    PHONE: null,
    PERMISSIONS_ID: "25",
    POSITION: "Employee",
  }]);
});

test("deprovisioned people come after the others, and only when asked for", async () => {
  const space = start({ active: 250, deprovisioned: 210 }, "deprovisioned = True\n");
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ USER }) => USER)).toEqual([...space.keys]);
  expect(vendor.calls).toHaveLength(4);
});

test("a page that the server cut short is not the end", async () => {
  const space = start({ active: 95, pageLimit: 30 });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(95);
  expect(vendor.calls).toHaveLength(4);
});

slow("the limit of the vendor holds up the run and loses nothing", async () => {
  const space = start({
    active: 1200,
    throttle: { requests: 3, windowMs: 2000, answer: throttled },
  });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(1200);
  expect(run.code).toBe(0);
  expect(vendor.throttled()).toBeGreaterThan(0);
  expect(vendor.busiest(60_000)).toBeLessThanOrEqual(600);
});

test("requests_per_minute lowers the pace", async () => {
  const space = start({ active: 700 }, "requests_per_minute = 2\n");
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--record-count", "300"]);
  expect(run.records).toHaveLength(300);
  expect(vendor.busiest(1000)).toBe(2);
});

test("a next link to another host is refused, and carries no token there", async () => {
  const trap = startOkta({ active: 0 });
  await using _trap = trap;
  const space = start({ active: 450, linkOrigin: trap.url.replace("127.0.0.1", "localhost") });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("another host");
  expect(run.records).toHaveLength(200);
  expect(trap.calls).toEqual([]);
});

slow(
  "the headers set the pace: a small limit is never exceeded, and its reset is waited for",
  async () => {
    // Half of it is for one token, of which no header tells.
    const limit = { requests: 20, windowMs: 3000, share: 0.5 };
    const space = start({ active: 5000, limit });
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.records).toHaveLength(5000);
    // A refused request would have been repeated.
    expect(vendor.calls).toHaveLength(25);
  },
);
