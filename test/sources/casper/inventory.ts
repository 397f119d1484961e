/**
 * The Jamf Pro API's inventory of computers, from "Return paginated Computer Inventory records", "Return
 * General section of a Computer", "Return all computer groups" and "Search for sorted and paged
 * Departments". Sections that were not asked for are null; a page of more than 2,000 is silently cut.
 *
 * @module
 */
import type { VendorCall } from "../../support/vendor.ts";
import { readFilter, type World } from "./world.ts";

/** Version of the endpoint; v4 gave the last contact another name ("11.30.0 Additions"). */
export type InventoryVersion = "v1" | "v2" | "v3" | "v4";

/** Section → member of a computer that it fills. */
const members: Readonly<Record<string, string>> = {
  GENERAL: "general",
  DISK_ENCRYPTION: "diskEncryption",
  PURCHASING: "purchasing",
  APPLICATIONS: "applications",
  STORAGE: "storage",
  USER_AND_LOCATION: "userAndLocation",
  CONFIGURATION_PROFILES: "configurationProfiles",
  PRINTERS: "printers",
  SERVICES: "services",
  HARDWARE: "hardware",
  LOCAL_USER_ACCOUNTS: "localUserAccounts",
  CERTIFICATES: "certificates",
  ATTACHMENTS: "attachments",
  PACKAGE_RECEIPTS: "packageReceipts",
  SECURITY: "security",
  OPERATING_SYSTEM: "operatingSystem",
  LICENSED_SOFTWARE: "licensedSoftware",
  IBEACONS: "ibeacons",
  SOFTWARE_UPDATES: "softwareUpdates",
  EXTENSION_ATTRIBUTES: "extensionAttributes",
  CONTENT_CACHING: "contentCaching",
  GROUP_MEMBERSHIPS: "groupMemberships",
};

function attribute(definitionId: string, name: string, values: readonly string[]) {
  return { definitionId, name, enabled: true, multiValue: false, values, dataType: "STRING" };
}

/** A time as the API gives it. */
export function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** A computer with everything that this server knows of it. */
function computer(id: number, { version, groupsOf, world }: Inventory) {
  const groups = groupsOf(id);
  const device = world?.device(id);
  const checkIn = device === undefined ? "2026-01-05T09:00:00.65Z" : toTime(device.checkedIn);
  const contact = version === "v4"
    ? { lastContact: null, lastCheckIn: checkIn }
    : { lastContactTime: checkIn };
  return {
    general: {
      name: `device-${id}`,
      lastReportedIpV4: "10.1.2.3",
      reportDate: device === undefined ? "2026-01-05T08:14:03.000Z" : toTime(device.reported),
      ...device === undefined
        ? {}
        : { jamfBinaryVersion: `${device.version}`, assetTag: device.assetTag },
      initialEntryDate: "2025-03-01",
      ...contact,
      site: { id: "2", name: "Berlin" },
      remoteManagement: { managed: true },
      mdmCapable: { capable: true },
      extensionAttributes: [attribute("7", "Owner", ["Süd", "Nord"])],
    },
    hardware: {
      make: "Apple",
      model: "Notebook",
      serialNumber: `SN${id}`,
      totalRamMegabytes: 16_384,
      processorSpeedMhz: 4000,
      extensionAttributes: [],
    },
    operatingSystem: { name: "macOS", version: "14.2", extensionAttributes: [] },
    storage: {
      disks: [{
        device: "disk0",
        sizeMegabytes: 494_384,
        partitions: [
          { name: "Recovery", partitionType: "RECOVERY", sizeMegabytes: 5000 },
          { name: "Macintosh HD", partitionType: "BOOT", sizeMegabytes: 480_000 },
        ],
      }],
    },
    userAndLocation: {
      username: `user${id}`,
      departmentId: "1",
      buildingId: "2",
      extensionAttributes: [],
    },
    purchasing: {
      leased: false,
      poDate: "2025-02-28",
      warrantyDate: null,
      extensionAttributes: [],
    },
    applications: [{
      name: "Pages.app",
      path: "/Applications/Pages.app",
      version: "13.2",
      bundleId: "com.example.pages",
    }],
    certificates: [{ commonName: "C", expirationDate: "2027-01-01T00:00:00Z" }],
    configurationProfiles: [{ id: "3", displayName: "Wi-Fi", profileIdentifier: "P3" }],
    localUserAccounts: [
      { uid: "501", username: "jane", admin: true, fileVault2Enabled: false },
      { uid: "502", username: "max", admin: false, fileVault2Enabled: false },
    ],
    diskEncryption: {
      bootPartitionEncryptionDetails: {
        partitionName: "Macintosh HD",
        partitionFileVault2State: "ENCRYPTED",
        partitionFileVault2Percent: 100,
      },
      institutionalRecoveryKeyPresent: false,
      diskEncryptionConfigurationName: "Individual",
      fileVault2EnabledUserNames: ["jane"],
    },
    groupMemberships: groups.map((groupName, index) => ({
      groupId: `${index + 1}`,
      groupName,
      smartGroup: true,
    })),
    extensionAttributes: [attribute("1", "Battery Cycles", [`${id}`])],
  } as Readonly<Record<string, unknown>>;
}

