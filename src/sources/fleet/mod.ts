/**
 * Hosts from Fleet.
 *
 * @module
 */

import {
  changesOptions,
  defineSource,
  headerAuth,
  opt,
  optional,
  syncField,
} from "../../sdk/mod.ts";
import { pageSizes, readErrorMessage } from "./access.ts";
import { fields } from "./fields.ts";

/** Reads the hosts of a Fleet server, with their software. */
export const fleet = defineSource({
  name: "fleet",
  title: "Fleet",
  kind: "assets",
  summary: "Computers and mobile devices from Fleet (fleetdm.com), with their software.",
  mappingName: "Fleet",
  options: {
    url: opt.url("Address of Fleet.", { example: "https://fleet.example.com" }),
    api_token: opt.secret("API token of an API-only user with the role Observer.", {
      example: "YOUR Fleet API TOKEN",
    }),
    sync_field: syncField(),
    ...changesOptions("hosts"),
    page_size: optional(opt.integer(
      `Hosts per request. Default: ${pageSizes.withSoftware}, or ${pageSizes.plain} when software is not read.`,
      { minimum: 1, maximum: pageSizes.plain, advanced: true },
    )),
  },
  mappings: { APPLICATIONS: { source: "applications" } },
  converters: {
    last_enrolled_at: "timestamp",
    last_restarted_at: "timestamp",
    seen_time: "timestamp",
    detail_updated_at: "timestamp",
    software_updated_at: "timestamp",
  },
  fields,
  namedBy: ["id", "display_name"],
  vendorId: "id",
  isSerial: (path) => path === "hardware_serial",
  // Fleet limits sign-ins only. Hosts come page after page; each page is work for its database.
  limits: { concurrency: 1, pageSize: pageSizes.withSoftware },
  http: ({ url, api_token }) => ({
    base: url,
    auth: headerAuth("Authorization", `Bearer ${api_token}`),
    readErrorMessage,
  }),
  async check(context) {
    const { checkHosts } = await import("./client.ts");
    await checkHosts(context);
  },
  async inspectAccess(context) {
    const { inspectAccess } = await import("./client.ts");
    return await inspectAccess(context);
  },
  async *records(context) {
    const { readHosts } = await import("./reading.ts");
    yield* readHosts(context);
  },
});
