/**
 * OneLogin's APIs, from its documentation: "Generate Tokens" of API 1 and 2, "Get Users" (API 1,
 * cursor in the body), "List Users" and "Using Query Parameters" (API 2: cursor and counts in headers,
 * custom attributes only with `fields`), "Get Rate Limit" (seconds until the reset), and the pages on
 * the deprecated XML API (Basic, 100 people on a page).
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

/** The credentials that the server accepts. */
export const account = {
  clientId: "ol-client-1d",
  clientSecret: "ol-Canary-s3cret+with/signs=",
  apiToken: "ol-Canary-xml-key",
} as const;

/** Begins every token that the server hands out. */
export const tokenStart = "ol-Canary-access-";

/** How the server is to be. */
export interface OneLoginOptions {
  readonly users: number;
  readonly throttle?: Throttle;
  /** Largest page that the server gives. */
  readonly pageLimit?: number;
  /** Requests after which a token is no longer good. */
  readonly tokenUses?: number;
  /** Whether refused credentials are reported inside of a 200. */
  readonly refusesInside?: boolean;
  /** Every so many people have no username. */
  readonly nameless?: number;
  /** Whether the last page of API 1 comes without `pagination`. */
  readonly bareEnd?: boolean;
}

function usernameOf(index: number, { nameless = 0 }: OneLoginOptions): string | null {
  return nameless > 0 && index % nameless === nameless - 1 ? null : `person${index}`;
}

/** A user as API 1 gives it. */
function user(index: number, options: OneLoginOptions): Record<string, unknown> {
  return {
    id: 5000 + index,
    username: usernameOf(index, options),
    email: `person${index}@example.com`,
    firstname: `First${index}`,
    lastname: "Lästname & Söhne",
    phone: null,
    status: 1,
    state: 1,
    created_at: "2015-11-11T03:36:18.714Z",
    last_login: null,
    group_id: null,
    title: "Engineer",
    department: "R&D",
    member_of: null,
    custom_attributes: { office: "Berlin", title: "Custom title", "cost.center": "4711" },
  };
}

function status(code: number, message: string) {
  return { error: code !== 200, code, type: code === 200 ? "success" : "error", message };
}

function refusal(code: number, message: string): Response {
  return Response.json({ status: status(code, message) }, { status: code });
}

/** OneLogin's answer when its limit is used up; the reset is in seconds from now. */
export function throttled(resetMs: number): Response {
  return Response.json({ status: status(429, "API rate limit exceeded") }, {
    status: 429,
    headers: {
      "X-RateLimit-Limit": "5000",
      "X-RateLimit-Remaining": "0",
      "X-RateLimit-Reset": `${Math.ceil(resetMs / 1000)}`,
    },
  });
}

const rateHeaders = {
  "X-RateLimit-Limit": "5000",
  "X-RateLimit-Remaining": "4990",
  "X-RateLimit-Reset": "3000",
};

/** The tokens that the server handed out, with the requests made with each. */
type Tokens = Map<string, number>;

function mayHaveToken({ headers, body }: VendorCall): boolean {
  const { clientId, clientSecret } = account;
  return headers.get("authorization") === `client_id:${clientId}, client_secret:${clientSecret}` &&
    headers.get("content-type") === "application/json" &&
    JSON.parse(body).grant_type === "client_credentials";
}

function nextToken(tokens: Tokens) {
  const access_token = `${tokenStart}${tokens.size}`;
  tokens.set(access_token, 0);
  const created_at = new Date().toISOString();
  return { access_token, created_at, expires_in: 36_000, token_type: "bearer", account_id: 1 };
}

function grantV1(call: VendorCall, options: OneLoginOptions, tokens: Tokens): Response {
  if (mayHaveToken(call)) {
    return Response.json({ status: status(200, "Success"), data: [nextToken(tokens)] });
  }
  const message = "Authentication Failure";
  return options.refusesInside === true
    ? Response.json({ status: status(401, message) })
    : refusal(401, message);
}

function grantV2(call: VendorCall, tokens: Tokens): Response {
  if (mayHaveToken(call)) return Response.json(nextToken(tokens));
  return Response.json(
    { statusCode: 401, name: "Unauthorized", message: "Authentication Failure" },
    {
      status: 401,
    },
  );
}

function isKnown(
  call: VendorCall,
  scheme: RegExp,
  options: OneLoginOptions,
  tokens: Tokens,
): boolean {
  const header = call.headers.get("authorization") ?? "";
  const token = header.replace(scheme, "");
  const uses = tokens.get(token);
  if (token === header || uses === undefined) return false;
  if (uses >= (options.tokenUses ?? Number.POSITIVE_INFINITY)) return false;
  tokens.set(token, uses + 1);
  return true;
}

function hasOnly({ query }: VendorCall, ...names: readonly string[]): boolean {
  return [...query.keys()].every((name) => names.includes(name));
}

/** The position that a cursor stands for; undefined when the server did not make it. */
function placeOf(cursor: string | null): number | undefined {
  if (cursor === null || cursor === "") return 0;
  const match = /^bmFt\+(\d+)\/&==$/.exec(cursor);
  return match === null ? undefined : Number(match[1]);
}

function cursorAt(end: number, options: OneLoginOptions): string | null {
  return end < options.users ? `bmFt+${end}/&==` : null;
}

