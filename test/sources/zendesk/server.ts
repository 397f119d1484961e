/**
 * Zendesk's API, from its documentation: "Create Token for Grant Type" (client credentials), "API
 * token" (the mail address, `/token` and the token), "List Users" (role[]), "List Organizations",
 * "Using cursor pagination" and "Using offset pagination" (no more than 10,000 records), "Incremental
 * Exports" (administrators only, ten requests a minute, nothing of the last minute), and "Rate limits" (429 with Retry-After, x-rate-limit and ratelimit headers).
 *
 * @module
 */
import {
  hasBasic,
  startVendor,
  type Throttle,
  type Vendor,
  type VendorCall,
  type VendorRoute,
} from "../../support/vendor.ts";

/** The credentials that the server accepts. */
export const account = {
  clientId: "oomnitza_sync",
  clientSecret: "zd-Canary-s3cret+with/signs=",
  oauthToken: "zd-Canary-r3ady-token",
  username: "admin@example.com",
  apiToken: "zd-Canary-ap1-token",
} as const;

/** Begins every token that the server hands out. */
export const tokenStart = "zd-Canary-access-";

/** How the server is to be. */
export interface ZendeskOptions {
  readonly users: number;
  readonly organizations?: number;
  readonly throttle?: Throttle;
  /** Largest page that the server gives, whatever is asked for. */
  readonly pageLimit?: number;
  /** Host that the next links name, instead of the server's own. */
  readonly linkOrigin?: string;
  /** Requests after which a token is no longer good. */
  readonly tokenUses?: number;
  /** Seconds that a token lives, whatever was asked for. */
  readonly tokenSeconds?: number;
  /** Whether the server knows no cursors. */
  readonly offsetOnly?: boolean;
  /** Largest page of an export of changes. */
  readonly exportLimit?: number;
  /** Milliseconds in which ten exports are allowed; a minute by default. */
  readonly exportWindowMs?: number;
  /** Whether the account is no administrator's. */
  readonly isAgent?: boolean;
  /** Called after each page was made up. */
  readonly onPage?: () => void;
  /** What "Show Token" and "Show Self" tell of the credentials; without it, nobody may ask. */
  readonly told?: {
    readonly scopes: readonly string[];
    readonly created: string;
    readonly expires: string | null;
    readonly role: (typeof roles)[number];
  };
}

const roles = ["end-user", "agent", "admin"] as const;

/** A user as Zendesk gives it: every third has no organization, every tenth one word for a name. */
export function user(index: number) {
  return {
    id: 9000 + index,
    url: `https://example.zendesk.com/api/v2/users/${9000 + index}.json`,
    name: index % 10 === 9 ? `Mono${index}` : `First${index} Lästname`,
    email: `person${index}@example.com`,
    phone: index % 2 === 0 ? "+4930123" : null,
    role: roles[index % 3],
    organization_id: index % 3 === 2 ? null : 500 + (index % 3),
    created_at: "2015-01-02T10:00:00Z",
    active: true,
    suspended: false,
    tags: [],
    user_fields: { city: "Berlin" },
  };
}

function organization(index: number) {
  return { id: 500 + index, name: `Örganization ${index}`, domain_names: [] };
}

/** Zendesk's answer when its limit is used up. */
export function throttled(resetMs: number): Response {
  const seconds = Math.max(1, Math.ceil(resetMs / 1000));
  return new Response("Number of allowed API requests per minute exceeded", {
    status: 429,
    headers: {
      "Retry-After": `${seconds}`,
      "x-rate-limit": "200",
      "x-rate-limit-remaining": "0",
      "ratelimit-reset": `${seconds}`,
    },
  });
}

/** The tokens that the server handed out, with the requests made with each. */
type Tokens = Map<string, number>;

function grant(call: VendorCall, options: ZendeskOptions, tokens: Tokens): Response {
  const refuse = (error: string, status: number) =>
    Response.json({ error, error_description: "Client authentication failed" }, { status });
  if (call.headers.get("content-type") !== "application/json") {
    return refuse("invalid_request", 400);
  }
  const body = JSON.parse(call.body);
  if (body.client_id !== account.clientId || body.client_secret !== account.clientSecret) {
    return refuse("invalid_client", 401);
  }
  if (body.grant_type !== "client_credentials" || body.scope !== "read") {
    return refuse("invalid_request", 400);
  }
  if (!(body.expires_in > 300 && body.expires_in < 172_800)) return refuse("invalid_request", 400);
  const token = `${tokenStart}${tokens.size}`;
  tokens.set(token, 0);
  const expires_in = options.tokenSeconds ?? body.expires_in;
  return Response.json({ access_token: token, token_type: "bearer", scope: "read", expires_in });
}

