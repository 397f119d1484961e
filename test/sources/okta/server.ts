/**
 * Okta's users API, from its documentation: "List all users" (limit, after, filter, Link headers; a filter
 * compares lastUpdated by gt, ge, lt and le, and anything else by eq, joined by and), "Rate limits" (429 with X-Rate-Limit-Reset) and the error codes E0000011 and E0000006.
 *
 * @module
 */
import {
  startVendor,
  type Throttle,
  type Vendor,
  type VendorCall,
  type VendorRoute,
} from "../../support/vendor.ts";
import { OktaOauth, type ServiceApp } from "./oauth.ts";

/** The token that the server accepts. */
export const token = "00okta-Canary-T0ken/with+signs=";

/** A user as Okta gives it. */
export function user(index: number, status = "ACTIVE") {
  const login = `person${index}@example.com`;
  return {
    id: `00u${index}`,
    status,
    created: "2013-06-24T16:39:18.000Z",
    lastUpdated: "2013-07-02T21:36:25.344Z",
    lastLogin: null,
    profile: {
      login,
      email: login,
      firstName: `First${index}`,
      lastName: `Lästname ${index}`,
      mobilePhone: null,
    },
    credentials: { provider: { type: "OKTA", name: "OKTA" } },
  };
}

/** How the server is to be. */
export interface OktaOptions {
  readonly active: number;
  readonly deprovisioned?: number;
  readonly throttle?: Throttle;
  /** Largest page that the server gives, whatever is asked for. */
  readonly pageLimit?: number;
  /**
   * "Rate limits": requests in a window of so many milliseconds, which all three headers of an answer
   * tell. Of these, a token or app may use the `share`, of which no header tells ("Token and OAuth 2.0
   * app rate limits").
   */
  readonly limit?: {
    readonly requests: number;
    readonly windowMs: number;
    readonly share?: number;
  };
  /** Who the API token belongs to: roles, and API tokens where the roles let it ask for them. */
  readonly administrator?: {
    readonly roles: readonly string[];
    readonly tokens?: readonly { readonly created: string; readonly expiresAt: string }[];
  };
  /** A service app, which signs in with a key instead of the token. */
  readonly app?: ServiceApp;
  /** Waited for before each answer. */
  readonly hold?: (call: VendorCall) => Promise<void>;
  /** Called after each page was made up. */
  readonly onPage?: () => void;
  /** Host that the next links name, instead of the server's own. */
  readonly linkOrigin?: string;
}

function refusal(status: number, errorCode: string, errorSummary: string): Response {
  return Response.json({
    errorCode,
    errorSummary,
    errorLink: errorCode,
    errorId: "oae1",
    errorCauses: [],
  }, { status });
}

/** Okta's answer when its limit is used up; the reset is an epoch in seconds. */
export function throttled(resetMs: number): Response {
  const reset = Math.ceil((Date.now() + resetMs) / 1000);
  return Response.json({
    errorCode: "E0000047",
    errorSummary: "API call exceeded rate limit due to too many requests.",
  }, {
    status: 429,
    headers: {
      "X-Rate-Limit-Limit": "600",
      "X-Rate-Limit-Remaining": "0",
      "X-Rate-Limit-Reset": `${reset}`,
    },
  });
}

/** The windows of a rate limit, and what is left in the present one. */
class Windows {
  readonly #limit: NonNullable<OktaOptions["limit"]>;
  #resets = 0;
  #left = 0;
  #own = 0;

  constructor(limit: NonNullable<OktaOptions["limit"]>) {
    this.#limit = limit;
  }

