/**
 * AirWatch's REST API, from its documentation: "Using UEM Functionality With a REST API" (tenant code,
 * Basic and OAuth, token server by region), "Using paginated requests with Workspace ONE UEM REST
 * APIs" (page from 0, pagesize, Total; 204 beyond the end), and the API help of a console for the
 * network details, the DEP group, the versions of the search and CMSURL. How it throttles, and how it
 * answers to a version that it does not have, is not documented: a plain 429, and 406.
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
import type { Administrator } from "./administrator.ts";

/** What the server accepts. */
export const account = {
  username: "api.admin@example.com",
  password: "pass:wörd-Canary+1",
  tenant: "tenant+Code/Canary=",
  clientId: "oauth-client-1",
  clientSecret: "Client-Secret+Canary/=",
} as const;

/** How the server is to be. */
export interface AirwatchOptions {
  readonly count: number;
  readonly throttle?: Throttle;
  /** Largest page that the server gives, whatever is asked for. */
  readonly pageLimit?: number;
  /** Whether the answers name the total; old servers did not. */
  readonly uncounted?: boolean;
  /** Tokens that the API accepts instead of a name and password. */
  readonly tokens?: ReadonlySet<string>;
  /** Who signs requests, instead of a name and password. */
  readonly administrator?: Administrator;
  /** Versions of the search beside the first. */
  readonly versions?: readonly number[];
  /** Versions whose devices are of another shape. */
  readonly otherShape?: readonly number[];
  /** Devices that are not there any more; may grow while the list is read. */
  readonly gone?: ReadonlySet<number>;
  /** Told of each page before it is answered. */
  onPage?(page: number): void;
  /** Waited for before the network details of a device are answered. */
  onNetwork?(id: number): Promise<void>;
}

/** A device as AirWatch lists it; empty members are left out. */
export function device(index: number) {
  return {
    Id: { Value: 1000 + index },
    Uuid: `6f0c1e52-0b1d-4c55-9d5e-${String(index).padStart(12, "0")}`,
    SerialNumber: `SN${index}`,
    DeviceFriendlyName: `Gerät ${index} 📱`,
    LocationGroupId: { Id: { Value: 570 }, Name: "Berlin" },
    Platform: "Apple",
    ...(index % 2 === 0 ? { PhoneNumber: `+4930${index}` } : {}),
  };
}

function network(id: number) {
  return {
    IPAddress: { WifiIPAddress: `10.1.2.${id % 256}`, CellularIPAddress: "0.0.0.0" },
    CellularNetworkInfo: { CarrierName: "ExampleTel", CardId: `89010${id}` },
    WifiInfo: { WifiMacAddress: `A4D1D2${id}`, SignalStrength: -51 },
    RoamingStatus: false,
  };
}

function refusal(status: number, errorCode: number, message: string): Response {
  return Response.json({ errorCode, message, activityId: "a1" }, { status });
}

/** The answer when requests come too fast. */
export function throttled(resetMs: number): Response {
  const seconds = `${Math.max(1, Math.ceil(resetMs / 1000))}`;
  return new Response(null, { status: 429, headers: { "Retry-After": seconds } });
}

/** The version that a request wants; only the search has others than the first. */
function versionOf({ headers, path }: VendorCall, options: AirwatchOptions): number | undefined {
  const accept = headers.get("accept") ?? "";
  if (accept === "application/json") return 1;
  const version = Number(/^application\/json;version=(\d)$/.exec(accept)?.[1]);
  return path.endsWith("/search") && options.versions?.includes(version) ? version : undefined;
}

function isKnownCaller(call: VendorCall, { tokens, administrator }: AirwatchOptions): boolean {
  const authorization = call.headers.get("authorization") ?? "";
  if (administrator !== undefined) return administrator.hasSigned(authorization, call.path);
  const bearer = /^Bearer (.+)$/.exec(authorization)?.[1] ?? "";
  return tokens === undefined
    ? hasBasic(call, account.username, account.password)
    : tokens.has(bearer);
}

