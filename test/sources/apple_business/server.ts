/**
 * Apple's API for organizations, from its documentation: "Get Organization Devices", "Get Device Management Services",
 * "Get the Device Serial Numbers for a Device Management Service" and "Get AppleCare Coverage Information for a Device"
 * (limit up to 1000, cursors, links to the next page, errors). How it throttles is not documented: a plain 429.
 *
 * @module
 */
import { startVendor, type Throttle, type Vendor, type VendorCall } from "../../support/vendor.ts";

/** How the server is to be. */
export interface AppleOptions {
  readonly count: number;
  /** Tokens that the API accepts. */
  readonly tokens: ReadonlySet<string>;
  /** Devices of a page, whatever is asked for. */
  readonly mostPerPage?: number;
  /** Whether pages name the next by its cursor only. */
  readonly linkless?: boolean;
  readonly throttle?: Throttle;
}

/** A device management service, and which devices are assigned to it. */
const servers = [
  {
    id: "1F97349736CF4614A94F624E705841AD",
    name: "Jamf",
    isOf: (index: number) => index % 3 === 0,
  },
  {
    id: "2F97349736CF4614A94F624E705841AD",
    name: "Büro",
    isOf: (index: number) => index % 3 === 1,
  },
] as const;

/** Serial number of a device, which is its id. */
export function serial(index: number): string {
  return `XABC${String(index).padStart(6, "0")}`;
}

/** Attributes of a device. */
export function attributes(index: number) {
  return {
    serialNumber: serial(index),
    addedToOrgDateTime: "2025-04-30T22:05:14.192Z",
    releasedFromOrgDateTime: null,
    updatedDateTime: "2025-05-01T15:33:54.164Z",
    deviceModel: 'iMac 21.5"',
    productFamily: "Mac",
    productType: "iMac16,2",
    deviceCapacity: "750GB",
    partNumber: "FD311LL/A",
    orderNumber: "1234567890",
    color: "SILVER",
    status: servers.some(({ isOf }) => isOf(index)) ? "ASSIGNED" : "UNASSIGNED",
    orderDateTime: "2011-08-15T07:00:00Z",
    imei: ["123456789012345", "123456789012346"],
    meid: [],
    eid: "",
    wifiMacAddress: "00:1A:2B:3C:4D:5E",
    bluetoothMacAddress: null,
    ethernetMacAddress: ["00:1A:2B:3C:4D:5F"],
    purchaseSourceId: "11111",
    purchaseSourceType: "RESELLER",
  };
}

/** Coverage of a device: the first has none, the others a warranty, and every second one AppleCare. */
function coverageOf(index: number) {
  const warranty = {
    type: "appleCareCoverage",
    id: serial(index),
    attributes: {
      description: "Limited Warranty",
      status: "ACTIVE",
      paymentType: "NONE",
      agreementNumber: null,
      startDateTime: "2025-02-02T00:00:00Z",
      endDateTime: "2026-02-02T00:00:00Z",
      isRenewable: false,
      isCanceled: false,
      contractCancelDateTime: null,
    },
  };
  const care = {
    type: "appleCareCoverage",
    id: `00000000${index}`,
    attributes: {
      ...warranty.attributes,
      description: "AppleCare+ for Mac",
      paymentType: "PAID_UP_FRONT",
      agreementNumber: `AGR${index}`,
      endDateTime: "2028-02-02T00:00:00Z",
    },
  };
  const ended = {
    type: "appleCareCoverage",
    id: `10000000${index}`,
    attributes: { ...warranty.attributes, status: "INACTIVE", endDateTime: "2030-01-01T00:00:00Z" },
  };
  if (index === 0) return [];
  return index % 2 === 0 ? [ended, warranty, care] : [warranty];
}

function fail(status: number, code: string, detail: string): Response {
  const error = { id: "e-1", status: `${status}`, code, title: code, detail };
  return Response.json({ errors: [error] }, { status });
}

/** The answer when requests come too fast. */
export function throttled(): Response {
  const answer = fail(429, "RATE_LIMIT_EXCEEDED", "The request rate limit has been reached.");
  answer.headers.set("Retry-After", "1");
  return answer;
}

