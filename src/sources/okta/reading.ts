/**
 * Reads all people of Okta, or those that changed ("List all users" of Okta's reference of the Users API).
 *
 * @module
 */

import { z } from "zod";
import {
  type ChangesValues,
  nextLink,
  type Page,
  pages,
  pathOfLink,
  readByMode,
  serverTime,
  type SourceContext,
  type SourceItem,
  type SourceRecord,
} from "../../sdk/mod.ts";

/** A page of people. */
export const users = z.array(z.record(z.string(), z.unknown()));

/** Okta's largest page (parameter `limit`). */
export const pageSize = 200;

/** The options that reading looks at. */
interface Scope extends ChangesValues {
  readonly deprovisioned: boolean;
}

type Context = SourceContext<Scope>;

/**
 * How long before a run begins the next one looks, in milliseconds. A filter looks at "the most up-to-date
 * data", but no page says how soon a change is in it; so longer than for others.
 */
const overlapMs = 5 * 60_000;

/** The plain list leaves them out. */
const isDeprovisioned = 'status eq "DEPROVISIONED"';

/** When the first answer of a run was made. */
interface Begin {
  at: number | undefined;
}

/** One list, page after page, by the `Link` headers. */
async function* list(
  { http }: Context,
  base: string,
  query: Record<string, string>,
  begin: Begin,
): AsyncGenerator<readonly SourceRecord[]> {
  const first = `${base}/api/v1/users?${new URLSearchParams({ limit: `${pageSize}`, ...query })}`;
  const load = (path: string) => http.page({ path, what: "users" }, users);
  const next = ({ headers }: Page<SourceRecord[]>) => {
    const link = nextLink(headers);
    return link === undefined ? undefined : pathOfLink(base, link);
  };
  for await (const { body, headers } of pages(first, load, next)) {
    begin.at ??= serverTime(headers);
    yield body ?? [];
  }
}

/** From when the next run looks for changes, as filters have it. */
function positionFor({ at }: Begin): string | undefined {
  return at === undefined ? undefined : new Date(at - overlapMs).toISOString();
}

async function* readFull(
  context: Context,
  base: string,
): AsyncGenerator<SourceItem, string | undefined> {
  const begin: Begin = { at: undefined };
  yield* list(context, base, {}, begin);
  if (context.options.deprovisioned) yield* list(context, base, { filter: isDeprovisioned }, begin);
  return positionFor(begin);
}

/** Whether a person belongs to what is read; a filter by time may give those whom the plain list leaves out. */
function isRead({ status }: SourceRecord, { options }: Context): boolean {
  return options.deprovisioned || status !== "DEPROVISIONED";
}

/**
 * The people who changed. The time of a change only grows, so that whoever changes meanwhile stays in the list
 * or comes into it: then the next run has them.
 */
async function* readChanged(
  context: Context,
  base: string,
  position: string,
): AsyncGenerator<SourceItem, string> {
  const begin: Begin = { at: undefined };
  const changed = `lastUpdated ge "${position}"`;
  const filters = [changed, `${changed} and ${isDeprovisioned}`];
  const seen = new Set<unknown>();
  for (const filter of context.options.deprovisioned ? filters : filters.slice(0, 1)) {
    for await (const page of list(context, base, { filter }, begin)) {
      const fresh = page.filter((user) => isRead(user, context) && !seen.has(user.id));
      for (const { id } of fresh) seen.add(id);
      yield fresh;
    }
  }
  return positionFor(begin) ?? position;
}

/** The people of an organization, page by page: all of them, or those who changed. */
export function readPeople(context: Context, base: string): AsyncGenerator<SourceItem> {
  return readByMode(context, {
    what: "people",
    scope: [base, context.options.deprovisioned],
    full: () => readFull(context, base),
    changed: (position) => readChanged(context, base, position),
  });
}
