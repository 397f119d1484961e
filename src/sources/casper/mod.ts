/**
 * Computers and mobile devices from Jamf Pro, once named Casper.
 *
 * @module
 */

import {
  defineSource,
  deliveryOptions,
  isObject,
  type Mappings,
  opt,
  syncField,
  type WebhookCall,
} from "../../sdk/mod.ts";
import { authOf, type Context } from "./access.ts";
import { allIds, detail, details, type DeviceKind, goneStatuses, groupIds } from "./classic.ts";
import { fields } from "./fields.ts";
import { checkPro, listPro } from "./pro.ts";

const applications: Mappings = { APPLICATIONS: { source: "software.applications" } };

/** The ids to read by the Classic API; nothing where it is gone and the other API is to be used. */
async function idsOf(context: Context): Promise<number[] | undefined> {
  const { api, sync_type: kind, group_name: group } = context.options;
  if (api === "pro" && kind === "computers") return undefined;
  if (group !== "") return await groupIds(context, kind, group);
  const mayBeGone = api === "auto" && kind === "computers";
  return await allIds(context, kind, mayBeGone ? goneStatuses : []);
}

async function* list(context: Context) {
  const { sync_type: kind, group_name: group } = context.options;
  const ids = await idsOf(context);
  if (ids !== undefined) return yield* details(context, kind, ids);
  const members = group === "" ? undefined : new Set(await groupIds(context, kind, group));
  yield* listPro(context, members);
}

/** What a webhook is about; nothing when it names no device, or one of the other kind. */
function eventOf(
  context: Context,
  { body }: WebhookCall,
): { kind: DeviceKind; id: number } | undefined {
  const webhook = isObject(body) && isObject(body.webhook) ? body.webhook : {};
  const event = isObject(body) && isObject(body.event) ? body.event : {};
  const name = String(webhook.webhookEvent ?? "");
  const id = Number(event.jssID ?? 0);
  if (!Number.isSafeInteger(id) || id <= 0) return undefined;
  const kind = name.startsWith("Computer")
    ? "computers"
    : name.startsWith("MobileDevice")
    ? "mobiledevices"
    : undefined;
  if (kind === undefined) context.log.warning(`The event "${name}" is not about a device`);
  else if (kind !== context.options.sync_type) {
    context.log.info(`${name} ${id}: this section reads ${context.options.sync_type}`);
  } else return { kind, id };
  return undefined;
}

/** Reads computers or mobile devices from Jamf Pro. */
export const casper = defineSource({
  name: "casper",
  title: "Jamf Pro",
  kind: "assets",
  summary:
    "Computers or mobile devices from Jamf Pro (Casper Suite), with software and extension attributes.",
  mappingName: ({ sync_type }) => sync_type === "mobiledevices" ? "Casper.MDM" : "Casper",
  options: {
    url: opt.url("Address of Jamf Pro.", { default: "https://jss.jamfcloud.com/example" }),
    username: opt.text("Account that may read devices. Not with an API client.", {
      default: "",
      example: "username@example.com",
    }),
    password: opt.secret("Its password.", { default: "", example: "change-me" }),
    sync_field: syncField(),
    sync_type: opt.choice("What is read.", ["computers", "mobiledevices"], {
      default: "computers",
    }),
    update_only: { ...deliveryOptions.update_only, advanced: false },
    group_name: opt.text("Only the members of this group, static or smart. Blank reads all.", {
      default: "",
    }),
    client_id: opt.text("Id of an API client, in place of username and password.", {
      default: "",
      advanced: true,
    }),
    client_secret: opt.secret("Secret of that client.", { default: "", advanced: true }),
    api: opt.choice(
      "classic asks for each computer, pro reads inventories by the page, auto takes pro where classic is gone. Mobile devices are always read by classic.",
      ["auto", "classic", "pro"],
      { default: "auto", advanced: true },
    ),
  },
  mappings: ({ sync_type }) => sync_type === "computers" ? applications : {},
  converters: {
    "general.report_date": "date_format",
    "general.last_contact_time": "date_format",
    "general.initial_entry_date": "date_format",
    "purchasing.warranty_expires": "date_format",
    "purchasing.lease_expires": "date_format",
    "purchasing.po_date": "date_format",
  },
  fields,
  // "Jamf Pro API scalability best practices": not more than five requests at once.
  limits: { concurrency: 5 },
  rule({ username, password, client_id, client_secret }) {
    if (client_id !== "" && client_secret !== "") return undefined;
    if (username !== "" && password !== "") return undefined;
    return "needs username and password, or client_id and client_secret";
  },
  http: (options) => ({ base: options.url, auth: authOf(options) }),
  async check(context) {
    const { api, sync_type: kind } = context.options;
    const mayBeGone = api !== "classic" && kind === "computers";
    const ids = await allIds(context, kind, mayBeGone ? goneStatuses : []);
    if (ids === undefined) await checkPro(context);
  },
  records: list,
  async *webhook(context, call) {
    const event = eventOf(context, call);
    if (event === undefined) return;
    const { group_name: group } = context.options;
    const ids = group === "" ? [event.id] : await groupIds(context, event.kind, group);
    if (ids.includes(event.id)) yield await detail(context, event.kind, event.id);
    else context.log.info(`${event.kind} ${event.id} is not in the group ${group}`);
  },
});
