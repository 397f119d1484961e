/**
 * What a webhook of Jamf Pro is about: the device is fetched anew, by its id.
 *
 * @module
 */

import {
  isObject,
  Skipped,
  SourceError,
  type SourceRecord,
  type WebhookCall,
  type WebhookHint,
} from "../../sdk/mod.ts";
import { type Context, usesPlatform } from "./access.ts";
import { describeDevice, detail, detailUnlessGone, type DeviceKind } from "./classic.ts";
import { isMember, withGroups } from "./groups.ts";
import { oneDevice } from "./mobile_devices.ts";
import { onePro } from "./pro.ts";

interface Event {
  /** Jamf Pro's name for what happened. */
  readonly what: string;
  readonly kind: DeviceKind;
  readonly id: number;
}

/**
 * The id of the device. ComputerCheckIn and ComputerPolicyFinished have the computer one level deeper
 * than the other events ("Webhooks").
 */
function readId(event: unknown): number | undefined {
  if (!isObject(event)) return undefined;
  const { jssID = isObject(event.computer) ? event.computer.jssID : undefined } = event;
  const id = Number(jssID ?? 0);
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

function detectKind(name: string): DeviceKind | undefined {
  if (name.startsWith("Computer")) return "computers";
  return name.startsWith("MobileDevice") ? "mobiledevices" : undefined;
}

/** Longer than any name of an event. */
const longestName = 100;

function parse(body: unknown) {
  if (!isObject(body) || !isObject(body.webhook)) {
    throw new SourceError("The call is not a webhook of Jamf Pro: it has no webhook element", {
      hint: "In Jamf Pro, set the content type of the webhook to JSON.",
    });
  }
  const what = String(body.webhook.webhookEvent ?? "").slice(0, longestName);
  return { what, id: readId(body.event), kind: detectKind(what) };
}

/** What there is to do about a call, and the little of it that {@linkcode fetchEvent} needs. */
export function readHint({ body }: WebhookCall): WebhookHint {
  const { what, id, kind } = parse(body);
  if (id === undefined) return { ignored: `${what} names no device`, level: "info" };
  if (kind === undefined) {
    return { ignored: `the event "${what}" is not about a device`, level: "warning" };
  }
  const kept = { webhook: { webhookEvent: what }, event: { jssID: id } };
  return { key: describeDevice(kind, { id }), body: kept };
}

/** What the call is about; nothing when it names no device, or one of the other kind. */
function readEvent({ log, options }: Context, body: unknown): Event | undefined {
  const { what, id, kind } = parse(body);
  if (id === undefined) return undefined;
  if (kind === undefined) log.warning(`Ignored: the event "${what}" is not about a device`);
  else if (kind !== options.sync_type) {
    log.info(
      `Ignored: ${what} of ${describeDevice(kind, { id })}, since sync_type = ${options.sync_type}`,
    );
  } else return { what, kind, id };
  return undefined;
}

/** The device by the API that the section uses, with its groups when they decide. */
async function fetchDevice(context: Context, { kind, id }: Event): Promise<SourceRecord> {
  const { api, group_name: group } = context.options;
  const wanted = group === "" ? context.wanted : withGroups(kind, context.wanted);
  if (usesPlatform(context.options)) {
    return kind === "computers" ? await onePro(context, id) : await oneDevice(context, id);
  }
  if (kind === "mobiledevices" || api === "classic") {
    return await detail(context, kind, id, wanted);
  }
  const found = api === "pro" ? undefined : await detailUnlessGone(context, kind, id, wanted);
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
