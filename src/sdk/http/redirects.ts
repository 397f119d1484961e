/**
 * Follows redirects; the caller decides what is sent where.
 *
 * @module
 */

import { ConnectionError, describeRequest } from "./errors.ts";

const maxRedirects = 5;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** A location for messages: without its query, which may hold a token, and without credentials. */
export function describeLocation(location: string): string {
  return (location.split(/[?#]/, 1)[0] ?? "").replace(/\/\/[^/@]*@/, "//");
}

/**
 * The address that a redirect leads to.
 *
 * @returns An error message in place of it, when it is neither http nor https, or leaves https.
 */
export function redirectTarget(url: string, location: string): URL | string {
  const from = new URL(url);
  const to = URL.parse(location, from);
  if (to === null) return "which is not a valid address";
  if (to.protocol !== "http:" && to.protocol !== "https:") return "which is neither http nor https";
  if (from.protocol === "https:" && to.protocol === "http:") return "from https to http";
  return to;
}

/**
 * Sends to an address, and to those that it redirects to.
 *
 * @param next The address to go on with, from the present one, the location and the status. Throws when
 * the redirect must not be followed.
 * @returns The first answer that is no redirect.
 * @throws {ConnectionError} after too many redirects.
 */
export async function followRedirects<A extends { status: number; headers: Headers }>(
  method: string,
  address: string,
  send: (url: string) => Promise<A>,
  next: (url: string, location: string, status: number) => string,
): Promise<A> {
  let url = address;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const answer = await send(url);
    const location = answer.headers.get("location");
    if (!redirectStatuses.has(answer.status) || location === null) return answer;
    url = next(url, location, answer.status);
  }
  throw new ConnectionError(`Redirected more than ${maxRedirects} times`, {
    request: describeRequest(method, address),
  });
}
