/**
 * Okta's token endpoint and what it binds tokens to, from its documentation: "Implement OAuth for Okta
 * with a service app" and "Build a JWT for Client Authentication" (claims of the assertion, one hour at
 * most, a `jti` once), "Configure OAuth 2.0 Demonstrating Proof-of-Possession" (400 use_dpop_nonce with
 * the header dpop-nonce, then a token of the type DPoP; `ath` for resources), and RFC 9449 4.3 and 7.1
 * for what a proof is checked for.
 *
 * @module
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import type { VendorCall } from "../../support/vendor.ts";

/** A service app, as an administrator has set it up. */
export interface ServiceApp {
  readonly clientId: string;
  /** Public keys by their `kid`. */
  readonly keys: Readonly<Record<string, JsonWebKey>>;
  /** "Okta API Scopes": what was granted. */
  readonly scopes: readonly string[];
  /** "Require Demonstrating Proof of Possession (DPoP) header in token requests". */
  readonly requiresDpop: boolean;
  /** Seconds that a token is said to live; Okta says 3,600, and takes all of them that long here. */
  readonly tokenSeconds?: number;
  /** Requests after which the nonce of the token endpoint is another. */
  readonly nonceUses?: number;
  /** Whether resources want a nonce too, which Okta's do not at present (RFC 9449 9). */
  readonly resourceNonce?: boolean;
}

/** Begins every token that the server hands out. */
export const oktaTokenStart = "eyJ-Canary-okta-access-";

type Claims = Readonly<Record<string, unknown>>;

interface Jwt {
  readonly header: Claims;
  readonly claims: Claims;
  isSignedWith(key: JsonWebKey): boolean;
}

function decode(part: string): Claims {
  return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
}

function parseJwt(text: string): Jwt | undefined {
  const [header, claims, signature, ...more] = text.split(".");
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) {
    return undefined;
  }
  const { alg } = decode(header);
  return {
    header: decode(header),
    claims: decode(claims),
    isSignedWith: (key) =>
      (alg === "RS256" || alg === "ES256") &&
      (alg === "RS256") === (key.kty === "RSA") &&
      verify("sha256", Buffer.from(`${header}.${claims}`), {
        key: createPublicKey({ key, format: "jwk" }),
        dsaEncoding: "ieee-p1363",
      }, Buffer.from(signature, "base64url")),
  };
}

/** RFC 7638: the members that a key of its kind needs, in order. */
function thumbprint({ kty, crv, e, n, x, y }: JsonWebKey): string {
  const members = kty === "RSA" ? { e, kty, n } : { crv, kty, x, y };
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
}

function refuse(status: number, error: string, error_description: string, headers = {}): Response {
  return Response.json({ error, error_description }, { status, headers });
}

const tokenLifeMs = 3_600_000;

const now = () => Math.floor(Date.now() / 1000);

interface Issued {
  /** Thumbprint of the key that it is bound to; without one it is a bearer token. */
  readonly jkt: string | undefined;
  readonly scopes: readonly string[];
  readonly ends: number;
}

/** Okta's authorization server, and the check of tokens at its resources. */
export class OktaOauth {
  readonly #app: ServiceApp;
  readonly #tokens = new Map<string, Issued>();
  /** Every `jti` that came: none is taken twice. */
  readonly #seen = new Set<string>();
  /** Thumbprints of the keys with which possession was proved. */
  readonly provers = new Set<string>();
  #nonces = 0;
  #uses = 0;

  constructor(app: ServiceApp) {
    this.#app = app;
  }

