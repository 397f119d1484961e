/**
 * Jamf Pro's Classic API: a list of ids, then one request for each device.
 *
 * @module
 */

import { z } from "zod";
import { brief, type Raw, type Skipped, SourceError, type Wanted } from "../../sdk/mod.ts";
import type { Access, Context } from "./access.ts";

/** Computers or mobile devices. */
export type DeviceKind = Access["sync_type"];

const object = z.record(z.string(), z.unknown());
const ids = z.array(z.object({ id: z.number() }));
const groups = z.array(z.object({ id: z.number(), name: z.string() }));

/** What the Classic API calls the things of a kind. */
const words = {
  computers: {
    path: "computers",
    groups: "computergroups",
    one: "computer",
    list: z.object({ computers: ids }).transform(({ computers }) => computers),
    group: z.object({ computer_group: z.object({ computers: ids }) })
      .transform(({ computer_group }) => computer_group.computers),
    groupList: z.object({ computer_groups: groups }).transform((answer) => answer.computer_groups),
    detail: z.object({ computer: object }).transform(({ computer }) => computer),
  },
  mobiledevices: {
    path: "mobiledevices",
    groups: "mobiledevicegroups",
    one: "mobile device",
    list: z.object({ mobile_devices: ids }).transform((answer) => answer.mobile_devices),
    group: z.object({ mobile_device_group: z.object({ mobile_devices: ids }) })
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

/** The ids of all devices of a kind; nothing where the endpoint is gone. */
export async function allIds(
  { http }: Context,
  kind: DeviceKind,
  allow: readonly number[] = [],
): Promise<number[] | undefined> {
  const { path, list } = words[kind];
  const page = await http.page({ path: `/JSSResource/${path}`, what: kind, allow }, list);
  return page.body?.map(({ id }) => id);
}

async function groupPath({ http }: Context, kind: DeviceKind, name: string): Promise<string> {
  const { groups: path, groupList } = words[kind];
  const all = await http.json({ path: `/JSSResource/${path}`, what: "groups" }, groupList);
  const found = all.find((group) => group.name === name);
  if (found !== undefined) return `/JSSResource/${path}/id/${found.id}`;
  throw new SourceError(`There is no group "${name}" of ${kind} in Jamf Pro`, {
    hint: "Check group_name: upper and lower case count.",
  });
}

/** The ids of the devices in a group. */
export async function groupIds(
  context: Context,
  kind: DeviceKind,
  name: string,
): Promise<number[]> {
  const { groups: path, group } = words[kind];
  const what = `group ${name}`;
  // Jamf Pro takes an encoded slash in a name for a real one.
  if (!name.includes("/")) {
    const byName = `/JSSResource/${path}/name/${encodeURIComponent(name)}`;
    const { body } = await context.http.page({ path: byName, what, allow: [404] }, group);
    if (body !== undefined) return body.map(({ id }) => id);
  }
  const members = await context.http.json(
    { path: await groupPath(context, kind, name), what },
    group,
  );
  return members.map(({ id }) => id);
}

/** One device with the wanted parts. */
export async function detail(
  { http, wanted }: Context,
  kind: DeviceKind,
  id: number,
): Promise<Raw> {
  const { path, one, detail: shape } = words[kind];
  const address = `/JSSResource/${path}/id/${id}${subsetPath(kind, wanted)}`;
  return await http.json({ path: address, what: `${one} ${id}`, retry: brief }, shape);
}

/** The devices with some ids, in order; those that cannot be had are skipped. */
export function details(
  context: Context,
  kind: DeviceKind,
  wantedIds: readonly number[],
): AsyncGenerator<Raw | Skipped> {
  context.total(wantedIds.length);
  return context.each(
    wantedIds,
    (id) => detail(context, kind, id),
    (id) => `${words[kind].one} ${id}`,
  );
}
