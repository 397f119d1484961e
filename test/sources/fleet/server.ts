/**
 * Fleet's REST API, from its documentation: "Retrieve your API token", "List hosts" (`per_page`, `order_key`,
 * `after`, `populate_software`), "Count hosts" and "API responses". That `after` takes the place of `page`,
 * which keys may order hosts, and that its database takes times in its own form only, is from Fleet's server.
 *
 * @module
 */
import { startVendor, type Throttle, type Vendor, type VendorCall } from "../../support/vendor.ts";

/** The token that the server accepts. */
export const token = "fleet-Canary-T0ken/with+signs=";

/** How the server is to be. */
export interface FleetOptions {
  readonly count: number;
  /** Installed titles of each host. */
  readonly titles?: number;
  readonly throttle?: Throttle;
  /** Keys as newer servers list them, without the table. */
  readonly plainKeys?: boolean;
  /** Before 4.60: software with all of its vulnerabilities, or none. */
  readonly olderSoftware?: boolean;
  /** Most hosts of a page, whatever is asked for. */
  readonly mostPerPage?: number;
  /** Role of the user for all hosts; by default an observer of two fleets. */
  readonly role?: string;
  /** Answers without the header Date. */
  readonly clockless?: boolean;
  /** Called before each page is made up. */
  readonly onPage?: (server: FleetServer) => void;
}

/** A server at work. */
export interface FleetServer extends Vendor {
  /** The clock of the server, in milliseconds since the epoch. */
  now: number;
  /** Hosts change at the time of the clock. */
  touch(...ids: number[]): void;
  enroll(): number;
  remove(id: number): void;
  /** How often each host has changed: what its `uptime` says. */
  readonly versions: ReadonlyMap<number, number>;
}

/** When the first host changed last; each of the others a minute later. */
export const firstChange = Date.UTC(2026, 10, 1);

const orderKeys = ["id", "created_at", "updated_at", "hostname", "display_name", "hardware_serial"];

/** Serial number of a host. */
export function serial(id: number): string {
  return `C02${String(id).padStart(7, "0")}`;
}

function fail(status: number, name: string, reason: string): Response {
  const message = status === 401 ? "Authentication required" : "Bad request";
  return Response.json({ message, errors: [{ name, reason }], uuid: "e-1" }, { status });
}

/** The answer when requests come too fast. */
export function throttled(): Response {
  return Response.json({ message: "limit exceeded, retry after: 1s", errors: [] }, {
    status: 429,
    headers: { "Retry-After": "1" },
  });
}

function toIso(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}

function title(index: number): string {
  const name = `Programme ${index}.app`;
  return JSON.stringify({
    id: index,
    name,
    version: `${index}.4.${index % 9}`,
    source: "apps",
    browser: "",
    bundle_identifier: `com.example.programme${index}`,
    generated_cpe: `cpe:2.3:a:example:programme_${index}:${index}.4:*:*:*:*:macos:*:*`,
    vulnerabilities: index % 50 === 0 ? [{ cve: "CVE-2026-0001", details_link: "" }] : null,
    installed_paths: index === 1 ? [] : [`/Applications/${name}`],
  });
}

