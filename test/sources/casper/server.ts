/**
 * Jamf Pro, from its developer documentation: the Classic API ("Finds all computers", "Finds computers
 * by ID", subsets, groups by name and id), "POST /api/v1/auth/token" and "Client Credentials". A path
 * with an encoded slash or backslash is refused, as the servlet container does.
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
import { mobilePage } from "./mobile_inventory.ts";
import { classicDevice, classicSubsets } from "./devices.ts";
import {
  type Inventory,
  inventoryComputer,
  inventoryPage,
  type InventoryVersion,
  places,
} from "./inventory.ts";
import type { World } from "./world.ts";

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
  /**
   * `basic`: knows no tokens. `early`: has them, for the newer API only. `classic`: takes them everywhere.
   * `pro`: the Classic endpoints of computers are gone.
   */
  readonly era?: "basic" | "early" | "classic" | "pro";
  /** What a `basic` server answers instead of a token; 404 by default. */
  readonly tokenAnswer?: () => Response;
  /** Details that are not there any more, and details that always fail. */
  readonly missing?: readonly number[];
  readonly broken?: readonly number[];
  /** Groups by name, with the ids of their members. */
  readonly groups?: Readonly<Record<string, readonly number[]>>;
  /** Milliseconds that a token lives. */
  readonly tokenLife?: number;
  /** Calls that a token is good for; any number when absent. */
  readonly tokenUses?: number;
  /** Milliseconds that the server's clock is behind. */
  readonly clockBehind?: number;
  readonly throttle?: Throttle;
  /** Waited for before each answer. */
  readonly hold?: (call: VendorCall) => Promise<void>;
  /** The version that the inventory endpoint has. */
  readonly inventory?: InventoryVersion;
  /** Whether mobile devices are there by the page: older servers do not have that. */
  readonly devicePages?: boolean;
  /** The Platform API in front: no Classic API, and every request says whose data are meant. */
  readonly gateway?: { readonly environment: string };
  /** When the Classic endpoints of computers were deprecated and when they end, as their headers say it. */
  readonly ends?: { readonly deprecation: string; readonly sunset: string };
  /** See {@linkcode Inventory}. */
  readonly pageLimit?: number;
  readonly stuck?: boolean;
  /** Devices that change; `count` says nothing then. */
  readonly world?: World;
  /** The account of "GET /v1/auth"; without one, the server does not have the endpoint. */
  readonly account?: {
    readonly privilegeSet: "ADMINISTRATOR" | "AUDITOR" | "ENROLLMENT" | "CUSTOM";
    readonly privileges: readonly string[];
  };
}

class Jamf {
  readonly #options: JamfOptions;
  /** The tokens that were handed out: until when they live, and how often they may be used. */
  readonly #tokens = new Map<string, { readonly expires: number; uses: number }>();
  /** Pages that were asked for. */
  #pages = 0;

  /** The devices where there is no world: made once, for there may be very many. */
  readonly #ids: readonly number[];

  constructor(options: JamfOptions) {
    this.#options = options;
    this.#ids = Array.from({ length: options.count }, (_, index) => index + 1);
  }

  get ids(): readonly number[] {
    return this.#options.world?.ids ?? this.#ids;
  }

