/**
 * The section that reads from Jamf Pro's server, for the tests.
 *
 * @module
 */
import type { VendorUnderTest } from "../../support/conformance.ts";
import { credentials, type JamfOptions, startJamf, tokenPrefix } from "./server.ts";

/** Signs in with name and password. */
export const asUser = `username = ${credentials.username}\npassword = ${credentials.password}\n`;
/** Signs in as an API client. */
export const asClient =
  `client_id = ${credentials.clientId}\nclient_secret = ${credentials.clientSecret}\n`;

/** Starts the server, whose address has a path in front, with the given number of devices. */
export function start(
  options: JamfOptions,
  extra = "",
  login = asUser,
  section = "casper",
): VendorUnderTest {
  const vendor = startJamf(options);
  const common =
    `url = ${vendor.url}/jss/\nsync_field = SERIAL\nmapping.SERIAL = general.serial_number\n${extra}`;
  return {
    vendor,
    section,
    options: login + common,
    wrongOptions: login.replace(/(password|client_secret) = .*/, "$1 = not-the-right-one") + common,
    keys: Array.from({ length: options.count }, (_, index) => `SN${index + 1}`),
    keyField: "SERIAL",
    secrets: [credentials.password, credentials.clientSecret, tokenPrefix],
  };
}

/** How a busy server answers. */
export function throttled(resetMs = 1000): Response {
  const seconds = `${Math.max(1, Math.ceil(resetMs / 1000))}`;
  return new Response("busy", { status: 503, headers: { "Retry-After": seconds } });
}

/** Mappings of all kinds. */
export const everything = `mapping.NAME = general.name
mapping.RAM = hardware.total_ram
mapping.PO = purchasing.po_date
mapping.SEEN = general.report_date
mapping.DEPARTMENT = location.department
mapping.CYCLES = {"source": "extension_attributes", "converter": "casper_extension_attribute:attr=Battery Cycles|default=none"}
`;

/** Switches the software off. */
export const noSoftware = 'mapping.APPLICATIONS = {"hardcoded": []}\n';