function isKnown(call: VendorCall, options: ZendeskOptions, tokens: Tokens): boolean {
  if (hasBasic(call, `${account.username}/token`, account.apiToken)) return true;
  const token = call.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
  if (token === account.oauthToken) return true;
  const uses = tokens.get(token);
  if (uses === undefined || uses >= (options.tokenUses ?? Number.POSITIVE_INFINITY)) return false;
  tokens.set(token, uses + 1);
  return true;
}

function invalid(error: string): Response {
  return Response.json({ error, description: "Invalid query" }, { status: 400 });
}

function byCursor<T>(call: VendorCall, options: ZendeskOptions, all: readonly T[], key: string) {
  const asked = Number(call.query.get("page[size]"));
  if (!Number.isInteger(asked) || asked < 1 || asked > 100) {
    return invalid("InvalidPaginationParameter");
  }
  const after = call.query.get("page[after]");
  if (after !== null && !/^at\+\d+\/=$/.test(after)) return invalid("InvalidPaginationParameter");
  const start = Number(after?.slice(3, -2) ?? 0);
  const end = start + Math.min(asked, options.pageLimit ?? 100);
  const next = new URL(call.url.pathname + call.url.search, options.linkOrigin ?? call.url.origin);
  next.searchParams.set("page[after]", `at+${end}/=`);
  const more = end < all.length;
  return Response.json({
    [key]: all.slice(start, end),
    meta: { has_more: more, after_cursor: more ? `at+${end}/=` : null, before_cursor: null },
    links: { next: more ? next.href : null, prev: null },
  }, {
    headers: { "x-rate-limit": "200", "x-rate-limit-remaining": "150", "ratelimit-reset": "40" },
  });
}

function byOffset<T>(call: VendorCall, all: readonly T[], key: string): Response {
  const page = Number(call.query.get("page") ?? "1");
  if (page > 100) return invalid("InvalidPaginationDepth");
  const next = new URL(call.url.href);
  next.searchParams.set("page", `${page + 1}`);
  return Response.json({
    [key]: all.slice((page - 1) * 100, page * 100),
    next_page: page * 100 < all.length ? next.href : null,
    previous_page: null,
    count: all.length,
  });
}

/** "Show Token" (of the request itself) and "Show Self". */
function toldRoutes(
  { told }: ZendeskOptions,
  isKnown: (call: VendorCall) => boolean,
): VendorRoute[] {
  if (told === undefined) return [];
  const { scopes, created: created_at, expires: expires_at, role } = told;
  const unknown = () => Response.json({ error: "Couldn't authenticate you" }, { status: 401 });
  function token(call: VendorCall): Response {
    if (!isKnown(call)) return unknown();
    // An API token is none of OAuth's.
    if (!call.headers.get("authorization")?.startsWith("Bearer ")) {
      return Response.json({ error: "RecordNotFound" }, { status: 404 });
    }
    return Response.json({ token: { id: 1, client_id: 41, scopes, created_at, expires_at } });
  }
  return [
    { method: "GET", path: "/api/v2/oauth/tokens/current.json", answer: token },
    {
      method: "GET",
      path: "/api/v2/users/me.json",
      answer: (call) => isKnown(call) ? Response.json({ user: { id: 1, role } }) : unknown(),
    },
  ];
}

/** A person as the server keeps it. */
interface Person {
  readonly index: number;
  /** When it was last changed, in milliseconds since the epoch. */
  readonly updated: number;
  readonly version: number;
  readonly deleted?: boolean;
}

function toUser({ index, updated, version, deleted = false }: Person) {
  const found = user(index);
  if (version === 0) return found;
  return {
    ...found,
    active: !deleted,
    updated_at: new Date(updated).toISOString(),
    user_fields: { ...found.user_fields, version },
  };
}

/** The people of the account, and the exports of their changes. */
class People {
  readonly #people = new Map<number, Person>();
  readonly #options: ZendeskOptions;
  readonly #exports: number[] = [];
  /** How much the clock is ahead of that of the machine. */
  ahead = 0;
  /** Cursors up to this one are no longer taken. */
  forgotten = "";

  constructor(options: ZendeskOptions) {
    this.#options = options;
    const updated = this.now - 86_400_000;
    for (let index = 0; index < options.users; index++) this.set({ index, updated, version: 0 });
  }

  get now(): number {
    return Date.now() + this.ahead;
  }

