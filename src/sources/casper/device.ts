/**
 * How devices of Jamf Pro are called, for people.
 *
 * @module
 */

import type { Access } from "./access.ts";

/** Computers or mobile devices. */
export type DeviceKind = Access["sync_type"];

/** What one of a kind is called. */
export const kindNames = { computers: "computer", mobiledevices: "mobile device" } as const;

/** How a person finds a device in Jamf Pro. */
export function describeDevice(
  kind: DeviceKind,
  { id, name }: { readonly id: number | bigint; readonly name?: string | null | undefined },
): string {
  return `${kindNames[kind]} ${id}${name ? ` (${name})` : ""}`;
}
