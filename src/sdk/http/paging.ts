/**
 * Following pages: one primitive for links, cursors, offsets and page numbers.
 *
 * @module
 */

import { SourceError } from "../../base/errors.ts";

/** More pages than any vendor has; a list that goes on after that is a loop. */
const mostPages = 1_000_000;

/**
 * Loads page after page: `next` says what to load after a page, or nothing at the end. A cursor that  * comes up twice ends with an error, since the list would never end.
 *
 * @throws {SourceError} when the list repeats itself.
 */
export async function* pages<Cursor, Page>(
  first: Cursor,
  load: (cursor: Cursor) => Promise<Page>,
  next: (page: Page, cursor: Cursor) => Cursor | undefined,
): AsyncGenerator<Page> {
  const seen = new Set<string>();
  let cursor: Cursor | undefined = first;
  for (let count = 0; cursor !== undefined && count < mostPages; count++) {
    const key = JSON.stringify(cursor);
    if (seen.has(key)) {
      throw new SourceError(`The list repeats itself: the page ${key} was already read`, {
        hint: "This is an error of the server. Run the upload again later.",
      });
    }
    seen.add(key);
    const page: Page = await load(cursor);
    yield page;
    cursor = next(page, cursor);
  }
}

/** The address of the next page in `Link` headers (RFC 8288), as the server wrote it. */
export function nextLink(headers: Headers): string | undefined {
  const text = headers.get("link") ?? "";
  for (const [, target, params] of text.matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*"?[^";,]*\bnext\b/i.test(params ?? "")) return target;
  }
  return undefined;
}

function registeredDomain(host: string): string {
  return host.split(".").slice(-2).join(".");
}

/**
 * The path and query of a next page, to be asked of the configured host: a link never moves the
 * credentials to another one. Other host names of the same vendor are taken for the configured host.
 *
 * @throws {SourceError} when the link leads elsewhere.
 */
export function pathOfLink(base: string, link: string): string {
  const home = new URL(base);
  const target = URL.parse(link, home);
  const isAddress = /^[\d.]+$|:/.test(home.hostname);
  const same = target !== null && (target.host === home.host ||
    (!isAddress && registeredDomain(target.hostname) === registeredDomain(home.hostname)));
  if (target === null || !same) {
    throw new SourceError(
      `The next page is on another host than ${home.host}: ${link.split("?", 1)[0]}`,
      {
        hint: "Put the address that the vendor uses into url.",
      },
    );
  }
  return target.origin === home.origin
    ? target.href
    : `${home.origin}${target.pathname}${target.search}`;
}
