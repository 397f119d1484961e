/**
 * Reads all devices of a section, by the API that was chosen.
 *
 * @module
 */

import type { SourceItem } from "../../sdk/mod.ts";
import { type Context, usesPlatform } from "./access.ts";
import { chooseApi } from "./api.ts";
import { allDevices, details, type Device, goneStatuses, groupDevices } from "./classic.ts";
import { checkDevices, hasDevicePages, listDevices } from "./mobile_devices.ts";
import { checkPro, listPro } from "./pro.ts";

/** Whether the Jamf Pro API of this server has such devices: older ones have no mobile devices. */
async function hasPages(context: Context): Promise<boolean> {
  const { options } = context;
  return options.sync_type === "computers" || usesPlatform(options) ||
    await hasDevicePages(context);
}

/** The devices to read by the Classic API; nothing where the other API is to be used. */
async function findDevices(context: Context): Promise<readonly Device[] | undefined> {
  const { sync_type: kind, group_name: group } = context.options;
  const { api, hasSuccessor, announce } = await chooseApi(context);
  if (api === "pro" && await hasPages(context)) {
    announce("pro");
    return undefined;
  }
  const mayBeGone = hasSuccessor && api === "classic";
  // With a group, too: it lists its members even where the computers themselves are gone.
  const all = group === "" || mayBeGone
    ? await allDevices(context, kind, mayBeGone ? goneStatuses : [])
    : [];
  announce(all === undefined ? "pro" : "classic");
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
