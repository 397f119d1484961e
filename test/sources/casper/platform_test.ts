/**
 * Jamf Pro behind the Jamf Platform API, and what its answers say about the end of an endpoint.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { casper } from "../../../src/sources/casper/mod.ts";
import { conformance, uploadAll } from "../../support/conformance.ts";
import { asClient, everything, noSoftware, start, throttled } from "./section.ts";

const environment = "6a1f0c52-0000-4000-8000-000000000001";
const asIntegration = `${asClient}environment_id = ${environment}\n`;
const gateway = { environment };

conformance({
  source: casper,
  many: 250,
  start: (count) => start({ count, gateway }, "", asIntegration),
  isList: ({ path }) => path.endsWith("/pro/v4/computers-inventory"),
  throttled: () => throttled(),
});

test("computers and mobile devices are read through the Platform API", async () => {
  const computers = start({ count: 2, gateway }, everything, asIntegration);
  await using vendor = computers.vendor;
  const run = await uploadAll(computers);
  expect(run.records[0]).toMatchObject({ SERIAL: "SN1", DEPARTMENT: "R&D", CYCLES: "1" });
  expect(vendor.unexpected).toEqual([]);
  expect(vendor.calls.every(({ path }) => /^\/jss\/(?:pro|auth)\//.test(path))).toBe(true);
  const mobile = start(
    { count: 2, gateway },
    "sync_type = mobiledevices\n",
    asIntegration,
    "casper.MDM",
  );
  await using _mobile = mobile.vendor;
  expect((await uploadAll(mobile)).records).toHaveLength(2);
});

test("another environment is refused, with the reason of the Platform API", async () => {
  const space = start({ count: 1, gateway }, "", `${asClient}environment_id = other\n`);
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("BAD_PERMISSIONS");
});

test("the end of an endpoint is told once in a run", async () => {
  const ends = { deprecation: "@1741046400", sunset: "Thu, 04 Mar 2100 00:00:00 GMT" };
  const space = start({ count: 9, ends }, noSoftware);
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  const told = run.stderr.split("\n").filter((line) => line.includes("is deprecated"));
  expect(told).toEqual([
    expect.stringContaining(
      "Jamf Pro says that GET /JSSResource/computers is deprecated since 2025-03-04 and ends on 2100-03-04",
    ),
    expect.stringContaining("GET /JSSResource/computers/id/N/subset/General"),
  ]);
  const quiet = start({ count: 1 }, noSoftware);
  await using _quiet = quiet.vendor;
  expect((await uploadAll(quiet)).stderr).not.toContain("deprecated");
});