class Hosts {
  readonly #options: FleetOptions;
  readonly #titles: readonly string[];
  /** Number → when the host changed last. */
  readonly #hosts = new Map<number, number>();
  readonly versions = new Map<number, number>();
  #next: number;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#titles = Array.from(
      { length: (options.titles ?? 2) + 7 },
      (_, index) => title(index + 1),
    );
    for (let id = 1; id <= options.count; id++) this.#hosts.set(id, firstChange + id * 60_000);
    this.#next = options.count + 1;
  }

  touch(id: number, now: number): void {
    this.#hosts.set(id, Math.floor(now / 1000) * 1000);
    this.versions.set(id, (this.versions.get(id) ?? 0) + 1);
  }

  enroll(now: number): number {
    this.touch(this.#next, now);
    return this.#next++;
  }

  remove(id: number): void {
    this.#hosts.delete(id);
  }

  get size(): number {
    return this.#hosts.size;
  }

  list({ query }: VendorCall): Response {
    const key = query.get("order_key") ?? "";
    const wrong = this.#refuse(query, key);
    if (wrong !== undefined) return wrong;
    const byTime = key.endsWith("updated_at");
    const after = query.get("after") ?? "";
    const least = after === ""
      ? -1
      : byTime
      ? Date.parse(`${after.replace(" ", "T")}Z`)
      : Number(after);
    const found = [...this.#hosts].map(([id, time]) => ({ id, time, by: byTime ? time : id }))
      .filter(({ by }) => by > least)
      .sort((a, b) => a.by - b.by);
    const size = Math.min(Number(query.get("per_page") ?? "20"), this.#options.mostPerPage ?? 1e9);
    // `after` takes the place of `page`.
    const start = after === "" ? Number(query.get("page") ?? "0") * size : 0;
    const hosts = found.slice(start, start + size).map(({ id, time }) =>
      this.#host(id, time, query)
    );
    return new Response(`{"hosts":[${hosts.join(",")}]}`, {
      headers: { "Content-Type": "application/json; charset=utf-8" },
    });
  }

  #refuse(query: URLSearchParams, key: string): Response | undefined {
    const { plainKeys, olderSoftware } = this.#options;
    const perPage = query.get("per_page") ?? "20";
    if (!/^[1-9]\d*$/.test(perPage)) return fail(400, "per_page", "invalid per_page value");
    if (key === "" && (query.has("order_direction") || query.has("after"))) {
      return fail(400, "order_key", "order_key must be specified with order_direction");
    }
    const known = plainKeys === true ? orderKeys : orderKeys.map((name) => `h.${name}`);
    if (key !== "" && !known.includes(key)) return fail(422, "order_key", `invalid key ${key}`);
    const after = query.get("after") ?? "";
    if (key.endsWith("_at") && !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(after)) {
      return fail(500, "base", `Error 1525: Incorrect DATETIME value: '${after}'`);
    }
    const software = query.get("populate_software") ?? "false";
    const words = olderSoftware === true
      ? ["true", "false"]
      : ["true", "false", "without_vulnerability_details"];
    return words.includes(software)
      ? undefined
      : fail(400, "populate_software", `Invalid boolean parameter: ${software}`);
  }

  #host(id: number, time: number, query: URLSearchParams): string {
    const host = JSON.stringify({
      created_at: toIso(firstChange),
      updated_at: toIso(time),
      id,
      detail_updated_at: toIso(time),
      software_updated_at: toIso(time),
      seen_time: toIso(time),
      hostname: `host-${id}.local`,
      uuid: `392547dc-0000-0000-a87a-${String(id).padStart(12, "0")}`,
      platform: "darwin",
      os_version: "macOS 26.1",
      uptime: this.versions.get(id) ?? 0,
      memory: 17_179_869_184,
      hardware_vendor: "Apple Inc.",
      hardware_model: "Mac15,6",
      hardware_serial: serial(id),
      computer_name: `Büro ${id} 📱`,
      display_name: `Büro ${id} 📱`,
      status: "online",
      team_id: null,
      team_name: null,
      ...(query.get("device_mapping") === "true"
        ? {
          device_mapping: [{ email: `person${id}@example.com`, source: "google_chrome_profiles" }],
        }
        : {}),
    });
    if ((query.get("populate_software") ?? "false") === "false") return host;
    const first = id % 7;
    const titles = this.#titles.slice(first, first + (this.#options.titles ?? 2));
    return `${host.slice(0, -1)},"software":[${titles.join(",")}]}`;
  }
}

/** The user of the token, as "Me" tells. */
function userOf({ role }: FleetOptions) {
  const observer = { role: "observer", description: "" };
  return {
    created_at: "2026-11-13T22:57:12Z",
    id: 4,
    name: "Oomnitza agent",
    email: "agent@example.com",
    api_only: true,
    global_role: role ?? null,
    teams: role === undefined
      ? [{ id: 1, name: "Laptops", ...observer }, { id: 2, name: "Büro", ...observer }]
      : [],
  };
}

/** Starts the server. */
export function startFleet(options: FleetOptions): FleetServer {
  const hosts = new Hosts(options);
  const guarded = (answer: (call: VendorCall) => Response) => (call: VendorCall) => {
    const isKnown = call.headers.get("authorization") === `Bearer ${token}`;
    const response = isKnown ? answer(call) : fail(401, "base", "Authentication required");
    response.headers.set(
      "Date",
      options.clockless === true ? "" : new Date(server.now).toUTCString(),
    );
    return response;
  };
  const vendor = startVendor({
    routes: [
      {
        method: "GET",
        path: "/api/v1/fleet/hosts",
        answer: guarded((call) => {
          const answer = hosts.list(call);
          options.onPage?.(server);
          return answer;
        }),
      },
      {
        method: "GET",
        path: "/api/v1/fleet/hosts/count",
        answer: guarded(() => Response.json({ count: hosts.size })),
      },
      {
        method: "GET",
        path: "/api/v1/fleet/me",
        answer: guarded(() => Response.json({ user: userOf(options) })),
      },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
  const server: FleetServer = Object.assign(vendor, {
    now: Date.now(),
    touch: (...ids: number[]) => ids.forEach((id) => hosts.touch(id, server.now)),
    enroll: () => hosts.enroll(server.now),
    remove: (id: number) => hosts.remove(id),
    versions: hosts.versions,
  });
  return server;
}
