/**
 * Control Center's REST API, from developer.cisco.com: "Search Devices" (`modifiedSince` is wanted, at most 50 on a
 * page, `lastPage`, oldest change first), "Get Device Details", "Get Device Usage", "Date Formats", Basic with
 * user name and API key, `errorMessage` and `errorCode`. How it throttles is not documented: a plain 429.
 *
 * @module
 */
import {
  hasBasic,
  startVendor,
  type Throttle,
  type Vendor,
  type VendorCall,
} from "../../support/vendor.ts";
import { changedAt, iccid } from "./server.ts";

/** What the server accepts. */
export const account = {
  username: "jasper.api",
  apiKey: "a44f42f1-canary-4aca-b6a0-81f150fbd5bb",
} as const;

/** How the server is to be. */
export interface RestOptions {
  readonly count: number;
  /** SIMs that are listed, but have no details. */
  readonly unknown?: readonly number[];
  readonly throttle?: Throttle;
  /** Called with each page of changes that is about to be given. */
  readonly onPage?: (page: number, server: RestServer) => void;
}

/** A server at work. */
export interface RestServer extends Vendor {
  /** Lets a SIM change at a time. */
  touch(index: number, time: string): void;
  /** The `modifiedSince` of each list that was asked for. */
  readonly since: readonly string[];
}

const mostPerPage = 50;

/** By the server's clock it is well after the changes. */
const now = "Sun, 01 Mar 2026 00:00:00 GMT";

function fail(status: number, errorCode: string, errorMessage: string): Response {
  return Response.json({ errorMessage, errorCode }, { status });
}

/** The answer when requests come too fast. */
export function throttled(): Response {
  return new Response(null, { status: 429, headers: { "Retry-After": "1" } });
}

/** As "Date Formats" has it: `2016-04-18 17:31:34.121+0000`. */
function toDate(time: string): string {
  return new Date(time).toISOString().replace("T", " ").replace("Z", "+0000");
}

function details(index: number, time: string) {
  return {
    iccid: iccid(index),
    imsi: `00101${index}`,
    msisdn: `00155501${index}`,
    imei: null,
    status: "ACTIVATED",
    ratePlan: "Plan A",
    communicationPlan: "Data LTE",
    customer: "Küche & Söhne <1>",
    endConsumerId: null,
    dateActivated: toDate("2024-02-03T04:05:06.000Z"),
    dateAdded: toDate("2024-02-01T00:00:00.000Z"),
    dateUpdated: toDate(time),
    dateShipped: toDate("2024-02-01T00:00:00.000Z"),
    accountId: "100055555",
    fixedIPAddress: null,
    accountCustom1: "  Jane\n Doe ",
    operatorCustom1: "",
    customerCustom1: "",
    simNotes: null,
    deviceID: `device-${index}`,
    modemID: "",
    globalSimType: "",
  };
}

function usage(index: number) {
  return {
    iccid: iccid(index),
    ctdDataUsage: 13_107_200,
    ctdSMSUsage: 4,
    ctdVoiceUsage: 61,
    ctdSessionCount: 17,
    overageLimitReached: false,
    overageLimitOverride: "DEFAULT",
  };
}

class Devices {
  readonly since: string[] = [];
  readonly #options: RestOptions;
  readonly #times: string[];

  constructor(options: RestOptions) {
    this.#options = options;
    this.#times = Array.from({ length: options.count }, (_, index) => changedAt(index));
  }

  touch(index: number, time: string): void {
    this.#times[index] = time;
  }

  list({ query }: VendorCall, server: RestServer): Response {
    const since = query.get("modifiedSince") ?? "";
    const size = Number(query.get("pageSize") ?? "50");
    const page = Number(query.get("pageNumber") ?? "1");
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/.test(since)) {
      return fail(
        400,
        "10000023",
        "modifiedSince is required, in the format yyyy-MM-ddTHH:mm:ssZ.",
      );
    }
    if (!Number.isInteger(size) || size < 1 || size > mostPerPage) {
      return fail(400, "10000024", "Page size must be between 1 and 50.");
    }
    if (!Number.isInteger(page) || page < 1) return fail(400, "10000025", "Invalid page number.");
    this.#options.onPage?.(page, server);
    this.since.push(since);
    const changed = this.#times.map((time, index) => ({ time: Date.parse(time), index }))
      .filter(({ time }) => time > Date.parse(since))
      .sort((a, b) => a.time - b.time || a.index - b.index);
    return Response.json({
      pageNumber: page,
      devices: changed.slice((page - 1) * size, page * size).map(({ index }) => ({
        iccid: iccid(index),
        status: "ACTIVATED",
        ratePlan: "Plan A",
        communicationPlan: "Data LTE",
      })),
      lastPage: page * size >= changed.length,
    }, { headers: { Date: now } });
  }

  one(id: string, answer: (index: number, time: string) => unknown): Response {
    const index = Number(id.slice(-5));
    const time = this.#times[index];
    return time === undefined || iccid(index) !== id || this.#options.unknown?.includes(index)
      ? fail(404, "10000001", "Resource not found - Invalid ICCID.")
      : Response.json(answer(index, time));
  }
}

/** Starts the server. */
export function startRest(options: RestOptions): RestServer {
  const devices = new Devices(options);
  const guarded =
    (answer: (call: VendorCall, match: RegExpExecArray | undefined) => Response) =>
    (call: VendorCall, match: RegExpExecArray | undefined) => {
      if (!hasBasic(call, account.username, account.apiKey)) {
        return fail(401, "10000002", "Invalid credentials.");
      }
      return (call.headers.get("accept") ?? "").includes("application/json")
        ? answer(call, match)
        : fail(400, "10000003", "Accept must be application/json.");
    };
  const vendor = startVendor({
    routes: [
      {
        method: "GET",
        path: "/rws/api/v1/devices",
        answer: guarded((call) => devices.list(call, server)),
      },
      {
        method: "GET",
        path: /^\/rws\/api\/v1\/devices\/(\d+)$/,
        answer: guarded((_, match) => devices.one(match?.[1] ?? "", details)),
      },
      {
        method: "GET",
        path: /^\/rws\/api\/v1\/devices\/(\d+)\/ctdUsages$/,
        answer: guarded((_, match) => devices.one(match?.[1] ?? "", usage)),
      },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
  const server: RestServer = Object.assign(vendor, {
    since: devices.since,
    touch: (index: number, time: string) => devices.touch(index, time),
  });
  return server;
}
