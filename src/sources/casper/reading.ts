/**
 * Which of Jamf Pro's APIs a section is read by.
 *
 * @module
 */

import type { SourceItem } from "../../sdk/mod.ts";
import { type Context, usesPlatform } from "./access.ts";
import { allDevices, details, type Device, goneStatuses, groupDevices } from "./classic.ts";
import { checkDevices, hasDevicePages, listDevices } from "./mobile_devices.ts";
import { checkPro, listPro } from "./pro.ts";

/** The devices to read by the Classic API; nothing where it is gone and the other API is to be used. */
async function findDevices(context: Context): Promise<readonly Device[] | undefined> {
  const { api, sync_type: kind, group_name: group } = context.options;
  if (usesPlatform(context.options)) return undefined;
  // Where mobile devices are not to be had by the page, the Classic API still has them.
  if (kind === "mobiledevices" && api === "pro" && await hasDevicePages(context)) return undefined;
  const hasSuccessor = kind === "computers" && api !== "classic";
  if (hasSuccessor && api === "pro") return undefined;
  if (group !== "" && !hasSuccessor) return await groupDevices(context, kind, group);
  // With a group, too: it lists its members even where the computers themselves are gone.
  const all = await allDevices(context, kind, hasSuccessor ? goneStatuses : []);
  return all === undefined || group === "" ? all : await groupDevices(context, kind, group);
}

/** All devices of the section. */
export async function* readDevices(context: Context): AsyncGenerator<SourceItem> {
  const devices = await findDevices(context);
  const { sync_type: kind } = context.options;
  if (devices === undefined) yield* kind === "computers" ? listPro(context) : listDevices(context);
  else yield* details(context, context.options.sync_type, devices);
}

/** Tries the API that the section would be read by. */
export async function checkReading(context: Context): Promise<void> {
  if (await findDevices(context) !== undefined) return;
  if (context.options.sync_type === "computers") await checkPro(context);
  else await checkDevices(context);
}
