/**
 * From a device of Apple's API to a record, which has the names of the source appledep as well.
 *
 * @module
 */

import { ownEntry, type SourceRecord } from "../../sdk/mod.ts";

/** The operating system of a product family, as Apple's device enrollment program calls it. */
const systems: Readonly<Record<string, string>> = {
  iPhone: "iOS",
  iPad: "iOS",
  iPod: "iOS",
  Mac: "OSX",
  AppleTV: "tvOS",
  Watch: "watchOS",
  Vision: "visionOS",
};

function toText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * The record of a device: Apple's attributes, and those of them that appledep has under another name.
 *
 * @param id Apple's id of the device, its serial number.
 */
export function toRecord(id: string, attributes: SourceRecord): SourceRecord {
  const { serialNumber, deviceModel, deviceCapacity, color, productFamily } = attributes;
  const equipment = [deviceModel, deviceCapacity, color].map(toText).filter((text) => text !== "");
  return {
    id,
    ...attributes,
    serial_number: serialNumber ?? id,
    model: deviceModel ?? null,
    description: equipment.join(" "),
    color: color ?? null,
    device_family: productFamily ?? null,
    os: ownEntry(systems, toText(productFamily)) ?? null,
  };
}

function endOf({ endDateTime }: SourceRecord): number {
  const time = Date.parse(toText(endDateTime));
  // Coverage without an end goes on until it is cancelled.
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time;
}

/** The coverage that counts: of the active ones, else of all, the one that ends last. */
export function chooseCoverage(all: readonly SourceRecord[]): SourceRecord | undefined {
  const active = all.filter(({ status }) => status === "ACTIVE");
  const candidates = active.length > 0 ? active : all;
  return candidates.toSorted((a, b) => endOf(b) - endOf(a))[0];
}
