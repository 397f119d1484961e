/**
 * Sign-in to the APIs of Apple Business and Apple School Manager with the key of an API account
 * ("Implementing OAuth for the Apple School Manager and Apple Business API").
 *
 * @module
 */

import { z } from "zod";
import {
  type Answer,
  type Authenticator,
  clientAssertionForm,
  expiresIn,
  type Http,
  isInlineKey,
  loadSigningKey,
  parseJson,
  parseSigningKey,
  requestToken,
  type SourceContext,
  type Token,
  tokenAuth,
} from "../../sdk/mod.ts";

/** The options of the source that requests need. */
export interface Access {
  readonly client_id: string;
  readonly private_key: string;
  readonly key_id: string;
  readonly url: string | undefined;
  readonly token_url: string;
}

/** What the parts of this source are given. */
export type Context = SourceContext<Access>;

/** The most of one page ("limit: Maximum 1000"). */
export const pageSize = 1000;

/** Where tokens are to be had. */
export const usualTokenUrl = "https://account.apple.com/auth/oauth2/v2/token";

/** Whom an assertion is for, wherever it is sent to. */
const audience = "https://account.apple.com/auth/oauth2/v2/token";

/** What an API account is for: its client id begins with the name. */
const organizations = [
  { prefix: "BUSINESSAPI.", base: "https://api-business.apple.com", scope: "business.api" },
  { prefix: "SCHOOLAPI.", base: "https://api-school.apple.com", scope: "school.api" },
] as const;

function organizationOf({ client_id }: Access) {
  return organizations.find(({ prefix }) => client_id.startsWith(prefix));
}

/** The address of the API. */
export function buildBase(access: Access): string {
  return access.url ?? organizationOf(access)?.base ?? organizations[0].base;
}

/** What is wrong with the client id, or with a key that is in the file itself. */
export function checkAccess(access: Access): string | undefined {
  if (organizationOf(access) === undefined) {
    return "client_id begins with BUSINESSAPI. or SCHOOLAPI.";
  }
  if (!isInlineKey(access.private_key)) return undefined;
  const key = parseSigningKey(access.private_key);
  if (typeof key === "string") return `private_key ${key}`;
  return key.algorithm === "ES256" ? undefined : "private_key is not a key of the curve P-256";
}

const granted = z.object({ access_token: z.string(), expires_in: z.number().optional() });
const refusal = z.object({ error: z.string() });

/** What to do about a refusal, by its code (RFC 6749 5.2). */
const refusalHints: Readonly<Record<string, string>> = {
  invalid_client:
    "Check client_id, key_id and private_key: the key belongs to the API account. Check the clock of this machine too.",
  invalid_scope: "Check client_id: Apple Business and School Manager have accounts of their own.",
};

function hintForRefusal({ body }: Answer): string | undefined {
  const code = parseJson(body, refusal)?.error ?? "";
  return Object.hasOwn(refusalHints, code) ? refusalHints[code] : undefined;
}

async function requestAccess(http: Http, access: Access): Promise<Token> {
  const { client_id: clientId, private_key, key_id, token_url } = access;
  const key = await loadSigningKey(private_key, "private_key");
  const keyId = key_id === "" ? key.keyId : key_id;
  const scope = organizationOf(access)?.scope ?? organizations[0].scope;
  const sent: string[] = [];
  return await requestToken(http, {
    title: "Apple",
    credentials: "client_id, key_id and private_key",
    request: {
      method: "POST",
      path: token_url,
      // The only other host that credentials go to.
      origin: new URL(token_url).origin,
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      body: () =>
        clientAssertionForm(
          { key, keyId, clientId, audience },
          { client_id: clientId, scope },
          (signed) => sent.push(signed),
        ),
    },
    secrets: sent,
    hint: hintForRefusal,
    shape: granted,
    read: ({ access_token, expires_in }) => ({
      value: access_token,
      expires: expiresIn(expires_in),
    }),
  });
}

/** A token of the API account, which lives an hour. */
export function createAuth(access: Access): Authenticator {
  return tokenAuth((http) => requestAccess(http, access));
}

/** What Apple says of an error ("ErrorResponse"). */
export function readErrorMessage({ body }: Answer): string | undefined {
  const shape = z.object({
    errors: z.array(
      z.object({ code: z.string(), title: z.string(), detail: z.string().nullish() }),
    ),
  });
  const [first] = parseJson(body, shape)?.errors ?? [];
  return first === undefined ? undefined : `${first.code}: ${first.detail ?? first.title}`;
}

/** What to do about a 403. */
export const hints = {
  403:
    "Give the API account the permissions to view devices and device management services. Accept new terms in Apple Business or School Manager.",
};
