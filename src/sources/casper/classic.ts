/**
 * Jamf Pro's Classic API: a list of ids, then one request for each device.
 *
 * @module
 */

import { z } from "zod";
import {
  isObject,
  retryPolicies,
  type Skipped,
  SourceError,
  type SourceRecord,
  type Wanted,
} from "../../sdk/mod.ts";
import type { Context } from "./access.ts";
import { describeDevice, type DeviceKind, kindNames } from "./device.ts";

const object = z.record(z.string(), z.unknown());
const device = z.object({ id: z.union([z.number(), z.bigint()]), name: z.string().nullish() });
const checkedDevices = z.array(device);

/** A device as lists name it. */
export type Device = z.infer<typeof device>;

function isDevice(value: unknown): value is Device {
  if (!isObject(value)) return false;
  const { id, name } = value;
  return (typeof id === "number" || typeof id === "bigint") &&
    (typeof name === "string" || name === null || name === undefined);
}

/** Devices, of which a list has very many: what checks one by one takes 400 bytes for each. */
const devices = z.unknown().transform((list, { issues }): readonly Device[] => {
  if (Array.isArray(list) && list.every(isDevice)) {
    return list.map(({ id, name }) => ({ id, name }));
  }
  // This says what is wrong, and where.
  const { data, error } = checkedDevices.safeParse(list);
  for (const { message, path } of error?.issues ?? []) {
    issues.push({ code: "custom", message, path, input: list });
  }
  return data ?? z.NEVER;
});
const groups = z.array(z.object({ id: z.union([z.number(), z.bigint()]), name: z.string() }));

/** What the Classic API calls the things of a kind. */
const words = {
  computers: {
    path: "computers",
    groups: "computergroups",
    many: "computers",
    list: z.object({ computers: devices }).transform(({ computers }) => computers),
    group: z.object({ computer_group: z.object({ computers: devices }) })
      .transform(({ computer_group }) => computer_group.computers),
    groupList: z.object({ computer_groups: groups }).transform((answer) => answer.computer_groups),
    detail: z.object({ computer: object }).transform(({ computer }) => computer),
  },
  mobiledevices: {
    path: "mobiledevices",
    groups: "mobiledevicegroups",
    many: "mobile devices",
    list: z.object({ mobile_devices: devices }).transform((answer) => answer.mobile_devices),
    group: z.object({ mobile_device_group: z.object({ mobile_devices: devices }) })
      .transform(({ mobile_device_group }) => mobile_device_group.mobile_devices),
    groupList: z.object({ mobile_device_groups: groups }).transform((answer) =>
      answer.mobile_device_groups
    ),
    detail: z.object({ mobile_device: object }).transform((answer) => answer.mobile_device),
  },
} as const;

/** First segment of a path → the subset that holds it ("Find computers by ID", subset). */
const subsets: Readonly<Record<DeviceKind, Readonly<Record<string, string>>>> = {
  computers: {
    general: "General",
    location: "Location",
    purchasing: "Purchasing",
    hardware: "Hardware",
    software: "Software",
    peripherals: "Peripherals",
    certificates: "Certificates",
    iphones: "iphones",
    extension_attributes: "ExtensionAttributes",
    groups_accounts: "GroupsAccounts",
    configuration_profiles: "ConfigurationProfiles",
  },
  mobiledevices: {
    general: "General",
    location: "Location",
    purchasing: "Purchasing",
    applications: "Applications",
    network: "Network",
    security: "Security",
    certificates: "Certificates",
    extension_attributes: "ExtensionAttributes",
    configuration_profiles: "ConfigurationProfiles",
    provisioning_profiles: "ProvisioningProfiles",
    mobile_device_groups: "MobileDeviceGroups",
  },
};

/**
 * The end of a detail path that asks for the wanted parts only; blank when all are wanted, or one of
 * them is no subset.
 */
