/**
 * People from OneLogin.
 *
 * @module
 */

import { defineSource, opt, optional, peopleOptions } from "../../sdk/mod.ts";
import { type Access, createAuth, detectApi, pageSize } from "./access.ts";

/** What is wrong with the credentials, or with the address for them. */
function checkAccess(options: Access): string | undefined {
  const { url, client_id, client_secret, api_token } = options;
  const isXml = detectApi(options) === "xml";
  if (isXml && api_token === "") {
    return client_id === "" && client_secret === ""
      ? "needs client_id and client_secret (or api_token, for the old XML API)"
      : "client_id and client_secret are both required";
  }
  const path = new URL(url).pathname;
  if (isXml && /\/api\/[12]\//.test(path)) {
    return "api_token works with the old XML API only, whose url ends in .xml: " +
      "use client_id and client_secret";
  }
  return !isXml && path.endsWith(".xml")
    ? "url is the one of the old XML API. With client_id and client_secret it is like " +
      "https://api.us.onelogin.com/api/2/users"
    : undefined;
}

export const onelogin = defineSource({
  name: "onelogin",
  title: "OneLogin",
  kind: "users",
  summary: "People from OneLogin, with their custom attributes.",
  mappingName: "OneLogin",
  options: {
    url: opt.url(
      "Address of the list of users: with your region or your own host name, and /api/2/, or /api/1/ for the older API.",
      {
        default: "https://api.us.onelogin.com/api/1/users",
        recommended: "https://api.us.onelogin.com/api/2/users",
      },
    ),
    client_id: opt.text("Client ID of an API credential.", {
      default: "",
      example: "qwerty12345678901234567890",
    }),
    client_secret: opt.secret("Client secret of the API credential.", {
      default: "",
      example: "qwerty12345678901234567890",
    }),
    api_token: opt.secret("Key of the old XML API, if there is no API credential.", {
      default: "",
    }),
    ...peopleOptions,
    token_url: optional(opt.url(
      "Address of the token endpoint. Default: the standard one on the host of url.",
      { advanced: true },
    )),
  },
  mappings: {
    USER: { source: "username" },
    FIRST_NAME: { source: "firstname" },
    LAST_NAME: { source: "lastname" },
    EMAIL: { source: "email" },
    PHONE: { source: "phone" },
    PERMISSIONS_ID: { setting: "default_role" },
    POSITION: { setting: "default_position" },
  },
  fields: {
    "id": "OneLogin's id of the person",
    "username": "sign-in name; often empty, where people sign in by mail address",
    "email": "mail address",
    "firstname": "first name",
    "lastname": "last name",
    "phone": "phone",
    "title": "job title",
    "department": "department",
    "company": "company",
    "status": "0 unactivated, 1 active, 2 suspended, 3 locked, and others",
    "created_at": "when the person was created",
    "last_login": "when the person last signed in",
    "group_id": "id of the group",
    "role_id": "list of the ids of the roles; role_ids in API 2",
    "custom_attributes.NAME": "a custom attribute, also as NAME alone",
  },
  // "Get Rate Limit": 5,000 an hour for the account; the headers have the seconds that are left.
  namedBy: ["id", "username", "email"],
  vendorId: "id",
  limits: { concurrency: 1, requests: 5000, perSeconds: 3600, pageSize },
  deadlines: [{
    what: "the XML API",
    notice: "v1-v3 APIs have been deprecated",
    successor: "API 2 with an API credential",
    todo: "Create an API credential and set client_id, client_secret and url.",
    concerns: (options) => detectApi(options) === "xml",
  }],
  rule: checkAccess,
  http: (options) => ({ base: new URL(options.url).origin, auth: createAuth(options) }),
  async check(context) {
    const { http, options } = context;
    const request = { path: options.url, what: "users" };
    const api = detectApi(options);
    const { loadXml } = await import("./client.ts");
    const { usersV1, usersV2 } = await import("./schema.ts");
    if (api === "xml") await loadXml(context, options.url, 1);
    else if (api === "v1") await http.json(request, usersV1);
    else await http.json({ ...request, query: { limit: "1" } }, usersV2);
  },
  // No endpoint tells the scope of a credential.
  inspectAccess: ({ options }) =>
    Promise.resolve({
      credentials: detectApi(options) === "xml" ? "the API key" : "the API credential",
      rights: [],
      beyondReading: [],
      untold: "Developers > API Credentials shows its scope, which should be Read users",
    }),
  async *records(context) {
    const { options, log, wanted } = context;
    const { listV1, listV2, listXml } = await import("./client.ts");
    const list = { xml: listXml, v1: listV1, v2: listV2 }[detectApi(options)];
    if (list === listXml) {
      log.warning("The XML API of OneLogin is deprecated: set client_id and client_secret.");
    }
    let nameless = 0;
    for await (const user of list(context, options.url)) {
      if (user.username === null || user.username === "") nameless++;
      yield user;
    }
    if (nameless === 0 || !wanted.paths.includes("username")) return;
    log.warning(
      `${nameless} people have no username in OneLogin. Map USER from email to send them.`,
    );
  },
});
