/**
 * The ini section for each of OneLogin's APIs.
 *
 * @module
 */
import type { VendorUnderTest } from "../../support/conformance.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { account, type OneLoginOptions, startOneLogin, tokenStart } from "./server.ts";

/** Each API: where it is, how to sign in, and how many requests 1,200 people take. */
export const apis = {
  "API 1": {
    path: "/api/1/users",
    signIn: signIn(account.clientSecret),
    wrong: signIn("wrong-secret"),
    lists: 24,
    tokens: 1,
  },
  "API 2": {
    path: "/api/2/users",
    signIn: signIn(account.clientSecret),
    wrong: signIn("wrong-secret"),
    lists: 24,
    tokens: 1,
  },
  "the XML API": {
    path: "/api/v2/users.xml",
    signIn: `api_token = ${account.apiToken}\n`,
    wrong: "api_token = wrong-key\n",
    // Only an empty page is the end.
    lists: 13,
    tokens: 0,
  },
} as const;

export type Api = keyof typeof apis;

function signIn(secret: string): string {
  return `client_id = ${account.clientId}\nclient_secret = ${secret}\n`;
}

/** Starts the server, with the section that reads from it over one of its APIs. */
export function start(api: Api, options: OneLoginOptions, extra = ""): VendorUnderTest {
  const vendor = startOneLogin(options);
  const { path, signIn, wrong } = apis[api];
  const common = `url = ${vendor.url}${path}\ndefault_role = 25\ndefault_position = Employee\n`;
  return {
    vendor,
    section: "onelogin",
    options: `${signIn}${common}${extra}`,
    wrongOptions: `${wrong}${common}${extra}`,
    keys: Array.from({ length: options.users }, (_, index) => `person${index}`),
    keyField: "USER",
    secrets: [account.clientSecret, account.apiToken, tokenStart],
  };
}

/** Whether a request asks for people. */
export function isList({ path }: VendorCall): boolean {
  return path.startsWith("/api/");
}
