/**
 * Which groups a device is in, as the device itself reports.
 *
 * @module
 */

import { isObject, SourceError, type SourceRecord, type Wanted } from "../../sdk/mod.ts";
import type { DeviceKind } from "./device.ts";

/** Where a device of a kind lists its groups, both in the Classic shape. */
const groupPaths = {
  computers: ["groups_accounts", "computer_group_memberships"],
  mobiledevices: ["mobile_device_groups"],
} as const;

/** The wanted parts, and the groups besides. */
export function withGroups(kind: DeviceKind, wanted: Wanted): Wanted {
  return { ...wanted, paths: [...wanted.paths, groupPaths[kind].join(".")] };
}

/** Whether a device is in a group. Throws `SourceError` when it does not list its groups. */
export function isMember(kind: DeviceKind, device: SourceRecord, group: string): boolean {
  let list: unknown = device;
  for (const key of groupPaths[kind]) list = isObject(list) ? list[key] : undefined;
  if (!Array.isArray(list)) throw new SourceError("The answer does not contain the groups");
  // Jamf Pro does not distinguish names that differ in case only.
  const wanted = group.toLowerCase();
  return list.some((one) => {
    const name: unknown = isObject(one) ? one.name : one;
    return typeof name === "string" && name.toLowerCase() === wanted;
  });
}
