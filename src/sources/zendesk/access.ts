/**
 * Login methods of Zendesk.
 *
 * @module
 */

import { z } from "zod";
import {
  type Authenticator,
  basicAuth,
  expiresIn,
  headerAuth,
  requestToken,
  tokenAuth,
} from "../../sdk/mod.ts";

/** The largest page ("Pagination", parameter `page[size]`). */
export const pageSize = 100;

/** Asked for, so that the tokens of many runs do not pile up; "Create Token for Grant Type". */
const tokenSeconds = 7200;

const token = z.object({ access_token: z.string(), expires_in: z.number().nullish() });

/** The options that say how to sign in. */
export interface Credentials {
  readonly client_id: string;
  readonly client_secret: string;
  readonly oauth_token: string;
  readonly username: string;
  readonly api_token: string;
}

/** Whether the section signs in with an API token, which Zendesk is about to end. */
export function hasApiTokenOnly(options: Credentials): boolean {
  return options.oauth_token === "" && (options.client_id === "" || options.client_secret === "");
}

/** The best login method that the options allow. */
export function createAuth(base: string, options: Credentials): Authenticator {
  const { client_id, client_secret, oauth_token, username, api_token } = options;
  // "API token": the user name is followed by `/token`.
  if (hasApiTokenOnly(options)) return basicAuth(`${username}/token`, api_token);
  if (oauth_token !== "") return headerAuth("Authorization", `Bearer ${oauth_token}`);
  const grant = { grant_type: "client_credentials", client_id, client_secret };
  return tokenAuth((http) =>
    requestToken(http, {
      title: "Zendesk",
      credentials: "client_id and client_secret",
      request: {
        method: "POST",
        path: `${base}/oauth/tokens`,
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ ...grant, scope: "read", expires_in: tokenSeconds }),
      },
      shape: token,
      read: ({ access_token, expires_in }) => ({
        value: access_token,
        expires: expiresIn(expires_in ?? tokenSeconds),
      }),
    })
  );
}

/** The roles of the option, without blanks. */
export function splitRoles(text: string): string[] {
  return text.split(",").map((role) => role.trim()).filter((role) => role !== "");
}
