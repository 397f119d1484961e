/**
 * A section that reads from the servers.
 *
 * @module
 */
import type { VendorUnderTest } from "../../support/conformance.ts";
import type { Vendor } from "../../support/vendor.ts";
import { type AppleOptions, serial, startApple } from "./server.ts";
import { account, startTokens, type TokenOptions, tokenStart } from "./token_server.ts";

/** The servers with a section for them. */
export interface AppleUnderTest extends VendorUnderTest {
  readonly tokenServer: Vendor;
  /** Tokens that the API accepts. */
  readonly tokens: Set<string>;
}

/** A key in one line, as an option takes it. */
export function inOneLine(pem: string): string {
  return pem.trim().replaceAll("\n", "\\n");
}

/** Starts the servers and writes a section for them. */
export function start(
  options: Omit<AppleOptions, "tokens">,
  extra = "",
  tokenOptions: Omit<TokenOptions, "tokens"> = {},
): AppleUnderTest {
  const tokens = new Set<string>();
  const vendor = startApple({ ...options, tokens });
  const tokenServer = startTokens({ ...tokenOptions, tokens });
  const { clientId = account.clientId, keyless = false } = tokenOptions;
  const common = `url = ${vendor.url}\ntoken_url = ${tokenServer.url}/auth/oauth2/v2/token\n` +
    `client_id = ${clientId}\nsync_field = SERIAL\n` +
    `mapping.SERIAL = {"source": "serialNumber"}\n${extra}`;
  const key = `private_key = ${inOneLine(account.privateKey)}\n`;
  const keyBody = account.privateKey.split("\n")[1] ?? "";
  return {
    vendor,
    tokenServer,
    tokens,
    section: "apple_business",
    options: `${key}${keyless ? "" : `key_id = ${account.keyId}\n`}${common}`,
    wrongOptions: `${key}key_id = another\n${common}`,
    keys: Array.from({ length: options.count }, (_, index) => serial(index)),
    keyField: "SERIAL",
    secrets: [keyBody, tokenStart],
  };
}