  get all(): readonly Person[] {
    return [...this.#people.values()].filter(({ deleted }) => deleted !== true);
  }

  get(index: number): Person | undefined {
    return this.#people.get(index);
  }

  set(person: Person): void {
    this.#people.set(person.index, person);
  }

  /** "Incremental User Export, Cursor Based". */
  export({ query }: VendorCall): Response {
    const { exportLimit = 1000, exportWindowMs = 60_000, isAgent = false } = this.#options;
    if (isAgent) return Response.json({ error: "Forbidden" }, { status: 403 });
    const at = Date.now();
    const recent = this.#exports.filter((time) => time > at - exportWindowMs);
    if (recent.length >= 10) return throttled((recent[0] ?? at) + exportWindowMs - at);
    this.#exports.push(at);
    const size = Number(query.get("per_page") ?? "1000");
    if (!(size >= 1 && size <= 1000)) return invalid("per_page");
    const after = this.#begin(query);
    if (after === undefined) return Response.json({ error: "InvalidValue" }, { status: 422 });
    const keyOf = ({ updated, index }: Person) => `${String(updated).padStart(15, "0")}/${index}`;
    const found = [...this.#people.values()]
      .filter((person) => keyOf(person) > after && person.updated < this.now - 60_000)
      .sort((one, other) => keyOf(one) < keyOf(other) ? -1 : 1);
    const page = found.slice(0, Math.min(size, exportLimit));
    const last = page.at(-1);
    return Response.json({
      users: page.map(toUser),
      after_url: null,
      after_cursor: Buffer.from(last === undefined ? after : keyOf(last)).toString("base64"),
      end_of_stream: page.length === found.length,
    });
  }

  /** The key after which an export begins; nothing where it may not. */
  #begin(query: URLSearchParams): string | undefined {
    const cursor = query.get("cursor");
    if (cursor !== null) {
      const key = Buffer.from(cursor, "base64").toString();
      return key > this.forgotten ? key : undefined;
    }
    const start = Number(query.get("start_time"));
    if (!(start > 0) || start * 1000 > this.now - 60_000) return undefined;
    return String(start * 1000).padStart(15, "0");
  }
}

/** A server at work. */
export interface ZendeskServer extends Vendor {
  /** Lets its clock run on; until then it is the clock of the machine. */
  advance(ms: number): void;
  /** Changes a person, or adds one. */
  change(index: number): void;
  remove(index: number): void;
  /** No cursor that was given so far is taken any more. */
  forget(): void;
  /** Index → how often the person changed. */
  versions(): ReadonlyMap<number, number>;
}

/** Starts the server. */
export function startZendesk(options: ZendeskOptions): ZendeskServer {
  const tokens: Tokens = new Map();
  const people = new People(options);
  function guarded(call: VendorCall, answer: () => Response): Response {
    if (!isKnown(call, options, tokens)) {
      return Response.json({ error: "Couldn't authenticate you" }, { status: 401 });
    }
    if (call.headers.get("accept") !== "application/json") return invalid("accept");
    const response = answer();
    response.headers.set("Date", new Date(people.now).toUTCString());
    options.onPage?.();
    return response;
  }
  function list(call: VendorCall, all: readonly unknown[], key: string): Response {
    return guarded(
      call,
      () =>
        options.offsetOnly === true ? byOffset(call, all, key) : byCursor(call, options, all, key),
    );
  }
  function users(call: VendorCall): Response {
    const wanted = call.query.getAll("role[]");
    const all = people.all.map(toUser);
    const chosen = all.filter(({ role }) => wanted.length === 0 || wanted.includes(role ?? ""));
    return list(call, chosen, "users");
  }
  function organizations(call: VendorCall): Response {
    const { organizations: length = 0 } = options;
    const all = Array.from({ length }, (_, index) => organization(index));
    return list(call, all, "organizations");
  }
  const vendor = startVendor({
    routes: [
      { method: "POST", path: "/oauth/tokens", answer: (call) => grant(call, options, tokens) },
      { method: "GET", path: "/api/v2/users.json", answer: users },
      { method: "GET", path: "/api/v2/organizations.json", answer: organizations },
      {
        method: "GET",
        path: "/api/v2/incremental/users/cursor.json",
        answer: (call) => guarded(call, () => people.export(call)),
      },
      ...toldRoutes(options, (call) => isKnown(call, options, tokens)),
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
  const change = (index: number, deleted = false) => {
    const version = (people.get(index)?.version ?? 0) + 1;
    people.set({ index, updated: people.now, version, deleted });
  };
  return Object.assign(vendor, {
    advance: (ms: number) => void (people.ahead += ms),
    change: (index: number) => change(index),
    remove: (index: number) => change(index, true),
    forget: () => void (people.forgotten = String(people.now).padStart(15, "0")),
    versions: () => new Map(people.all.map(({ index, version }) => [index, version])),
  });
}
