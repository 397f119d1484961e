/**
 * Tokens that are good only together with a key (DPoP, RFC 9449): whoever finds one cannot use it.
 *
 * @module
 */

import { createHash, randomUUID } from "node:crypto";
import { type Authenticator, type Token, tokenAuth } from "../http/auth.ts";
import type { Answer, Http, HttpRequest, SignedTarget } from "../http/http.ts";
import { newSigningKey, signJwt } from "./jwt.ts";

const scheme = "DPoP ";

/** What the other side says when a proof lacks its latest nonce (8, 9). */
const nonceWanted = "use_dpop_nonce";

/** 4.2: "without query and fragment parts". */
function withoutQuery(address: string): string {
  const { origin, pathname } = new URL(address);
  return origin + pathname;
}

function hashToken(token: string): string {
  return createHash("sha256").update(token, "ascii").digest("base64url");
}

/** Whether the token endpoint asks for a proof with a nonce (8). */
function wantsNonce({ status, body, headers }: Answer): boolean {
  return status === 400 && headers.has("dpop-nonce") && body.includes(`"${nonceWanted}"`);
}

/** Whether the answer of a resource asks for one (9); some have 400 instead of the documented 401. */
function resourceWantsNonce({ status, headers }: Answer): boolean {
  const challenge = headers.get("www-authenticate") ?? "";
  return (status === 401 || status === 400) && headers.has("dpop-nonce") &&
    challenge.includes(nonceWanted);
}

/** Makes proofs with a key of its own, which lives as long as the connection and is nowhere stored. */
class Prover {
  readonly #key = newSigningKey();
  /** The latest nonce of the token endpoint, which lasts longer than a token. */
  nonce: string | undefined;

  /** A proof for one attempt; `token` is the one that goes with it. */
  prove({ method, url }: SignedTarget, nonce: string | undefined, token?: string): string {
    return signJwt(this.#key, { typ: "dpop+jwt", jwk: this.#key.publicJwk }, {
      jti: randomUUID(),
      htm: method,
      htu: withoutQuery(url),
      iat: Math.floor(Date.now() / 1000),
      ...(nonce === undefined ? {} : { nonce }),
      ...(token === undefined ? {} : { ath: hashToken(token) }),
    });
  }
}

/**
 * A client for the token endpoint that proves possession of the key with every attempt, and asks once
 * more where a nonce is wanted.
 */
function provingHttp(http: Http, prover: Prover): Http {
  async function sendOnce(request: HttpRequest): Promise<Answer> {
    const sign: HttpRequest["sign"] = (target) => ({
      ...request.sign?.(target),
      DPoP: prover.prove(target, prover.nonce),
    });
    const answer = await http.send({ ...request, sign });
    prover.nonce = answer.headers.get("dpop-nonce") ?? prover.nonce;
    return answer;
  }
  return {
    ...http,
    async send(request) {
      const answer = await sendOnce(request);
      return wantsNonce(answer) ? await sendOnce(request) : answer;
    },
  };
}

/** The value of `Authorization` for a token: bound to the key, or, where the other side binds none, plain. */
export function dpopCredentials(token: string, type: string): string {
  return type.toLowerCase() === "dpop" ? scheme + token : `Bearer ${token}`;
}

/**
 * A token that is bound to a key made for this connection, with a proof for every attempt. Nonces of the
 * token endpoint and of resources are kept apart (RFC 9449 9) and taken from each answer.
 *
 * @param fetch asks for a token by the client that it is given; its value is that of
 * {@linkcode dpopCredentials}.
 */
export function dpopAuth(fetch: (http: Http) => Promise<Token>): Authenticator {
  const prover = new Prover();
  let nonce: string | undefined;
  const tokens = tokenAuth(
    (http) => fetch(provingHttp(http, prover)),
    (credentials) => ({ Authorization: credentials }),
  );
  return {
    headers: (http) => tokens.headers(http),
    sign(target, { Authorization: credentials = "" }) {
      if (!credentials.startsWith(scheme)) return {};
      return { DPoP: prover.prove(target, nonce, credentials.slice(scheme.length)) };
    },
    observe({ headers }) {
      nonce = headers.get("dpop-nonce") ?? nonce;
    },
    isRefusal: (answer) => answer.status === 401 || resourceWantsNonce(answer),
    // The nonce may be wanted of the token that has just been renewed.
    mostRenewals: 2,
    async renew(http, used, answer) {
      // The nonce came with the answer: the token is as good as before.
      if (answer !== undefined && resourceWantsNonce(answer)) return true;
      return await tokens.renew?.(http, used, answer) ?? false;
    },
  };
}
