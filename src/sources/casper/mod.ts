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
import { type Access, type Context, contextHeaders, createAuth, usesPlatform } from "./access.ts";
import { allDevices, details, type Device, goneStatuses, groupDevices } from "./classic.ts";
import { compareApis } from "./compare.ts";
import { fields } from "./fields.ts";
import { checkPro, listPro } from "./pro.ts";
import { checkDevices, hasDevicePages, listDevices } from "./mobile_devices.ts";
import { inspectAccess } from "./rights.ts";
import { fetchEvent, readHint } from "./webhook.ts";

const applications: Mappings = { APPLICATIONS: { source: "software.applications" } };

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

async function* readDevices(context: Context): AsyncGenerator<SourceItem> {
  const devices = await findDevices(context);
  const { sync_type: kind } = context.options;
  if (devices === undefined) yield* kind === "computers" ? listPro(context) : listDevices(context);
  else yield* details(context, context.options.sync_type, devices);
}

/** What is wrong with the options of the Platform API; nothing when all is well or it is not used. */
function checkPlatform(options: Access): string | undefined {
  const { url, client_id, environment_id, tenant_id, api } = options;
  const isGateway = /^https?:\/\/[^/]*\.api\.jamfcloud\.com(?:[:/]|$)/i.test(url);
  if (!usesPlatform(options)) {
    return isGateway
      ? "needs environment_id or tenant_id, for url is that of the Jamf Platform API"
      : undefined;
  }
  if (environment_id !== "" && tenant_id !== "") {
    return "takes environment_id or tenant_id, not both of them";
  }
  if (client_id === "") return "needs client_id and client_secret for the Jamf Platform API";
  return api === "classic"
    ? "cannot read the Classic API through the Jamf Platform API"
    : undefined;
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
      "API that computers are read with: classic requests each one, pro reads them page by page, auto uses pro where classic is no longer available. Mobile devices are read page by page with pro only.",
      ["auto", "classic", "pro"],
      { default: "auto", advanced: true },
    ),
    environment_id: opt.text(
      "Id of the environment in Jamf Account, where url is that of the Jamf Platform API.",
      { default: "", advanced: true },
    ),
    tenant_id: opt.text("Id of the tenant, instead of the environment.", {
      default: "",
      advanced: true,
    }),
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
  deadlines: [
    {
      what: "the Classic API for computers",
      notice: "Deprecation of Classic API Computer Inventory Endpoints",
      successor: "the Jamf Pro API",
      todo: "Compare both with agent check --compare-apis, then set api = pro.",
      concerns: (options) =>
        options.sync_type === "computers" && options.api !== "pro" && !usesPlatform(options),
    },
    {
      what: "version 3 of the computer inventory",
      ends: "2027-01-14",
      notice: "11.30.0 Deprecations",
      successor: "version 4, which the agent asks for first",
      todo: "Nothing has to be done.",
      concerns: () => false,
    },
  ],
  rule(options) {
    const { username, password, client_id, client_secret } = options;
    const platform = checkPlatform(options);
    if (platform !== undefined) return platform;
    if (client_id !== "" || client_secret !== "") {
      const isComplete = client_id !== "" && client_secret !== "";
      return isComplete ? undefined : "needs client_id and client_secret, not only one of them";
    }
    if (username !== "" && password !== "") return undefined;
    return "needs username and password, or client_id and client_secret";
  },
  http: (options) => ({
    base: options.url,
    headers: contextHeaders(options),
    auth: createAuth(options),
  }),
  async check(context) {
    if (await findDevices(context) !== undefined) return;
    if (context.options.sync_type === "computers") await checkPro(context);
    else await checkDevices(context);
  },
  inspectAccess,
  compareApis,
  records: readDevices,
  webhookHint: readHint,
  webhook: fetchEvent,
});
