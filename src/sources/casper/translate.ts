/**
 * A computer of the Jamf Pro API in the shape of the Classic API.
 *
 * @module
 */

import { isObject, type SourceRecord } from "../../sdk/mod.ts";
import { at, momentForms } from "./values.ts";
import { listUnlockers, toLists, toSite, toStorage } from "./lists.ts";

/** Names by id. */
export interface Names {
  readonly departments: ReadonlyMap<string, string>;
  readonly buildings: ReadonlyMap<string, string>;
}

/** Classic section → Classic key → path in the Jamf Pro API, or those of its versions. */
export type Table = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

const table: Table = {
  general: {
    udid: "udid",
    name: "general.name",
    platform: "general.platform",
    barcode_1: "general.barcode1",
    barcode_2: "general.barcode2",
    asset_tag: "general.assetTag",
    jamf_version: "general.jamfBinaryVersion",
    ip_address: "general.lastIpAddress",
    last_reported_ip: ["general.lastReportedIp", "general.lastReportedIpV4"],
    last_reported_ip_v4: ["general.lastReportedIpV4", "general.lastReportedIp"],
    last_reported_ip_v6: "general.lastReportedIpV6",
    serial_number: "hardware.serialNumber",
    mac_address: "hardware.macAddress",
    alt_mac_address: "hardware.altMacAddress",
    mdm_capable: "general.mdmCapable.capable",
    supervised: "general.supervised",
    distribution_point: "general.distributionPoint",
    itunes_store_account_is_active: "general.itunesStoreAccountActive",
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
    processor_speed: "hardware.processorSpeedMhz",
    processor_speed_mhz: "hardware.processorSpeedMhz",
    number_processors: "hardware.processorCount",
    number_cores: "hardware.coreCount",
    bus_speed: "hardware.busSpeedMhz",
    bus_speed_mhz: "hardware.busSpeedMhz",
    cache_size: "hardware.cacheSizeKilobytes",
    cache_size_kb: "hardware.cacheSizeKilobytes",
    total_ram: "hardware.totalRamMegabytes",
    total_ram_mb: "hardware.totalRamMegabytes",
    available_ram_slots: "hardware.openRamSlots",
    battery_capacity: "hardware.batteryCapacityPercent",
    os_name: "operatingSystem.name",
    os_version: "operatingSystem.version",
    os_build: "operatingSystem.build",
    active_directory_status: "operatingSystem.activeDirectoryStatus",
    disk_encryption_configuration: "diskEncryption.diskEncryptionConfigurationName",
    institutional_recovery_key: "diskEncryption.institutionalRecoveryKeyPresent",
  },
  location: {
    username: "userAndLocation.username",
    realname: "userAndLocation.realname",
    real_name: "userAndLocation.realname",
    email_address: "userAndLocation.email",
    position: "userAndLocation.position",
    phone: "userAndLocation.phone",
    phone_number: "userAndLocation.phone",
    room: "userAndLocation.room",
  },
  purchasing: {
    is_leased: "purchasing.leased",
    is_purchased: "purchasing.purchased",
    po_number: "purchasing.poNumber",
    vendor: "purchasing.vendor",
    applecare_id: "purchasing.appleCareId",
    purchase_price: "purchasing.purchasePrice",
    purchasing_account: "purchasing.purchasingAccount",
    purchasing_contact: "purchasing.purchasingContact",
    life_expectancy: "purchasing.lifeExpectancy",
  },
};

/** The same for moments; the Classic API gives each in three forms. */
const moments: Table = {
  general: {
    report_date: "general.reportDate",
    // Version 4 has a new name for it, and another moment beside it.
    last_contact_time: ["general.lastContactTime", "general.lastCheckIn"],
    initial_entry_date: "general.initialEntryDate",
    last_cloud_backup_date: "general.lastCloudBackupDate",
    last_enrolled_date: "general.lastEnrolledDate",
    mdm_profile_expiration: ["general.mdmProfileExpiration", "general.mdmCertificateExpiration"],
  },
  purchasing: {
    po_date: "purchasing.poDate",
    warranty_expires: "purchasing.warrantyDate",
    lease_expires: "purchasing.leaseDate",
  },
};

/** One section of the Classic shape, by tables of plain values and of moments. */
export function translateSection(
  device: SourceRecord,
  name: string,
  { table, moments }: { readonly table: Table; readonly moments: Table },
): Record<string, unknown> {
  const values = Object.entries(table[name] ?? {}).map(([key, path]) => [key, at(device, path)]);
  const forms = Object.entries(moments[name] ?? {}).map(([key, path]) =>
    momentForms(key, at(device, path))
  );
  return Object.assign(Object.fromEntries(values), ...forms);
}

function getSection(computer: SourceRecord, name: string): Record<string, unknown> {
  return translateSection(computer, name, { table, moments });
}

function getName(names: ReadonlyMap<string, string>, id: unknown): string {
  return names.get(`${id}`) ?? "";
}

/** Translates one computer. */
export function toClassic(computer: SourceRecord, { departments, buildings }: Names): SourceRecord {
  return {
    general: {
      id: Number(computer.id),
      ...getSection(computer, "general"),
      remote_management: { managed: at(computer, "general.remoteManagement.managed") },
      site: toSite(computer),
    },
    location: {
      ...getSection(computer, "location"),
      department: getName(departments, at(computer, "userAndLocation.departmentId")),
      building: getName(buildings, at(computer, "userAndLocation.buildingId")),
    },
    purchasing: getSection(computer, "purchasing"),
    hardware: {
      ...getSection(computer, "hardware"),
      filevault2_users: listUnlockers(computer),
      storage: toStorage(computer),
    },
    ...toLists(computer),
  };
}

const blank = toClassic({}, { departments: new Map(), buildings: new Map() });

/** Whether a Classic path leads to something that the Jamf Pro API returns as well. */
export function isReturned(path: string): boolean {
  return leadsSomewhere(blank, path);
}

/** Whether a path leads to something in a record that has every key; into a list any path does. */
export function leadsSomewhere(record: SourceRecord, path: string): boolean {
  let value: unknown = record;
  for (const key of path.split(".")) {
    if (Array.isArray(value)) return true;
    if (!isObject(value) || !Object.hasOwn(value, key)) return false;
    value = value[key];
  }
  return true;
}
