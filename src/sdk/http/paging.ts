/**
 * Following pages: one primitive for links, cursors, offsets and page numbers.
 *
 * @module
 */

import { stringifyExactJson } from "../../base/json.ts";
import { SourceError } from "../../base/errors.ts";
import type { Log } from "../../logging/log.ts";

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
    const key = stringifyExactJson(cursor);
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

/**
 * The items of pages, one by one. Given to `each` of a source's context, the next page is read while details
 * of the one before it are still on their way.
 */
export async function* itemsOf<Item>(all: AsyncIterable<Iterable<Item>>): AsyncGenerator<Item> {
  for await (const page of all) yield* page;
}

/** One page of a list, and how many the whole list has where the server says so. */
export interface CountedPage<T> {
  readonly items: readonly T[];
  readonly total?: number | null | undefined;
}

/** A list whose pages are counted off by number or offset. */
export interface CountedList<T> {
  /** What is in it, for the log: `devices`. */
  readonly what: string;
  /** Reads the pages from the first to the last. */
  read(): AsyncIterable<CountedPage<T>>;
  /** By what an item is recognised; one without (undefined) is always given. */
  keyOf(item: T): string | undefined;
  /** Takes how many items there are in all, for the account. */
  total(count: number): void;
  readonly log: Log;
}

/** Readings of a list that keeps changing. */
const mostReadings = 3;

interface ListReading {
  /** What the pages say how many there are, each number once. */
  readonly totals: ReadonlySet<number>;
  /** How many items came. */
  readonly listed: number;
}

async function* readOnce<T>(
  list: CountedList<T>,
  seen: Set<string>,
): AsyncGenerator<readonly T[], ListReading> {
  const totals = new Set<number>();
  const here = new Set<string>();
  let keyless = 0;
  for await (const { items, total } of list.read()) {
    if (typeof total === "number") totals.add(total);
    const fresh: T[] = [];
    for (const item of items) {
      const key = list.keyOf(item);
      if (key === undefined) keyless++;
      else here.add(key);
      if (key === undefined || !seen.has(key)) fresh.push(item);
      if (key !== undefined) seen.add(key);
    }
    yield fresh;
  }
  return { totals, listed: here.size + keyless };
}

/**
 * The items of a list, each once, page by page. When one is removed while the list is read, those
 * behind it move up, and one slips from a page that is not read yet to one that was. So the list is
 * read again when the pages do not agree on how many there are, or fewer came than that; what was
 * removed meanwhile is reported, and is no failure. A server that goes on giving fewer than it says is one:
 * the account does not balance then.
 */
export async function* readCountedList<T>(list: CountedList<T>): AsyncGenerator<readonly T[]> {
  const seen = new Set<string>();
  let given = 0;
  for (let reading = 1;; reading++) {
    const pages = readOnce(list, seen);
    let end = await pages.next();
    for (; end.done !== true; end = await pages.next()) {
      given += end.value.length;
      yield end.value;
    }
    const { totals, listed } = end.value;
    const last = [...totals].at(-1);
    if (last === undefined) return;
    const isSteady = totals.size === 1;
    if ((!isSteady || listed !== last) && reading < mostReadings) continue;
    list.total(isSteady && listed < last ? given + last - listed : given);
    tellChanges(list, { reading, isSteady, gone: given - last });
    return;
  }
}

function tellChanges<T>(
  { what, log }: CountedList<T>,
  { reading, isSteady, gone }: { reading: number; isSteady: boolean; gone: number },
): void {
  if (reading === 1) return;
  const left = isSteady && gone > 0 ? `; gone since: ${gone}` : "";
  log.warning(
    `The list of ${what} changed while it was read, and was read ${reading} times${left}`,
  );
}

/** The address of the next page in `Link` headers (RFC 8288), as the server wrote it. */
export function nextLink(headers: Headers): string | undefined {
  const text = headers.get("link") ?? "";
  for (const [, target, params] of text.matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*"?[^";,]*\bnext\b/i.test(params ?? "")) return target;
  }
  return undefined;
}

/**
 * Whether two names are of the same tenant of a vendor: Okta has `acme.okta.com` for people and
 * `acme-admin.okta.com` for administrators. Other names below the same domain are other tenants, or,
 * as with `co.uk`, other companies.
 */
function isSameTenant(one: string, other: string): boolean {
  const [tenant = "", ...domain] = one.split(".");
  const [otherTenant = "", ...otherDomain] = other.split(".");
  if (domain.length < 2 || domain.join(".") !== otherDomain.join(".")) return false;
  return tenant.startsWith(`${otherTenant}-`) || otherTenant.startsWith(`${tenant}-`);
}

/**
 * The path and query of a next page, to be asked of the configured host: a link never moves the
 * credentials to another one. The other name of a tenant is taken for the configured host.
 *
 * @throws {SourceError} when the link leads elsewhere.
 */
export function pathOfLink(base: string, link: string): string {
  const home = new URL(base);
  const target = URL.parse(link, home);
  const isAddress = /^[\d.]+$|:/.test(home.hostname);
  const same = target !== null && (target.host === home.host ||
    (!isAddress && isSameTenant(target.hostname, home.hostname)));
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
