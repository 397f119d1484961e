/**
 * What requests to MobileIron need, Cloud and Core alike, and how they are authenticated.
 *
 * @module
 */

import { z } from "zod";
import {
  type Authenticator,
  basicAuth,
  expiresIn,
  headerAuth,
  type Http,
  requestToken,
  type SourceContext,
  type Token,
  tokenAuth,
} from "../../sdk/mod.ts";

/** The options that reading looks at. */
export interface Access {
  readonly partitions: string;
  readonly api_version: string;
  readonly include_checkin_devices_only: boolean;
  readonly last_checkin_date_threshold: number;
}

/** The options that say how to sign in. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly api_token: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly token_url: string | undefined;
  readonly scope: string;
}

/** What both APIs need. */
export type Context = SourceContext<Access>;

/** The most rows of one answer ("Rows Parameter Limit"); more are answered with 400. */
export const pageSize = 500;

/** Any JSON object. */
export const object = z.record(z.string(), z.unknown());

const token = z.object({ access_token: z.string(), expires_in: z.number().optional() });

/** What is missing of the credentials. A client certificate can stand alone, or beside a name and password. */
export function checkCredentials(
  credentials: Credentials,
  hasCertificate: boolean,
): string | undefined {
  const { username, password, api_token, client_id, client_secret, token_url } = credentials;
  if (client_id !== "" || client_secret !== "") {
    const isComplete = client_id !== "" && client_secret !== "" && token_url !== undefined;
    return isComplete ? undefined : "needs client_id, client_secret and token_url";
  }
  if (api_token !== "" || (username !== "" && password !== "")) return undefined;
  if (hasCertificate && username === "" && password === "") return undefined;
  return "needs username and password, or client_id, client_secret and token_url, or api_token, or user_pem_file";
}

/** A token for a client ("How to Authenticate to the Neurons API", "Authentication" of its APIs: `connect/token`). */
async function requestAccess(http: Http, credentials: Credentials): Promise<Token> {
  const { client_id, client_secret, token_url = "", scope } = credentials;
  const form = { grant_type: "client_credentials", client_id, client_secret };
  return await requestToken(http, {
    title: "Ivanti",
    credentials: "client_id, client_secret and token_url",
    request: {
      method: "POST",
      path: token_url,
      // The token server is the only other host that credentials go to.
      origin: new URL(token_url).origin,
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      body: new URLSearchParams(scope === "" ? form : { ...form, scope }).toString(),
    },
    secrets: [client_secret],
    shape: token,
    read: ({ access_token, expires_in }) => ({
      value: access_token,
      expires: expiresIn(expires_in),
    }),
  });
}

/** The authentication that the options select; nothing where a client certificate is all. */
export function createAuth(credentials: Credentials): Authenticator | undefined {
  const { username, password, api_token, client_id } = credentials;
  if (client_id !== "") return tokenAuth((http) => requestAccess(http, credentials));
  if (api_token !== "") return headerAuth("Authorization", `Bearer ${api_token}`);
  return username === "" ? undefined : basicAuth(username, password);
}