function refused(call: VendorCall, options: AirwatchOptions): Response | undefined {
  const { headers } = call;
  if (versionOf(call, options) === undefined) return refusal(406, 406, "Not Acceptable");
  const isKnown = isKnownCaller(call, options);
  if (!isKnown) return refusal(401, 1005, "User Credentials Are Invalid");
  if (headers.get("aw-tenant-code") === account.tenant) return undefined;
  return refusal(403, 1013, "Tenant Code Is Invalid");
}

function search(call: VendorCall, options: AirwatchOptions): Response {
  const { query } = call;
  const asked = Number(query.get("pagesize"));
  const page = Number(query.get("page"));
  if (!Number.isInteger(asked) || asked < 1 || !Number.isInteger(page) || page < 0) {
    return refusal(400, 400, "The page or the page size is invalid");
  }
  options.onPage?.(page);
  const size = Math.min(asked, options.pageLimit ?? asked);
  const all = Array.from({ length: options.count }, (_, index) => index)
    .filter((index) => options.gone?.has(index) !== true);
  const found = all.slice(page * size, (page + 1) * size);
  if (found.length === 0) return new Response(null, { status: 204 });
  if (options.otherShape?.includes(versionOf(call, options) ?? 1)) {
    const devices = found.map((index) => ({ uuid: device(index).Uuid }));
    return Response.json({ Devices: devices, Page: page, PageSize: size, Total: all.length });
  }
  return Response.json({
    Devices: found.map(device),
    ...(options.uncounted === true ? {} : { Page: page, PageSize: size, Total: all.length }),
  });
}

/** Starts the server. */
export function startAirwatch(options: AirwatchOptions): Vendor {
  const guarded =
    (answer: (call: VendorCall, match?: RegExpExecArray) => Response | Promise<Response>) =>
    (call: VendorCall, match: RegExpExecArray | undefined) =>
      refused(call, options) ?? answer(call, match);
  return startVendor({
    routes: [
      {
        method: "GET",
        path: "/api/mdm/devices/search",
        answer: guarded((call) => search(call, options)),
      },
      {
        method: "GET",
        path: /^\/api\/mdm\/devices\/(\d+)\/network$/,
        answer: guarded(async (_, match) => {
          const id = Number(match?.[1]);
          await options.onNetwork?.(id);
          return Response.json(network(id));
        }),
      },
      {
        method: "GET",
        path: "/api/mdm/dep/groups/dep-group-1/devices",
        answer: guarded(() =>
          Response.json([
            { deviceSerialNumber: "SN1", enrollmentStatus: "Enrolled", profileName: "Field" },
            { deviceSerialNumber: "SN99", enrollmentStatus: "Registered", profileName: "Other" },
          ])
        ),
      },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
}

/** Starts the token server of a region, on a host of its own; it adds each token that it gives to the set. */
export function startTokens(tokens: Set<string>): Vendor {
  const basic = Buffer.from(`${account.clientId}:${account.clientSecret}`).toString("base64");
  return startVendor({
    routes: [{
      method: "POST",
      path: "/connect/token",
      answer({ headers, body }) {
        const type = headers.get("content-type") ?? "";
        if (type !== "application/x-www-form-urlencoded" || headers.has("aw-tenant-code")) {
          return Response.json({ error: "invalid_request" }, { status: 400 });
        }
        if (headers.get("authorization") !== `Basic ${basic}`) {
          return Response.json({ error: "invalid_client" }, { status: 400 });
        }
        if (new URLSearchParams(body).get("grant_type") !== "client_credentials") {
          return Response.json({ error: "unsupported_grant_type" }, { status: 400 });
        }
        const token = `Access-Token-Canary-${tokens.size}+/=`;
        tokens.add(token);
        return Response.json({ access_token: token, expires_in: 3600, token_type: "Bearer" });
      },
    }],
  });
}
