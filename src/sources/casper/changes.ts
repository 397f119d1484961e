/**
 * The devices that reported something after a time, by the filters of the Jamf Pro API ("Filtering with RSQL").
 *
 * Jamf Pro has no time of the last change of a device. It has that of its last inventory, of its enrollment
 * and of its check-in; what somebody edits in Jamf Pro itself moves none of them.
 *
 * @module
 */

import type { SourceItem, Unusable, Wanted } from "../../sdk/mod.ts";
import type { Context } from "./access.ts";
import type { DeviceKind, FilteredPage } from "./device.ts";
import { listFilteredDevices } from "./mobile_devices.ts";
import { listFiltered, loadNames, type Version, warnOfMissing } from "./pro.ts";

/**
 * How long before the first answer of a run the next one looks, in milliseconds. An inventory is in the list
 * once the server has worked through it, and the answers to MDM commands come a while after it.
 */
const overlapMs = 30 * 60_000;

/** The position after a run whose first page was answered then, by the server's clock. */
export function positionAfter(answeredAt: number | undefined): string | undefined {
  return answeredAt === undefined ? undefined : new Date(answeredAt - overlapMs).toISOString();
}

/** What a check-in brings that no inventory needs: its time, and the address that it came from. */
const ofCheckIns = /^general(\.(last_contact_time|ip_address|last_reported_ip)|$)/;

/** The filter for computers, as each version of the endpoint takes it. */
function filterComputers({ everything, paths }: Wanted, time: string) {
  const readsCheckIns = everything || paths.some((path) => ofCheckIns.test(path));
  return (version: Version) => {
    // Version 4 gave this another name, and refuses the older one ("11.30.0 Additions").
    const checkIn = version === "v4" ? "general.lastCheckIn" : "general.lastContactTime";
    return ["general.reportDate", "general.lastEnrolledDate", ...readsCheckIns ? [checkIn] : []]
      .map((field) => `${field}>="${time}"`).join(",");
  };
}

/** What is edited in Jamf Pro: it changes without a report of the device. */
const edited: Readonly<Record<DeviceKind, RegExp>> = {
  computers:
    /^(location|purchasing|extension_attributes|groups_accounts|general\.(asset_tag|barcode_\d|site|remote_management))\b/,
  mobiledevices:
    /^(location|purchasing|extension_attributes|mobile_device_groups|general\.(asset_tag|site|name|display_name|device_name))\b/,
};

/** Says which of what is mapped may be late with `mode = changes`. */
export function tellEdited({ wanted, options, log }: Context): void {
  const late = wanted.paths.filter((path) => edited[options.sync_type].test(path));
  if (late.length === 0) return;
  log.info(
    `Edits in Jamf Pro itself come with the next report of the device, or when all are read: ${
      late.join(", ")
    }`,
  );
}

function listPages(context: Context, time: string): () => AsyncGenerator<FilteredPage> {
  const { sync_type: kind } = context.options;
  if (kind === "mobiledevices") {
    return () => listFilteredDevices(context, `lastInventoryUpdateDate>="${time}"`);
  }
  warnOfMissing(context);
  const filter = filterComputers(context.wanted, time);
  const names = loadNames(context);
  return async function* () {
    yield* listFiltered(context, await names, filter);
  };
}

/** Readings of a list from which devices are removed meanwhile. */
const mostReadings = 3;

/**
 * The devices that reported after a position. One that reports meanwhile stays in the list or comes into it,
 * where it pushes others behind the page that is next: those come twice, and itself with the next run. One that
 * is removed pulls others onto a page that was read already: then the list is read again.
 */
export async function* readReported(
  context: Context,
  position: string,
): AsyncGenerator<SourceItem, string | Unusable> {
  const read = listPages(context, position);
  const seen = new Set<string>();
  let begun: number | undefined;
  for (let reading = 1; reading <= mostReadings; reading++) {
    const here = new Set<string>();
    let first = 0;
    let isShrunk = false;
    for await (const { devices, total, answeredAt } of read()) {
      begun ??= answeredAt;
      isShrunk ||= total !== undefined && total < first;
      first ||= total ?? 0;
      const fresh = devices.filter(({ key }) => !seen.has(key));
      for (const { key } of devices) here.add(key);
      for (const { key } of fresh) seen.add(key);
      if (fresh.length > 0) yield fresh.map(({ record }) => record);
    }
    if (!isShrunk && here.size >= first) return positionAfter(begun) ?? position;
  }
  return { unusable: "Devices were removed from the list of changes each time that it was read" };
}
