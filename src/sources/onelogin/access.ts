/**
 * How OneLogin's three APIs are signed in to.
 *
 * @module
 */

import { z } from "zod";
import {
  type Authenticator,
  basicAuth,
  expiresIn,
  requestToken,
  tokenAuth,
} from "../../sdk/mod.ts";

/** API 1 always gives so many, and API 2 no more ("List Users"). */
export const pageSize = 50;

const status = z.object({ error: z.boolean(), code: z.number(), message: z.string().nullish() });

/** "Generate Tokens": in API 1 inside `data`, with errors inside of a 200; plain in API 2. */
const tokens = z.object({
  status: status.optional(),
  data: z.array(z.object({ access_token: z.string(), expires_in: z.number().optional() }))
    .optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/** What decides which API is spoken. */
export interface Access {
  readonly url: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly api_token: string;
  readonly token_url: string | undefined;
}

/** Which API is spoken: credentials decide between XML and JSON, the address between 1 and 2. */
export function detectApi({ url, client_id, client_secret }: Access): "xml" | "v1" | "v2" {
  if (client_id === "" || client_secret === "") return "xml";
  return /\/api\/2\//.test(url) ? "v2" : "v1";
}

/** Signs in as the API wants it. */
export function createAuth(access: Access): Authenticator {
  const { url, client_id, client_secret, api_token, token_url } = access;
  const api = detectApi(access);
  if (api === "xml") return basicAuth(api_token, "x");
  // The region is in the host's name, so that the token comes from the host of the data.
  const usual = api === "v2" ? "/auth/oauth2/v2/token" : "/auth/oauth2/token";
  const path = token_url ?? new URL(usual, url).href;
  const request = {
    method: "POST",
    path,
    origin: new URL(path).origin,
    headers: {
      "Authorization": `client_id:${client_id}, client_secret:${client_secret}`,
      "Content-Type": "application/json",
      "Accept": "application/json",
    },
    body: JSON.stringify({ grant_type: "client_credentials" }),
  } as const;
  return tokenAuth((http) =>
    requestToken(http, {
      title: "OneLogin",
      credentials: "client_id, client_secret and the region in url",
      request,
      shape: tokens,
      read({ status, data, access_token, expires_in }) {
        const [inside] = data ?? [];
        const value = inside?.access_token ?? access_token;
        // "Generate Tokens" of API 1 reports errors inside of a 200.
        if (value === undefined || (status !== undefined && status.code !== 200)) {
          return `${status?.code ?? ""} ${status?.message ?? "no token in the answer"}`.trim();
        }
        return { value, expires: expiresIn(inside?.expires_in ?? expires_in) };
      },
    }), (token) => ({ Authorization: api === "v2" ? `Bearer ${token}` : `bearer:${token}` }));
}
