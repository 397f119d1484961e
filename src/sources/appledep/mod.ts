/**
 * Devices from Apple's device enrollment program.
 *
 * @module
 */

import { changesOptions, defineSource, opt, type SourceContext, syncField } from "../../sdk/mod.ts";
import { type Access, commonHeaders, pageSize, sessionAuth } from "./access.ts";
import { expiryWarning, isInline, parseServerToken, readServerToken } from "./server_token.ts";

async function warn({ options, log }: SourceContext<Access>): Promise<void> {
  const warning = expiryWarning(await readServerToken(options.api_token));
  if (warning !== undefined) log.warning(warning);
}

/** Reads the devices that Apple assigned to one device management server. */
export const appledep = defineSource({
  name: "appledep",
  title: "Apple DEP",
  kind: "assets",
  summary:
    "Devices that Apple assigned to a device management server in Apple Business or School Manager (DEP, Automated Device Enrollment).",
  mappingName: "AppleDEP",
  options: {
    url: opt.url("Address of Apple's service.", { default: "https://mdmenrollment.apple.com" }),
    api_token: opt.secret(
      "Decrypted server token: its JSON in one line, or the path of the file with it.",
      { example: "YOUR APPLE DEP SERVER TOKEN" },
    ),
    sync_field: syncField(),
    ...changesOptions("devices"),
    details: opt.flag(
      "Whether the details of the devices are requested, which skips those no longer assigned to this server. False halves the number of requests.",
      { default: true, advanced: true },
    ),
    page_size: opt.integer("Devices per request.", {
      default: pageSize,
      minimum: 50,
      maximum: pageSize,
      advanced: true,
    }),
  },
  mappings: {},
  converters: {
    device_assigned_date: "timestamp",
    profile_assign_time: "timestamp",
    profile_push_time: "timestamp",
  },
  fields: {
    "serial_number": "serial number",
    "model": "model",
    "description": "model with its equipment",
    "color": "colour",
    "asset_tag": "asset tag that the reseller gave",
    "profile_status": "empty, assigned, pushed or removed",
    "profile_uuid": "UUID of the profile that the device gets",
    "profile_assign_time": "when that profile was assigned, as Unix seconds",
    "profile_push_time": "when the device got it, as Unix seconds",
    "device_assigned_date": "when the device was assigned to this server, as Unix seconds",
    "device_assigned_by": "mail address of the person who assigned it",
    "os": "iOS, OSX or tvOS",
    "device_family": "iPhone, iPad, iPod, Mac, AppleTV …",
    "response_status": "SUCCESS",
  },
  isSerial: (path) => path === "serial_number",
  // Apple publishes no numbers; one request after another.
  namedBy: ["serial_number", "model"],
  limits: { concurrency: 1, pageSize },
  rule({ api_token }) {
    if (!isInline(api_token)) return undefined;
    const token = parseServerToken(api_token);
    return typeof token === "string" ? `api_token ${token}` : undefined;
  },
  http: (options) => ({ base: options.url, headers: commonHeaders, auth: sessionAuth(options) }),
  async check(context) {
    await warn(context);
    const { checkAccount } = await import("./client.ts");
    await checkAccount(context);
  },
  async *records(context) {
    await warn(context);
    const { readDevices } = await import("./reading.ts");
    yield* readDevices(context);
  },
});
