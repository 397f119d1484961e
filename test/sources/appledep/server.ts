/**
 * Apple's device assignment service, from its documentation: "Authenticating with the Automated Device
 * Enrollment program" (one-legged OAuth 1.0a at /session, then X-ADM-Auth-Session, which any answer
 * may replace), "Get a List of Devices" (limit, cursor, more_to_follow, EXHAUSTED_CURSOR,
 * INVALID_CURSOR), "Sync the List of Devices" (all that was added, modified or deleted since a cursor of a list that
 * is at its end, some devices more than once; CURSOR_REQUIRED, and EXPIRED_CURSOR after 7 days), "Get Device
 * Details", "Interpreting Automated Device Enrollment error codes".
 *
 * Where Apple does not say it, the server is as unkind as can be: a list shows what there was at its first
 * request, its cursor stands for the moment of its last, and changes come in no useful order, each as it was then.
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
  /** Consumer key of a token that another server has, with the same secrets. */
  readonly otherKey?: string;
  /** Called while the server answers, before or after the answer was made up. */
  readonly onRequest?: () => void;
}

/** The service, and ways to disturb it. */
export interface Apple extends Vendor {
  endSessions(): void;
  /** Makes all cursors unknown. */
  forgetCursors(): void;
  /** How many sessions were opened. */
  readonly sessions: () => number;
  /** Number → version of every device that there is. */
  versions(): ReadonlyMap<number, number>;
  /** A device gets another version, or comes. */
  change(index: number): void;
  remove(index: number): void;
  /** Lets the clock of the server run on. */
  advance(ms: number): void;
}

/** Serial number of a device; some are in small letters in the list. */
export function serialOf(index: number): string {
  return `C8TJ${String(index).padStart(6, "0")}${index % 10 === 3 ? "ab" : "AB"}`;
}

