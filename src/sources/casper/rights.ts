/**
 * What Jamf Pro tells about the credentials of a section.
 *
 * @module
 */

import { z } from "zod";
import type { GrantedAccess } from "../../sdk/mod.ts";
import { type Context, proPath, usesPlatform } from "./access.ts";

/** "GET /v1/auth": the account of the token, with its privileges by site. */
const authorization = z.object({
  account: z.object({
    privilegeSet: z.string().nullish(),
    privilegesBySite: z.record(z.string(), z.array(z.string())).nullish(),
  }).nullish(),
});

/** The set of privileges that changes nothing. */
const readingSet = "AUDITOR";

/** "Jamf Pro User Accounts and Groups": privileges of objects begin with what they allow. */
function isReading(privilege: string): boolean {
  return /^(read|view)\b/i.test(privilege);
}

const pages = "Settings > System shows the privileges of accounts and of API roles";

/** What the credentials allow. */
export async function inspectAccess(context: Context): Promise<GrantedAccess> {
  const { http, options } = context;
  const credentials = options.client_id === "" ? "the account" : "the API client";
  const untold = usesPlatform(options) ? "Jamf Account shows its permissions" : pages;
  const path = proPath(options, "/v1/auth");
  // Servers before 10.35, and the gateway of the platform, do not have it.
  const { body } = await http.page({ path, what: "the account", allow: [403, 404] }, authorization);
  const { privilegeSet, privilegesBySite } = body?.account ?? {};
  const rights = [...new Set(Object.values(privilegesBySite ?? {}).flat())].toSorted();
  if (rights.length === 0) return { credentials, rights, beyondReading: [], untold };
  const beyondReading = privilegeSet === readingSet
    ? []
    : rights.filter((privilege) => !isReading(privilege));
  return { credentials, rights, beyondReading };
}
