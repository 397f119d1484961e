/**
 * Apple's device assignment service, from its documentation: "Authenticating with the Automated Device
 * Enrollment program" (one-legged OAuth 1.0a at /session, then X-ADM-Auth-Session, which any answer
 * may replace), "Get a List of Devices" (limit, cursor, more_to_follow, EXHAUSTED_CURSOR,
 * INVALID_CURSOR), "Get Device Details", "Interpreting Automated Device Enrollment error codes".
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { startVendor, type Throttle, type Vendor, type VendorCall } from "../../support/vendor.ts";

/** The server token that the service accepts. */
export const serverToken = {
  consumer_key: "CK_48dd68d198350f51258e885ce9a5c37a",
  consumer_secret: "CS_b75e~Canary'1+c0n5umer/secret=",
  access_token: "AT_O8473841Canary2c4a6e1a",
  access_secret: "AS_c31afdCanary3+access&secret",
  access_token_expiry: new Date(Date.now() + 200 * 86_400_000).toISOString(),
} as const;

/** How every session token begins. */
export const sessionPrefix = "1767600000O1O-Session-Canary-";

/** How the server is to be. */
export interface AppleOptions {
  readonly count: number;
  readonly throttle?: Throttle;
  /** Largest page that the server gives, whatever is asked for. */
  readonly pageLimit?: number;
  /** Status of the devices of these numbers in the details, instead of SUCCESS; "" leaves one out. */
  readonly statuses?: Readonly<Record<number, string>>;
}

/** The service, and ways to disturb it. */
export interface Apple extends Vendor {
  endSessions(): void;
  /** Makes all cursors unknown. */
  forgetCursors(): void;
  /** How many sessions were opened. */
  readonly sessions: () => number;
}

/** Serial number of a device; some are in small letters in the list. */
export function serialOf(index: number): string {
  return `C8TJ${String(index).padStart(6, "0")}${index % 10 === 3 ? "ab" : "AB"}`;
}

/** A device as the service lists it. */
export function device(index: number) {
  return {
    serial_number: serialOf(index),
    model: "IPAD",
    description: "IPAD WIFI 64GB – Größe „M“",
    asset_tag: null,
    profile_status: "assigned",
    profile_assign_time: "2025-11-02T10:00:00Z",
    device_assigned_date: "2025-10-30T12:00:00Z",
    device_assigned_by: "admin@example.com",
    os: "iOS",
    device_family: "iPad",
  };
}

/** The service's answer when it has too much to do. */
export function throttled(resetMs: number): Response {
  const seconds = `${Math.max(1, Math.ceil(resetMs / 1000))}`;
  return new Response("TOO_MANY_REQUESTS", { status: 429, headers: { "Retry-After": seconds } });
}

function refusal(status: number, code: string): Response {
  return new Response(code, { status, headers: { "Content-Type": "text/plain;charset=UTF-8" } });
}

