/**
 * Which of Jamf Pro's APIs a section uses: decided here alone, for uploads, webhooks and deadlines.
 *
 * @module
 */

import type { ApiPair } from "../../sdk/mod.ts";
import { type Access, type Context, usesPlatform } from "./access.ts";

/** One of the two. */
export type Api = "classic" | "pro";

/** The two APIs. */
export const apis: ApiPair<Access> = {
  names: { older: "the Classic API", newer: "the Jamf Pro API" },
  setting: "api = pro",
  choose: (options) => {
    if (usesPlatform(options) || options.api === "pro") return "newer";
    return options.api === "classic" ? "older" : "proved";
  },
  // Accounts may see other sites, and have other rights.
  scope: ({ url, username, client_id, sync_type, group_name }) => {
    return [url, username, client_id, sync_type, group_name];
  },
};

/** The API that the options name, or the one that was proved. */
export function selectApi(options: Access, isNewerProved: boolean): Api {
  const choice = apis.choose(options);
  return choice === "newer" || (choice === "proved" && isNewerProved) ? "pro" : "classic";
}

/** The API to use for what is read now. */
export interface ChosenApi {
  readonly api: Api;
  /** Whether the other one is used where the Classic API is gone. */
  readonly hasSuccessor: boolean;
  /** Says which one is used in the end, and why, where the options leave that open. */
  announce(used: Api): void;
}

/** Chooses the API. Throws `AgentError` when the state that has the proof cannot be read. */
export async function chooseApi(context: Context): Promise<ChosenApi> {
  const { options, section } = context;
  if (apis.choose(options) !== "proved") {
    return { api: selectApi(options, false), hasSuccessor: false, announce() {} };
  }
  const proof = await context.apis.findProof();
  const messages: Readonly<Record<Api, string>> = proof.isProved
    ? {
      pro: `Read by the Jamf Pro API, proved on ${proof.day} for the mapped fields`,
      classic: "Read by the Classic API: this server has no mobile devices by the page",
    }
    : {
      pro: "Read by the Jamf Pro API: the Classic API is gone here",
      classic:
        `Read by the Classic API: ${proof.reason}. To prove that the Jamf Pro API gives the same, ` +
        `run agent check ${section} --compare-apis`,
    };
  return {
    api: selectApi(options, proof.isProved),
    // The Classic API ends for computers only.
    hasSuccessor: options.sync_type === "computers",
    announce: (used) => context.apis.announce(messages[used]),
  };
}
