/**
 * Sign-in to BambooHR: the key of a person, or an OAuth application that a person has authorized.
 *
 * @module
 */

import { z } from "zod";
import {
  type Authenticator,
  basicAuth,
  expiresIn,
  type Http,
  readTextFile,
  replaceTextFile,
  requestToken,
  SourceError,
  type Token,
  tokenAuth,
} from "../../sdk/mod.ts";

/** The largest page ("List Employees", parameter `page[limit]`). */
export const pageSize = 2500;

/** The company's own host has the API under `/api`, the gateway has it under the company's name. */
export function buildBase({ url, system_name }: { url: string; system_name: string }): string {
  return url.endsWith("/api") ? `${url}/v1` : `${url}/${encodeURIComponent(system_name)}/v1`;
}

/** "Technical Overview": this header has additional information about an error. */
export function readErrorMessage(headers: Headers): string | undefined {
  return headers.get("x-bamboohr-error-message") ?? undefined;
}

/** The options that say where and how to sign in. */
export interface Access {
  readonly url: string;
  readonly system_name: string;
  readonly api_token: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly refresh_token_file: string;
  readonly redirect_uri: string | undefined;
  readonly token_url: string | undefined;
}

/** Whether the section signs in as an application. */
export function usesOauth({ client_id, client_secret, refresh_token_file }: Access): boolean {
  return client_id !== "" || client_secret !== "" || refresh_token_file !== "";
}

/** What is missing of the credentials. */
export function checkAccess(access: Access): string | undefined {
  const { api_token, client_id, client_secret, refresh_token_file } = access;
  if (!usesOauth(access)) {
    return api_token === ""
      ? "needs api_token, or client_id, client_secret and refresh_token_file"
      : undefined;
  }
  const isComplete = client_id !== "" && client_secret !== "" && refresh_token_file !== "";
  return isComplete ? undefined : "client_id, client_secret and refresh_token_file go together";
}

/** "Getting Started With The API": the company's own host hands out tokens. */
function tokenAddress({ url, system_name, token_url }: Access): string {
  if (token_url !== undefined) return token_url;
  const host = url.endsWith("/api")
    ? new URL(url).origin
    : `https://${encodeURIComponent(system_name)}.bamboohr.com`;
  return `${host}/token.php?request=token`;
}

const granted = z.object({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  expires_in: z.number().optional(),
});

const authorizeAgain =
  "Check client_id, client_secret and redirect_uri. If they are right, authorize the application again, as the docs page of the source says, and put the new refresh token into refresh_token_file.";

/**
 * A token for the refresh token in the file. When BambooHR hands out another refresh token, that one is
 * in the file before anything else is done: the old one may be good no more.
 */
async function refresh(http: Http, access: Access): Promise<Token> {
  const { client_id, client_secret, refresh_token_file: file, redirect_uri } = access;
  const refresh_token = (await readTextFile(file)).trim();
  if (refresh_token === "") {
    throw new SourceError(`refresh_token_file (${file}) is empty`, { hint: authorizeAgain });
  }
  const path = tokenAddress(access);
  let next: string | undefined;
  const token = await requestToken(http, {
    title: "BambooHR",
    credentials: "client_id, client_secret and refresh_token_file",
    request: {
      method: "POST",
      path,
      origin: new URL(path).origin,
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({
        grant_type: "refresh_token",
        client_id,
        client_secret,
        refresh_token,
        redirect_uri,
      }),
    },
    secrets: [client_secret, refresh_token],
    hint: () => authorizeAgain,
    shape: granted,
    read: ({ access_token, refresh_token: another, expires_in }) => {
      next = another;
      return { value: access_token, expires: expiresIn(expires_in) };
    },
  });
  if (next !== undefined && next !== refresh_token) await replaceTextFile(file, `${next}\n`);
  return token;
}

/** The authentication that the options select; an application wins over a key. */
export function createAuth(access: Access): Authenticator {
  return usesOauth(access)
    ? tokenAuth((http) => refresh(http, access))
    // "Authentication": the key is the user name, the password can be anything.
    : basicAuth(access.api_token, "x");
}
