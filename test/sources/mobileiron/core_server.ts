/**
 * MobileIron Core (Ivanti EPMM), from the "V2 API Guide": "Device Spaces Management", "Get the list of
 * searchable device fields" and "Search for devices" (one of query and labelId, at most 512 fields of
 * at most 320 characters, totalCount, resultCount, hasMore). How it throttles is not documented.
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
import { account } from "./cloud_server.ts";

/** How the server is to be. */
export interface CoreOptions {
  /** Devices by the id of their space; a device may be in several. */
  readonly spaces: Readonly<Record<string, readonly Record<string, unknown>[]>>;
  readonly throttle?: Throttle;
  /** Largest page that the server gives, whatever is asked for. */
  readonly pageLimit?: number;
  /** Fields that the server has beside the usual ones. */
  readonly fields?: readonly string[];
}

const usualFields = [
  "common.id",
  "common.uuid",
  "common.SerialNumber",
  "common.model",
  "common.imei",
  "user.email_address",
  "user.display_name",
];

/** A device with all its fields. */
export function coreDevice(index: number): Record<string, unknown> {
  return {
    "common.id": 500 + index,
    "common.uuid": `b5e8-${index}`,
    "common.SerialNumber": `SN${index}`,
    "common.model": "iPhone 15",
    "common.imei": null,
    "user.email_address": `person${index}@example.com`,
    "user.display_name": `Jané Doe ${index} 📱`,
  };
}

function refuse(status: number, message: string): Response {
  return Response.json({
    messages: [{ type: "Error", messageKey: "com.example.error", localizedMessage: message }],
  }, { status });
}

function whatIsWrong({ query, url }: VendorCall, known: readonly string[]): Response | undefined {
  if (url.href.length > 8000) return new Response("URI too long", { status: 414 });
  const fields = query.get("fields")?.split(",") ?? [];
  if (fields.length > 512 || fields.some((field) => field.length > 320)) {
    return refuse(400, "Too many fields, or too long ones");
  }
  const unknown = fields.find((field) => !known.includes(field));
  if (unknown !== undefined) return refuse(400, `Unknown field ${unknown}`);
  if (query.get("labelId") !== "-1" && !query.has("query")) {
    return refuse(400, "One of query and labelId is required");
  }
  const limit = Number(query.get("limit"));
  return limit >= 0 && limit <= 200 ? undefined : refuse(400, "limit must be from 0 to 200");
}

function search(call: VendorCall, options: CoreOptions, known: readonly string[]): Response {
  const all = options.spaces[call.query.get("adminDeviceSpaceId") ?? ""];
  const wrong = whatIsWrong(call, known);
  if (wrong !== undefined || all === undefined) return wrong ?? refuse(403, "Not your space");
  const fields = call.query.get("fields")?.split(",") ?? [];
  const offset = Number(call.query.get("offset"));
  const size = Math.min(Number(call.query.get("limit")), options.pageLimit ?? 200);
  const results = all.slice(offset, offset + size).map((device) =>
    Object.fromEntries(fields.map((field) => [field, device[field] ?? null]))
  );
  return Response.json({
    results,
    totalCount: all.length,
    resultCount: results.length,
    hasMore: offset + results.length < all.length,
  });
}

/** Starts the server. */
export function startCore(options: CoreOptions): Vendor {
  const known = [...usualFields, ...options.fields ?? []];
  const guarded = (answer: (call: VendorCall) => Response) => (call: VendorCall) =>
    hasBasic(call, account.username, account.password)
      ? answer(call)
      : refuse(401, "Invalid credentials");
  const list = (results: readonly unknown[]) =>
    Response.json({
      results,
      totalCount: results.length,
      resultCount: results.length,
      hasMore: false,
    });
  return startVendor({
    routes: [
      {
        method: "GET",
        path: "/api/v2/device_spaces/mine",
        answer: guarded(() => list(Object.keys(options.spaces).map((id) => ({ id: Number(id) })))),
      },
      {
        method: "GET",
        path: "/api/v2/device_spaces/criteria",
        answer: guarded(({ query }) =>
          query.get("adminDeviceSpaceId") === null
            ? refuse(400, "adminDeviceSpaceId is required")
            : list(known.map((name) => ({ name, type: "STRING" })))
        ),
      },
      {
        method: "GET",
        path: "/api/v2/devices",
        answer: guarded((call) => search(call, options, known)),
      },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
}
