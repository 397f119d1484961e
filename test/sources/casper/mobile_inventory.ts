/**
 * The Jamf Pro API's inventory of mobile devices, from "Return paginated Mobile Device Inventory records"
 * (v2): sections that were not asked for are null, a page of more than 2,000 is silently cut, and a device
 * whose data cannot be read fails the page with 500, one device at a time (STRICT, the default).
 *
 * @module
 */
import type { VendorCall } from "../../support/vendor.ts";
import { badRequest, dateHeader, toTime } from "./inventory.ts";
import { readFilter, type World } from "./world.ts";

/** Section → member of a mobile device that it fills. */
const members: Readonly<Record<string, string>> = {
  GENERAL: "general",
  HARDWARE: "hardware",
  USER_AND_LOCATION: "userAndLocation",
  PURCHASING: "purchasing",
  SECURITY: "security",
  APPLICATIONS: "applications",
  EBOOKS: "ebooks",
  NETWORK: "network",
  SERVICE_SUBSCRIPTIONS: "serviceSubscriptions",
  CERTIFICATES: "certificates",
  PROFILES: "profiles",
  USER_PROFILES: "userProfiles",
  PROVISIONING_PROFILES: "provisioningProfiles",
  SHARED_USERS: "sharedUsers",
  GROUPS: "groups",
  EXTENSION_ATTRIBUTES: "extensionAttributes",
};

/** What there is. */
export interface MobileInventory {
  readonly ids: readonly number[];
  /** Devices whose data cannot be read. */
  readonly broken: readonly number[];
  readonly groupsOf: (id: number) => readonly string[];
  /** Largest page, whatever is asked for. */
  readonly pageLimit?: number | undefined;
  /** What the devices reported, and when. */
  readonly world?: World | undefined;
}

function mobileDevice(
  id: number,
  { groupsOf, world }: MobileInventory,
): Readonly<Record<string, unknown>> {
  const groups = groupsOf(id);
  const device = world?.device(id);
  return {
    general: {
      udid: `UDID-${id}`,
      displayName: `device-${id}`,
      lastInventoryUpdateDate: device === undefined
        ? "2026-01-05T08:14:03.000Z"
        : toTime(device.reported),
      osVersion: device === undefined ? "17.1" : `${device.version}`,
      managed: true,
      extensionAttributes: [{ id: "1", name: "Battery Cycles", type: "INTEGER", value: [`${id}`] }],
    },
    hardware: {
      serialNumber: `SN${id}`,
      model: "iPad (A16)",
      capacityMb: 128_000,
      wifiMacAddress: "02:00:00:00:00:01",
      extensionAttributes: [],
    },
    userAndLocation: {
      username: `user${id}`,
      realName: "Jane Doe",
      department: "R&D",
      building: "Berlin",
      extensionAttributes: [],
    },
    purchasing: {
      purchased: true,
      poDate: "2025-02-28T00:00:00Z",
      warrantyExpiresDate: null,
      extensionAttributes: [],
    },
    network: { imei: `35${id}`, phoneNumber: "+49 30 1" },
    security: { passcodePresent: true },
    applications: [{ identifier: "com.example.notes", name: "Notes", version: "13.2" }],
    certificates: [],
    profiles: [{ displayName: "Wi-Fi", identifier: "P3" }],
    groups: groups.map((groupName, index) => ({ groupId: `${index + 1}`, groupName, smart: true })),
    extensionAttributes: [],
  };
}

function part(id: number, inventory: MobileInventory, sections: readonly string[]) {
  const whole = mobileDevice(id, inventory);
  const all = Object.entries(members).map(([section, member]) => [
    member,
    sections.includes(section) ? whole[member] ?? null : null,
  ]);
  return { mobileDeviceId: `${id}`, deviceType: "iOS", ...Object.fromEntries(all) };
}

function isNumber(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least;
}

/** Of the times, a filter may compare only that of the last inventory. */
const times = { lastInventoryUpdateDate: "reported" } as const;

/** Whether a filter finds a device; nothing where the filter is not allowed. */
function findFiltered(
  filter: string | null,
  { world }: MobileInventory,
): ((id: number) => boolean) | undefined {
  if (filter === null) return () => true;
  const one = /^mobileDeviceId==(\d+)$/.exec(filter)?.[1];
  if (one !== undefined) return (id) => id === Number(one);
  const isFound = readFilter(filter, times);
  if (isFound === undefined || world === undefined) return undefined;
  return (id) => isFound(world.device(id));
}

/** One page of mobile devices. */
export function mobilePage({ query }: VendorCall, all: MobileInventory): Response {
  const asked = query.getAll("section");
  const sections = asked.length === 0 ? ["GENERAL"] : asked;
  if (!sections.every((name) => Object.hasOwn(members, name))) return badRequest("section");
  const size = Number(query.get("page-size") ?? "100");
  const page = Number(query.get("page") ?? "0");
  if (!isNumber(size, 1) || !isNumber(page, 0)) return badRequest("page");
  const isFound = findFiltered(query.get("filter"), all);
  if (isFound === undefined) return badRequest("filter");
  const isOne = query.get("filter")?.startsWith("mobileDeviceId==") === true;
  if (!isOne && query.get("sort") !== "mobileDeviceId:asc") return badRequest("sort");
  const matching = all.ids.filter(isFound);
  const width = Math.min(size, all.pageLimit ?? 2000);
  const here = matching.slice(page * width, (page + 1) * width);
  const bad = here.find((id) => all.broken.includes(id));
  if (bad !== undefined) {
    const description = `Device ${bad}: data processing issue`;
    const errors = [{ code: "INTERNAL_ERROR", description, id: `${bad}` }];
    return Response.json({ httpStatus: 500, errors }, { status: 500 });
  }
  return Response.json({
    totalCount: matching.length,
    results: here.map((id) => part(id, all, sections)),
  }, { headers: dateHeader(all.world) });
}
