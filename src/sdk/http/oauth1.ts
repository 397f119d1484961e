/**
 * OAuth 1.0a (RFC 5849): signed requests, with HMAC-SHA1.
 *
 * @module
 */

import { createHmac, randomUUID } from "node:crypto";

/** Names and values, in any order; a name may come more than once. */
export type Oauth1Parameters = readonly (readonly [name: string, value: string])[];

/** Who signs: the client, and the token that stands for the owner of the data. */
export interface Oauth1Keys {
  readonly consumerKey: string;
  readonly consumerSecret: string;
  /** Absent before there is a token. */
  readonly token?: string;
  readonly tokenSecret?: string;
}

/** What is signed. */
export interface Oauth1Request {
  readonly method: string;
  /** The whole address, with its query. */
  readonly url: string;
  readonly keys: Oauth1Keys;
  /** Named in the header, not signed (3.4.1.3.1). */
  readonly realm?: string;
  /** The body, where it is a form. */
  readonly form?: Oauth1Parameters;
  /** Further `oauth_` parameters, for example `oauth_callback`; they win over the usual ones. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** Percent encoding as RFC 5849 3.6 wants it: all but letters, digits and `-._~`. */
export function oauth1Encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The text that is signed: method, address and parameters, brought into one form (3.4.1).
 *
 * @param parameters those of the header (without the realm) and of the form; the query's are added.
 */
export function oauth1BaseString(
  method: string,
  address: string,
  parameters: Oauth1Parameters,
): string {
  const url = new URL(address);
  // The parser has lowered scheme and host and dropped the usual port, as 3.4.1.2 wants it.
  const base = `${url.protocol}//${url.host}${url.pathname}`;
  const pairs = [...url.searchParams, ...parameters]
    .map(([name, value]) => [oauth1Encode(name), oauth1Encode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB));
  const normalized = pairs.map(([name, value]) => `${name}=${value}`).join("&");
  return [method.toUpperCase(), base, normalized].map(oauth1Encode).join("&");
}

/** The HMAC-SHA1 signature of a base string, in base64 (3.4.2). */
export function oauth1Signature(
  base: string,
  { consumerSecret, tokenSecret = "" }: Oauth1Keys,
): string {
  const key = `${oauth1Encode(consumerSecret)}&${oauth1Encode(tokenSecret)}`;
  return createHmac("sha1", key).update(base).digest("base64");
}

/** The value of the `Authorization` header for one request, with a nonce and the time of now. */
export function oauth1Header(request: Oauth1Request): string {
  const { method, url, keys, realm, form = [], extra = {} } = request;
  const parameters: Record<string, string> = {
    oauth_consumer_key: keys.consumerKey,
    ...(keys.token === undefined ? {} : { oauth_token: keys.token }),
    oauth_signature_method: "HMAC-SHA1",
    oauth_timestamp: `${Math.floor(Date.now() / 1000)}`,
    oauth_nonce: randomUUID().replaceAll("-", ""),
    oauth_version: "1.0",
    ...extra,
  };
  const base = oauth1BaseString(method, url, [...Object.entries(parameters), ...form]);
  const signed = { ...parameters, oauth_signature: oauth1Signature(base, keys) };
  const parts = Object.entries(signed).map(([name, value]) => `${name}="${oauth1Encode(value)}"`);
  return `OAuth ${[...(realm === undefined ? [] : [`realm="${realm}"`]), ...parts].join(", ")}`;
}
