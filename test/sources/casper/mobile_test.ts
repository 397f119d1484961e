/**
 * Mobile devices by the page against their server: the Classic shape, a device that cannot be read, groups.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { casper } from "../../../src/sources/casper/mod.ts";
import { conformance, uploadAll } from "../../support/conformance.ts";
import { slow } from "../../support/slow.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { asClient, start, throttled } from "./section.ts";

const byPage = "sync_type = mobiledevices\napi = pro\n";

const isPage = ({ path }: VendorCall) => path.endsWith("/mobile-devices/detail");

/** What reads the data, not the first look at whether there are pages. */
const isDataPage = (call: VendorCall) => isPage(call) && call.query.get("page-size") !== "1";

conformance({
  source: casper,
  many: 250,
  start: (count) => start({ count }, byPage, asClient, "casper.MDM"),
  isList: isDataPage,
  throttled: () => throttled(),
});

test("1,050 mobile devices take eleven pages instead of 1,050 requests", async () => {
  const space = start({ count: 1050 }, byPage, asClient, "casper.MDM");
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  // The token, the look whether there are pages, the pages.
  expect(vendor.calls).toHaveLength(1 + 1 + 11);
  expect(vendor.unexpected).toEqual([]);
}, 60_000);

test("both APIs give the same mobile devices", async () => {
  const mapped = `mapping.NAME = general.name
mapping.PO = purchasing.po_date
mapping.DEPARTMENT = location.department
mapping.IMEI = network.imei
mapping.PASSCODE = security.passcode_present
mapping.CYCLES = {"source": "extension_attributes", "converter": "casper_extension_attribute:attr=Battery Cycles|default=none"}
`;
  const expected = {
    SERIAL: "SN1",
    NAME: "device-1",
    PO: 1740700800,
    DEPARTMENT: "R&D",
    IMEI: "351",
    PASSCODE: true,
    CYCLES: "1",
  };
  for (const api of ["classic", "pro"]) {
    const extra = `sync_type = mobiledevices\napi = ${api}\n${mapped}`;
    const space = start({ count: 1 }, extra, asClient, "casper.MDM");
    await using vendor = space.vendor;
    expect((await uploadAll(space)).records).toEqual([expected]);
    expect(vendor.unexpected).toEqual([]);
  }
});

test("a mobile device has the Classic shape", async () => {
  const paths = {
    "general.id": 1,
    "general.udid": "UDID-1",
    "general.os_type": "iOS",
    "general.last_inventory_update_epoch": 1767600843000,
    "general.capacity_mb": 128_000,
    "general.phone_number": "+49 30 1",
    "location.real_name": "Jane Doe",
    "purchasing.warranty_expires": "",
    "applications.0.application_name": "Notes",
    "configuration_profiles.0.display_name": "Wi-Fi",
    "mobile_device_groups.0.name": "Lab",
  };
  const fields = Object.keys(paths).map((path, index) => `mapping.F${index} = ${path}\n`);
  const extra = `${byPage}${fields.join("")}mapping.NONE = general.resource_tag\n`;
  const space = start({ count: 1, groups: { Lab: [1] } }, extra, asClient, "casper.MDM");
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  const found = Object.keys(paths).map((path, index) => [path, run.records[0]?.[`F${index}`]]);
  expect(Object.fromEntries(found)).toEqual(paths);
  expect(run.stderr).toContain("does not return general.resource_tag");
});

slow("a device that cannot be read is reported, and those on its page are sent", async () => {
  const space = start({ count: 120, broken: [37] }, byPage, asClient, "casper.MDM");
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(
    space.keys.filter((key) => key !== "SN37"),
  );
  expect(run.report.sections[0]?.counts.unreadable).toBe(1);
  expect(run.stderr).toContain("mobile device 37 by id: Cannot load mobile devices");
  expect(run.stderr).toContain("Device 37: data processing issue");
  expect(vendor.unexpected).toEqual([]);
}, 120_000);

test("servers without pages of mobile devices are read by the Classic API", async () => {
  const space = start({ count: 3, devicePages: false }, byPage, asClient, "casper.MDM");
  await using vendor = space.vendor;
  expect((await uploadAll(space)).records).toHaveLength(3);
  expect(vendor.calls.filter(({ path }) => path.includes("/JSSResource/"))).toHaveLength(4);
});

test("with a group, its members are read; one that does not exist is reported", async () => {
  const groups = { Lab: [2, 4] };
  const inGroup = start(
    { count: 9, groups },
    `${byPage}group_name = lab\n`,
    asClient,
    "casper.MDM",
  );
  await using _vendor = inGroup.vendor;
  const run = await uploadAll(inGroup);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(["SN2", "SN4"]);
  const none = start({ count: 9, groups }, `${byPage}group_name = Hall\n`, asClient, "casper.MDM");
  await using _none = none.vendor;
  const failed = await uploadAll(none);
  expect(failed.code).toBe(3);
  expect(failed.report.sections[0]?.error?.message).toContain('no group "Hall"');
});
