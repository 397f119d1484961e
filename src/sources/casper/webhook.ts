/**
 * What a webhook of Jamf Pro is about: the device is fetched anew, by its id.
 *
 * @module
 */

import { Skipped, type SourceRecord, type WebhookCall } from "../../sdk/mod.ts";
import { type Context, usesPlatform } from "./access.ts";
import { chooseApi } from "./api.ts";
import { detail, detailUnlessGone } from "./classic.ts";
import { describeDevice, type DeviceKind } from "./device.ts";
import { parseEvent } from "./event.ts";
import { isMember, withGroups } from "./groups.ts";
import { oneDevice, oneDeviceUnlessOlder } from "./mobile_devices.ts";
import { onePro } from "./pro.ts";

interface Event {
  /** Jamf Pro's name for what happened. */
  readonly what: string;
  readonly kind: DeviceKind;
  readonly id: number;
}

/** What the call is about; nothing when it names no device, or one of the other kind. */
function readEvent({ log, options }: Context, body: unknown): Event | undefined {
  const { what, id, kind } = parseEvent(body);
  if (id === undefined) return undefined;
  if (kind === undefined) log.warning(`Ignored: the event "${what}" is not about a device`);
  else if (kind !== options.sync_type) {
    log.info(
      `Ignored: ${what} of ${describeDevice(kind, { id })}, since sync_type = ${options.sync_type}`,
    );
  } else return { what, kind, id };
  return undefined;
}

/** The device by the Jamf Pro API; nothing where this server has no mobile devices there. */
async function fetchNewer(
  context: Context,
  { kind, id }: Pick<Event, "kind" | "id">,
): Promise<SourceRecord | undefined> {
  if (kind === "computers") return await onePro(context, id);
  if (usesPlatform(context.options)) return await oneDevice(context, id);
  return await oneDeviceUnlessOlder(context, id);
}

/** The device by the API that the section uses, with its groups when they decide. */
async function fetchDevice(context: Context, { kind, id }: Event): Promise<SourceRecord> {
  const { group_name: group } = context.options;
  const wanted = group === "" ? context.wanted : withGroups(kind, context.wanted);
  const { api, hasSuccessor, announce } = await chooseApi(context);
  if (api === "pro") {
    const newer = await fetchNewer(context, { kind, id });
    announce(newer === undefined ? "classic" : "pro");
    return newer ?? await detail(context, kind, id, wanted);
  }
  const found = hasSuccessor
    ? await detailUnlessGone(context, kind, id, wanted)
    : await detail(context, kind, id, wanted);
  // Where it was not found, the computer may be gone as well as the API.
  if (found !== undefined) announce("classic");
  return found ?? await onePro(context, id);
}

/** The device that a call is about, when it is one that the section reads. */
export async function* fetchEvent(
  context: Context,
  { body }: WebhookCall,
): AsyncGenerator<SourceRecord | Skipped> {
  const event = readEvent(context, body);
  if (event === undefined) return;
  const { log, options: { group_name: group } } = context;
  const device = describeDevice(event.kind, event);
  log.info(`${event.what} of ${device}`);
  const outcomes = context.each([event], async () => {
    const record = await fetchDevice(context, event);
    return { record, isWanted: group === "" || isMember(event.kind, record, group) };
  }, () => device);
  for await (const outcome of outcomes) {
    if (outcome instanceof Skipped) yield outcome;
    else if (outcome.isWanted) yield outcome.record;
    else log.info(`Ignored: ${device} is not in the group ${group}`);
  }
}
