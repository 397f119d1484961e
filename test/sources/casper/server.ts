/**
 * Jamf Pro, from its developer documentation: the Classic API ("Finds all computers", "Finds computers
 * by ID", subsets, groups by name and id), "POST /api/v1/auth/token", "Client Credentials", and
 * "Return paginated Computer Inventory records". Groups whose names hold a slash are not found by name.
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
import { classicDevice, classicSubsets, proComputer } from "./devices.ts";

/** What the server accepts. */
export const credentials = {
  username: "agent@example.com",
  password: "Canary-p%ss*wörd!",
  clientId: "client-canary-id",
  clientSecret: "client-Canary-s3cret+/=",
} as const;

/** The beginning of every token that it hands out. */
export const tokenPrefix = "jamf-Canary-T0ken-";

/** How the server is to be. */
export interface JamfOptions {
  readonly count: number;
  /** `basic`: older than 10.35. `classic`: today. `pro`: the Classic endpoints of computers are gone. */
  readonly era?: "basic" | "classic" | "pro";
  /** Details that are not there any more, and details that always fail. */
  readonly missing?: readonly number[];
  readonly broken?: readonly number[];
  /** Groups by name, with the ids of their members. */
  readonly groups?: Readonly<Record<string, readonly number[]>>;
  /** Milliseconds that a token lives. */
  readonly tokenLife?: number;
  readonly throttle?: Throttle;
  /** Newest version of the inventory endpoint. */
  readonly inventory?: "v1" | "v3";
}

class Jamf {
  readonly #options: JamfOptions;
  readonly #tokens = new Map<string, number>();

  constructor(options: JamfOptions) {
    this.#options = options;
  }

