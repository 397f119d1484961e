/**
 * Apple's token server ("Implementing OAuth for the Apple School Manager and Apple Business API"): takes an assertion that
 * the account's key signed with ES256, made for Apple, not older than 180 days, and each only once.
 *
 * @module
 */
import { generateKeyPairSync, verify } from "node:crypto";
import { startVendor, type Vendor, type VendorCall } from "../../support/vendor.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** What the server accepts. */
export const account = {
  clientId: "BUSINESSAPI.9703f56c-10ce-4876-8f59-e78e5e23a152",
  keyId: "d136aa66-0c3b-4bd4-9892-c20e8db024ab",
  /** SEC 1, as Apple writes the file. */
  privateKey: privateKey.export({ format: "pem", type: "sec1" }).toString(),
} as const;

/** With what every token of the server begins. */
export const tokenStart = "Apple-Access-Canary-";

const audience = "https://account.apple.com/auth/oauth2/v2/token";
const longestSeconds = 180 * 24 * 60 * 60;

/** How the server is to be. */
export interface TokenOptions {
  /** What the API accepts from now on. */
  readonly tokens: Set<string>;
  /** Scope that the account has. */
  readonly scope?: string;
  readonly clientId?: string;
  /** Whether the account has no key id, and an assertion with one is refused. */
  readonly keyless?: boolean;
}

function decode(part = ""): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
}

function findFault(
  { headers, body }: VendorCall,
  { scope = "business.api", clientId = account.clientId, keyless = false }: TokenOptions,
  used: Set<unknown>,
): string | undefined {
  if (headers.get("content-type") !== "application/x-www-form-urlencoded") return "invalid_request";
  const form = new URLSearchParams(body);
  if (form.get("grant_type") !== "client_credentials") return "unsupported_grant_type";
  if (form.get("client_id") !== clientId) return "invalid_client";
  const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  if (form.get("client_assertion_type") !== type) return "invalid_request";
  const [head, payload, signature = ""] = (form.get("client_assertion") ?? "").split(".");
  const { alg, kid } = decode(head);
  const claims = decode(payload);
  const now = Math.floor(Date.now() / 1000);
  const { iat, exp } = claims as { iat: number; exp: number };
  const isSigned = alg === "ES256" && verify(
    "sha256",
    Buffer.from(`${head}.${payload}`),
    { key: publicKey, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  const isTimely = iat <= now + 60 && exp > now && exp - iat <= longestSeconds;
  const isNamed = claims.sub === clientId && claims.iss === clientId && claims.aud === audience &&
    kid === (keyless ? undefined : account.keyId);
  if (!isSigned || !isTimely || !isNamed || used.has(claims.jti)) return "invalid_client";
  used.add(claims.jti);
  return form.get("scope") === scope ? undefined : "invalid_scope";
}

/** Starts the server, on a host of its own. */
export function startTokens(options: TokenOptions): Vendor {
  const used = new Set<unknown>();
  return startVendor({
    routes: [{
      method: "POST",
      path: "/auth/oauth2/v2/token",
      answer(call) {
        const error = findFault(call, options, used);
        if (error !== undefined) return Response.json({ error }, { status: 400 });
        const token = `${tokenStart}${options.tokens.size}+/=`;
        options.tokens.add(token);
        const scope = options.scope ?? "business.api";
        return Response.json({
          access_token: token,
          token_type: "Bearer",
          expires_in: 3600,
          scope,
        });
      },
    }],
  });
}
