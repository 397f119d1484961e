/**
 * A computer of the Jamf Pro API in the shape of the Classic API.
 *
 * @module
 */

import type { Raw } from "../../sdk/mod.ts";

/** A computer as `/api/vN/computers-inventory` gives it. */
export type Computer = Readonly<Record<string, unknown>>;

/** Classic section → Classic key → path in the Jamf Pro API. */
const table: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  general: {
    udid: "udid",
    name: "general.name",
    platform: "general.platform",
    barcode_1: "general.barcode1",
    barcode_2: "general.barcode2",
    asset_tag: "general.assetTag",
    jamf_version: "general.jamfBinaryVersion",
    ip_address: "general.lastIpAddress",
    last_reported_ip: "general.lastReportedIp",
    serial_number: "hardware.serialNumber",
    mac_address: "hardware.macAddress",
    alt_mac_address: "hardware.altMacAddress",
    mdm_capable: "general.mdmCapable.capable",
  },
  hardware: {
    make: "hardware.make",
    model: "hardware.model",
    model_identifier: "hardware.modelIdentifier",
    boot_rom: "hardware.bootRom",
    smc_version: "hardware.smcVersion",
    nic_speed: "hardware.nicSpeed",
    optical_drive: "hardware.opticalDrive",
    processor_type: "hardware.processorType",
    processor_architecture: "hardware.processorArchitecture",
    processor_speed_mhz: "hardware.processorSpeedMhz",
    number_processors: "hardware.processorCount",
    bus_speed_mhz: "hardware.busSpeedMhz",
    cache_size_kb: "hardware.cacheSizeKilobytes",
    total_ram: "hardware.totalRamMegabytes",
    total_ram_mb: "hardware.totalRamMegabytes",
    available_ram_slots: "hardware.openRamSlots",
    battery_capacity: "hardware.batteryCapacityPercent",
    os_name: "operatingSystem.name",
    os_version: "operatingSystem.version",
    os_build: "operatingSystem.build",
    active_directory_status: "operatingSystem.activeDirectoryStatus",
  },
  location: {
    username: "userAndLocation.username",
    real_name: "userAndLocation.realname",
    email_address: "userAndLocation.email",
    position: "userAndLocation.position",
    phone: "userAndLocation.phone",
    room: "userAndLocation.room",
  },
  purchasing: {
    is_leased: "purchasing.leased",
    is_purchased: "purchasing.purchased",
    po_number: "purchasing.poNumber",
    po_date: "purchasing.poDate",
    vendor: "purchasing.vendor",
    applecare_id: "purchasing.appleCareId",
    purchase_price: "purchasing.purchasePrice",
    purchasing_account: "purchasing.purchasingAccount",
    purchasing_contact: "purchasing.purchasingContact",
    life_expectancy: "purchasing.lifeExpectancy",
    warranty_expires: "purchasing.warrantyDate",
    lease_expires: "purchasing.leaseDate",
  },
};

/** Classic key of a moment → path in the Jamf Pro API; the Classic API gives each in three forms. */
const moments: Readonly<Record<string, string>> = {
  report_date: "general.reportDate",
  last_contact_time: "general.lastContactTime",
  initial_entry_date: "general.initialEntryDate",
  last_cloud_backup_date: "general.lastCloudBackupDate",
};

function at(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split(".")) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return "";
    current = (current as Record<string, unknown>)[key];
  }
  // Where there is nothing, the Classic API has a blank text.
  return current ?? "";
}

/** `2026-01-05T08:14:03.000Z` as the Classic API writes it, in its three forms. */
function momentForms(key: string, text: unknown): Record<string, unknown> {
  const time = typeof text === "string" ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) return { [key]: "", [`${key}_epoch`]: 0, [`${key}_utc`]: "" };
  const iso = new Date(time).toISOString();
  return {
    [key]: `${iso.slice(0, 10)} ${iso.slice(11, 19)}`,
    [`${key}_epoch`]: time,
    [`${key}_utc`]: iso.replace("Z", "+0000"),
  };
}

interface Attribute {
  readonly definitionId?: unknown;
  readonly name?: unknown;
  readonly values?: unknown;
}

/** Every section has extension attributes of its own; the Classic API has one list. */
function attributesOf(computer: Computer): Raw[] {
  const lists = [computer, ...Object.values(computer)].map((part) =>
    at(part, "extensionAttributes")
  );
  const found = lists.flatMap((list) => Array.isArray(list) ? list as Attribute[] : []);
  return found.map(({ definitionId, name, values }) => ({
    id: Number(definitionId),
    name,
    value: Array.isArray(values) ? values.join(",") : "",
  }));
}

function applicationsOf(computer: Computer): Raw[] {
  const list = at(computer, "applications");
  if (!Array.isArray(list)) return [];
  return list.map(({ name, path, version }: Raw) => ({ name, path, version }));
}

/** Translates one computer. Names of departments and buildings come by id. */
export function toClassic(
  computer: Computer,
  departments: ReadonlyMap<string, string>,
  buildings: ReadonlyMap<string, string>,
): Raw {
  const record: Record<string, Record<string, unknown>> = {};
  for (const [section, keys] of Object.entries(table)) {
    record[section] = Object.fromEntries(
      Object.entries(keys).map(([key, path]) => [key, at(computer, path)]),
    );
  }
  const general = { id: Number(computer.id), ...record.general };
  for (const [key, path] of Object.entries(moments)) {
    Object.assign(general, momentForms(key, at(computer, path)));
  }
  const location = {
    ...record.location,
    department: departments.get(`${at(computer, "userAndLocation.departmentId")}`) ?? "",
    building: buildings.get(`${at(computer, "userAndLocation.buildingId")}`) ?? "",
  };
  return {
    ...record,
    general,
    location,
    software: { applications: applicationsOf(computer) },
    extension_attributes: attributesOf(computer),
  };
}
