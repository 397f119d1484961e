/**
 * Devices from Apple Business and Apple School Manager.
 *
 * @module
 */

import { defineSource, opt, optional, syncField } from "../../sdk/mod.ts";
import {
  buildBase,
  checkAccess,
  createAuth,
  pageSize,
  readErrorMessage,
  usualTokenUrl,
} from "./access.ts";
import { fields } from "./fields.ts";

/** Reads the devices of an organization in Apple Business or Apple School Manager. */
export const appleBusiness = defineSource({
  name: "apple_business",
  title: "Apple Business",
  kind: "assets",
  summary:
    "All devices of an organization in Apple Business or Apple School Manager, with orders, device management services and AppleCare.",
  mappingName: "AppleBusiness",
  options: {
    client_id: opt.text(
      "Client id of the API account. It says whether Apple Business or Apple School Manager is read.",
      { example: "BUSINESSAPI.00000000-0000-0000-0000-000000000000" },
    ),
    key_id: opt.text("Key id of the API account.", {
      default: "",
      example: "00000000-0000-0000-0000-000000000000",
    }),
    private_key: opt.secret(
      "Private key of the API account: the path of its .pem file, or the key itself in one line.",
      { example: "apple_business.pem" },
    ),
    sync_field: syncField(),
    url: optional(opt.url("Address of the API, if it is not Apple's.", { advanced: true })),
    token_url: opt.url("Address of the token server.", { default: usualTokenUrl, advanced: true }),
  },
  // "Get Organization Devices" takes `fields[orgDevices]`, `limit` and `cursor`, no filter and no order.
  refused: {
    mode: "Apple's API does not tell which devices changed, so all are read each time",
  },
  mappings: {},
  converters: {
    addedToOrgDateTime: "timestamp",
    releasedFromOrgDateTime: "timestamp",
    updatedDateTime: "timestamp",
    orderDateTime: "timestamp",
    "coverage.startDateTime": "timestamp",
    "coverage.endDateTime": "timestamp",
    "coverage.contractCancelDateTime": "timestamp",
  },
  fields,
  namedBy: ["serialNumber", "deviceModel"],
  isSerial: (path) => path === "serialNumber" || path === "serial_number",
  // Apple publishes no numbers. AppleCare takes a request a device: not too many at once.
  limits: { concurrency: 2, pageSize },
  rule: checkAccess,
  http: (options) => ({ base: buildBase(options), auth: createAuth(options), readErrorMessage }),
  async check(context) {
    const { checkDevices } = await import("./client.ts");
    await checkDevices(context);
  },
  async *records(context) {
    const { readDevices } = await import("./reading.ts");
    yield* readDevices(context);
  },
});
