/**
 * Computers and mobile devices from Jamf Pro, once named Casper.
 *
 * @module
 */

import {
  changesOptions,
  defineSource,
  type Mappings,
  opt,
  syncField,
  writeModeOptions,
} from "../../sdk/mod.ts";
import { type Access, contextHeaders, createAuth, usesPlatform } from "./access.ts";
import { apis, selectApi } from "./api.ts";
import { fields } from "./fields.ts";
import { readHint } from "./event.ts";

const applications: Mappings = { APPLICATIONS: { source: "software.applications" } };

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

/** What is wrong with reading only changes; nothing when all is well or everything is read. */
function checkMode({ mode, api, group_name }: Access): string | undefined {
  if (mode !== "changes") return undefined;
  if (api === "classic") {
    return "needs api = pro for mode = changes: the Classic API does not tell which devices reported";
  }
  return group_name === ""
    ? undefined
    : "cannot have group_name with mode = changes: a device that joins a group does not report it";
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
    ...changesOptions("devices"),
    client_id: opt.text("Id of an API client, instead of username and password.", {
      default: "",
      advanced: true,
    }),
    client_secret: opt.secret("Secret of that client.", { default: "", advanced: true }),
    api: opt.choice(
      "API that devices are read with: classic requests each one, pro reads them page by page. auto uses pro once a comparison has proved that it gives the same, and for computers where classic is no longer available.",
      ["auto", "classic", "pro"],
      { default: "auto", recommended: "pro" },
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
  vendorId: "general.id",
  isSerial: (path) => path === "general.serial_number",
  // "Jamf Pro API Scalability Best Practices": no more than five requests at once, and fewer when
  // answers get slow.
  limits: { concurrency: 5, adaptive: true },
  deadlines: [
    {
      what: "the Classic API for computers",
      notice: "Deprecation of Classic API Computer Inventory Endpoints",
      successor: "the Jamf Pro API",
      todo:
        "Compare both with agent check --compare-apis: where nothing differs, api = auto uses the second one.",
      concerns: (options, isNewerProved) =>
        options.sync_type === "computers" && selectApi(options, isNewerProved) === "classic",
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
  apis,
  rule(options) {
    const { username, password, client_id, client_secret } = options;
    const platform = checkPlatform(options);
    if (platform !== undefined) return platform;
    const mode = checkMode(options);
    if (mode !== undefined) return mode;
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
    const { checkReading } = await import("./reading.ts");
    await checkReading(context);
  },
  async inspectAccess(context) {
    const { inspectAccess } = await import("./rights.ts");
    return await inspectAccess(context);
  },
  async compareApis(context, count) {
    const { compareApis } = await import("./compare.ts");
    return await compareApis(context, count);
  },
  async *records(context) {
    const { readDevices } = await import("./reading.ts");
    yield* readDevices(context);
  },
  webhookHint: readHint,
  async *webhook(context, call) {
    const { fetchEvent } = await import("./webhook.ts");
    yield* fetchEvent(context, call);
  },
});
