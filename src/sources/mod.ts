/**
 * The list of all sources.
 *
 * @module
 */

import type { Source } from "../sdk/mod.ts";
import { airwatch } from "./airwatch/mod.ts";
import { appleBusiness } from "./apple_business/mod.ts";
import { appledep } from "./appledep/mod.ts";
import { bamboohr } from "./bamboohr/mod.ts";
import { casper } from "./casper/mod.ts";
import { csvAssets } from "./csv_assets/mod.ts";
import { csvUsers } from "./csv_users/mod.ts";
import { fleet } from "./fleet/mod.ts";
import { jasper } from "./jasper/mod.ts";
import { ldap } from "./ldap/mod.ts";
import { ldapAssets } from "./ldap_assets/mod.ts";
import { mobileiron } from "./mobileiron/mod.ts";
import { okta } from "./okta/mod.ts";
import { onelogin } from "./onelogin/mod.ts";
import { sccm } from "./sccm/mod.ts";
import { zendesk } from "./zendesk/mod.ts";

export const sources: readonly Source[] = [
  airwatch,
  appleBusiness,
  appledep,
  bamboohr,
  casper,
  csvAssets,
  csvUsers,
  fleet,
  jasper,
  ldap,
  ldapAssets,
  mobileiron,
  okta,
  onelogin,
  sccm,
  zendesk,
];

/**
 * The source of that name.
 *
 * @param name The name itself, without the `.suffix` of a section.
 * @returns `undefined` when there is none.
 */
export function findSource(name: string): Source | undefined {
  return sources.find((source) => source.name === name);
}
