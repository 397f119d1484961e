/**
 * The section that reads from Apple's server, for the tests.
 *
 * @module
 */
import type { VendorUnderTest } from "../../support/conformance.ts";
import {
  type Apple,
  type AppleOptions,
  serialOf,
  serverToken,
  sessionPrefix,
  startApple,
} from "./server.ts";

const mapped =
  'sync_field = SERIAL\nmapping.SERIAL = {"source": "serial_number"}\nmapping.STATE = {"source": "response_status"}\nmapping.ASSIGNED = {"source": "device_assigned_date"}\n';
/** The server token as one line. */
export const inline = JSON.stringify(serverToken);

/** The server and its section. */
export interface AppleUnderTest extends VendorUnderTest {
  readonly vendor: Apple;
}

/** Starts the server. */
export function start(options: AppleOptions, extra = "", token: string = inline): AppleUnderTest {
  const vendor = startApple(options);
  const common = `url = ${vendor.url}/\n${mapped}${extra}`;
  const wrong = JSON.stringify({ ...serverToken, access_secret: "AS_wrong" });
  return {
    vendor,
    section: "appledep",
    options: `api_token = ${token}\n${common}`,
    wrongOptions: `api_token = ${wrong}\n${common}`,
    keys: Array.from({ length: options.count }, (_, index) => serialOf(index).toUpperCase()),
    keyField: "SERIAL",
    secrets: [
      serverToken.consumer_key,
      serverToken.consumer_secret,
      serverToken.access_token,
      serverToken.access_secret,
      sessionPrefix,
    ],
  };
}