/** A device as the service lists it; its asset tag has its version. */
export function device(index: number, version = 0) {
  return {
    serial_number: serialOf(index),
    model: "IPAD",
    description: "IPAD WIFI 64GB – Größe „M“",
    asset_tag: version === 0 ? null : `v${version}`,
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

/** An entry of the list of changes. */
interface Operation {
  readonly index: number;
  readonly version: number;
  readonly type: "added" | "modified" | "deleted";
  readonly at: number;
}

/** What a cursor stands for: the rest of a list, or everything that happens after so many operations. */
interface Cursor {
  readonly rest?: readonly (readonly [number, number])[];
  readonly operations: number;
  readonly at: number;
}

/** How long a cursor can be synced from ("Sync the List of Devices"). */
const cursorLifeMs = 7 * 86_400_000;

class AppleService {
  readonly options: AppleOptions;
  readonly versions = new Map<number, number>();
  #operations: Operation[] = [];
  #clock = 0;
  #requests = 0;
  #lists = 0;
  #opened = 0;
  #counter = 0;
  #valid = new Set<string>();
  #nonces = new Set<string>();
  #cursors = new Map<string, Cursor>();

  constructor(options: AppleOptions) {
    this.options = options;
    for (let index = 0; index < options.count; index++) this.versions.set(index, 0);
  }

  sessions = () => this.#opened;
  endSessions = () => this.#valid.clear();
  forgetCursors = () => this.#cursors.clear();
  advance = (ms: number) => void (this.#clock += ms);

  #now(): number {
    return Date.now() + this.#clock;
  }

  change = (index: number) => {
    const known = this.versions.get(index);
    const version = (known ?? 0) + 1;
    this.versions.set(index, version);
    const type = known === undefined ? "added" : "modified";
    this.#operations.push({ index, version, type, at: this.#now() });
  };

  remove = (index: number) => {
    const version = this.versions.get(index) ?? 0;
    this.versions.delete(index);
    this.#operations.push({ index, version, type: "deleted", at: this.#now() });
  };

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
    const known = [serverToken.consumer_key, this.options.otherKey];
    const isGood = known.includes(signed.oauth_consumer_key) &&
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
    const isBefore = this.#requests++ % 2 === 0;
    if (isBefore) this.options.onRequest?.();
    const response = answer(call);
    if (!isBefore) this.options.onRequest?.();
    response.headers.set("X-ADM-Auth-Session", this.#issue());
    return response;
  }

  /** How many entries a page has that was asked for; nothing where that is not a number Apple takes. */
  #pageSize(limit: unknown): number | undefined {
    const isGood = Number.isInteger(limit) && Number(limit) >= 1 && Number(limit) <= 1000;
    return isGood ? Math.min(Number(limit), this.options.pageLimit ?? 1000) : undefined;
  }

  #keep(cursor: string, position: Omit<Cursor, "at">): string {
    this.#cursors.set(cursor, { ...position, at: this.#now() });
    return cursor;
  }

  list({ body }: VendorCall): Response {
    const { limit, cursor } = JSON.parse(body) as { limit: unknown; cursor: unknown };
    const size = this.#pageSize(limit);
    if (size === undefined) return refusal(400, "MALFORMED_REQUEST_BODY");
    const all = [...this.versions].sort(([one], [other]) => one - other);
    if (cursor === null) this.#lists++;
    const position = cursor === null ? undefined : this.#cursors.get(String(cursor));
    const rest = cursor === null ? all : position?.rest;
    if (rest === undefined) {
      return refusal(400, position === undefined ? "INVALID_CURSOR" : "EXHAUSTED_CURSOR");
    }
    const left = rest.slice(size);
    const read = Number(/\/(\d+)/.exec(String(cursor))?.[1] ?? 0) + Math.min(size, rest.length);
    const next = this.#keep(`MTY3${this.#lists}+NzY3/${read}&%3D=`, {
      operations: this.#operations.length,
      ...(left.length > 0 ? { rest: left } : {}),
    });
    return Response.json({
      devices: rest.slice(0, size).map(([index, version]) => device(index, version)),
      cursor: next,
      more_to_follow: left.length > 0,
      fetched_until: "2026-01-05T09:00:00Z",
    });
  }

  sync({ body }: VendorCall): Response {
    const { limit, cursor } = JSON.parse(body) as { limit: unknown; cursor: unknown };
    const size = this.#pageSize(limit);
    if (size === undefined) return refusal(400, "MALFORMED_REQUEST_BODY");
    if (typeof cursor !== "string" || cursor === "") return refusal(400, "CURSOR_REQUIRED");
    const position = this.#cursors.get(cursor);
    if (position === undefined || position.rest !== undefined) {
      return refusal(400, "INVALID_CURSOR");
    }
    if (this.#now() - position.at > cursorLifeMs) return refusal(400, "EXPIRED_CURSOR");
    const end = Math.min(position.operations + size, this.#operations.length);
    const listed = this.#operations.slice(position.operations, end).toReversed();
    return Response.json({
      devices: listed.map(({ index, version, type, at }) => ({
        ...device(index, version),
        op_type: type,
        op_date: new Date(at).toISOString().replace(/\.\d+Z$/, "Z"),
      })),
      cursor: this.#keep(`ODk5+c3lu/${this.#counter++}&%3D=`, { operations: end }),
      more_to_follow: end < this.#operations.length,
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
      const version = this.versions.get(index);
      if (version === undefined) return [[serial, { response_status: "NOT_ACCESSIBLE" }]];
      if (status !== "SUCCESS") return [[serial, { response_status: status }]];
      const shown = { ...device(index, version), serial_number: serial };
      return [[serial, { ...shown, response_status: status }]];
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
        path: "/devices/sync",
        answer: (call) => service.within(call, (inner) => service.sync(inner)),
      },
      {
        method: "POST",
        path: "/devices",
        answer: (call) => service.within(call, (inner) => service.details(inner)),
      },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
  const { advance, change, endSessions, forgetCursors, remove, sessions } = service;
  const versions = () => service.versions;
  return Object.assign(vendor, {
    advance,
    change,
    endSessions,
    forgetCursors,
    remove,
    sessions,
    versions,
  });
}
