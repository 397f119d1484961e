/**
 * Devices from Apple Business and Apple School Manager.
 *
 * @module
 */

import {
  defineSource,
  opt,
  optional,
  type SourceRecord,
  syncField,
  type Wanted,
} from "../../sdk/mod.ts";
import {
  buildBase,
  checkAccess,
  type Context,
  createAuth,
  readErrorMessage,
  usualTokenUrl,
} from "./access.ts";
import { checkDevices, listDevices, loadCoverage, loadServers, pageSize } from "./client.ts";
import { fields } from "./fields.ts";
import { chooseCoverage, toRecord } from "./record.ts";

/** Whether anybody looks at one of some parts of the record. */
function reads({ everything, paths }: Wanted, ...segments: readonly string[]): boolean {
  return everything || paths.some((path) => segments.includes(path.split(".", 1)[0] ?? ""));
}

async function withCoverage(context: Context, record: SourceRecord): Promise<SourceRecord> {
  const appleCareCoverage = await loadCoverage(context, `${record.id}`);
  return { ...record, appleCareCoverage, coverage: chooseCoverage(appleCareCoverage) ?? {} };
}

/** Reads the devices of an organization in Apple Business or Apple School Manager. */
export const appleBusiness = defineSource({
  name: "apple_business",
  title: "Apple Business",
  kind: "assets",
  summary:
    "All devices of an organization in Apple Business or Apple School Manager, with orders, device management services and AppleCare.",
  mappingName: "AppleBusiness",
  options: {
    client_id: opt.text(
      "Client id of the API account. It says whether Apple Business or Apple School Manager is read.",
      { example: "BUSINESSAPI.00000000-0000-0000-0000-000000000000" },
    ),
    key_id: opt.text("Key id of the API account.", {
      default: "",
      example: "00000000-0000-0000-0000-000000000000",
    }),
    private_key: opt.secret(
      "Private key of the API account: the path of its .pem file, or the key itself in one line.",
      { example: "apple_business.pem" },
    ),
    sync_field: syncField(),
    url: optional(opt.url("Address of the API, if it is not Apple's.", { advanced: true })),
    token_url: opt.url("Address of the token server.", { default: usualTokenUrl, advanced: true }),
  },
  mappings: {},
  converters: {
    addedToOrgDateTime: "timestamp",
    releasedFromOrgDateTime: "timestamp",
    updatedDateTime: "timestamp",
    orderDateTime: "timestamp",
    "coverage.startDateTime": "timestamp",
    "coverage.endDateTime": "timestamp",
    "coverage.contractCancelDateTime": "timestamp",
  },
  fields,
  namedBy: ["serialNumber", "deviceModel"],
  isSerial: (path) => path === "serialNumber" || path === "serial_number",
  // Apple publishes no numbers. AppleCare takes a request a device: not too many at once.
  limits: { concurrency: 2, pageSize },
  rule: checkAccess,
  http: (options) => ({ base: buildBase(options), auth: createAuth(options), readErrorMessage }),
  check: checkDevices,
  async *records(context) {
    const { wanted } = context;
    const servers = reads(wanted, "assignedServer") ? await loadServers(context) : undefined;
    const readsCoverage = reads(wanted, "appleCareCoverage", "coverage");
    for await (const devices of listDevices(context)) {
      const records = devices.map(({ id, attributes }): SourceRecord => ({
        ...toRecord(id, attributes ?? {}),
        ...(servers === undefined ? {} : { assignedServer: servers.get(id) ?? {} }),
      }));
      yield* readsCoverage
        ? context.each(
          records,
          (record) => withCoverage(context, record),
          ({ id }) => `device ${id}`,
        )
        : [records];
    }
  },
});
