/**
 * Client of Jamf Pro: an API client, or name and password exchanged for a token, or, on servers
 * older than 10.35, name and password with every request.
 *
 * @module
 */

import { z } from "zod";
import {
  type Answer,
  type Authenticator,
  basicAuth,
  type ChangesValues,
  expiresIn,
  type Http,
  isWebPage,
  requestToken,
  type SourceContext,
  type Token,
  tokenAuth,
} from "../../sdk/mod.ts";

/** The options of the source that requests need. */
export interface Access extends ChangesValues {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly sync_type: "computers" | "mobiledevices";
  readonly group_name: string;
  /** One of these two where Jamf Pro is behind the Jamf Platform API. */
  readonly environment_id: string;
  readonly tenant_id: string;
  readonly api: "auto" | "classic" | "pro";
}

/** What the parts of this source are given. */
export type Context = SourceContext<Access>;

/** Whether the section reads through the Jamf Platform API, which has no Classic API for it. */
export function usesPlatform({ environment_id, tenant_id }: Access): boolean {
  return environment_id !== "" || tenant_id !== "";
}

/**
 * The address of an endpoint of the Jamf Pro API; the Platform API has it under `/pro` ("Platform API
 * fundamentals", and the server of each page of its reference).
 */
export function proPath(access: Access, path: string): string {
  return `${usesPlatform(access) ? "/pro" : "/api"}${path}`;
}

/** What every request to the Platform API says: whose data are meant ("Request context"). */
export function contextHeaders({ environment_id, tenant_id }: Access): Record<string, string> {
  if (environment_id !== "") return { "X-Environment-Id": environment_id };
  return tenant_id === "" ? {} : { "X-Tenant-Id": tenant_id };
}

const clientToken = z.object({ access_token: z.string(), expires_in: z.number().optional() });
const userToken = z.object({ token: z.string(), expires: z.string().optional() });

/**
 * A token of an API client ("Client Credentials", POST /api/oauth/token), or of an integration of Jamf
 * Account ("Platform API fundamentals", POST /auth/token).
 */
async function tokenOfClient(http: Http, access: Access): Promise<Token> {
  const { client_id, client_secret } = access;
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
  const token = await requestToken(http, {
    title: "Jamf Pro",
    credentials: "client_id and client_secret",
    request: {
      method: "POST",
      path: usesPlatform(access) ? "/auth/token" : "/api/oauth/token",
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

/** When a token ends. A time in the past is a clock that differs: then a 401 decides. */
function parseExpiry(text: string | undefined): number | undefined {
  const end = Date.parse(text ?? "");
  return end > Date.now() ? end : undefined;
}

/**
 * Whether the answer is that of a server before 10.35, which does not know the address: 404, or what
 * its login page and its filters make of a request that they do not know.
 */
function isOlderServer(answer: Answer): boolean {
  return [403, 404, 405].includes(answer.status) ||
    (answer.status < 300 && isWebPage(answer.headers, answer.body));
}

/** A token for name and password ("POST /api/v1/auth/token"). Servers without it take Basic itself. */
async function tokenOfUser(http: Http, basic: string, { password }: Access): Promise<Token> {
  const request = {
    method: "POST",
    path: "/api/v1/auth/token",
    headers: { Authorization: basic, Accept: "application/json" },
  } as const;
  const answer = await http.send(request);
  if (isOlderServer(answer)) return { value: basic };
  // The answer is there already: it is only read, not asked for again.
  const token = await requestToken({ ...http, send: () => Promise.resolve(answer) }, {
    title: "Jamf Pro",
    credentials: "username and password",
    request,
    secrets: [password, basic.slice("Basic ".length)],
    shape: userToken,
    read: ({ token: value, expires }) => ({ value, expires: parseExpiry(expires) }),
  });
  return { ...token, value: `Bearer ${token.value}` };
}

/**
 * Name and password. Some servers before 10.35 hand out tokens that their Classic API does not know
 * ("Classic API Authentication Changes"): those ask for Basic when they are shown one.
 */
function userAuth(access: Access): Authenticator {
  let takesTokens = true;
  let isAccepted = false;
  const tokens = tokenAuth(async (http) => {
    const { Authorization: basic = "" } = await basicAuth(access.username, access.password)
      .headers(http);
    return takesTokens ? await tokenOfUser(http, basic, access) : { value: basic };
  }, asHeader);
  return {
    headers: (http) => tokens.headers(http),
    observe({ status, headers }) {
      if (status !== 401) isAccepted = true;
      else if (!isAccepted && /^Basic\b/i.test(headers.get("www-authenticate") ?? "")) {
        takesTokens = false;
      }
    },
    async renew(http, used, answer) {
      if (used.Authorization?.startsWith("Basic ") === true) return false;
      return await tokens.renew?.(http, used, answer) ?? false;
    },
  };
}

function asHeader(value: string): Readonly<Record<string, string>> {
  return { Authorization: value };
}

/** The authentication that the options select. */
export function createAuth(access: Access): Authenticator {
  if (access.client_id === "") return userAuth(access);
  return tokenAuth((http) => tokenOfClient(http, access), asHeader);
}
