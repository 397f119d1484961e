/**
 * People from Zendesk.
 *
 * @module
 */

import { changesOptions, defineSource, opt, optional, peopleOptions } from "../../sdk/mod.ts";
import { createAuth, hasApiTokenOnly, pageSize, splitRoles } from "./access.ts";

const knownRoles = new Set(["end-user", "agent", "admin"]);

function buildBase({ url, system_name }: { url: string | undefined; system_name: string }): string {
  return url ?? `https://${encodeURIComponent(system_name)}.zendesk.com`;
}

export const zendesk = defineSource({
  name: "zendesk",
  title: "Zendesk",
  kind: "users",
  summary: "Agents, administrators and end users of Zendesk, optionally with their organizations.",
  mappingName: "Zendesk",
  options: {
    system_name: opt.text("Name of your account: the part of its address before .zendesk.com.", {
      example: "oomnitza",
    }),
    client_id: opt.text("Identifier of an OAuth client.", {
      default: "",
      example: "YOUR Zendesk OAuth CLIENT",
    }),
    client_secret: opt.secret("Secret of the OAuth client.", {
      default: "",
      example: "YOUR Zendesk CLIENT SECRET",
    }),
    oauth_token: opt.secret(
      "An OAuth access token, instead of an OAuth client. Zendesk has all of them expire from 1 April 2027.",
      { default: "", advanced: true },
    ),
    api_token: opt.secret(
      "An API token, instead of an OAuth client. Zendesk creates none any more and ends them on 30 April 2027.",
      { default: "", advanced: true },
    ),
    username: opt.text("Mail address of the agent or administrator to whom api_token belongs.", {
      default: "",
      advanced: true,
    }),
    ...peopleOptions,
    load_organizations: opt.flag(
      "Whether organizations are read too, so that organization.name can be mapped.",
      { default: false },
    ),
    roles: opt.text(
      "Roles to read, separated by commas: end-user, agent, admin. Blank reads all.",
      {
        default: "",
        example: "",
      },
    ),
    ...changesOptions("people"),
    url: optional(opt.url("Address of Zendesk, if it is not the default one.", { advanced: true })),
  },
  mappings: {
    USER: { source: "email" },
    FIRST_NAME: { source: "name", converter: "first_from_full" },
    LAST_NAME: { source: "name", converter: "last_from_full" },
    EMAIL: { source: "email" },
    PHONE: { source: "phone" },
    PERMISSIONS_ID: { setting: "default_role" },
    POSITION: { setting: "default_position" },
  },
  fields: {
    "id": "Zendesk's id of the person",
    "name": "whole name",
    "email": "mail address",
    "phone": "phone",
    "role": "end-user, agent or admin",
    "active": "false when the person was deleted",
    "suspended": "whether the person may not sign in",
    "created_at": "when the person was created",
    "last_login_at": "when the person last signed in",
    "tags": "list of tags",
    "user_fields": "the account's own fields, for example user_fields.city",
    "organization_id": "id of the organization",
    "organization.name": "name of the organization, with load_organizations",
  },
  // "Rate limits": 200 to 2,500 a minute by plan; the headers say which.
  namedBy: ["id", "name"],
  vendorId: "id",
  limits: { concurrency: 2, requests: 200, perSeconds: 60, pageSize },
  deadlines: [
    {
      what: "API tokens",
      ends: "2027-04-30",
      notice: "Migrating from API tokens to OAuth access tokens",
      successor: "an OAuth client",
      todo: "Create an OAuth client and set client_id and client_secret.",
      concerns: hasApiTokenOnly,
    },
    {
      what: "access tokens that do not expire",
      ends: "2027-04-01",
      notice: "Announcing the required expiration of global OAuth access and refresh tokens",
      successor: "an OAuth client",
      todo: "Create an OAuth client, set client_id and client_secret, and take oauth_token out.",
      concerns: ({ oauth_token }) => oauth_token !== "",
    },
  ],
  rule(options) {
    const unknown = splitRoles(options.roles).find((role) => !knownRoles.has(role));
    if (unknown !== undefined) return `roles has "${unknown}", not end-user, agent or admin`;
    if (!hasApiTokenOnly(options)) return undefined;
    return options.api_token === "" || options.username === ""
      ? "needs client_id and client_secret (or, until April 2027, username and api_token)"
      : undefined;
  },
  http: (options) => ({ base: buildBase(options), auth: createAuth(buildBase(options), options) }),
  async check({ http, options }) {
    const { users } = await import("./client.ts");
    const path = `${buildBase(options)}/api/v2/users.json`;
    await http.json({ path, query: { "page[size]": "1" }, what: "users" }, users);
  },
  async inspectAccess(context) {
    const { inspectAccess } = await import("./client.ts");
    return await inspectAccess(context, buildBase(context.options));
  },
  async *records(context) {
    const { options, log } = context;
    const base = buildBase(options);
    if (hasApiTokenOnly(options)) {
      log.warning(
        "Zendesk ends all API tokens on 30 April 2027, and those unused for 30 days at once. " +
          "Create an OAuth client and set client_id and client_secret.",
      );
    }
    const { readPeople } = await import("./reading.ts");
    yield* readPeople(context, base);
  },
});
