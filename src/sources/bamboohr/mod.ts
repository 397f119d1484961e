/**
 * People from BambooHR.
 *
 * @module
 */

import { changesOptions, defineSource, opt, optional, peopleOptions } from "../../sdk/mod.ts";
import {
  buildBase,
  checkAccess,
  createAuth,
  pageSize,
  readErrorMessage,
  usesOauth,
} from "./access.ts";

export const bamboohr = defineSource({
  name: "bamboohr",
  title: "BambooHR",
  kind: "users",
  summary: "People from BambooHR: the company directory, or all employees.",
  mappingName: "BambooHR",
  options: {
    url: opt.url(
      "Address of the API. The company's own, such as https://example.bamboohr.com/api, works as well.",
      { default: "https://api.bamboohr.com/api/gateway.php" },
    ),
    system_name: opt.text("Name of your company in its address at bamboohr.com.", {
      example: "YOUR BambooHR SYSTEM NAME",
    }),
    api_token: opt.secret("API key of a person who may read employees.", {
      default: "",
      example: "YOUR BambooHR API TOKEN",
    }),
    client_id: opt.text("Client ID of an OAuth application, instead of api_token.", {
      default: "",
      advanced: true,
    }),
    client_secret: opt.secret("Client secret of the application.", {
      default: "",
      advanced: true,
    }),
    refresh_token_file: opt.path(
      "File with the refresh token of the application. The agent writes the next one into it.",
      { default: "", advanced: true },
    ),
    redirect_uri: optional(opt.url("Redirect URI of the application, if BambooHR asks for it.", {
      advanced: true,
    })),
    token_url: optional(opt.url(
      "Address of the token endpoint. Default: the standard one on the company's own host.",
      { advanced: true },
    )),
    ...peopleOptions,
    default_position: opt.text("Position that people get when POSITION is not mapped.", {
      default: "",
      example: "Employee",
    }),
    endpoint: opt.choice(
      "What to read: the company directory, or the list of employees, which has more fields and requires permission to read them.",
      ["directory", "employees"],
      { default: "directory" },
    ),
    inactive: opt.flag(
      "Whether people who left are read too. Only with endpoint = employees.",
      { default: false, advanced: true },
    ),
    ...changesOptions("employees"),
  },
  mappings: {
    USER: { source: "workEmail" },
    FIRST_NAME: { source: "firstName" },
    LAST_NAME: { source: "lastName" },
    EMAIL: { source: "workEmail" },
    PHONE: { source: "mobilePhone" },
    POSITION: { source: "jobTitle" },
    PERMISSIONS_ID: { setting: "default_role" },
  },
  fields: {
    "id": "BambooHR's id of the person",
    "displayName": "name as it is shown",
    "firstName": "first name",
    "lastName": "last name",
    "preferredName": "name that the person prefers",
    "jobTitle": "job title",
    "workEmail": "mail address at work",
    "workPhone": "phone at work",
    "mobilePhone": "mobile phone",
    "department": "department",
    "division": "division",
    "location": "location",
    "supervisor": "name of the manager",
    "status": "Active or Inactive; with endpoint = employees",
    "hireDate": "first day at work; with endpoint = employees",
    "employeeNumber": "number that the company gave the person; with endpoint = employees",
  },
  // "Technical Overview" names no numbers, only that requests "can be throttled if BambooHR deems
  // them to be too frequent": with 429 and Retry-After, with 503 until September 2026 ("Planned
  // Changes to the API").
  namedBy: ["id", "displayName"],
  vendorId: "id",
  limits: { concurrency: 1, requests: 60, perSeconds: 60, pageSize },
  rule(options) {
    const { endpoint, inactive, mode } = options;
    if (mode === "changes" && endpoint === "directory") {
      return "mode = changes needs endpoint = employees: the directory comes in one piece";
    }
    if (inactive && endpoint === "directory") {
      return "inactive = True needs endpoint = employees: the directory has nobody who left";
    }
    return checkAccess(options);
  },
  http: (options) => ({
    base: buildBase(options),
    auth: createAuth(options),
    readErrorMessage: ({ headers }) => readErrorMessage(headers),
  }),
  async check(context) {
    // Not the key owner's own record: not every owner of a key is an employee.
    const { http, options } = context;
    const { employees, loadDirectory } = await import("./client.ts");
    const base = buildBase(options);
    if (options.endpoint === "directory") return void await loadDirectory(context, base);
    const query = { "page[limit]": "1" };
    await http.json({ path: `${base}/employees`, query, what: "employees" }, employees);
  },
  // No endpoint tells what a key or an application may do.
  inspectAccess: ({ options }) =>
    Promise.resolve({
      credentials: usesOauth(options) ? "the application" : "the API key",
      rights: [],
      beyondReading: [],
      untold: usesOauth(options)
        ? "the developer portal shows its scopes"
        : "it may do what its owner may, whose access level is under Settings > Access Levels",
    }),
  async *records(context) {
    const base = buildBase(context.options);
    if (context.options.endpoint === "directory") {
      yield* (await import("./client.ts")).listDirectory(context, base);
    } else yield* (await import("./reading.ts")).readEmployees(context, base);
  },
});