/** An error of the Jamf Pro API. */
export function badRequest(field: string): Response {
  const errors = [{ code: "INVALID_FIELD", field, description: "not allowed", id: "0" }];
  return Response.json({ httpStatus: 400, errors }, { status: 400 });
}

function sectionsOf({ query }: VendorCall): string[] | undefined {
  const asked = query.getAll("section");
  const sections = asked.length === 0 ? ["GENERAL"] : asked;
  return sections.every((name) => Object.hasOwn(members, name)) ? sections : undefined;
}

function part(whole: Readonly<Record<string, unknown>>, id: number, sections: readonly string[]) {
  const all = Object.entries(members).map(([section, member]) => [
    member,
    sections.includes(section) ? whole[member] ?? null : null,
  ]);
  return { id: `${id}`, udid: `UDID-${id}`, ...Object.fromEntries(all) };
}

/** What the inventory is made of. */
export interface Inventory {
  readonly ids: readonly number[];
  readonly version: InventoryVersion;
  readonly groupsOf: (id: number) => readonly string[];
  /** Largest page, whatever is asked for. */
  readonly pageLimit?: number | undefined;
  /** Whether every page is the first one. */
  readonly stuck?: boolean | undefined;
  /** What the computers reported, and when. */
  readonly world?: World | undefined;
}

/** The times that a filter may compare; version 4 has another name for one, and refuses the older. */
function timesOf(version: InventoryVersion) {
  const checkIn = version === "v4" ? "general.lastCheckIn" : "general.lastContactTime";
  return {
    "general.reportDate": "reported",
    "general.lastEnrolledDate": "enrolled",
    [checkIn]: "checkedIn",
  } as const;
}

/** The computers that a filter finds; nothing where it is not allowed. */
function findFiltered({ query }: VendorCall, inventory: Inventory): readonly number[] | undefined {
  const { ids, world, version } = inventory;
  const filter = query.get("filter");
  if (filter === null) return ids;
  const isFound = readFilter(filter, timesOf(version));
  if (isFound === undefined || world === undefined) return undefined;
  return ids.filter((id) => isFound(world.device(id)));
}

/** What every answer says: when it was made, by the server's clock. */
export function dateHeader(world: World | undefined): Record<string, string> {
  return world === undefined ? {} : { Date: new Date(world.now).toUTCString() };
}

/** One page of computers. */
export function inventoryPage(call: VendorCall, inventory: Inventory): Response {
  const { pageLimit = 2000, stuck = false, world } = inventory;
  const { query } = call;
  const asked = Number(query.get("page-size") ?? "100");
  const page = Number(query.get("page") ?? "0");
  const sections = sectionsOf(call);
  if (sections === undefined) return badRequest("section");
  if (!Number.isInteger(asked) || asked < 1 || !Number.isInteger(page) || page < 0) {
    return badRequest("page");
  }
  if (query.get("sort") !== "id:asc") return badRequest("sort");
  const ids = findFiltered(call, inventory);
  if (ids === undefined) return badRequest("filter");
  const size = Math.min(asked, pageLimit);
  const start = stuck ? 0 : page * size;
  const results = ids.slice(start, start + size).map((id) =>
    part(computer(id, inventory), id, sections)
  );
  return Response.json({ totalCount: ids.length, results }, { headers: dateHeader(world) });
}

export function inventoryComputer(call: VendorCall, inventory: Inventory, id: number): Response {
  const { ids } = inventory;
  const sections = sectionsOf(call);
  if (sections === undefined) return badRequest("section");
  if (!ids.includes(id)) return Response.json({ httpStatus: 404, errors: [] }, { status: 404 });
  return Response.json(part(computer(id, inventory), id, sections));
}

/** Departments or buildings, 150 of them. */
export function places({ query }: VendorCall, what: string): Response {
  const size = Math.min(Number(query.get("page-size") ?? "100"), 100);
  const start = Number(query.get("page") ?? "0") * size;
  const all = Array.from({ length: 150 }, (_, index) => ({
    id: `${150 - index}`,
    name: `${what} ${150 - index}`,
  }));
  const special: Record<string, string> = { departments: "R&D", buildings: "Berlin" };
  const own = what === "departments" ? "1" : "2";
  const results = all.map((one) => one.id === own ? { id: own, name: special[what] } : one);
  return Response.json({ totalCount: 150, results: results.slice(start, start + size) });
}
