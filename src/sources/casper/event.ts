/**
 * What a webhook of Jamf Pro says: which device, and of which kind.
 *
 * @module
 */

import { isObject, SourceError, type WebhookCall, type WebhookHint } from "../../sdk/mod.ts";
import { describeDevice, type DeviceKind } from "./device.ts";

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

/** The parts of a call that are looked at. Throws `SourceError` when it is none of Jamf Pro. */
export function parseEvent(body: unknown) {
  if (!isObject(body) || !isObject(body.webhook)) {
    throw new SourceError("The call is not a webhook of Jamf Pro: it has no webhook element", {
      hint: "In Jamf Pro, set the content type of the webhook to JSON.",
    });
  }
  const what = String(body.webhook.webhookEvent ?? "").slice(0, longestName);
  return { what, id: readId(body.event), kind: detectKind(what) };
}

/** What there is to do about a call, and the little of it that fetching the device needs. */
export function readHint({ body }: WebhookCall): WebhookHint {
  const { what, id, kind } = parseEvent(body);
  if (id === undefined) return { ignored: `${what} names no device`, level: "info" };
  if (kind === undefined) {
    return { ignored: `the event "${what}" is not about a device`, level: "warning" };
  }
  const kept = { webhook: { webhookEvent: what }, event: { jssID: id } };
  return { key: describeDevice(kind, { id }), body: kept };
}
