/**
 * `agent check casper --compare-apis` against a server that has both APIs.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { check } from "../../support/conformance.ts";
import { asClient, everything, start } from "./section.ts";
import { slow } from "../../support/slow.ts";

const compare = ["--compare-apis"];

test("computers that are the same by both APIs, and what that would spare", async () => {
  const space = start({ count: 250 }, everything);
  await using vendor = space.vendor;
  const run = await check(space, undefined, compare);
  expect(run.stdout).toBe(
    "ok     [casper] identical: 20 of 250 records by the Classic API and by the Jamf Pro API; " +
      "251 requests become 3. The section is read by the Jamf Pro API from now on.\n",
  );
  expect(run.code).toBe(0);
  // From the first to the last, by both.
  const ids = vendor.calls.flatMap(({ path }) =>
    /computers-inventory\/(\d+)$/.exec(path)?.[1] ?? []
  );
  expect(ids).toHaveLength(20);
  expect(ids.map(Number).toSorted((a, b) => a - b)).toEqual(
    expect.arrayContaining([1, 250]),
  );
  expect(vendor.unexpected).toEqual([]);
});

test("mobile devices", async () => {
  const extra = "sync_type = mobiledevices\nmapping.IMEI = network.imei\n";
  const space = start({ count: 3 }, extra, asClient, "casper.MDM");
  await using _vendor = space.vendor;
  const run = await check(space, undefined, compare);
  expect(run.stdout).toContain("identical: 3 of 3 records");
  expect(run.stdout).toContain("4 requests become 1");
});

slow("fields that differ are named with both values, and what could not be read", async () => {
  const space = start({ count: 2, broken: [2] }, "mapping.SEEN = general.report_date_epoch\n");
  await using _vendor = space.vendor;
  const run = await check(space, undefined, compare);
  expect(run.code).toBe(3);
  expect(run.stdout).toContain("FAILED [casper] 1 of 2 records compared, 1 value differs");
  expect(run.stdout).toContain(
    "warn   [casper] computer 1 (device-1): SEEN is null by the Classic API, 1767600843000 by the Jamf Pro API",
  );
  expect(run.stdout).toContain("warn   [casper] computer 2 (device-2) was not compared");
});

test("where there is one API only, that is said", async () => {
  const space = start({ count: 2, era: "pro" });
  await using _vendor = space.vendor;
  const run = await check(space, undefined, compare);
  expect(run.code).toBe(3);
  expect(run.stdout).toContain("There is no Classic API here to compare with");
  const both = await check(space, undefined, [...compare, "--file-only"]);
  expect(both.code).toBe(2);
  expect(both.stderr).toContain("not both");
});