  get ids(): number[] {
    return Array.from({ length: this.#options.count }, (_, index) => index + 1);
  }

  #issue(): { token: string; expires: number } {
    const token = `${tokenPrefix}${this.#tokens.size}`;
    const expires = Date.now() + (this.#options.tokenLife ?? 1_800_000);
    this.#tokens.set(token, expires);
    return { token, expires };
  }

  userToken(call: VendorCall): Response {
    if (this.#options.era === "basic") return new Response("<h1>Not Found</h1>", { status: 404 });
    if (!hasBasic(call, credentials.username, credentials.password)) return this.#refuse();
    const { token, expires } = this.#issue();
    return Response.json({ token, expires: new Date(expires).toISOString() });
  }

  clientToken(call: VendorCall): Response {
    const form = new URLSearchParams(call.body);
    const isForm = call.headers.get("content-type") === "application/x-www-form-urlencoded";
    const isKnown = form.get("client_id") === credentials.clientId &&
      form.get("client_secret") === credentials.clientSecret;
    if (!isForm || form.get("grant_type") !== "client_credentials" || !isKnown) {
      return Response.json({ error: "invalid_client" }, { status: 401 });
    }
    const { token, expires } = this.#issue();
    return Response.json({
      access_token: token,
      token_type: "Bearer",
      expires_in: (expires - Date.now()) / 1000,
    });
  }

  #refuse(): Response {
    return Response.json({
      httpStatus: 401,
      errors: [{ code: "INVALID_TOKEN", description: "Unauthorized" }],
    }, { status: 401 });
  }

  /** Answers when the caller is known. */
  known(call: VendorCall, answer: () => Response): Response {
    const token = call.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    const isBasic = this.#options.era === "basic" &&
      hasBasic(call, credentials.username, credentials.password);
    if (!isBasic && (this.#tokens.get(token) ?? 0) < Date.now()) return this.#refuse();
    if (call.headers.get("accept") !== "application/json") {
      return new Response("<computers/>", { headers: { "Content-Type": "text/xml" } });
    }
    return answer();
  }

  list(kind: string): Response {
    if (this.#options.era === "pro" && kind === "computers") {
      return new Response("<h1>Gone</h1>", { status: 404 });
    }
    const devices = this.ids.map((id) => ({ id, name: `device-${id}` }));
    return Response.json(
      kind === "computers" ? { computers: devices } : { mobile_devices: devices },
    );
  }

  detail(kind: string, id: number, subset: string | undefined): Response {
    const { missing = [], broken = [] } = this.#options;
    if (broken.includes(id)) return new Response("oops", { status: 500 });
    if (missing.includes(id) || !this.ids.includes(id)) {
      return new Response("Not Found", { status: 404 });
    }
    const device = classicDevice(kind, id);
    const names = subset?.split("&").map((name) => classicSubsets[kind]?.[name]);
    if (names?.includes(undefined)) {
      return new Response(`no such subset: ${subset}`, { status: 400 });
    }
    const part = names === undefined
      ? device
      : Object.fromEntries(names.map((name) => [name, device[name as string]]));
    return Response.json({ [kind === "computers" ? "computer" : "mobile_device"]: part });
  }

  group(kind: string, name: string | undefined): Response {
    const members = name === undefined ? undefined : this.#options.groups?.[name];
    if (members === undefined) return new Response("Not Found", { status: 404 });
    const devices = members.map((id) => ({ id, name: `device-${id}` }));
    return Response.json(
      kind === "computers"
        ? { computer_group: { id: 7, name, computers: devices } }
        : { mobile_device_group: { id: 7, name, mobile_devices: devices } },
    );
  }

  groupList(kind: string): Response {
    const groups = Object.keys(this.#options.groups ?? {}).map((name, index) => ({
      id: index + 1,
      name,
      is_smart: true,
    }));
    return Response.json({
      [kind === "computers" ? "computer_groups" : "mobile_device_groups"]: groups,
    });
  }

  groupName(id: number): string | undefined {
    return Object.keys(this.#options.groups ?? {})[id - 1];
  }

  inventory(call: VendorCall, version: string): Response {
    if (version !== (this.#options.inventory ?? "v3")) {
      return new Response("<h1>Not Found</h1>", { status: 404 });
    }
    const size = Number(call.query.get("page-size"));
    const page = Number(call.query.get("page"));
    const isKnown = call.query.getAll("section").every((name) => /^[A-Z_]+$/.test(name));
    if (!isKnown || !(size >= 1 && size <= 2000) || !(page >= 0)) {
      return Response.json({ httpStatus: 400 }, { status: 400 });
    }
    const results = this.ids.slice(page * size, (page + 1) * size).map(proComputer);
    return Response.json({ totalCount: this.ids.length, results });
  }
}

const kindOf = (match: RegExpExecArray | undefined) =>
  match?.[1]?.startsWith("computer") ? "computers" : "mobiledevices";

/** Starts the server; its address has a path in front, as hosted instances may have. */
export function startJamf(options: JamfOptions): Vendor {
  const jamf = new Jamf(options);
  const named = (what: string) => ({
    totalCount: 1,
    results: [{
      id: what === "departments" ? "1" : "2",
      name: what === "departments" ? "R&D" : "Berlin",
    }],
  });
  return startVendor({
    routes: [
      { method: "POST", path: "/jss/api/v1/auth/token", answer: (call) => jamf.userToken(call) },
      { method: "POST", path: "/jss/api/oauth/token", answer: (call) => jamf.clientToken(call) },
      {
        method: "GET",
        path: /^\/jss\/JSSResource\/(computers|mobiledevices)$/,
        answer: (call, match) => jamf.known(call, () => jamf.list(kindOf(match))),
      },
      {
        method: "GET",
        path:
          /^\/jss\/JSSResource\/(computers|mobiledevices)\/id\/(\d+)(?:\/subset\/([A-Za-z&]+))?$/,
        answer: (call, match) =>
          jamf.known(call, () => jamf.detail(kindOf(match), Number(match?.[2]), match?.[3])),
      },
      {
        method: "GET",
        path: /^\/jss\/JSSResource\/(computergroups|mobiledevicegroups)$/,
        answer: (call, match) => jamf.known(call, () => jamf.groupList(kindOf(match))),
      },
      {
        method: "GET",
        path: /^\/jss\/JSSResource\/(computergroups|mobiledevicegroups)\/name\/([^/]+)$/,
        answer: (call, match) => {
          const name = decodeURIComponent(match?.[2] ?? "");
          return jamf.known(
            call,
            () => jamf.group(kindOf(match), name.includes("/") ? undefined : name),
          );
        },
      },
      {
        method: "GET",
        path: /^\/jss\/JSSResource\/(computergroups|mobiledevicegroups)\/id\/(\d+)$/,
        answer: (call, match) =>
          jamf.known(call, () => jamf.group(kindOf(match), jamf.groupName(Number(match?.[2])))),
      },
      {
        method: "GET",
        path: /^\/jss\/api\/(v\d)\/computers-inventory$/,
        answer: (call, match) => jamf.known(call, () => jamf.inventory(call, match?.[1] ?? "")),
      },
      {
        method: "GET",
        path: /^\/jss\/api\/v1\/(departments|buildings)$/,
        answer: (call, match) => jamf.known(call, () => Response.json(named(match?.[1] ?? ""))),
      },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
}
