/**
 * Control Center's REST API, as the same service that its SOAP API is: "Search Devices", "Get Device Details"
 * and "Get Device Usage" of developer.cisco.com.
 *
 * @module
 */

import { z } from "zod";
import {
  ownEntry,
  retryPolicies,
  type SourceContext,
  type SourceRecord,
  type Wanted,
} from "../../sdk/mod.ts";
import type { TerminalService } from "./client.ts";

/** The largest page ("Search Devices", `pageSize`). */
const pageSize = 50;

/** Before any SIM: `modifiedSince` cannot be left out. */
const beforeAll = "2000-01-01T00:00:00+00:00";

const path = "/rws/api/v1/devices";

const list = z.object({
  devices: z.array(z.object({ iccid: z.string() })),
  lastPage: z.boolean(),
});
const device = z.record(z.string(), z.unknown());

/** What the REST API calls otherwise than the SOAP API. */
const soapNames: Readonly<Record<string, string>> = {
  dateUpdated: "dateModified",
  deviceID: "terminalId",
  modemID: "modemId",
  fixedIPAddress: "fixedIpAddress",
  ...Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [`accountCustom${index + 1}`, `custom${index + 1}`]),
  ),
};

/** Fields for which each SIM takes a request more. */
const usagePaths: ReadonlySet<string> = new Set([
  "monthToDateUsage",
  "monthToDateDataUsage",
  "monthToDateSMSUsage",
  "monthToDateVoiceUsage",
  "ctdSessionCount",
  "overageLimitReached",
  "overageLimitOverride",
]);

const bytesPerMegabyte = 1024 * 1024;

/** `2016-04-18 17:31:34.121+0000` as the SOAP API writes it ("Date Formats"). */
function toIsoTime(text: string): string {
  const [, day, clock, hours, minutes] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d):?(\d\d)$/.exec(text) ?? [];
  const time = Date.parse(`${day}T${clock}${hours}:${minutes}`);
  return Number.isNaN(time) ? text : new Date(time).toISOString();
}

function convertValue(name: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  // The SOAP API has the names of states with this ending.
  if (name === "status") return `${value}_NAME`;
  if (name === "accountId" && /^\d{1,15}$/.test(value)) return Number(value);
  return name.startsWith("date") ? toIsoTime(value) : value;
}

/** The record of a SIM as the SOAP API gives it; what only the REST API has keeps its name. */
export function fromRest(found: SourceRecord): SourceRecord {
  const record = Object.fromEntries(
    Object.entries(found).map(([name, value]) => [
      ownEntry(soapNames, name) ?? name,
      convertValue(name, value),
    ]),
  );
  return "msisdn" in record ? { ...record, _msisdn: record.msisdn } : record;
}

function toNumber(value: unknown): number | undefined {
  const number = Number(value);
  return value === null || value === undefined || Number.isNaN(number) ? undefined : number;
}

/** What a SIM used in this billing cycle: data in MB as in the SOAP API, voice in seconds. */
export function usageFromRest(usage: SourceRecord): SourceRecord {
  const bytes = toNumber(usage.ctdDataUsage);
  const megabytes = bytes === undefined ? null : bytes / bytesPerMegabyte;
  return {
    monthToDateUsage: megabytes,
    monthToDateDataUsage: megabytes,
    monthToDateSMSUsage: toNumber(usage.ctdSMSUsage) ?? null,
    monthToDateVoiceUsage: toNumber(usage.ctdVoiceUsage) ?? null,
    ctdSessionCount: toNumber(usage.ctdSessionCount) ?? null,
    overageLimitReached: usage.overageLimitReached ?? null,
    overageLimitOverride: usage.overageLimitOverride ?? null,
  };
}

/** Whether anybody looks at what SIMs used. */
function readsUsage({ everything, paths }: Wanted): boolean {
  return everything || paths.some((path) => usagePaths.has(path));
}

/** `2016-04-18T17:31:34+00:00`, as the documentation has it. */
function toRequestTime(time: string): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "+00:00");
}

/** When an answer was made, by the server's clock; blank where it does not say. */
function readClock(headers: Headers): string {
  const time = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(time) ? "" : new Date(time).toISOString();
}

/** Opens the service; the credentials are first looked at by the first request. */
export function openRest({ http, wanted }: SourceContext<unknown>): TerminalService {
  const withUsage = readsUsage(wanted);
  async function load(iccid: string): Promise<SourceRecord | undefined> {
    const own = `${path}/${encodeURIComponent(iccid)}`;
    const common = { retry: retryPolicies.detail, allow: [404] };
    const { body } = await http.page({ path: own, what: `SIM ${iccid}`, ...common }, device);
    if (body === undefined) return undefined;
    if (!withUsage) return fromRest(body);
    const what = `what SIM ${iccid} used`;
    const usage = await http.page({ path: `${own}/ctdUsages`, what, ...common }, device);
    return { ...fromRest(body), ...usageFromRest(usage.body ?? {}) };
  }
  return {
    // There is no request for the details of several.
    batchSize: 1,
    async changed(since, page) {
      const modifiedSince = since === undefined ? beforeAll : toRequestTime(since);
      const query = { modifiedSince, pageSize: `${pageSize}`, pageNumber: `${page}` };
      const request = { path, query, what: "changed SIMs" };
      const { body, headers } = await http.page(request, list);
      return {
        iccids: body?.devices.map(({ iccid }) => iccid.trim()) ?? [],
        // How many pages there are is not said, only which is the last.
        totalPages: body?.lastPage === false ? page + 1 : page,
        timestamp: readClock(headers),
      };
    },
    async details(iccids) {
      const found = [];
      for (const iccid of iccids) found.push(await load(iccid));
      return found.filter((record) => record !== undefined);
    },
  };
}
