/**
 * MobileIron Cloud (Ivanti Neurons for MDM), from its documentation: "Ivanti Neurons for MDM API
 * Basics" (Basic authentication, at most 500 rows, the error beyond that, 50 rows from some lists)
 * and "Device API Calls" (the frame of an answer). How it throttles is not documented.
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

/** With what every token of the token server begins. */
export const tokenStart = "Ivanti-Access-Canary-";

/** A client of the token server. */
export const client = {
  id: "AppReg_customClientType_11111111-1111-1111-1111-59115d65c3e7",
  secret: "Client-Secret+Canary/=",
  scope: "mdm.read",
} as const;

/** What the server accepts. */
export const account = { username: "api@example.com", password: "Pass:Wörd-Canary+1" } as const;

/** A partition and its devices, in the order of their last check-in. */
export interface CloudPartition {
  readonly id: number;
  readonly name: string;
  readonly devices: readonly Record<string, unknown>[];
}

/** How the server is to be. */
export interface CloudOptions {
  readonly partitions: readonly CloudPartition[];
  readonly throttle?: Throttle;
  /** Largest page that the server gives, whatever is asked for. */
  readonly pageLimit?: number;
  /** Tokens that are accepted; a name and password are not then, as with MFA. */
  readonly tokens?: ReadonlySet<string>;
  /** Whether a client certificate, which `tls` asks for, is all that is wanted. */
  readonly passwordless?: boolean;
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** A device that was seen so many hours ago; never, when that is not reported. */
export function device(index: number, hoursAgo?: number) {
  return {
    id: 7000 + index,
    serialNumber: `SN${index}`,
    deviceModel: "iPhone 15",
    displayName: `Jané Doe ${index}`,
    emailAddress: `person${index}@example.com`,
    lastCheckin: hoursAgo === undefined ? null : Date.now() - hoursAgo * 3_600_000,
  };
}

/** Some devices that were seen within the last hour. */
export function devices(count: number, first = 0): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => device(first + index, index / count));
}

/** The answer when requests come too fast. */
export function throttled(resetMs: number): Response {
  const seconds = `${Math.max(1, Math.ceil(resetMs / 1000))}`;
  return new Response("", { status: 429, headers: { "Retry-After": seconds } });
}

function refuse(status: number, code: string, message: string): Response {
  const errors = { globalErrors: null, fieldErrors: [{ code, message, field: "rows" }] };
  return Response.json({ errors }, { status });
}

function rowsOf(call: VendorCall, all: readonly unknown[], options: CloudOptions): Response {
  const rows = Number(call.query.get("rows") ?? "50");
  const start = Number(call.query.get("start") ?? "0");
  if (!Number.isInteger(rows) || rows < 1 || rows > 500) {
    return refuse(400, "Range", "must be between 1 and 500");
  }
  const size = Math.min(rows, options.pageLimit ?? 500);
  const searchResults = all.slice(start, start + size);
  return Response.json({ result: { totalCount: all.length, searchResults }, errors: null });
}

function devicesOf(call: VendorCall, options: CloudOptions): Response {
  const id = Number(call.query.get("dmPartitionId"));
  const partition = options.partitions.find((one) => one.id === id);
  if (partition === undefined) return refuse(400, "NotFound", "no such partition");
  const isSorted = call.query.get("sortFields[0].name") === "lastCheckin" &&
    call.query.get("sortFields[0].order") === "DESC";
  return isSorted ? rowsOf(call, partition.devices, options) : refuse(400, "Sort", "not sorted");
}

function hardware(id: number): Response {
  return Response.json({
    result: {
      hardDrive: [{ size: "512 GB" }, { size: "1 TB" }],
      processor: [{ name: "Example CPU", numberOfCores: 8 }],
      physicalMemory: [{ capacity: "16 GB" }],
      computerSystemProduct: { identifyingNumber: `PC${id}` },
    },
    errors: null,
  });
}

function isKnownCaller(call: VendorCall, { tokens, passwordless }: CloudOptions): boolean {
  const authorization = call.headers.get("authorization");
  if (passwordless === true) return authorization === null;
  if (tokens === undefined) return hasBasic(call, account.username, account.password);
  return tokens.has(authorization?.replace(/^Bearer /, "") ?? "");
}

/** Starts the server. */
export function startCloud(options: CloudOptions): Vendor {
  const guarded =
    (answer: (call: VendorCall, match?: RegExpExecArray) => Response) =>
    (call: VendorCall, match: RegExpExecArray | undefined) =>
      isKnownCaller(call, options)
        ? answer(call, match)
        : refuse(401, "Unauthorized", "Bad credentials");
  return startVendor({
    routes: [
      {
        method: "GET",
        path: "/api/v1/tenant/partition/device",
        answer: guarded((call) =>
          rowsOf(call, options.partitions.map(({ id, name }) => ({ id, name })), options)
        ),
      },
      {
        method: "GET",
        path: "/api/v1/device",
        answer: guarded((call) => devicesOf(call, options)),
      },
      {
        method: "GET",
        path: /^\/api\/v1\/device\/(\d+)\/hardwareinventory$/,
        answer: guarded((_, match) => hardware(Number(match?.[1]))),
      },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
    tls: options.tls,
  });
}

/**
 * Starts the token server of the Neurons platform ("Authentication" of its APIs: POST TENANT/connect/token with
 * client_credentials, client_id, client_secret and scope), on a host of its own.
 */
export function startTokens(tokens: Set<string>): Vendor {
  return startVendor({
    routes: [{
      method: "POST",
      path: "/11111111-1111-1111-1111-59115d65c3e7/connect/token",
      answer({ headers, body }) {
        const form = new URLSearchParams(body);
        const fail = (error: string) => Response.json({ error }, { status: 400 });
        if (headers.get("content-type") !== "application/x-www-form-urlencoded") {
          return fail("invalid_request");
        }
        if (form.get("grant_type") !== "client_credentials") return fail("unsupported_grant_type");
        const isKnown = form.get("client_id") === client.id &&
          form.get("client_secret") === client.secret;
        if (!isKnown) return fail("invalid_client");
        if (form.get("scope") !== client.scope) return fail("invalid_scope");
        const token = `${tokenStart}${tokens.size}+/=`;
        tokens.add(token);
        return Response.json({ access_token: token, expires_in: 3600, token_type: "Bearer" });
      },
    }],
  });
}
