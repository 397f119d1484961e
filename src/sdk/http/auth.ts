/**
 * Ways to authenticate to a vendor.
 *
 * @module
 */

import { basicCredentials } from "./basic.ts";
import type { Answer, Http, SignedTarget } from "./http.ts";

/** Authenticates requests to a vendor. */
export interface Authenticator {
  /** The headers for the next request; `http` has no credentials of its own. */
  headers(http: Http): Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>;
  /** Further headers for one attempt, which hold only once; `credentials` are those of `headers`. */
  sign?(
    target: SignedTarget,
    credentials: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>>;
  /**
   * Called after a refusal. Gets new credentials, once for all who wait; false when there is nothing to
   * renew. `used` are the headers that were refused.
   */
  renew?(http: Http, used: Readonly<Record<string, string>>, answer?: Answer): Promise<boolean>;
  /** How often one request may be renewed; once by default. */
  readonly mostRenewals?: number;
  /** Whether an answer asks for new credentials; by default, a 401 does. */
  isRefusal?(answer: Answer): boolean;
  /** Sees each answer, for vendors that hand out the next token in one. */
  observe?(answer: Answer): void;
}

/** A token and when it ends. */
export interface Token {
  readonly value: string;
  /** Milliseconds since the epoch; absent when it does not say. */
  readonly expires?: number | undefined;
}

/** Sends `user` and `password` by HTTP Basic (RFC 7617). */
export function basicAuth(user: string, password: string): Authenticator {
  return headerAuth("Authorization", basicCredentials(user, password));
}

/** Sends the header `name` with the fixed `value`, for example an API key. */
export function headerAuth(name: string, value: string): Authenticator {
  return { headers: () => ({ [name]: value }) };
}

/** A token is renewed when so little of its life is left, in milliseconds. */
const shortestLife = 30_000;

/**
 * A token that is fetched when first needed, renewed before it ends and after a 401; fetched once for
 * all who wait.
 *
 * @param fetch asks the vendor for a token; throws `AuthError` when it is refused.
 * @param header turns the token into headers; `Authorization: Bearer …` by default.
 * @param rolling for vendors that hand out the next token in an answer: reads it.
 */
export function tokenAuth(
  fetch: (http: Http) => Promise<Token>,
  header: (token: string) => Readonly<Record<string, string>> = (token) => ({
    Authorization: `Bearer ${token}`,
  }),
  rolling?: (answer: Answer) => string | undefined,
): Authenticator {
  let token: Token | undefined;
  let life = Number.POSITIVE_INFINITY;
  let pending: Promise<Token> | undefined;

  function load(http: Http): Promise<Token> {
    pending ??= fetch(http).then((fresh) => {
      token = fresh;
      life = (fresh.expires ?? Number.POSITIVE_INFINITY) - Date.now();
      return fresh;
    }).finally(() => pending = undefined);
    return pending;
  }
  function isFresh({ expires = Number.POSITIVE_INFINITY }: Token): boolean {
    // Some tokens live a minute only: those are used for most of it.
    return expires - Date.now() > Math.min(shortestLife, life / 4);
  }
  return {
    async headers(http) {
      const current = token !== undefined && isFresh(token) ? token : await load(http);
      return header(current.value);
    },
    async renew(http, used) {
      const current = token === undefined ? {} : header(token.value);
      const isStale = JSON.stringify(used) === JSON.stringify({ ...used, ...current });
      if (isStale) await load(http);
      return true;
    },
    observe(answer) {
      const next = rolling?.(answer);
      if (next !== undefined) token = { ...token, value: next };
    },
  };
}