function strict(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._~-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

class AppleService {
  readonly options: AppleOptions;
  #opened = 0;
  #counter = 0;
  #valid = new Set<string>();
  #nonces = new Set<string>();
  #cursors = new Map<string, number>();

  constructor(options: AppleOptions) {
    this.options = options;
  }

  sessions = () => this.#opened;
  endSessions = () => this.#valid.clear();
  forgetCursors = () => this.#cursors.clear();

  #issue(): string {
    const token = `${sessionPrefix}${this.#counter++}`;
    this.#valid.add(token);
    return token;
  }

  /** Opens a session for a signature that holds once. */
  open({ url, headers }: VendorCall): Response {
    const header = headers.get("authorization") ?? "";
    const sent = Object.fromEntries(
      [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [
        name,
        decodeURIComponent(value),
      ]),
    );
    const { realm, oauth_signature, ...signed } = sent;
    if (!header.startsWith("OAuth ") || realm !== "ADM" || signed.oauth_version !== "1.0") {
      return refusal(400, "BAD_REQUEST");
    }
    const pairs = Object.keys(signed).sort().map((name) =>
      `${strict(name)}=${strict(signed[name] ?? "")}`
    );
    const base = ["GET", url.origin + url.pathname, pairs.join("&")].map(strict).join("&");
    const key = `${strict(serverToken.consumer_secret)}&${strict(serverToken.access_secret)}`;
    const expected = createHmac("sha1", key).update(base).digest("base64");
    const age = Math.abs(Date.now() / 1000 - Number(signed.oauth_timestamp));
    const nonce = signed.oauth_nonce ?? "";
    const isGood = signed.oauth_consumer_key === serverToken.consumer_key &&
      signed.oauth_token === serverToken.access_token && oauth_signature === expected &&
      signed.oauth_signature_method === "HMAC-SHA1" && age < 300 && nonce.length > 7 &&
      !this.#nonces.has(nonce);
    if (!isGood) return refusal(401, "oauth_problem_adviser");
    this.#nonces.add(nonce);
    this.#opened++;
    return Response.json({ auth_session_token: this.#issue() });
  }

  /** Answers within a session; every answer brings the token for the next request. */
  within(call: VendorCall, answer: (call: VendorCall) => Response): Response {
    const agent = call.headers.get("user-agent") ?? "";
    if (!/^[\w-]+[\w.-]*/.test(agent) || agent.startsWith("Bun")) {
      return refusal(400, "USER_AGENT_INVALID");
    }
    if (call.headers.get("x-server-protocol-version") !== "2") return refusal(400, "BAD_VERSION");
    const token = call.headers.get("x-adm-auth-session") ?? "";
    if (!this.#valid.delete(token)) return refusal(401, "UNAUTHORIZED");
    const response = answer(call);
    response.headers.set("X-ADM-Auth-Session", this.#issue());
    return response;
  }

  list({ body }: VendorCall): Response {
    const { limit, cursor } = JSON.parse(body) as { limit: unknown; cursor: unknown };
    if (!Number.isInteger(limit) || Number(limit) < 1 || Number(limit) > 1000) {
      return refusal(400, "MALFORMED_REQUEST_BODY");
    }
    const start = cursor === null ? 0 : this.#cursors.get(String(cursor));
    if (start === undefined) return refusal(400, "INVALID_CURSOR");
    if (cursor !== null && start >= this.options.count) return refusal(400, "EXHAUSTED_CURSOR");
    const size = Math.min(Number(limit), this.options.pageLimit ?? 1000);
    const end = Math.min(start + size, this.options.count);
    const next = `MTY3+NzY3/${end}&%3D=`;
    this.#cursors.set(next, end);
    return Response.json({
      devices: Array.from({ length: end - start }, (_, index) => device(start + index)),
      cursor: next,
      more_to_follow: end < this.options.count,
      fetched_until: "2026-01-05T09:00:00Z",
    });
  }

  details({ body }: VendorCall): Response {
    const { devices } = JSON.parse(body) as { devices: unknown };
    if (!Array.isArray(devices) || devices.length === 0) return refusal(400, "DEVICE_ID_REQUIRED");
    const entries = devices.flatMap((serial: string): [string, unknown][] => {
      const index = Number(serial.slice(4, 10));
      const status = this.options.statuses?.[index] ?? "SUCCESS";
      if (status === "" || serial !== serial.toUpperCase()) return [];
      if (status !== "SUCCESS") return [[serial, { response_status: status }]];
      return [[serial, { ...device(index), serial_number: serial, response_status: status }]];
    });
    return Response.json({ devices: Object.fromEntries(entries) });
  }
}

/** Starts the server. */
export function startApple(options: AppleOptions): Apple {
  const service = new AppleService(options);
  const account = () =>
    Response.json({ server_name: "Test", server_uuid: "677c", org_name: "Example Org" });
  const vendor = startVendor({
    routes: [
      { method: "GET", path: "/session", answer: (call) => service.open(call) },
      { method: "GET", path: "/account", answer: (call) => service.within(call, account) },
      {
        method: "POST",
        path: "/server/devices",
        answer: (call) => service.within(call, (inner) => service.list(inner)),
      },
      {
        method: "POST",
        path: "/devices",
        answer: (call) => service.within(call, (inner) => service.details(inner)),
      },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
  const { endSessions, forgetCursors, sessions } = service;
  return Object.assign(vendor, { endSessions, forgetCursors, sessions });
}
