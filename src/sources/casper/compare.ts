/**
 * The same devices by the Classic API and by the Jamf Pro API, so that it can be seen whether the second
 * gives a section what the first does.
 *
 * @module
 */

import {
  type ApiComparison,
  type ComparedRecord,
  Skipped,
  SourceError,
  type SourceRecord,
} from "../../sdk/mod.ts";
import { type Context, usesPlatform } from "./access.ts";
import { allDevices, detail, type Device, goneStatuses } from "./classic.ts";
import { describeDevice } from "./device.ts";
import { devicesPerPage, oneDevice } from "./mobile_devices.ts";
import { loadNames, onePro, pageSizeFor } from "./pro.ts";

/** Some of a list, as far apart as can be. */
function spread<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  const step = (list.length - 1) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, index) => list[Math.round(index * step)] as T);
}

/** Reads one device by the Jamf Pro API. */
async function openNewer(context: Context): Promise<(device: Device) => Promise<SourceRecord>> {
  if (context.options.sync_type === "mobiledevices") return ({ id }) => oneDevice(context, id);
  const names = await loadNames(context);
  return ({ id }) => onePro(context, id, names);
}

/** Reads up to `count` devices by both APIs. Throws `SourceError` where there is only one of them. */
export async function compareApis(context: Context, count: number): Promise<ApiComparison> {
  const { sync_type: kind } = context.options;
  const all = usesPlatform(context.options)
    ? undefined
    : await allDevices(context, kind, goneStatuses);
  if (all === undefined) {
    throw new SourceError("There is no Classic API here to compare with", {
      hint: "The Jamf Pro API is used already.",
    });
  }
  const readNewer = await openNewer(context);
  const records: ComparedRecord[] = [];
  const skipped: Skipped[] = [];
  const outcomes = context.each(
    spread(all, count),
    async (device) => ({
      name: describeDevice(kind, device),
      older: await detail(context, kind, device.id, context.wanted),
      newer: await readNewer(device),
    }),
    (device) => describeDevice(kind, device),
  );
  for await (const outcome of outcomes) {
    if (outcome instanceof Skipped) skipped.push(outcome);
    else records.push(outcome);
  }
  const pageSize = kind === "computers" ? pageSizeFor(context) : devicesPerPage;
  return {
    total: all.length,
    requests: { older: all.length + 1, newer: Math.max(1, Math.ceil(all.length / pageSize)) },
    records,
    skipped,
  };
}
