/**
 * Okta's users API, from its documentation: "List all users" (limit, after, filter, Link headers),
 * "Rate limits" (429 with X-Rate-Limit-Reset) and the error codes E0000011 and E0000006.
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
}

/** Why a request without the right is refused. */
function checkRight(call: VendorCall, { oauth }: Organization, scope: string) {
  if (call.headers.get("authorization") === `SSWS ${token}`) return undefined;
  return oauth?.refusal(call, scope) ??
    (oauth === undefined ? refusal(401, "E0000011", "Invalid token provided") : undefined);
}

function list(call: VendorCall, organization: Organization): Response {
  const { options, windows } = organization;
  const refused = checkRight(call, organization, "okta.users.read");
  if (refused !== undefined) return refused;
  const filter = call.query.get("filter");
  if (filter !== null && filter !== 'status eq "DEPROVISIONED"') {
    return refusal(400, "E0000031", "Invalid search criteria.");
  }
  const total = filter === null ? options.active : options.deprovisioned ?? 0;
  const asked = Number(call.query.get("limit") ?? "200");
  if (!Number.isInteger(asked) || asked < 1 || asked > 200) {
    return refusal(400, "E0000001", "Api validation failed: limit");
  }
  const size = Math.min(asked, options.pageLimit ?? 200);
  const start = Number((call.query.get("after") ?? "at+0=").slice(3, -1));
  const headers = windows?.take() ??
    new Headers({ "X-Rate-Limit-Limit": "600", "X-Rate-Limit-Remaining": "598" });
  if (headers instanceof Response) return headers;
  headers.append("Link", `<${call.url.href}>; rel="self"`);
  if (start + size < total) {
    const next = new URL(
      call.url.pathname + call.url.search,
      options.linkOrigin ?? call.url.origin,
    );
    next.searchParams.set("after", `at+${start + size}=`);
    headers.append("Link", `<${next.href}>; rel="next"`);
  }
  const page = Array.from({ length: Math.min(size, total - start) }, (_, index) => {
    if (filter === null) return user(start + index);
    return user(options.active + start + index, "DEPROVISIONED");
  });
  return Response.json(page, { headers });
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
}

/** Starts the server. */
export function startOkta(options: OktaOptions): OktaServer {
  const windows = options.limit === undefined ? undefined : new Windows(options.limit);
  const oauth = options.app === undefined ? undefined : new OktaOauth(options.app);
  const organization: Organization = { options, windows, oauth };
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
  return Object.assign(vendor, { oauth });
}