  /** Counts a request; gives the headers of its answer, or the refusal. */
  take(): Headers | Response {
    const now = Date.now();
    const { requests, windowMs, share = 1 } = this.#limit;
    if (now >= this.#resets) [this.#resets, this.#left, this.#own] = [now + windowMs, requests, 0];
    if (this.#left === 0 || this.#own++ >= requests * share) return throttled(this.#resets - now);
    return new Headers({
      "Date": new Date(now).toUTCString(),
      "X-Rate-Limit-Limit": `${requests}`,
      "X-Rate-Limit-Remaining": `${--this.#left}`,
      "X-Rate-Limit-Reset": `${Math.ceil(this.#resets / 1000)}`,
    });
  }
}

/** What the parts of a server share. */
interface Organization {
  readonly options: OktaOptions;
  readonly windows: Windows | undefined;
  readonly oauth: OktaOauth | undefined;
  readonly people: People;
  /** The clock, in milliseconds since the epoch. */
  readonly now: number;
}

/** Why a request without the right is refused. */
function checkRight(call: VendorCall, { oauth }: Organization, scope: string) {
  if (call.headers.get("authorization") === `SSWS ${token}`) return undefined;
  return oauth?.refusal(call, scope) ??
    (oauth === undefined ? refusal(401, "E0000011", "Invalid token provided") : undefined);
}

/** A person of the organization. */
interface Person {
  readonly index: number;
  readonly status: "ACTIVE" | "DEPROVISIONED";
  /** When it was last changed, in milliseconds since the epoch; of the beginning without it. */
  readonly updated?: number;
  readonly version: number;
}

function toUser({ index, status, updated, version }: Person) {
  const found = user(index, status);
  if (updated === undefined) return found;
  return {
    ...found,
    lastUpdated: new Date(updated).toISOString(),
    profile: { ...found.profile, version: `${version}` },
  };
}

/** The people of the organization, in an order that does not change. */
class People {
  readonly #people = new Map<number, Person>();

  constructor({ active, deprovisioned = 0 }: OktaOptions) {
    for (let index = 0; index < active + deprovisioned; index++) {
      this.set({ index, status: index < active ? "ACTIVE" : "DEPROVISIONED", version: 0 });
    }
  }

  get all(): readonly Person[] {
    return [...this.#people.values()];
  }

  get(index: number): Person | undefined {
    return this.#people.get(index);
  }

  set(person: Person): void {
    this.#people.set(person.index, person);
  }

  remove(index: number): void {
    this.#people.delete(index);
  }

  /** Those whom a filter chooses, or who are not deprovisioned; nothing where it is not one that Okta takes. */
  find(filter: string | null): readonly Person[] | undefined {
    const isActive = ({ status }: Person) => status !== "DEPROVISIONED";
    if (filter === null) return this.all.filter(isActive);
    let found = this.all;
    let hasStatus = false;
    for (const term of filter.split(" and ")) {
      const [, since] = /^lastUpdated ge "(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"$/.exec(term) ??
        [];
      if (term === 'status eq "DEPROVISIONED"') {
        hasStatus = true;
        found = found.filter((person) => !isActive(person));
      } else if (since === undefined) return undefined;
      else found = found.filter((person) => toUser(person).lastUpdated >= since);
    }
    // Not documented for a filter that asks for no status: so they are not counted on.
    return hasStatus ? found : found.filter(isActive);
  }
}

function list(call: VendorCall, organization: Organization): Response {
  const { options, windows, people } = organization;
  const refused = checkRight(call, organization, "okta.users.read");
  if (refused !== undefined) return refused;
  const found = people.find(call.query.get("filter"));
  if (found === undefined) return refusal(400, "E0000031", "Invalid search criteria.");
  const asked = Number(call.query.get("limit") ?? "200");
  if (!Number.isInteger(asked) || asked < 1 || asked > 200) {
    return refusal(400, "E0000001", "Api validation failed: limit");
  }
  const size = Math.min(asked, options.pageLimit ?? 200);
  const after = Number((call.query.get("after") ?? "at+-1=").slice(3, -1));
  const rest = found.filter(({ index }) => index > after);
  const page = rest.slice(0, size);
  const headers = windows?.take() ??
    new Headers({ "X-Rate-Limit-Limit": "600", "X-Rate-Limit-Remaining": "598" });
  if (headers instanceof Response) return headers;
  headers.set("Date", new Date(organization.now).toUTCString());
  headers.append("Link", `<${call.url.href}>; rel="self"`);
  if (rest.length > size) {
    const next = new URL(
      call.url.pathname + call.url.search,
      options.linkOrigin ?? call.url.origin,
    );
    next.searchParams.set("after", `at+${page.at(-1)?.index}=`);
    headers.append("Link", `<${next.href}>; rel="next"`);
  }
  const answer = Response.json(page.map(toUser), { headers });
  options.onPage?.();
  return answer;
}

/** "Retrieve a user", "List all user role assignments" and "List all API token metadata". */
function administratorRoutes(organization: Organization): VendorRoute[] {
  const { administrator } = organization.options;
  if (administrator === undefined) return [];
  const { roles, tokens } = administrator;
  const userId = "00uAdministrator";
  const lists: Readonly<Record<string, () => Response>> = {
    "/api/v1/users/me": () => Response.json({ id: userId, status: "ACTIVE", profile: {} }),
    [`/api/v1/users/${userId}/roles`]: () =>
      Response.json(roles.map((type) => ({
        id: `ra-${type}`,
        label: type.toLowerCase().replaceAll("_", " "),
        type,
        status: "ACTIVE",
        assignmentType: "USER",
      }))),
    "/api/v1/api-tokens": () =>
      tokens === undefined
        ? refusal(403, "E0000006", "You do not have permission to perform the requested action")
        : Response.json([
          ...tokens.map((token, index) => ({
            id: `00T${index}`,
            name: `token ${index}`,
            userId,
            tokenWindow: "P30D",
            ...token,
          })),
          { id: "00Tother", name: "of somebody else", userId: "00uOther", created: "2019-01-01" },
        ]),
  };
  return Object.entries(lists).map(([path, answer]) => ({
    method: "GET",
    path,
    answer: (call) => checkRight(call, organization, "okta.roles.read") ?? answer(),
  }));
}

/** An organization at work, with its authorization server when it has a service app. */
export interface OktaServer extends Vendor {
  readonly oauth: OktaOauth | undefined;
  /** Lets its clock run on; until then it is the clock of the machine. */
  advance(ms: number): void;
  /** Changes a person, or adds one. */
  change(index: number, status?: Person["status"]): void;
  remove(index: number): void;
  /** Index → how often the person changed. */
  versions(): ReadonlyMap<number, number>;
}

/** Starts the server. */
export function startOkta(options: OktaOptions): OktaServer {
  const windows = options.limit === undefined ? undefined : new Windows(options.limit);
  const oauth = options.app === undefined ? undefined : new OktaOauth(options.app);
  const people = new People(options);
  let ahead = 0;
  const organization: Organization = {
    ...{ options, windows, oauth, people },
    get now() {
      return Date.now() + ahead;
    },
  };
  const vendor = startVendor({
    routes: [
      { method: "GET", path: "/api/v1/users", answer: (call) => list(call, organization) },
      ...administratorRoutes(organization),
      ...(oauth === undefined ? [] : [{
        method: "POST",
        path: "/oauth2/v1/token",
        answer: (call: VendorCall) => oauth.grant(call),
      }]),
    ],
    hold: options.hold,
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
  return Object.assign(vendor, {
    oauth,
    advance: (ms: number) => void (ahead += ms),
    change(index: number, status: Person["status"] = "ACTIVE") {
      const version = (people.get(index)?.version ?? 0) + 1;
      people.set({ index, status, version, updated: organization.now });
    },
    remove: (index: number) => people.remove(index),
    versions: () => new Map(people.all.map(({ index, version }) => [index, version])),
  });
}
