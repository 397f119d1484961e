/**
 * Reads the devices of a section, all of them or those that reported, by the API that was chosen.
 *
 * @module
 */

import { type ClaimTotal, readByMode, type SourceItem, type Unusable } from "../../sdk/mod.ts";
import { type Context, usesPlatform } from "./access.ts";
import { apis, chooseApi } from "./api.ts";
import { positionAfter, readReported, tellEdited } from "./changes.ts";
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

/** Reads all devices; gives the position for changes, which the Classic API does not have. */
async function* readFull(
  context: Context,
  total: ClaimTotal,
): AsyncGenerator<SourceItem, string | undefined> {
  const devices = await findDevices(context);
  const { sync_type: kind, mode } = context.options;
  if (devices === undefined) {
    const list = kind === "computers" ? listPro : listDevices;
    return positionAfter(yield* list(context, total));
  }
  if (mode === "changes") {
    context.log.warning("mode = changes has no effect with the Classic API: set api = pro");
  }
  total(devices.length);
  yield* details(context, kind, devices);
  return undefined;
}

/** Reads the devices that reported after a position, where the Jamf Pro API is used. */
async function* readChanged(
  context: Context,
  position: string,
): AsyncGenerator<SourceItem, string | Unusable> {
  const { api, hasSuccessor, announce } = await chooseApi(context);
  const isPro = api === "pro" || hasSuccessor &&
      await allDevices(context, context.options.sync_type, goneStatuses) === undefined;
  if (!isPro) return { unusable: "The Classic API does not tell which devices reported" };
  announce("pro");
  return yield* readReported(context, position);
}

/** The devices of the section: all of them, or those that reported. */
export function readDevices(context: Context): AsyncGenerator<SourceItem> {
  const { options } = context;
  if (options.mode === "changes") tellEdited(context);
  return readByMode(context, {
    what: options.sync_type === "computers" ? "computers" : "mobile devices",
    scope: [...apis.scope(options), options.environment_id, options.tenant_id],
    full: (total) => readFull(context, total),
    changed: (position) => readChanged(context, position),
  });
}

/** Tries the API that the section would be read by. */
export async function checkReading(context: Context): Promise<void> {
  if (await findDevices(context) !== undefined) return;
  if (context.options.sync_type === "computers") await checkPro(context);
  else await checkDevices(context);
}