function people(start: number, end: number, options: OneLoginOptions) {
  const length = Math.max(0, Math.min(end, options.users) - start);
  return Array.from({ length }, (_, at) => user(start + at, options));
}

function listV1(call: VendorCall, options: OneLoginOptions, tokens: Tokens): Response {
  if (!isKnown(call, /^bearer:/, options, tokens)) return refusal(401, "Unauthorized");
  if (!hasOnly(call, "after_cursor", "fields", "since")) return refusal(400, "Bad Request");
  const start = placeOf(call.query.get("after_cursor"));
  if (start === undefined) return refusal(400, "Invalid cursor");
  const end = start + Math.min(50, options.pageLimit ?? 50);
  const after_cursor = cursorAt(end, options);
  const isBare = options.bareEnd === true && after_cursor === null;
  return Response.json({
    status: status(200, "Success"),
    ...(isBare ? {} : {
      pagination: {
        before_cursor: null,
        after_cursor,
        previous_link: null,
        next_link: after_cursor === null ? null : `https://api.us.onelogin.com${call.path}`,
      },
    }),
    data: people(start, end, options),
  }, { headers: rateHeaders });
}

const plain = new Set([
  "id",
  "username",
  "email",
  "firstname",
  "lastname",
  "phone",
  "status",
  "state",
])
  .union(new Set(["created_at", "last_login", "group_id", "member_of"]));

function listV2(call: VendorCall, options: OneLoginOptions, tokens: Tokens): Response {
  if (!isKnown(call, /^bearer /i, options, tokens)) return refusal(401, "Unauthorized");
  if (!hasOnly(call, "limit", "cursor", "fields", "page")) return refusal(400, "Bad Request");
  // onelogin/terraform-provider-onelogin#196; "Using Query Parameters" shows the cursor alone.
  if (call.query.has("cursor") && (call.query.has("limit") || call.query.has("page"))) {
    return refusal(400, "Requests can only have cursor xor pagination arguments");
  }
  const start = placeOf(call.query.get("cursor"));
  const limit = Number(call.query.get("limit") ?? "50");
  if (start === undefined || !(limit >= 1)) return refusal(400, "Bad Request");
  const size = Math.min(limit, 50, options.pageLimit ?? 50);
  const asked = call.query.get("fields");
  const fields = asked === null ? plain : new Set(["id", ...asked.split(",")]);
  const next = cursorAt(start + size, options);
  const found = people(start, start + size, options);
  return Response.json(
    found.map((one) =>
      Object.fromEntries(Object.entries(one).filter(([name]) => fields.has(name)))
    ),
    {
      headers: {
        ...rateHeaders,
        ...(next === null ? {} : { "After-Cursor": next }),
        "Current-Page": `${start / size + 1}`,
        "Page-Items": `${found.length}`,
        "Total-Count": `${options.users}`,
        "Total-Pages": `${Math.ceil(options.users / size)}`,
      },
    },
  );
}

function element(name: string, value: unknown): string {
  if (value === null) return `<${name} nil="true"/>`;
  const type = typeof value === "number" ? ' type="integer"' : "";
  const text = String(value).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<${name}${type}>${text}</${name}>`;
}

function userXml(one: Record<string, unknown>, hasCustom: boolean): string {
  const { custom_attributes: _custom, title: _title, department: _department, ...rest } = one;
  const own = Object.entries(rest).map(([name, value]) =>
    element(name.replaceAll("_", "-"), value)
  );
  const custom = hasCustom
    ? [
      element("custom_attribute_office", "Berlin"),
      element("custom_attribute_email", "no@example.com"),
    ]
    : [];
  return `  <user>\n    ${[...own, ...custom].join("\n    ")}\n  </user>\n`;
}

function listXml(call: VendorCall, options: OneLoginOptions): Response {
  if (!hasBasic(call, account.apiToken, "x")) {
    return new Response("HTTP Basic: Access denied.\n", { status: 401 });
  }
  if (!hasOnly(call, "include_custom_attributes", "page")) return refusal(400, "Bad Request");
  const page = Number(call.query.get("page") ?? "1");
  const size = Math.min(100, options.pageLimit ?? 100);
  const found = people((page - 1) * size, page * size, options);
  const hasCustom = call.query.get("include_custom_attributes") === "true";
  const body = found.length === 0
    ? '<nil-classes type="array"/>'
    : `<users type="array">\n${found.map((one) => userXml(one, hasCustom)).join("")}</users>`;
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${body}\n`, {
    headers: { "Content-Type": "application/xml; charset=utf-8" },
  });
}

/** Starts the server. */
export function startOneLogin(options: OneLoginOptions): Vendor {
  const tokens: Tokens = new Map();
  return startVendor({
    routes: [
      {
        method: "POST",
        path: "/auth/oauth2/token",
        answer: (call) => grantV1(call, options, tokens),
      },
      { method: "POST", path: "/auth/oauth2/v2/token", answer: (call) => grantV2(call, tokens) },
      { method: "GET", path: "/api/1/users", answer: (call) => listV1(call, options, tokens) },
      { method: "GET", path: "/api/2/users", answer: (call) => listV2(call, options, tokens) },
      { method: "GET", path: "/api/v2/users.xml", answer: (call) => listXml(call, options) },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
}
