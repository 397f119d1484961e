/**
 * Sign-in to Okta: a service app with a key, or an API token.
 *
 * @module
 */

import { z } from "zod";
import {
  type Answer,
  type Authenticator,
  clientAssertionForm,
  dpopAuth,
  dpopCredentials,
  expiresIn,
  headerAuth,
  type Http,
  isInlineKey,
  loadSigningKey,
  parseJson,
  parseSigningKey,
  requestToken,
  type Token,
} from "../../sdk/mod.ts";

/** The options that say how to sign in. */
export interface Access {
  readonly url: string;
  readonly client_id: string;
  readonly private_key: string;
  readonly key_id: string;
  readonly api_token: string;
}

/** All that is read ("OAuth 2.0 Scopes"). */
const scope = "okta.users.read";

const tokenPath = "/oauth2/v1/token";

/** Okta's largest page (parameter `limit`). */
export const pageSize = 200;

/** Whether the section signs in with an API token, which Okta has deprecated. */
export function usesApiToken({ client_id, private_key }: Access): boolean {
  return client_id === "" && private_key === "";
}

/** What is missing of the credentials, or wrong with a key that is in the file itself. */
export function checkAccess(access: Access): string | undefined {
  const { client_id, private_key, api_token } = access;
  if (usesApiToken(access)) {
    return api_token === "" ? "needs client_id and private_key (or api_token)" : undefined;
  }
  if (client_id === "" || private_key === "") return "client_id and private_key are both required";
  const key = isInlineKey(private_key) ? parseSigningKey(private_key) : undefined;
  return typeof key === "string" ? `private_key ${key}` : undefined;
}

/**
 * The address of the API. Tokens are for the organization's own host, not for the one of its
 * administrators: the audience of an assertion and the target of a proof are compared with it.
 */
export function buildBase(access: Access): string {
  if (usesApiToken(access)) return access.url;
  return access.url.replace(
    /^(https?:\/\/[^./]+)-admin(\.(?:okta|oktapreview|okta-emea)\.com)/i,
    "$1$2",
  );
}

const granted = z.object({
  access_token: z.string(),
  token_type: z.string(),
  expires_in: z.number().optional(),
});

const refusal = z.object({ error: z.string() });

/** What to do about a refusal, by its code ("Okta OpenID Connect & OAuth 2.0", error codes). */
const hints: Readonly<Record<string, string>> = {
  invalid_client:
    "Check client_id, private_key and key_id: the app needs the public key of private_key. Check the clock of this machine too.",
  invalid_scope: `Grant ${scope} to the app, under Okta API Scopes.`,
  invalid_dpop_proof: "Check the clock of this machine.",
};

function hintFor(answer: Answer): string | undefined {
  const code = parseJson(answer.body, refusal)?.error ?? "";
  return Object.hasOwn(hints, code) ? hints[code] : undefined;
}

/** "Implement OAuth for Okta with a service app": a token for a signed assertion. */
async function tokenOfApp(http: Http, access: Access): Promise<Token> {
  const { client_id: clientId, private_key, key_id } = access;
  const key = await loadSigningKey(private_key, "private_key");
  const assertion = {
    key,
    keyId: key_id === "" ? key.keyId : key_id,
    clientId,
    audience: buildBase(access) + tokenPath,
  };
  const sent: string[] = [];
  return await requestToken(http, {
    title: "Okta",
    credentials: "client_id, private_key and key_id",
    request: {
      method: "POST",
      path: tokenPath,
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      body: () => clientAssertionForm(assertion, { scope }, (signed) => sent.push(signed)),
    },
    secrets: sent,
    hint: hintFor,
    shape: granted,
    read: ({ access_token, token_type, expires_in }) => ({
      value: dpopCredentials(access_token, token_type),
      expires: expiresIn(expires_in),
    }),
  });
}

/** The authentication that the options select; a service app wins over a token. */
export function createAuth(access: Access): Authenticator {
  return usesApiToken(access)
    ? headerAuth("Authorization", `SSWS ${access.api_token}`)
    : dpopAuth((http) => tokenOfApp(http, access));
}