/** The beginning of an answer, after which the connection breaks. */
export function dropped(): Response {
  return new Response(
    new ReadableStream({
      async pull(controller) {
        controller.enqueue(new TextEncoder().encode('{"data":[{"type":"orgDevices",'));
        await Bun.sleep(5);
        controller.error();
      },
    }),
    { headers: { "Content-Type": "application/json" } },
  );
}

/** A page of a list; a cursor is good for the list that gave it. */
function page(
  { url, query }: VendorCall,
  all: readonly unknown[],
  options: AppleOptions,
): Response {
  for (const name of query.keys()) {
    if (!["limit", "cursor"].includes(name)) {
      return fail(400, "PARAMETER_ERROR.ILLEGAL", `The parameter '${name}' can not be used`);
    }
  }
  const limit = Number(query.get("limit") ?? "100");
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    return fail(400, "PARAMETER_ERROR.INVALID", "'limit' is not between 1 and 1000");
  }
  const cursor = query.get("cursor");
  const [path, offset] = cursor === null ? [url.pathname, "0"] : atob(cursor).split(" ");
  const start = Number(offset);
  if (path !== url.pathname || !(start <= all.length)) {
    return fail(400, "PARAMETER_ERROR.INVALID", `'${cursor}' is not a valid cursor`);
  }
  const end = start + Math.min(limit, options.mostPerPage ?? limit);
  const nextCursor = end < all.length ? btoa(`${url.pathname} ${end}`) : undefined;
  const next = `${url.origin}${url.pathname}?limit=${limit}&cursor=${nextCursor}`;
  const hasLink = nextCursor !== undefined && options.linkless !== true;
  return Response.json({
    data: all.slice(start, end),
    links: { self: url.href, ...(hasLink ? { next } : {}) },
    meta: { paging: { limit, ...(nextCursor === undefined ? {} : { nextCursor }) } },
  });
}

function refuse({ headers }: VendorCall, { tokens }: AppleOptions): Response | undefined {
  const token = /^Bearer (.+)$/.exec(headers.get("authorization") ?? "")?.[1] ?? "";
  if (tokens.has(token)) return undefined;
  return fail(401, "NOT_AUTHORIZED", "Authentication credentials are missing or invalid.");
}

/** Starts the server. */
export function startApple(options: AppleOptions): Vendor {
  const all = Array.from({ length: options.count }, (_, index) => index);
  const guarded =
    (answer: (call: VendorCall, id: string) => Response) =>
    (call: VendorCall, match: RegExpExecArray | undefined) =>
      refuse(call, options) ?? answer(call, match?.[1] ?? "");
  return startVendor({
    routes: [
      {
        method: "GET",
        path: "/v1/orgDevices",
        answer: guarded((call) =>
          page(
            call,
            all.map((index) => ({
              type: "orgDevices",
              id: serial(index),
              attributes: attributes(index),
            })),
            options,
          )
        ),
      },
      {
        method: "GET",
        path: "/v1/mdmServers",
        answer: guarded((call) =>
          page(
            call,
            servers.map(({ id, name }) => ({
              type: "mdmServers",
              id,
              attributes: { serverName: name, serverType: "MDM" },
            })),
            options,
          )
        ),
      },
      {
        method: "GET",
        path: /^\/v1\/mdmServers\/(\w+)\/relationships\/devices$/,
        answer: guarded((call, id) => {
          const server = servers.find((one) => one.id === id);
          if (server === undefined) return fail(404, "NOT_FOUND", "There is no such resource.");
          const devices = all.filter((index) => server.isOf(index));
          const data = devices.map((index) => ({ type: "orgDevices", id: serial(index) }));
          return page(call, data, options);
        }),
      },
      {
        method: "GET",
        path: /^\/v1\/orgDevices\/(\w+)\/appleCareCoverage$/,
        answer: guarded((call, id) => {
          const index = Number(id.slice(4));
          return index < options.count && serial(index) === id
            ? page(call, coverageOf(index), options)
            : fail(404, "NOT_FOUND", "There is no such resource.");
        }),
      },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
}
