/**
 * SIMs from Cisco IoT Control Center, once named Jasper.
 *
 * @module
 */

import {
  basicAuth,
  defineSource,
  opt,
  optional,
  type SourceContext,
  syncField,
  writeModeOptions,
} from "../../sdk/mod.ts";
import { type Access, batchSize, readErrorMessage, usualWsdl } from "./access.ts";
import type { TerminalService } from "./client.ts";

async function openService(context: SourceContext<Access>): Promise<TerminalService> {
  if (context.options.api === "rest") return (await import("./rest.ts")).openRest(context);
  return await (await import("./client.ts")).openTerminals(context);
}

/** Reads the SIMs that changed. */
export const jasper = defineSource({
  name: "jasper",
  title: "Jasper",
  kind: "assets",
  summary:
    "SIMs from Cisco IoT Control Center (Jasper) by its SOAP or REST API: those that changed since the last upload.",
  mappingName: "Jasper",
  options: {
    wsdl_path: opt.path(
      "WSDL of your operator's Terminal service: its address, or a file. The one of Jasper itself is built in.",
      { default: usualWsdl, placeholder: "URL|PATH" },
    ),
    username: opt.text("Account with access to the API.", { example: "username@example.com" }),
    password: opt.secret("Its password. Not with api = rest.", {
      default: "",
      example: "change-me",
    }),
    storage: opt.path(
      "File in which the Python connector kept the time of its last upload. Read once and not changed; the agent keeps the time in its own state file.",
      { default: "storage.db" },
    ),
    api_token: opt.secret("License key of the SOAP API, or, with api = rest, the user's API key.", {
      example: "YOUR Jasper API TOKEN",
    }),
    sync_field: syncField(),
    update_only: { ...writeModeOptions.update_only, advanced: false },
    api: opt.choice("API of Control Center that is read.", ["soap", "rest"], {
      default: "soap",
      advanced: true,
    }),
    url: optional(opt.url(
      "Base URL of your operator's REST API, for example https://restapi3.jasper.com. Only with api = rest.",
      { advanced: true },
    )),
    full_sync: opt.flag("Whether all SIMs are read, not only the changed ones.", {
      default: false,
      advanced: true,
    }),
  },
  mappings: {},
  fields: {
    "iccid": "number of the SIM card",
    "imsi": "number of the subscription",
    "msisdn": "phone number; also _msisdn",
    "imei": "number of the device that the SIM is in",
    "status": "for example ACTIVATED_NAME, DEACTIVATED_NAME, INVENTORY_NAME or RETIRED_NAME",
    "ratePlan": "rate plan",
    "terminalId": "id that you gave the device",
    "modemId": "id of the modem",
    "customer": "customer of the account",
    "endConsumerId": "id of the end consumer",
    "accountId": "id of the account",
    "dateActivated": "when the SIM was first activated",
    "dateAdded": "when it came into the account",
    "dateModified": "when it last changed",
    "dateShipped": "when it was shipped",
    "monthToDateUsage": "use in this billing cycle",
    "monthToDateDataUsage": "data in this billing cycle",
    "monthToDateSMSUsage": "messages in this billing cycle",
    "monthToDateVoiceUsage": "calls in this billing cycle",
    "ctdSessionCount": "sessions in this billing cycle",
    "overageLimitReached": "whether the overage limit was reached",
    "fixedIpAddress": "fixed IP address",
    "rating.renewalRatePlan": "rate plan of the next term; rating has seven more fields",
    "simNotes": "notes",
    "custom1": "custom field of the account, up to custom10",
    "customerCustom1": "custom field of the customer, up to customerCustom5",
    "operatorCustom1": "custom field of the operator, up to operatorCustom5",
    "communicationPlan": "communication plan; only with api = rest",
  },
  // "API policies and best practices": one call at a time, or the account is throttled.
  namedBy: ["iccid"],
  vendorId: "iccid",
  limits: { concurrency: 1, pageSize: batchSize },
  rule({ api, url, password }) {
    if (api === "rest") return url === undefined ? "needs url beside api = rest" : undefined;
    return password === "" ? "needs password" : undefined;
  },
  http: ({ api, url = "", username, api_token }) =>
    api === "rest"
      ? { base: url, auth: basicAuth(username, api_token), readErrorMessage }
      // The address comes from the WSDL, the credentials are in each message.
      : { base: "" },
  async check(context) {
    const service = await openService(context);
    await service.changed(new Date().toISOString(), 1);
  },
  async *records(context) {
    const { readChanges } = await import("./changes.ts");
    yield* readChanges(context, await openService(context));
  },
});
