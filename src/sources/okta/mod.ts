/**
 * People from Okta.
 *
 * @module
 */

import { changesOptions, defineSource, opt, peopleOptions } from "../../sdk/mod.ts";
import { buildBase, checkAccess, createAuth, pageSize, usesApiToken } from "./access.ts";

export const okta = defineSource({
  name: "okta",
  title: "Okta",
  kind: "users",
  summary: "People from an Okta organization, optionally with deprovisioned ones.",
  mappingName: "Okta",
  options: {
    url: opt.url("Address of your Okta organization.", {
      default: "https://example-admin.okta.com",
    }),
    client_id: opt.text("Client ID of a service app that may read users.", { default: "" }),
    private_key: opt.secret(
      "Private key of the service app, as PEM or JSON (JWK), or the path of the file with it.",
      { default: "" },
    ),
    key_id: opt.text(
      "ID (kid) of the public key at Okta, if the app has several keys and the private key does not have it in itself.",
      { default: "", advanced: true },
    ),
    api_token: opt.secret(
      "API token of an administrator who may read users, if there is no service app.",
      { default: "", example: "YOUR Okta API TOKEN" },
    ),
    ...peopleOptions,
    deprovisioned: opt.flag("Whether deprovisioned people are read too.", {
      default: false,
    }),
    ...changesOptions("people"),
  },
  mappings: {
    USER: { source: "profile.login" },
    FIRST_NAME: { source: "profile.firstName" },
    LAST_NAME: { source: "profile.lastName" },
    EMAIL: { source: "profile.email" },
    PHONE: { source: "profile.mobilePhone" },
    PERMISSIONS_ID: { setting: "default_role" },
    POSITION: { setting: "default_position" },
  },
  fields: {
    "id": "Okta's id of the person",
    "status":
      "STAGED, PROVISIONED, ACTIVE, RECOVERY, PASSWORD_EXPIRED, LOCKED_OUT, SUSPENDED or DEPROVISIONED",
    "created": "when the person was created",
    "lastUpdated": "when the person was last changed",
    "lastLogin": "when the person last signed in",
    "profile.login": "sign-in name",
    "profile.email": "mail address",
    "profile.firstName": "first name",
    "profile.lastName": "last name",
    "profile.mobilePhone": "mobile phone",
    "profile.title": "job title",
    "profile.department": "department",
    "profile.city": "city",
    "profile.manager": "name of the manager",
    "credentials.provider.name": "who checks the password",
  },
  namedBy: ["id", "profile.login"],
  vendorId: "id",
  // "Rate limits": 600 a minute for /api/v1/users on the usual plans, of which one token or app may
  // use half ("Token and OAuth 2.0 app rate limits"); the headers tell the limit of the organization.
  limits: { concurrency: 4, requests: 300, perSeconds: 60, ownShare: 0.5, pageSize },
  deadlines: [{
    what: "API tokens (SSWS)",
    notice: "Okta API reference, Authentication: API key (deprecated)",
    successor: "a service app with a key",
    todo: "Create a service app and set client_id and private_key.",
    concerns: usesApiToken,
  }],
  rule: checkAccess,
  http: (options) => ({ base: buildBase(options), auth: createAuth(options) }),
  async check({ http }) {
    const { users } = await import("./reading.ts");
    await http.json({ path: "/api/v1/users", query: { limit: "1" }, what: "users" }, users);
  },
  async inspectAccess(context) {
    const { inspectAccess } = await import("./rights.ts");
    return await inspectAccess(context);
  },
  async *records(context) {
    const { options, log } = context;
    if (usesApiToken(options)) {
      log.info(
        "Okta has deprecated API tokens: a service app with client_id and private_key takes their place.",
      );
    }
    const { readPeople } = await import("./reading.ts");
    yield* readPeople(context, buildBase(options));
  },
});
