/**
 * What devices of Jamf Pro are called, and a page of them.
 *
 * @module
 */

import type { Skipped, SourceRecord } from "../../sdk/mod.ts";
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

/** A page of the devices that a filter finds, in the Classic shape. */
export interface FilteredPage {
  /** Each with what it is recognised by on other pages. */
  readonly devices: readonly { readonly key: string; readonly record: SourceRecord | Skipped }[];
  /** How many the filter finds in all, where the answer says it. */
  readonly total: number | undefined;
  /** When the first page was answered, by the server's clock, in milliseconds since the epoch. */
  readonly answeredAt: number | undefined;
}
