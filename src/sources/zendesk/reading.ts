/**
 * Reads all people of Zendesk, or those that changed ("Incremental Exports" and "Using the Incremental Export
 * API" of Zendesk's documentation).
 *
 * @module
 */

import { z } from "zod";
import {
  type ChangesValues,
  readByMode,
  serverTime,
  type SourceContext,
  type SourceItem,
  type SourceRecord,
  type Unusable,
  type Wanted,
} from "../../sdk/mod.ts";
import { listUsers, loadOrganizations } from "./client.ts";

/** The options that reading looks at. */
interface Scope extends ChangesValues {
  readonly roles: string;
  readonly load_organizations: boolean;
}

type Context = SourceContext<Scope>;

/** The roles of the option, without blanks. */
export function splitRoles(text: string): string[] {
  return text.split(",").map((role) => role.trim()).filter((role) => role !== "");
}

function readsOrganization({ everything, paths }: Wanted): boolean {
  return everything || paths.some((path) => path.split(".", 1)[0] === "organization");
}

/**
 * How long before a run of all people begins the first export of changes begins, in milliseconds: what was
 * changed "within the minute prior" to a request is left out of it, and a start later than that is refused.
 */
const overlapMs = 120_000;

/** The largest page ("Incremental User Export, Cursor Based", parameter `per_page`). */
const exportSize = 1000;

const exported = z.object({
  users: z.array(z.record(z.string(), z.unknown())),
  after_cursor: z.string().nullish(),
  end_of_stream: z.boolean(),
}).refine(
  ({ after_cursor, end_of_stream }) => end_of_stream || typeof after_cursor === "string",
  "there are more changes, but no cursor for them",
);

/** What an export is asked for: where it begins the first time, and where it goes on. */
type Query = Readonly<{ start_time: string } | { cursor: string }>;

/** Statuses with which a cursor, or a time, is refused. */
const refusals = [400, 422];

const hints = {
  403: "Only administrators may export changes: give the account that role, or set mode = full.",
};

/** Gives people with their organizations, where anybody looks at those. */
async function openJoin(context: Context, base: string) {
  const { options, wanted } = context;
  const organizations = options.load_organizations && readsOrganization(wanted)
    ? await loadOrganizations(context, base)
    : new Map();
  if (organizations.size === 0) return (users: readonly SourceRecord[]) => users;
  return (users: readonly SourceRecord[]) =>
    users.map((user) => ({
      ...user,
      organization: organizations.get(user.organization_id) ?? {},
    }));
}

async function* readFull(
  context: Context,
  base: string,
): AsyncGenerator<SourceItem, string | undefined> {
  const join = await openJoin(context, base);
  let begun: number | undefined;
  const onAnswer = (headers: Headers) => void (begun ??= serverTime(headers));
  const roles = splitRoles(context.options.roles);
  for await (const users of listUsers(context, base, roles, onAnswer)) yield join(users);
  if (begun === undefined) return undefined;
  const start: Query = { start_time: `${Math.floor((begun - overlapMs) / 1000)}` };
  return JSON.stringify(start);
}

/** One page of changes; nothing when Zendesk does not take the position. */
async function loadExport({ http }: Context, base: string, query: Query) {
  const { body } = await http.page({
    path: `${base}/api/v2/incremental/users/cursor.json`,
    query: { ...query, per_page: `${exportSize}` },
    what: "changed users",
    hints,
    allow: refusals,
  }, exported);
  return body;
}

/**
 * The people who changed. Whoever changes again meanwhile comes a second time, in a later page: the one of the
 * next run is taken, since two versions on their way at once may arrive in either order.
 */
async function* readChanged(
  context: Context,
  base: string,
  position: string,
): AsyncGenerator<SourceItem, string | Unusable> {
  const join = await openJoin(context, base);
  const roles = new Set(splitRoles(context.options.roles));
  // The list of all people has nobody who was deleted either.
  const isRead = ({ role, active }: SourceRecord) =>
    active !== false && (roles.size === 0 || roles.has(String(role)));
  const seen = new Set<unknown>();
  let query: Query = JSON.parse(position);
  let next: Query | undefined;
  for (;;) {
    const page = await loadExport(context, base, query);
    if (page === undefined) return { unusable: "Zendesk does not take the position any more" };
    const fresh = page.users.filter(({ id }) => !seen.has(id));
    if (fresh.length < page.users.length) next ??= query;
    for (const { id } of fresh) seen.add(id);
    yield join(fresh.filter(isRead));
    if (typeof page.after_cursor === "string") query = { cursor: page.after_cursor };
    if (page.end_of_stream) return JSON.stringify(next ?? query);
  }
}

/** The people of an account, page by page: all of them, or those who changed. */
export function readPeople(context: Context, base: string): AsyncGenerator<SourceItem> {
  const { roles, load_organizations } = context.options;
  return readByMode(context, {
    what: "people",
    scope: [base, splitRoles(roles).sort(), load_organizations],
    full: () => readFull(context, base),
    changed: (position) => readChanged(context, base, position),
  });
}
