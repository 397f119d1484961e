/**
 * A client that signs in with a key: the assertion of `private_key_jwt` (RFC 7521, RFC 7523).
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { type SigningKey, signJwt } from "./jwt.ts";

/** Seconds that an assertion holds: RFC 7523 wants few, and it is used at once. */
const usualSeconds = 300;

/** The `client_assertion_type` of a JSON Web Token (RFC 7523 2.2). */
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Who asks whom for a token. */
export interface ClientAssertion {
  readonly key: SigningKey;
  /** Name of the public key at the other side; what the key itself says by default. */
  readonly keyId?: string | undefined;
  readonly clientId: string;
  /** Who signs, where that is not the client: a team, for example. */
  readonly issuer?: string | undefined;
  /** Whom the assertion is for: mostly the address of the token endpoint. */
  readonly audience: string;
  /** Seconds that it holds. */
  readonly lifetimeSeconds?: number | undefined;
}

/**
 * One assertion, with a `jti` of its own: the other side may take each only once, so that every attempt
 * needs another.
 */
export function signClientAssertion(assertion: ClientAssertion): string {
  const { key, keyId = key.keyId, clientId, issuer = clientId, audience } = assertion;
  const now = Math.floor(Date.now() / 1000);
  return signJwt(key, { ...(keyId === undefined ? {} : { kid: keyId }), typ: "JWT" }, {
    iss: issuer,
    sub: clientId,
    aud: audience,
    iat: now,
    exp: now + (assertion.lifetimeSeconds ?? usualSeconds),
    jti: randomUUID(),
  });
}

/**
 * The form that asks for a token (RFC 6749 4.4, RFC 7523 2.2), made anew for each attempt.
 *
 * @param more further fields: `scope`, or `client_id` where the other side wants it.
 * @param sent takes each assertion, so that it can be masked when the other side quotes it.
 */
export function clientAssertionForm(
  assertion: ClientAssertion,
  more: Readonly<Record<string, string>>,
  sent: (assertion: string) => void,
): string {
  const signed = signClientAssertion(assertion);
  sent(signed);
  return new URLSearchParams({
    grant_type: "client_credentials",
    client_assertion_type: assertionType,
    client_assertion: signed,
    ...more,
  }).toString();
}
