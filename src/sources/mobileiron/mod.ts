/**
 * Devices from MobileIron, now Ivanti.
 *
 * @module
 */

import { defineSource, opt, optional, syncField } from "../../sdk/mod.ts";
import { checkCredentials, createAuth, pageSize } from "./access.ts";
import { readPartitions } from "./partitions.ts";

/** Any other version means 1, as it did in the Python connector. */
function isCore({ api_version }: { readonly api_version: string }): boolean {
  return api_version.trim() === "2";
}

/** Reads the devices of MobileIron Cloud (Ivanti Neurons for MDM) or Core (Ivanti EPMM). */
export const mobileiron = defineSource({
  name: "mobileiron",
  title: "MobileIron",
  kind: "assets",
  summary:
    "Devices from MobileIron Cloud (Ivanti Neurons for MDM) or MobileIron Core (Ivanti EPMM).",
  mappingName: "MobileIron",
  options: {
    url: opt.url("Address of your MobileIron.", { default: "https://na1.mobileiron.com" }),
    username: opt.text("Administrator who may read devices. Not with a token.", {
      default: "",
      example: "username@example.com",
    }),
    password: opt.secret("Password of that administrator.", {
      default: "",
      example: "change-me",
    }),
    partitions: opt.text(
      "Partitions whose devices are read, with api_version = 1: a JSON list of names, names separated by commas, or All.",
      { default: "", example: '["Drivers"]' },
    ),
    sync_field: syncField(),
    api_version: opt.text("2 for MobileIron Core (Ivanti EPMM); 1 for MobileIron Cloud.", {
      default: "1",
    }),
    include_checkin_devices_only: opt.flag(
      "Whether devices that were not seen recently are skipped. Only with api_version = 1.",
      { default: true },
    ),
    last_checkin_date_threshold: opt.integer(
      "Age in seconds after which a device counts as not seen recently.",
      { default: 129_600 },
    ),
    client_id: opt.text("Id of an OAuth client, instead of username and password.", {
      default: "",
      advanced: true,
    }),
    client_secret: opt.secret("Secret of that client.", { default: "", advanced: true }),
    token_url: optional(opt.url(
      "Address of the OAuth token server: Neurons Auth URL of the app registration.",
      { advanced: true },
    )),
    scope: opt.text("Scope to ask the token server for. Blank asks for none.", {
      default: "",
      advanced: true,
    }),
    api_token: opt.secret("An access token, instead of an OAuth client.", {
      default: "",
      advanced: true,
    }),
  },
  mappings: {},
  fields: {
    "id": "v1: MobileIron's number of the device",
    "serialNumber": "v1: serial number",
    "imei": "v1: IMEI",
    "wifiMacAddress": "v1: MAC address of the wireless adapter",
    "deviceModel": "v1: model",
    "platformType": "v1: IOS, ANDROID, MAC_OS_X …",
    "osVersion": "v1: version of the operating system",
    "emailAddress": "v1: mail address of the person who has the device",
    "displayName": "v1: name of that person",
    "phoneNumber": "v1: phone number",
    "lastCheckin": "v1: when the device was last seen, in milliseconds since 1970",
    "registrationState": "v1: ACTIVE, RETIRED …",
    "dmPartitionName": "v1: partition",
    "primaryHDDSize": "v1, Windows: size of the first disk",
    "primaryProcessorName": "v1, Windows: name of the first processor",
    "primaryProcessorCores": "v1, Windows: cores of the first processor",
    "primaryMemoryCapacity": "v1, Windows: size of the first memory module",
    "common.id": "v2: MobileIron's number of the device",
    "common.uuid": "v2: MobileIron's UUID of the device",
    "common.SerialNumber": "v2: serial number",
    "common.imei": "v2: IMEI",
    "common.wifi_mac_address": "v2: MAC address of the wireless adapter",
    "common.manufacturer": "v2: manufacturer",
    "common.model": "v2: model",
    "common.platform_name": "v2: operating system",
    "common.os_version": "v2: version of the operating system",
    "common.status": "v2: ACTIVE, RETIRED …",
    "common.owner": "v2: COMPANY or EMPLOYEE",
    "common.current_phone_number": "v2: phone number",
    "common.last_connected_at": "v2: when the device was last seen",
    "common.registration_date": "v2: when the device was registered",
    "user.display_name": "v2: name of the person who has the device",
    "user.email_address": "v2: mail address of that person",
    "user.user_id": "v2: sign-in name of that person",
  },
  namedBy: ["id", "common.id", "displayName"],
  vendorId: ["common.uuid", "id"],
  isSerial: (path) => path === "serialNumber" || path === "common.SerialNumber",
  // Ivanti publishes no numbers, only the 500 rows of one answer.
  limits: { concurrency: 4, pageSize },
  rule(options) {
    const { user_pem_file = "" } = options;
    const missing = checkCredentials(options, user_pem_file !== "");
    if (missing !== undefined || isCore(options)) return missing;
    const requested = readPartitions(options.partitions);
    if (requested === undefined) {
      return 'partitions looks like a list, but is not valid. Write it as ["Drivers", "Office"]';
    }
    return requested.length > 0 ? undefined : "needs partitions: a list of names, or All";
  },
  http(options) {
    const auth = createAuth(options);
    return { base: options.url, ...(auth === undefined ? {} : { auth }) };
  },
  async check(context) {
    if (isCore(context.options)) await (await import("./core.ts")).checkCore(context);
    else await (await import("./cloud.ts")).checkCloud(context);
  },
  async *records(context) {
    if (isCore(context.options)) yield* (await import("./core.ts")).readCore(context);
    else yield* (await import("./cloud.ts")).readCloud(context);
  },
});
