/**
 * The session with Apple's device assignment service.
 *
 * @module
 */

import { z } from "zod";
import {
  type Answer,
  type Authenticator,
  type Http,
  oauth1Header,
  requestToken,
  tokenAuth,
} from "../../sdk/mod.ts";
import { readServerToken } from "./server_token.ts";

/** What a request needs. */
export interface Access {
  readonly url: string;
  readonly api_token: string;
  readonly page_size: number;
  readonly details: boolean;
}

/** The most devices that Apple puts into one page ("FetchDeviceRequest"). */
export const pageSize = 1000;

const session = z.object({ auth_session_token: z.string() });
/** Sent with every request: without a user agent Apple answers USER_AGENT_MISSING. */
export const commonHeaders = {
  "User-Agent": "Oomnitza-connector-1.0",
  "X-Server-Protocol-Version": "2",
  "Content-Type": "application/json;charset=UTF8",
} as const;

const sessionHeader = "X-ADM-Auth-Session";

/** What to do about the two refusals that no new session resolves ("Interpreting … error codes"). */
export function chooseHint({ status, body }: Answer): string | undefined {
  if (body.includes("USER_AGENT")) {
    return "Apple does not take the user agent of this program. Update the agent; the server token is not the cause.";
  }
  if (body.includes("X_SERVER_PROTOCOL")) {
    return "Apple does not take the protocol version of this program. Update the agent; the server token is not the cause.";
  }
  if (status !== 403) return undefined;
  if (body.includes("T_C_NOT_SIGNED")) {
    return "Apple has new terms: an administrator accepts them in Apple Business or School Manager.";
  }
  if (!body.includes("ACCESS_DENIED")) return undefined;
  return "Apple does not let this server token read devices: make a new one for the server.";
}

/** A session, opened with the server token and renewed by Apple's answers or after a refusal. */
export function sessionAuth({ url, api_token }: Access): Authenticator {
  async function open(http: Http) {
    const keys = await readServerToken(api_token);
    const { consumer_key, consumer_secret, access_token, access_secret } = keys;
    const sign = () => ({
      Authorization: oauth1Header({
        method: "GET",
        url: `${url}/session`,
        realm: "ADM",
        keys: {
          consumerKey: consumer_key,
          consumerSecret: consumer_secret,
          token: access_token,
          tokenSecret: access_secret,
        },
      }),
    });
    return await requestToken(http, {
      title: "Apple",
      credentials: "api_token: Apple did not accept the server token",
      request: { path: "/session", sign },
      secrets: [consumer_key, consumer_secret, access_token, access_secret],
      hint: chooseHint,
      shape: session,
      read: ({ auth_session_token }) => ({ value: auth_session_token }),
    });
  }
  return {
    ...tokenAuth(
      open,
      (token) => ({ [sessionHeader]: token }),
      ({ headers }) => headers.get(sessionHeader) ?? undefined,
    ),
    // A session that is unknown or over gives 401, or 403 with another text.
    isRefusal: (answer) =>
      answer.status === 401 || (answer.status === 403 && chooseHint(answer) === undefined),
  };
}