  /** Calls what the world does meanwhile, before the answer is made up and after it in turn. */
  #meanwhile(answer: () => Response): Response {
    const { world } = this.#options;
    const isBefore = this.#pages++ % 2 === 0;
    if (isBefore) world?.onPage();
    const made = answer();
    if (!isBefore) world?.onPage();
    return made;
  }

  #issue(): { token: string; expires: number } {
    const token = `${tokenPrefix}${this.#tokens.size}`;
    const expires = Date.now() + (this.#options.tokenLife ?? 1_800_000);
    this.#tokens.set(token, { expires, uses: this.#options.tokenUses ?? Infinity });
    return { token, expires };
  }

  userToken(call: VendorCall): Response {
    if (this.#options.era === "basic") {
      return this.#options.tokenAnswer?.() ?? new Response("<h1>Not Found</h1>", { status: 404 });
    }
    if (!hasBasic(call, credentials.username, credentials.password)) return this.#refuse();
    const { token, expires } = this.#issue();
    const claimed = new Date(expires - (this.#options.clockBehind ?? 0));
    return Response.json({ token, expires: claimed.toISOString() });
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

  #isGood(token: string): boolean {
    const known = this.#tokens.get(token);
    return known !== undefined && known.expires >= Date.now() && known.uses-- > 0;
  }

  #refuse(challenge?: string): Response {
    return Response.json({
      httpStatus: 401,
      errors: [{ code: "INVALID_TOKEN", description: "Unauthorized" }],
    }, {
      status: 401,
      headers: challenge === undefined ? {} : { "WWW-Authenticate": challenge },
    });
  }

  /** A token of the Platform API, which lasts 15 minutes and cannot be extended. */
  gatewayToken(call: VendorCall): Response {
    if (this.#options.gateway === undefined) return new Response("not found", { status: 404 });
    return this.clientToken(call);
  }

  /** What the Platform API refuses before Jamf Pro sees it; nothing when it lets a request through. */
  #refuseAtGateway({ path, headers }: VendorCall): Response | undefined {
    const { gateway } = this.#options;
    const isGateway = path.startsWith("/jss/pro/");
    if (gateway === undefined) {
      return isGateway ? new Response("not found", { status: 404 }) : undefined;
    }
    if (!isGateway) return new Response("page not found", { status: 404 });
    const asked = headers.get("x-environment-id");
    if (asked === null) {
      const errors = [{ code: "REQUEST_CONTEXT_NOT_PROVIDED", description: "no context" }];
      return Response.json({ httpStatus: 400, errors }, { status: 400 });
    }
    if (asked === gateway.environment) return undefined;
    const errors = [{ code: "BAD_PERMISSIONS", description: "another environment" }];
    return Response.json({ httpStatus: 403, errors }, { status: 403 });
  }

  /** Mobile devices by the page. */
  devicePage(call: VendorCall): Response {
    const { devicePages = true, broken = [], pageLimit, world } = this.#options;
    if (!devicePages) return Response.json({ httpStatus: 404 }, { status: 404 });
    const groupsOf = (id: number) => this.groupsOf(id);
    return this.#meanwhile(() =>
      mobilePage(call, { ids: this.ids, broken, groupsOf, pageLimit, world })
    );
  }

  /** Answers when the caller is known. */
  known(call: VendorCall, answer: () => Response): Response {
    const refused = this.#refuseAtGateway(call);
    if (refused !== undefined) return refused;
    const { era } = this.#options;
    const token = call.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    const takesBasic = era === "basic" || era === "early" && call.path.includes("/JSSResource/");
    const isKnown = takesBasic
      ? hasBasic(call, credentials.username, credentials.password)
      : this.#isGood(token);
    if (!isKnown) return this.#refuse(takesBasic ? 'Basic realm="Restful JSS Access"' : undefined);
    if (call.headers.get("accept") !== "application/json") {
      return new Response("<computers/>", { headers: { "Content-Type": "text/xml" } });
    }
    return answer();
  }

  #endHeaders(kind: string): Record<string, string> {
    const { ends } = this.#options;
    if (ends === undefined || kind !== "computers") return {};
    return { Deprecation: ends.deprecation, Sunset: ends.sunset };
  }

  list(kind: string): Response {
    if (this.#options.era === "pro" && kind === "computers") {
      return new Response("<h1>Gone</h1>", { status: 404 });
    }
    const devices = this.ids.map((id) => ({ id, name: `device-${id}` }));
    return Response.json(
      kind === "computers" ? { computers: devices } : { mobile_devices: devices },
      { headers: this.#endHeaders(kind) },
    );
  }

  detail(kind: string, id: number, subset: string | undefined): Response {
    const { missing = [], broken = [], era } = this.#options;
    if (era === "pro" && kind === "computers") {
      return new Response("<h1>Gone</h1>", { status: 410 });
    }
    if (broken.includes(id)) return new Response("oops", { status: 500 });
    if (missing.includes(id) || !this.ids.includes(id)) {
      return new Response("Not Found", { status: 404 });
    }
    const device = classicDevice(kind, id, this.groupsOf(id));
    const names = subset?.split("&").map((name) => classicSubsets[kind]?.[name]);
    if (names?.includes(undefined)) {
      return new Response(`no such subset: ${subset}`, { status: 400 });
    }
    const part = names === undefined
      ? device
      : Object.fromEntries(names.map((name) => [name, device[name as string]]));
    const name = kind === "computers" ? "computer" : "mobile_device";
    return Response.json({ [name]: part }, { headers: this.#endHeaders(kind) });
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

  groupsOf(id: number): string[] {
    const groups = Object.entries(this.#options.groups ?? {});
    return groups.filter(([, members]) => members.includes(id)).map(([name]) => name);
  }

  /** The inventory of computers, in the one version of it that is there. */
  inventory(version: string, answer: (inventory: Inventory) => Response): Response {
    const { inventory = "v4", pageLimit, stuck, world } = this.#options;
    if (version !== inventory) return Response.json({ httpStatus: 404 }, { status: 404 });
    const groupsOf = (id: number) => this.groupsOf(id);
    return this.#meanwhile(() =>
      answer({ ids: this.ids, version: inventory, groupsOf, pageLimit, stuck, world })
    );
  }

  /** "Get all the Authorization details associated with the current API token". */
  authorization(): Response {
    const { account } = this.#options;
    if (account === undefined) return Response.json({ httpStatus: 404 }, { status: 404 });
    const { privilegeSet, privileges } = account;
    return Response.json({
      account: {
        id: "3",
        username: credentials.username,
        accessLevel: "FullAccess",
        privilegeSet,
        privilegesBySite: { "-1": privileges },
        groupIds: [],
        currentSiteId: "-1",
      },
      accountGroups: [],
      sites: [],
      authenticationType: "JSS",
    });
  }

  /** "Return all computer groups". */
  proGroups(): Response {
    const names = Object.keys(this.#options.groups ?? {});
    return Response.json(
      names.map((name, index) => ({ id: `${index + 1}`, name, smartGroup: true })),
    );
  }
}

const kindOf = (match: RegExpExecArray | undefined) =>
  match?.[1]?.startsWith("computer") ? "computers" : "mobiledevices";

/** Starts the server; its address has a path in front, as hosted instances may have. */
export function startJamf(options: JamfOptions): Vendor {
  const jamf = new Jamf(options);
  return startVendor({
    hold: options.hold,
    routes: [
      { method: "POST", path: "/jss/api/v1/auth/token", answer: (call) => jamf.userToken(call) },
      { method: "POST", path: "/jss/api/oauth/token", answer: (call) => jamf.clientToken(call) },
      { method: "POST", path: "/jss/auth/token", answer: (call) => jamf.gatewayToken(call) },
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
          if (/[/\\]/.test(name)) return new Response("Bad Request", { status: 400 });
          return jamf.known(call, () => jamf.group(kindOf(match), name));
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
        path: /^\/jss\/(?:api|pro)\/(v\d)\/computers-inventory$/,
        answer: (call, match) =>
          jamf.known(
            call,
            () => jamf.inventory(match?.[1] ?? "", (all) => inventoryPage(call, all)),
          ),
      },
      {
        method: "GET",
        path: /^\/jss\/(?:api|pro)\/(v\d)\/computers-inventory\/(\d+)$/,
        answer: (call, match) =>
          jamf.known(call, () => {
            const one = (all: Inventory) => inventoryComputer(call, all, Number(match?.[2]));
            return jamf.inventory(match?.[1] ?? "", one);
          }),
      },
      {
        method: "GET",
        path: /^\/jss\/(?:api|pro)\/v1\/auth$/,
        answer: (call) => jamf.known(call, () => jamf.authorization()),
      },
      {
        method: "GET",
        path: /^\/jss\/(?:api|pro)\/v1\/(?:computer|mobile-device)-groups$/,
        answer: (call) => jamf.known(call, () => jamf.proGroups()),
      },
      {
        method: "GET",
        path: /^\/jss\/(?:api|pro)\/v2\/mobile-devices\/detail$/,
        answer: (call) => jamf.known(call, () => jamf.devicePage(call)),
      },
      {
        method: "GET",
        path: /^\/jss\/(?:api|pro)\/v1\/(departments|buildings)$/,
        answer: (call, match) => jamf.known(call, () => places(call, match?.[1] ?? "")),
      },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
}
