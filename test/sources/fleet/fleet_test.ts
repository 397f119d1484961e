/**
 * Fleet against its server.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { fleet } from "../../../src/sources/fleet/mod.ts";
import { conformance, uploadAll } from "../../support/conformance.ts";
import { record } from "../../support/recorder.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";
import { serial, throttled } from "./server.ts";
import { start } from "./section.ts";

function isList({ path }: VendorCall): boolean {
  return path === "/api/v1/fleet/hosts";
}

conformance({
  source: fleet,
  many: 250,
  start: (count) => start({ count }),
  isList,
  throttled,
});

test("software arrives with name, version and path", async () => {
  const space = start({ count: 2, titles: 2 });
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records[1]?.APPLICATIONS).toEqual([
    { name: "Programme 3.app", version: "3.4.3", path: "/Applications/Programme 3.app" },
    { name: "Programme 4.app", version: "4.4.4", path: "/Applications/Programme 4.app" },
  ]);
  expect(vendor.calls[0]?.query.get("populate_software")).toBe("without_vulnerability_details");
  expect(vendor.unexpected).toEqual([]);
});

test("a title without a path has none", async () => {
  const space = start({ count: 7, titles: 1 });
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records[6]?.APPLICATIONS).toEqual([
    { name: "Programme 1.app", version: "1.4.1", path: null },
  ]);
});

test("without software, 1,200 hosts arrive exactly, 500 in a request", async () => {
  const space = start({ count: 1200 }, 'mapping.APPLICATIONS = {"hardcoded": []}\n');
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(vendor.calls.filter(isList)).toHaveLength(4);
  expect(vendor.calls.some(({ query }) => query.has("populate_software"))).toBe(false);
});

test("what Fleet adds on request is requested when a mapping reads it", async () => {
  const space = start({ count: 2 }, 'mapping.USER = {"source": "device_mapping.0.email"}\n');
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ USER }) => USER)).toEqual([
    "person1@example.com",
    "person2@example.com",
  ]);
  expect(vendor.calls[0]?.query.has("populate_policies")).toBe(false);
});

test("servers that name columns otherwise, and older ones, are read as well", async () => {
  for (const kind of [{ plainKeys: true }, { olderSoftware: true }]) {
    const space = start({ count: 150, ...kind });
    await using vendor = space.vendor;
    const run = await uploadAll(space, ["--workers", "1"]);
    expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
    expect(run.records[0]?.APPLICATIONS).toHaveLength(2);
    // What the server does not know is tried once, not with every page.
    expect(vendor.calls.filter(isList).length).toBeLessThan(3 + 4);
  }
});

test("a server that gives fewer hosts than asked for is read to its end", async () => {
  const space = start({ count: 130, mostPerPage: 20 });
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(run.code).toBe(0);
});

test("a host that is removed while the list is read hides no other", async () => {
  const space = start({ count: 250, onPage: (server) => server.remove(3) });
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records).toHaveLength(250);
  expect(run.code).toBe(0);
});

test("a host that enrolls while the list is read is read", async () => {
  let enrolled = 0;
  const space = start({
    count: 150,
    onPage: (server) => enrolled < 5 ? enrolled = server.enroll() - 145 : undefined,
  });
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toContain(serial(151));
  expect(run.code).toBe(0);
});

test("a list that ends too early fails the section", async () => {
  const space = start({ count: 250 });
  await using vendor = space.vendor;
  vendor.fail({
    on: (call) => isList(call) && call.query.get("after") !== "0",
    times: 1000,
    answer: () => Response.json({ hosts: [] }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.records).toHaveLength(100);
  expect(run.report.sections[0]?.error?.message).toContain("250");
});

test("a user who may not read hosts is told what is missing", async () => {
  const space = start({ count: 1 });
  await using vendor = space.vendor;
  vendor.fail({
    on: isList,
    times: 100,
    answer: () =>
      Response.json({
        message: "Permission Denied",
        errors: [{ name: "base", reason: "forbidden" }],
      }, {
        status: 403,
      }),
  });
  const run = await uploadAll(space);
  expect(run.report.sections[0]?.error?.message).toContain("Permission Denied: forbidden");
  expect(run.report.sections[0]?.error?.hint).toContain("Observer");
});

test("doctor tells whether the user may only read", async () => {
  for (
    const [role, found] of [
      [undefined, "the API token may read only: observer of Laptops, observer of Büro"],
      ["admin", "the API token may also write: admin"],
    ] as const
  ) {
    const space = start({ count: 1, ...(role === undefined ? {} : { role }) });
    await using _vendor = space.vendor;
    await using instance = record();
    using folder = workspace();
    folder.write(
      "config.ini",
      `${oomnitzaSection(instance)}[fleet]\nenable = True\n${space.options}\n`,
    );
    const run = await folder.agent(["doctor", "--output", "json"], { timeoutMs: 60_000 });
    const checks: { area: string; found: string }[] = JSON.parse(run.stdout).checks;
    const told = checks.filter(({ area }) => area === "access").map(({ found }) => found);
    expect(told[0]).toBe(found);
    expect(told[1]).toStartWith("the API token: created on 2026-11-13, ");
  }
});
