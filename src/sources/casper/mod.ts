/**
 * Computers and mobile devices from Jamf Pro, once named Casper.
 *
 * @module
 */

import {
  defineSource,
  type Mappings,
  opt,
  type SourceItem,
  syncField,
  writeModeOptions,
} from "../../sdk/mod.ts";
import { type Context, createAuth } from "./access.ts";
import { allDevices, details, type Device, goneStatuses, groupDevices } from "./classic.ts";
import { fields } from "./fields.ts";
import { checkPro, listPro } from "./pro.ts";
import { fetchEvent, readHint } from "./webhook.ts";

const applications: Mappings = { APPLICATIONS: { source: "software.applications" } };

/** The devices to read by the Classic API; nothing where it is gone and the other API is to be used. */
async function findDevices(context: Context): Promise<readonly Device[] | undefined> {
  const { api, sync_type: kind, group_name: group } = context.options;
  const hasSuccessor = kind === "computers" && api !== "classic";
  if (hasSuccessor && api === "pro") return undefined;
  if (group !== "" && !hasSuccessor) return await groupDevices(context, kind, group);
  // With a group, too: it lists its members even where the computers themselves are gone.
  const all = await allDevices(context, kind, hasSuccessor ? goneStatuses : []);
  return all === undefined || group === "" ? all : await groupDevices(context, kind, group);
}

async function* readDevices(context: Context): AsyncGenerator<SourceItem> {
  const devices = await findDevices(context);
  if (devices === undefined) yield* listPro(context);
  else yield* details(context, context.options.sync_type, devices);
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
    password: opt.secret("Password for auth = basic.", { default: "", example: "change-me" }),
    sync_field: syncField(),
    sync_type: opt.choice("What is read.", ["computers", "mobiledevices"], {
      default: "computers",
    }),
    update_only: { ...writeModeOptions.update_only, advanced: false },
    group_name: opt.text("Only the members of this group, static or smart. Blank reads all.", {
      default: "",
    }),
    client_id: opt.text("Id of an API client, instead of username and password.", {
      default: "",
      advanced: true,
    }),
    client_secret: opt.secret("Secret of that client.", { default: "", advanced: true }),
    api: opt.choice(
      "API that computers are read with: classic requests each one, pro reads them page by page, auto uses pro where classic is no longer available. Mobile devices are always read with classic.",
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
  namedBy: ["general.id", "general.name"],
  isSerial: (path) => path === "general.serial_number",
  // "Jamf Pro API Scalability Best Practices": no more than five requests at once, and fewer when
  // answers get slow.
  limits: { concurrency: 5, adaptive: true },
  rule({ username, password, client_id, client_secret }) {
    if (client_id !== "" || client_secret !== "") {
      const isComplete = client_id !== "" && client_secret !== "";
      return isComplete ? undefined : "needs client_id and client_secret, not only one of them";
    }
    if (username !== "" && password !== "") return undefined;
    return "needs username and password, or client_id and client_secret";
  },
  http: (options) => ({ base: options.url, auth: createAuth(options) }),
  async check(context) {
    if (await findDevices(context) === undefined) await checkPro(context);
  },
  records: readDevices,
  webhookHint: readHint,
  webhook: fetchEvent,
});
