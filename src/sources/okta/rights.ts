/**
 * What Okta tells about the credentials of a section.
 *
 * @module
 */

import { z } from "zod";
import { type GrantedAccess, readMoment, type SourceContext } from "../../sdk/mod.ts";
import { type Access, buildBase, usesApiToken } from "./access.ts";

/** "Retrieve a user": `me` is who the token belongs to. */
const person = z.object({ id: z.string() });

/** "List all user role assignments". */
const roles = z.array(z.object({ type: z.string(), label: z.string().optional() }));

/** "List all API token metadata". */
const apiTokens = z.array(z.object({
  userId: z.string().nullish(),
  created: z.string().nullish(),
  expiresAt: z.string().nullish(),
}));

/** "Standard administrator roles": those that can change nothing. */
const readingRoles: ReadonlySet<string> = new Set(["READ_ONLY_ADMIN", "REPORT_ADMIN"]);

/** Of a custom role, only its name is told. */
const customRole = "CUSTOM";

/** An API token may do what the administrator may. Age and end are known when there is only one of them. */
async function accessOfToken(
  { http }: SourceContext<Access>,
  base: string,
): Promise<GrantedAccess> {
  const { id } = await http.json({ path: `${base}/api/v1/users/me`, what: "the account" }, person);
  const path = `${base}/api/v1/users/${encodeURIComponent(id)}/roles`;
  const allow = [403];
  const { body: assigned } = await http.page({ path, what: "its roles", allow }, roles);
  const { body: all = [] } = await http.page(
    { path: `${base}/api/v1/api-tokens`, what: "API tokens", allow },
    apiTokens,
  );
  const own = all.filter(({ userId }) => userId === id);
  const [token] = own.length === 1 ? own : [];
  const name = ({ type, label }: z.infer<typeof roles>[number]) => label ?? type;
  const isCustom = assigned?.some(({ type }) => type === customRole) === true;
  return {
    credentials: "the API token",
    rights: (assigned ?? []).map(name),
    beyondReading: (assigned ?? [])
      .filter(({ type }) => !readingRoles.has(type) && type !== customRole).map(name),
    ...(assigned === undefined ? { untold: "Okta does not let the token ask for roles" } : {}),
    ...(isCustom ? { untold: "what a custom role permits is not told" } : {}),
    created: readMoment(token?.created),
    expires: readMoment(token?.expiresAt),
  };
}

/** What the credentials allow. */
export async function inspectAccess(context: SourceContext<Access>): Promise<GrantedAccess> {
  const base = buildBase(context.options);
  if (usesApiToken(context.options)) return await accessOfToken(context, base);
  // Okta grants the scope that was asked for or none: a token that may read people has no other.
  return {
    credentials: "the token of the service app",
    rights: ["okta.users.read"],
    beyondReading: [],
    untold: "which other scopes were granted to the app, the tab Okta API Scopes shows",
  };
}