  get #nonce(): string {
    return `nonce-${this.#nonces}`;
  }

  revokeAll(): void {
    this.#tokens.clear();
  }

  /** POST /oauth2/v1/token. */
  grant(call: VendorCall): Response {
    const form = new URLSearchParams(call.body);
    if (call.headers.get("content-type") !== "application/x-www-form-urlencoded") {
      return refuse(400, "invalid_request", "The content type is not a form.");
    }
    if (form.get("grant_type") !== "client_credentials") {
      return refuse(400, "unsupported_grant_type", "The grant type is not supported.");
    }
    const wrong = this.#checkAssertion(form, call.url.origin + call.path);
    if (wrong !== undefined) return refuse(401, "invalid_client", wrong);
    const jkt = this.#checkPossession(call);
    if (jkt instanceof Response) return jkt;
    const scopes = (form.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
    if (scopes.length === 0 || scopes.some((scope) => !this.#app.scopes.includes(scope))) {
      return refuse(
        400,
        "invalid_scope",
        "One or more scopes are not configured for the authorization server resource.",
      );
    }
    const { tokenSeconds: expires_in = 3600 } = this.#app;
    const access_token = `${oktaTokenStart}${this.#tokens.size}-${now()}`;
    this.#tokens.set(access_token, { jkt, scopes, ends: Date.now() + tokenLifeMs });
    const token_type = jkt === undefined ? "Bearer" : "DPoP";
    return Response.json({ token_type, expires_in, access_token, scope: scopes.join(" ") });
  }

  #checkAssertion(form: URLSearchParams, audience: string): string | undefined {
    const { clientId, keys } = this.#app;
    const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    const jwt = parseJwt(form.get("client_assertion") ?? "");
    if (form.get("client_assertion_type") !== type || jwt === undefined) {
      return "Client authentication failed. A client_assertion is required.";
    }
    const { header, claims } = jwt;
    const ids = Object.keys(keys);
    const kid = typeof header.kid === "string" ? header.kid : ids.length === 1 ? ids[0] ?? "" : "";
    const key = keys[kid];
    if (key === undefined || !jwt.isSignedWith(key)) {
      return "The client_assertion signature is invalid.";
    }
    if (claims.iss !== clientId || claims.sub !== clientId) {
      return "Invalid value for 'client_id' parameter.";
    }
    if (claims.aud !== audience) {
      return "The audience claim for client_assertion must be the endpoint.";
    }
    const { exp, jti } = claims;
    if (typeof exp !== "number" || exp <= now()) return "The client_assertion token is expired.";
    if (exp > now() + 3600) {
      return "The client_assertion token has an expiration too far into the future.";
    }
    return this.#isNew(jti) ? undefined : "The client_assertion token was already used.";
  }

  #isNew(jti: unknown): boolean {
    if (jti === undefined) return true;
    if (typeof jti !== "string" || this.#seen.has(jti)) return false;
    this.#seen.add(jti);
    return true;
  }

  /** The thumbprint of the proved key; nothing where none is wanted. */
  #checkPossession(call: VendorCall): string | undefined | Response {
    if (!this.#app.requiresDpop) return undefined;
    const proof = this.#readProof(call);
    if (typeof proof === "string") return refuse(400, "invalid_dpop_proof", proof);
    if (this.#uses++ >= (this.#app.nonceUses ?? Number.POSITIVE_INFINITY)) {
      this.#uses = 1;
      this.#nonces++;
    }
    if (proof.claims.nonce !== this.#nonce) {
      return refuse(
        400,
        "use_dpop_nonce",
        "Authorization server requires nonce in DPoP proof.",
        { "dpop-nonce": this.#nonce },
      );
    }
    return thumbprint(proof.header.jwk as JsonWebKey);
  }

  /** RFC 9449 4.3. */
  #readProof(call: VendorCall): Jwt | string {
    const text = call.headers.get("dpop");
    if (text === null) return "The DPoP proof JWT header is missing.";
    const jwt = parseJwt(text);
    const jwk = jwt?.header.jwk as JsonWebKey | undefined;
    if (jwt === undefined || jwt.header.typ !== "dpop+jwt" || jwk === undefined || "d" in jwk) {
      return "The DPoP proof JWT is malformed.";
    }
    const { htm, htu, iat, jti } = jwt.claims;
    if (!jwt.isSignedWith(jwk)) return "The DPoP proof JWT signature is invalid.";
    if (htm !== call.method) return "The htm claim does not match.";
    if (htu !== call.url.origin + call.path) return "The htu claim does not match.";
    if (typeof iat !== "number" || Math.abs(iat - now()) > 300) return "The iat claim is off.";
    if (jti === undefined || !this.#isNew(jti)) return "The jti claim was already used.";
    this.provers.add(thumbprint(jwk));
    return jwt;
  }

  /** Why a request to a resource is refused; nothing when its token has the scope. */
  refusal(call: VendorCall, scope: string): Response | undefined {
    const [scheme, token = ""] = (call.headers.get("authorization") ?? "").split(" ");
    const challenge = (error: string, more = {}) =>
      new Response(null, {
        status: 401,
        headers: { "WWW-Authenticate": `${scheme} error="${error}"`, ...more },
      });
    const issued = this.#tokens.get(token);
    if (issued === undefined || issued.ends <= Date.now()) return challenge("invalid_token");
    if ((scheme === "DPoP") !== (issued.jkt !== undefined)) return challenge("invalid_token");
    if (issued.jkt !== undefined) {
      const proof = this.#readProof(call);
      if (typeof proof === "string") return challenge("invalid_dpop_proof");
      const ath = createHash("sha256").update(token).digest("base64url");
      if (proof.claims.ath !== ath) return challenge("invalid_dpop_proof");
      if (thumbprint(proof.header.jwk as JsonWebKey) !== issued.jkt) {
        return challenge("invalid_token");
      }
      if (this.#app.resourceNonce === true && proof.claims.nonce !== `resource-${this.#nonce}`) {
        return challenge("use_dpop_nonce", { "DPoP-Nonce": `resource-${this.#nonce}` });
      }
    }
    if (issued.scopes.includes(scope)) return undefined;
    return new Response(null, {
      status: 403,
      headers: { "WWW-Authenticate": `${scheme} error="insufficient_scope"` },
    });
  }
}
