/**
 * Apple's device assignment service against its server.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { appledep } from "../../../src/sources/appledep/mod.ts";
import { conformance, uploadAll } from "../../support/conformance.ts";
import { slow } from "../../support/slow.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { start } from "./section.ts";
import { serialOf, throttled } from "./server.ts";

function isList({ path }: VendorCall): boolean {
  return path === "/server/devices";
}

conformance({
  source: appledep,
  many: 2100,
  start: (count) => start({ count }),
  isList,
  throttled: () => throttled(1000),
});

test("1,200 devices arrive exactly, with five requests", async () => {
  const space = start({ count: 1200 });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records.map(({ SERIAL }) => SERIAL).sort()).toEqual([...space.keys].sort());
  expect(vendor.calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "GET /session",
    "POST /server/devices",
    "POST /devices",
    "POST /server/devices",
    "POST /devices",
  ]);
});

test("a record has the details, dates as seconds", async () => {
  const space = start({ count: 1 });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toEqual([
    { SERIAL: "C8TJ000000AB", STATE: "SUCCESS", ASSIGNED: 1761825600 },
  ]);
});

test("without details, the list alone is read", async () => {
  const space = start({ count: 250 }, "details = False\npage_size = 100\n");
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(
    space.keys.map((_, index) => serialOf(index)),
  );
  expect(run.records.every(({ STATE }) => STATE === "SUCCESS")).toBe(true);
  expect(vendor.calls).toHaveLength(4);
});

test("a page that the server cut short is not the end", async () => {
  const space = start({ count: 75, pageLimit: 30 });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(75);
});

test("devices of others are left out, those that failed are named", async () => {
  const space = start({
    count: 8,
    statuses: { 1: "NOT_ACCESSIBLE", 4: "FAILED", 6: "" },
  });
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(3);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(
    [0, 2, 3, 5, 7].map((index) => serialOf(index).toUpperCase()),
  );
  expect(run.report.sections[0]?.counts.unreadable).toBe(2);
  expect(run.stderr).toContain("device C8TJ000004AB: Apple answered FAILED for it");
  expect(run.stderr).toContain("device C8TJ000006AB: Apple gave no details of it");
  expect(run.stderr).toContain("no longer assigned to this server: 1 devices");
});

test("a session that ends is renewed, after a 401 as after a 403", async () => {
  const space = start({ count: 90, pageLimit: 30 });
  await using vendor = space.vendor;
  vendor.fail({
    on: ({ path, body }) => path === "/devices" && body.includes(serialOf(30)),
    times: 1,
    answer: () => {
      vendor.endSessions();
      return new Response("UNAUTHORIZED", { status: 401 });
    },
  });
  vendor.fail({
    on: (call) => isList(call) && call.body.includes("/60"),
    times: 1,
    answer: () => {
      vendor.endSessions();
      return new Response('"FORBIDDEN"', { status: 403 });
    },
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(90);
  expect(vendor.sessions()).toBe(3);
});

test("a refusal that lasts ends the section after one new session", async () => {
  const space = start({ count: 5 });
  await using vendor = space.vendor;
  vendor.fail({
    on: isList,
    times: 99,
    answer: () => new Response("UNAUTHORIZED", { status: 401 }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(vendor.calls).toHaveLength(4);
  expect(run.report.sections[0]?.error?.hint).toContain("api_token");
});

test("terms that were not accepted end the section at once, and are reported", async () => {
  const answer = () => new Response("T_C_NOT_SIGNED", { status: 403 });
  for (const on of [isList, ({ path }: VendorCall) => path === "/session"]) {
    const space = start({ count: 5 });
    await using vendor = space.vendor;
    vendor.fail({ on, times: 99, answer });
    const run = await uploadAll(space);
    expect(run.code).toBe(3);
    expect(vendor.calls.filter(on)).toHaveLength(1);
    expect(vendor.sessions()).toBeLessThanOrEqual(1);
    expect(run.report.sections[0]?.error?.message).toContain("T_C_NOT_SIGNED");
    expect(run.report.sections[0]?.error?.hint).toContain("administrator accepts");
  }
});

test("a signature is never sent twice", async () => {
  const space = start({ count: 5 });
  await using vendor = space.vendor;
  const isSession = ({ path }: VendorCall) => path === "/session";
  vendor.fail({ on: isSession, times: 2, answer: () => new Response("", { status: 503 }) });
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  const signatures = vendor.calls.filter(isSession).map(({ headers }) =>
    headers.get("authorization")
  );
  expect(new Set(signatures).size).toBe(3);
});

test("an exhausted cursor is the end of the list", async () => {
  const space = start({ count: 60, pageLimit: 30 });
  await using vendor = space.vendor;
  vendor.fail({
    on: (call) => isList(call) && call.body.includes("/30"),
    times: 1,
    answer: () => new Response("EXHAUSTED_CURSOR", { status: 400 }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(30);
});

test("an unknown cursor begins the list anew, once, and doubles nothing", async () => {
  const space = start({ count: 90, pageLimit: 30 });
  await using vendor = space.vendor;
  vendor.fail({
    on: (call) => isList(call) && call.body.includes("/60"),
    times: 1,
    answer: () => new Response('"INVALID_CURSOR"', { status: 400 }),
  });
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);

  const lasting = start({ count: 90, pageLimit: 30 });
  await using broken = lasting.vendor;
  broken.fail({
    on: (call) => isList(call) && call.body.includes("/60"),
    times: 99,
    answer: () => new Response("INVALID_CURSOR", { status: 400 }),
  });
  const failed = await uploadAll(lasting);
  expect(failed.code).toBe(3);
  expect(failed.report.sections[0]?.error?.message).toContain("INVALID_CURSOR");
  expect(broken.calls.filter(isList)).toHaveLength(6);
});

test("an error of any other kind fails the section", async () => {
  const space = start({ count: 5 });
  await using vendor = space.vendor;
  vendor.fail({
    on: ({ path }) => path === "/devices",
    times: 99,
    answer: () => new Response("DEVICE_ID_REQUIRED", { status: 400 }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.records).toEqual([]);
  expect(run.report.sections[0]?.error?.message).toContain("POST /devices");
});

slow("the limit of the vendor holds up the run and loses nothing", async () => {
  const space = start({
    count: 300,
    pageLimit: 30,
    throttle: { requests: 8, windowMs: 1500, answer: throttled },
  });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(300);
  expect(run.code).toBe(0);
  expect(vendor.throttled()).toBeGreaterThan(0);
  expect(vendor.mostAtOnce()).toBe(1);
});
