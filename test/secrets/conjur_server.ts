/**
 * CyberArk Conjur, from its REST API documentation: "Authenticate" (an access token as JSON, good for
 * eight minutes) and "Retrieve a secret" (401 without a good token, 403 without the right, 404 for what
 * is not there or has no value).
 *
 * @module
 */
import { startVendor, type Vendor, type VendorCall } from "../support/vendor.ts";

/** How the server is to be. */
export interface ConjurOptions {
  readonly account: string;
  readonly login: string;
  readonly apiKey: string;
  /** Variable id → its value. */
  readonly variables: Readonly<Record<string, string>>;
  /** Ids that the login may see and not read. */
  readonly forbidden?: readonly string[];
  /** Times that a token is good for. */
  readonly uses?: number;
}

/** Starts the server. */
export function startConjur(options: ConjurOptions): Vendor {
  const tokens = new Map<string, number>();
  let made = 0;

  function authenticate({ body }: VendorCall, match: RegExpExecArray | undefined): Response {
    const [account, login] = (match ?? []).slice(1).map(decodeURIComponent);
    const isRight = account === options.account && login === options.login &&
      body === options.apiKey;
    if (!isRight) return new Response(null, { status: 401 });
    const claims = Buffer.from(JSON.stringify({ sub: login, iat: ++made })).toString("base64");
    const token = JSON.stringify({
      protected: "Canary-protected",
      payload: claims,
      signature: "c2ln",
    });
    tokens.set(Buffer.from(token).toString("base64"), options.uses ?? 1000);
    return new Response(token, { headers: { "Content-Type": "application/json" } });
  }

  function retrieve({ headers }: VendorCall, match: RegExpExecArray | undefined): Response {
    const [, token = ""] = /^Token token="([^"]+)"$/.exec(headers.get("authorization") ?? "") ?? [];
    const left = tokens.get(token) ?? 0;
    if (left <= 0) return new Response("Authorization missing", { status: 401 });
    tokens.set(token, left - 1);
    const [account, id = ""] = (match ?? []).slice(1).map(decodeURIComponent);
    if (options.forbidden?.includes(id) === true) return new Response(null, { status: 403 });
    const value = account === options.account ? options.variables[id] : undefined;
    if (value !== undefined) return new Response(value);
    const message = `CONJ00076E Variable ${account}:variable:${id} is empty or not found.`;
    return Response.json({ error: { code: "not_found", message } }, { status: 404 });
  }

  return startVendor({
    routes: [
      { method: "POST", path: /^\/authn\/([^/]+)\/([^/]+)\/authenticate$/, answer: authenticate },
      { method: "GET", path: /^\/secrets\/([^/]+)\/variable\/([^/]+)$/, answer: retrieve },
    ],
  });
}
