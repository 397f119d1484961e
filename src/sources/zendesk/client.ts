/**
 * Zendesk's login methods, and its lists.
 *
 * @module
 */

import { z } from "zod";
import {
  type Authenticator,
  basicAuth,
  expiresIn,
  type GrantedAccess,
  headerAuth,
  pages,
  pathOfLink,
  readMoment,
  requestToken,
  type SourceContext,
  type SourceRecord,
  tokenAuth,
} from "../../sdk/mod.ts";

/** The largest page ("Pagination", parameter `page[size]`). */
export const pageSize = 100;

/** Where a list goes on: by cursor, or by page number on older servers. */
const rest = {
  meta: z.object({ has_more: z.boolean() }).optional(),
  links: z.object({ next: z.string().nullish() }).optional(),
  next_page: z.string().nullish(),
};

/** A part of a list. */
interface Part {
  readonly meta?: { readonly has_more: boolean } | undefined;
  readonly links?: { readonly next?: string | null | undefined } | undefined;
  readonly next_page?: string | null | undefined;
}

function isWhole({ meta, links }: Part): boolean {
  return meta?.has_more !== true || typeof links?.next === "string";
}

const record = z.record(z.string(), z.unknown());
const noLink = "there are more pages, but no link to the next one";

/** "List Users". */
export const users = z.object({ users: z.array(record), ...rest }).refine(isWhole, noLink);

const organizations = z.object({
  organizations: z.array(record.and(z.object({ id: z.union([z.number(), z.bigint()]) }))),
  ...rest,
}).refine(isWhole, noLink);

/** Asked for, so that the tokens of many runs do not pile up; "Create Token for Grant Type". */
const tokenSeconds = 7200;

const token = z.object({ access_token: z.string(), expires_in: z.number().nullish() });

/** The options that say how to sign in. */
interface Credentials {
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

/** The address of the part after this one. */
function nextPath(base: string, { meta, links, next_page }: Part): string | undefined {
  const link = meta === undefined ? next_page : meta.has_more ? links?.next : undefined;
  return link === undefined || link === null ? undefined : pathOfLink(base, link);
}

/** Loads a list, part after part. */
function list<T extends Part>(
  { http }: SourceContext<unknown>,
  base: string,
  what: "users" | "organizations",
  shape: z.ZodType<T>,
  roles: readonly string[] = [],
  onAnswer: (headers: Headers) => void = () => {},
): AsyncGenerator<T> {
  // "Using cursor pagination": it is `page[size]` that asks for cursors.
  const query = new URLSearchParams({ "page[size]": `${pageSize}` });
  for (const role of roles) query.append("role[]", role);
  const load = async (path: string) => {
    const { body, headers } = await http.page({ path, what }, shape);
    onAnswer(headers);
    // No status is allowed beside those with a body.
    return body as T;
  };
  return pages(`${base}/api/v2/${what}.json?${query}`, load, (part) => nextPath(base, part));
}

/** All organizations by id. */
export async function loadOrganizations(context: SourceContext<unknown>, base: string) {
  const byId = new Map<unknown, SourceRecord>();
  for await (const part of list(context, base, "organizations", organizations)) {
    for (const organization of part.organizations) byId.set(organization.id, organization);
  }
  return byId;
}

/** All people, those of some roles where roles are given, page by page. */
export async function* listUsers(
  context: SourceContext<unknown>,
  base: string,
  roles: readonly string[],
  onAnswer: (headers: Headers) => void,
): AsyncGenerator<readonly SourceRecord[]> {
  for await (const part of list(context, base, "users", users, roles, onAnswer)) yield part.users;
}

/** "Show Token": the token that the request is made with. */
const currentToken = z.object({
  token: z.object({
    scopes: z.array(z.string()),
    created_at: z.string().nullish(),
    expires_at: z.string().nullish(),
  }),
});

/** "Show Self". */
const self = z.object({ user: z.object({ role: z.string() }) });

/** "Scopes": `read`, `write`, `impersonate`, and those of one resource, such as `users:read`. */
function isReading(scope: string): boolean {
  return scope === "read" || scope.endsWith(":read");
}

/** An API token has no scopes: it may do what the person may. */
async function accessOfPerson({ http }: SourceContext<unknown>, base: string) {
  const { user } = await http.json(
    { path: `${base}/api/v2/users/me.json`, what: "the account" },
    self,
  );
  const right = `everything that the account may, whose role is ${user.role}`;
  return { credentials: "the API token", rights: [right], beyondReading: [right] };
}

/** What the credentials allow. Tokens of a client are made for each run, so that their age says nothing. */
export async function inspectAccess(
  context: SourceContext<Credentials>,
  base: string,
): Promise<GrantedAccess> {
  const { http, options } = context;
  if (hasApiTokenOnly(options)) return await accessOfPerson(context, base);
  const path = `${base}/api/v2/oauth/tokens/current.json`;
  const { token } = await http.json({ path, what: "the token" }, currentToken);
  const { scopes: rights, created_at, expires_at } = token;
  const beyondReading = rights.filter((scope) => !isReading(scope));
  return options.oauth_token === ""
    ? {
      credentials: "the token of the OAuth client",
      rights,
      beyondReading,
      untold: "which scopes the client may ask for, Admin Center shows",
    }
    : {
      credentials: "the OAuth token",
      rights,
      beyondReading,
      created: readMoment(created_at),
      expires: readMoment(expires_at),
    };
}