export function subsetPath(kind: DeviceKind, { everything, paths }: Wanted): string {
  if (everything || paths.length === 0) return "";
  const segments = new Set(paths.map((path) => path.split(".", 1)[0] ?? ""));
  const names = [...segments].map((segment) =>
    Object.hasOwn(subsets[kind], segment) ? subsets[kind][segment] : undefined
  );
  return names.includes(undefined) ? "" : `/subset/${names.sort().join("&")}`;
}

/** Whether the Classic API has no such endpoint (any more). */
export const goneStatuses: readonly number[] = [404, 410];

const hints = { 404: "Check url: it is the address of Jamf Pro, without /JSSResource and /api." };

/** All devices of a kind; nothing where the endpoint is gone. */
export async function allDevices(
  { http }: Context,
  kind: DeviceKind,
  allow: readonly number[] = [],
): Promise<readonly Device[] | undefined> {
  const { path, list } = words[kind];
  const request = { path: `/JSSResource/${path}`, what: words[kind].many, allow, hints };
  return (await http.page(request, list)).body;
}

/** What to say when there is no group of that name. */
export function noSuchGroup(kind: DeviceKind, name: string): SourceError {
  return new SourceError(`There is no group "${name}" of ${words[kind].many} in Jamf Pro`, {
    hint: "Check group_name: it is case-sensitive.",
  });
}

async function groupPath({ http }: Context, kind: DeviceKind, name: string): Promise<string> {
  const { groups: path, groupList } = words[kind];
  const all = await http.json({ path: `/JSSResource/${path}`, what: "groups", hints }, groupList);
  const found = all.find((group) => group.name === name);
  if (found === undefined) throw noSuchGroup(kind, name);
  return `/JSSResource/${path}/id/${found.id}`;
}

/** Names that do not survive in a path: servers take an encoded slash for a real one, or refuse it. */
const unfitForPaths = /[/\\;]|^\.+$/;

/** Finds the group by its name, or, where the name cannot stand in a path, in the list of groups. */
export async function groupDevices(
  context: Context,
  kind: DeviceKind,
  name: string,
): Promise<readonly Device[]> {
  const { groups: path, group } = words[kind];
  const what = `group ${name}`;
  if (!unfitForPaths.test(name)) {
    const byName = `/JSSResource/${path}/name/${encodeURIComponent(name)}`;
    const { body } = await context.http.page({ path: byName, what, allow: [400, 404] }, group);
    if (body !== undefined) return body;
  }
  return await context.http.json({ path: await groupPath(context, kind, name), what }, group);
}

function detailRequest(kind: DeviceKind, id: number | bigint, wanted: Wanted) {
  const { path } = words[kind];
  const address = `/JSSResource/${path}/id/${id}${subsetPath(kind, wanted)}`;
  return { path: address, what: `${kindNames[kind]} ${id}`, retry: retryPolicies.detail };
}

/** One device with the wanted parts. */
export function detail(
  { http }: Context,
  kind: DeviceKind,
  id: number | bigint,
  wanted: Wanted,
): Promise<SourceRecord> {
  return http.json(detailRequest(kind, id, wanted), words[kind].detail);
}

/** The same, or nothing where it or the whole endpoint is gone. */
export async function detailUnlessGone(
  { http }: Context,
  kind: DeviceKind,
  id: number | bigint,
  wanted: Wanted,
): Promise<SourceRecord | undefined> {
  const request = { ...detailRequest(kind, id, wanted), allow: goneStatuses };
  return (await http.page(request, words[kind].detail)).body;
}

/** Some devices with the wanted parts, in order; those that cannot be had are skipped. */
export function details(
  context: Context,
  kind: DeviceKind,
  list: readonly Device[],
): AsyncGenerator<SourceRecord | Skipped> {
  return context.each(
    list,
    ({ id }) => detail(context, kind, id, context.wanted),
    (device) => describeDevice(kind, device),
  );
}
