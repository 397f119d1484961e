/**
 * The Jamf Pro API against its server: pages, versions, the Classic shape, groups.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { casper } from "../../../src/sources/casper/mod.ts";
import { conformance, uploadAll } from "../../support/conformance.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { asClient, everything, noSoftware, start, throttled } from "./section.ts";
import { slow } from "../../support/slow.ts";

const isPage = ({ path }: VendorCall) => path.endsWith("/computers-inventory");

conformance({
  source: casper,
  many: 250,
  start: (count) => start({ count, era: "pro" }, "api = pro\n", asClient),
  isList: isPage,
  throttled: () => throttled(),
});

slow("1,200 computers take a request for a hundred with software, for 500 without", async () => {
  const many = start({ count: 1200, era: "pro" });
  await using vendor = many.vendor;
  const run = await uploadAll(many, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...many.keys]);
  // The token, the Classic list that is gone, twelve pages.
  expect(vendor.calls).toHaveLength(1 + 1 + 12);
  const lean = start({ count: 1200, era: "pro" }, `api = pro\n${noSoftware}`);
  await using server = lean.vendor;
  expect((await uploadAll(lean)).records).toHaveLength(1200);
  expect(server.calls).toHaveLength(1 + 3);
}, 60_000);

test("both APIs give the same records, with software, dates and extension attributes", async () => {
  const expected = {
    SERIAL: "SN1",
    NAME: "device-1",
    RAM: 16_384,
    PO: 1740700800,
    SEEN: 1767600843,
    DEPARTMENT: "R&D",
    CYCLES: "1",
    APPLICATIONS: [{ name: "Pages.app", path: "/Applications/Pages.app", version: "13.2" }],
  };
  const servers = [
    { era: "classic" },
    { era: "pro" },
    { era: "pro", inventory: "v3" },
    { era: "pro", inventory: "v1" },
  ] as const;
  for (const options of servers) {
    const space = start({ count: 1, ...options }, everything);
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.records).toEqual([expected]);
    expect(vendor.unexpected).toEqual([]);
  }
});

test("every version gives the Classic shape", async () => {
  const paths = {
    "general.id": 1,
    "general.udid": "UDID-1",
    "general.mdm_capable": true,
    "general.last_reported_ip": "10.1.2.3",
    "general.last_contact_time": 1767603600,
    "general.last_contact_time_epoch": 1767603600650,
    "general.last_contact_time_utc": "2026-01-05T09:00:00.650+0000",
    "general.initial_entry_date": 1740787200,
    "general.last_cloud_backup_date_epoch": 0,
    "general.last_cloud_backup_date_utc": "",
    "general.site": { id: 2, name: "Berlin" },
    "general.remote_management.managed": true,
    "hardware.processor_speed": 4000,
    "hardware.os_version": "14.2",
    "hardware.boot_rom": "",
    "hardware.storage.0.drive_capacity_mb": 494_384,
    "hardware.storage.0.partition.name": "Macintosh HD",
    "hardware.storage.0.partition.filevault2_status": "Encrypted",
    "hardware.storage.0.partitions.0.filevault2_status": "",
    "hardware.filevault2_users": ["jane"],
    "hardware.disk_encryption_configuration": "Individual",
    "hardware.storage.0.partitions.0.name": "Recovery",
    "location.building": "Berlin",
    "location.username": "user1",
    "purchasing.is_leased": false,
    "purchasing.po_date_epoch": 1740700800000,
    "purchasing.po_date_utc": "2025-02-28T00:00:00.000+0000",
    "purchasing.warranty_expires": "",
    "groups_accounts.computer_group_memberships": ["Lab"],
    "groups_accounts.local_accounts.0.name": "jane",
    // The account's own flag says no; the list of those who may unlock the disk says yes.
    "groups_accounts.local_accounts.0.filevault_enabled": true,
    "groups_accounts.local_accounts.1.filevault_enabled": false,
    "certificates.0.expires_utc": "2027-01-01T00:00:00.000+0000",
    "configuration_profiles.0.name": "Wi-Fi",
    "extension_attributes": [
      { id: 1, name: "Battery Cycles", type: "String", multi_value: false, value: "1" },
      { id: 7, name: "Owner", type: "String", multi_value: false, value: "Süd,Nord" },
    ],
  };
  const fields = Object.keys(paths).map((path, index) => `mapping.F${index} = ${path}\n`);
  for (const inventory of ["v4", "v3"] as const) {
    const space = start(
      { count: 1, era: "pro", inventory, groups: { Lab: [1] } },
      fields.join(""),
    );
    await using _vendor = space.vendor;
    const run = await uploadAll(space);
    const [record] = run.records;
    const found = Object.keys(paths).map((path, index) => {
      const value = record?.[`F${index}`];
      const sorted = path === "extension_attributes" && Array.isArray(value)
        ? value.toSorted((a, b) => a.id - b.id)
        : value;
      return [path, sorted];
    });
    expect(Object.fromEntries(found)).toEqual(paths);
    expect(run.stderr).not.toMatch(/WARNING.*does not tell/);
  }
});

slow(
  "only wanted sections are asked for, departments and buildings only by those who want them",
  async () => {
    const asked = async (extra: string) => {
      const space = start({ count: 1, era: "pro" }, `api = pro\n${noSoftware}${extra}`);
      await using vendor = space.vendor;
      const run = await uploadAll(space);
      expect(run.code).toBe(0);
      const sections = vendor.calls.find(isPage)?.query.getAll("section").toSorted();
      const places = vendor.calls.map(({ path }) => /v1\/(departments|buildings)/.exec(path)?.[1])
        .filter((name) => name !== undefined);
      return { sections, places, stderr: run.stderr };
    };
    expect(await asked("")).toMatchObject({ sections: ["GENERAL", "HARDWARE"], places: [] });
    // The server gives a hundred of 150 departments at a time.
    expect(await asked("mapping.D = location.department\n")).toMatchObject({
      sections: ["GENERAL", "HARDWARE", "USER_AND_LOCATION"],
      places: ["departments", "departments"],
    });
    const whole = await asked("mapping.L = location\nmapping.S = general.sus\n");
    expect(whole.places).toEqual(["departments", "departments", "buildings", "buildings"]);
    expect(whole.stderr).toContain("does not return general.sus");
    const all = await asked("recordfilter:\n    return len(record) > 0\n");
    expect(all.sections).toHaveLength(13);
    expect(all.places).toHaveLength(4);
  },
);

test("a page that the server cut short is not the end, and one that repeats ends the section", async () => {
  const short = start({ count: 95, era: "pro", pageLimit: 30 });
  await using vendor = short.vendor;
  expect((await uploadAll(short)).records).toHaveLength(95);
  expect(vendor.calls.filter(isPage)).toHaveLength(4);
  const stuck = start({ count: 250, era: "pro", stuck: true });
  await using _vendor = stuck.vendor;
  const run = await uploadAll(stuck);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("The list repeats itself");
});

test("groups are those that the computers return; one that does not exist is reported", async () => {
  const groups = { "R&D / Süd": [2, 4], "Empty": [] };
  for (const api of ["auto", "pro"]) {
    const extra = `api = ${api}\ngroup_name = R&D / Süd\n`;
    const space = start({ count: 9, era: "pro", groups }, extra);
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(["SN2", "SN4"]);
    expect(run.code).toBe(0);
    expect(vendor.unexpected).toEqual([]);
  }
  const empty = start({ count: 9, era: "pro", groups }, "api = pro\ngroup_name = Empty\n");
  await using _empty = empty.vendor;
  expect(await uploadAll(empty)).toMatchObject({ code: 0, records: [] });
  const none = start({ count: 9, era: "pro", groups }, "api = pro\ngroup_name = Lab\n");
  await using _none = none.vendor;
  const run = await uploadAll(none);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain('no group "Lab"');
});

test("an address without Jamf Pro is reported as such", async () => {
  const space = start({ count: 1 }, "api = pro\n", asClient);
  await using vendor = space.vendor;
  vendor.fail({
    on: isPage,
    times: 99,
    answer: () => new Response("<h1>Not Found</h1>", { status: 404 }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.hint).toContain("Check url");
});
