/**
 * How Jamf Pro is asked: an API client, or name and password exchanged for a token, or, on servers
 * older than 10.35, name and password with every request.
 *
 * @module
 */

import { z } from "zod";
import {
  type Authenticator,
  basicAuth,
  expiresIn,
  type Http,
  requestToken,
  type SourceContext,
  type Token,
  tokenAuth,
} from "../../sdk/mod.ts";

/** The options of the source that asking takes. */
export interface Access {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly sync_type: "computers" | "mobiledevices";
  readonly group_name: string;
  readonly api: "auto" | "classic" | "pro";
}

/** What the parts of this source are given. */
export type Context = SourceContext<Access>;

const clientToken = z.object({ access_token: z.string(), expires_in: z.number().optional() });
const userToken = z.object({ token: z.string(), expires: z.string().optional() });

/** A token of an API client ("Client Credentials", POST /api/oauth/token). */
async function tokenOfClient(http: Http, { client_id, client_secret }: Access): Promise<Token> {
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
  const token = await requestToken(http, {
    title: "Jamf Pro",
    credentials: "client_id and client_secret",
    request: {
      method: "POST",
      path: "/api/oauth/token",
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      body: form.toString(),
    },
    secrets: [client_secret],
    shape: clientToken,
    read: ({ access_token, expires_in }) => ({
      value: access_token,
      expires: expiresIn(expires_in),
    }),
  });
  return { ...token, value: `Bearer ${token.value}` };
}

/** A token for name and password ("POST /api/v1/auth/token"). Servers without it take Basic itself. */
async function tokenOfUser(http: Http, { username, password }: Access): Promise<Token> {
  const { Authorization = "" } = await basicAuth(username, password).headers(http);
  const request = {
    method: "POST",
    path: "/api/v1/auth/token",
    headers: { Authorization, Accept: "application/json" },
  } as const;
  const answer = await http.send(request);
  if (answer.status === 404) return { value: Authorization };
  // The answer is there already: it is only read, not asked for again.
  const token = await requestToken({ ...http, send: () => Promise.resolve(answer) }, {
    title: "Jamf Pro",
    credentials: "username and password",
    request,
    secrets: [password, Authorization.slice("Basic ".length)],
    shape: userToken,
    read: ({ token: value, expires }) => {
      const end = expires === undefined ? Number.NaN : Date.parse(expires);
      return { value, expires: Number.isNaN(end) ? undefined : end };
    },
  });
  return { ...token, value: `Bearer ${token.value}` };
}

/** The way to authenticate that the options ask for. */
export function authOf(access: Access): Authenticator {
  const fetch = access.client_id === "" ? tokenOfUser : tokenOfClient;
  return tokenAuth((http) => fetch(http, access), (value) => ({ Authorization: value }));
}
