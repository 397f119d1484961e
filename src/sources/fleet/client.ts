/**
 * Fleet's API: its lists of hosts, page after page, and how many hosts there are ("List hosts" and "Count
 * hosts" of Fleet's REST API).
 *
 * @module
 */

import { z } from "zod";
import {
  type Answer,
  type ChangesValues,
  type GrantedAccess,
  parseJson,
  readMoment,
  serverTime,
  type SourceContext,
  SourceError,
  type SourceRecord,
  type Wanted,
} from "../../sdk/mod.ts";

/** The options that reading looks at. */
export interface Access extends ChangesValues {
  readonly url: string;
  readonly page_size: number | undefined;
}

/** What the parts of this source are given. */
export type Context = SourceContext<Access>;

/** Hosts in one page: with their software, one takes 50 kB and more. */
export const pageSizes = { withSoftware: 100, plain: 500 } as const;

const host = z.record(z.string(), z.unknown()).and(
  z.object({ id: z.union([z.number(), z.bigint()]) }),
);
const hosts = z.object({ hosts: z.array(host).nullable() });
const count = z.object({ count: z.number() });

/** A host as Fleet lists it. */
export type Host = z.infer<typeof host>;

/** Some hosts in the order that was asked for, and the time of it. */
export interface HostPage {
  readonly hosts: readonly Host[];
  /** When Fleet answered, by its own clock; nothing when it does not say. */
  readonly answeredAt: number | undefined;
}

/** By what a list is ordered: a unique number, or the time of the last change. */
export type Order = "id" | "updated_at";

const listPath = "/api/v1/fleet/hosts";

/** First segment of a path → the parameter that asks for it. Everything else is in every host. */
const parameters: Readonly<Record<string, string>> = {
  device_mapping: "device_mapping",
  policies: "populate_policies",
  labels: "populate_labels",
  users: "populate_users",
};

const softwarePaths = new Set(["software", "applications"]);

function listSegments({ paths }: Wanted): string[] {
  return paths.map((path) => path.split(".", 1)[0] ?? "");
}

/** Whether anybody looks at the installed software. */
export function readsSoftware(wanted: Wanted): boolean {
  return wanted.everything || listSegments(wanted).some((segment) => softwarePaths.has(segment));
}

function wantedParameters(wanted: Wanted): Record<string, string> {
  const segments = wanted.everything ? Object.keys(parameters) : listSegments(wanted);
  const names = segments.flatMap((segment) => parameters[segment] ?? []);
  return Object.fromEntries(names.map((name) => [name, "true"]));
}

/** What Fleet says of an error: its reasons ("API responses"). */
export function readErrorMessage({ body }: Answer): string | undefined {
  const shape = z.object({
    message: z.string(),
    errors: z.array(z.object({ name: z.string(), reason: z.string() })).nullish(),
  });
  const found = parseJson(body, shape);
  if (found === undefined) return undefined;
  const reasons = (found.errors ?? []).map(({ name, reason }) =>
    name === "base" ? reason : `${name}: ${reason}`
  );
  return [found.message, ...reasons.filter((reason) => reason !== found.message)].join(": ");
}

/** What to do about a 403. */
const hints = { 403: "Give the API-only user the role Observer, for all hosts or for fleets." };

/** Statuses with which a server says that it does not know a parameter. */
const unknownParameter = [400, 422];

/**
 * How servers of several years want it said. Columns had to be named with their table for `after` ("If
 * `after` is being used with `created_at` or `updated_at`"); before 4.60, software came with all that is
 * known of its vulnerabilities or not at all.
 */
function listForms(context: Context, order: Order): Record<string, string>[] {
  const keys = [`h.${order}`, order];
  const software = readsSoftware(context.wanted) ? ["without_vulnerability_details", "true"] : [""];
  return software.flatMap((word) =>
    keys.map((key) => ({
      order_key: key,
      order_direction: "asc",
      ...(word === "" ? {} : { populate_software: word }),
    }))
  );
}

/** How many hosts a page is to have. */
export function choosePageSize({ options, wanted }: Context): number {
  const usual = readsSoftware(wanted) ? pageSizes.withSoftware : pageSizes.plain;
  return options.page_size ?? usual;
}

/**
 * Gives pages of hosts that come after a value in an order. `after` makes a list that hosts which come or go
 * do not shift, unlike page numbers.
 */
export function openHosts(
  context: Context,
  order: Order,
): (after: string, size: number) => Promise<HostPage> {
  const { http, wanted } = context;
  let forms = listForms(context, order);
  return async (after, size) => {
    for (const form of forms) {
      const isLast = form === forms.at(-1);
      const page = await http.page({
        path: listPath,
        query: { per_page: `${size}`, after, ...form, ...wantedParameters(wanted) },
        what: "hosts",
        hints,
        allow: isLast ? [] : unknownParameter,
      }, hosts);
      if (page.body === undefined) continue;
      forms = [form];
      return { hosts: page.body.hosts ?? [], answeredAt: serverTime(page.headers) };
    }
    throw new SourceError("Fleet does not list hosts in an order that is known");
  };
}

/** How many hosts Fleet has. */
export async function countHosts({ http }: Context): Promise<number> {
  const request = { path: `${listPath}/count`, what: "the number of hosts", hints };
  return (await http.json(request, count)).count;
}

/** Makes sure that hosts can be read. */
export async function checkHosts({ http }: Context): Promise<void> {
  await http.json({ path: listPath, query: { per_page: "1" }, what: "hosts", hints }, hosts);
}

/** Roles that only see ("Role-based access"); an observer+ runs queries, which read as well. */
const readingRoles: ReadonlySet<string> = new Set(["observer", "observer_plus"]);

const me = z.object({
  user: z.object({
    global_role: z.string().nullish(),
    teams: z.array(z.object({ name: z.string(), role: z.string() })).nullish(),
    created_at: z.string().nullish(),
  }),
});

/** What the user of the token may do ("Me"): a role for all hosts, or one for each of some fleets. */
export async function inspectAccess({ http }: Context): Promise<GrantedAccess> {
  const request = { path: "/api/v1/fleet/me", what: "the user of the token", hints };
  const { user } = await http.json(request, me);
  const roles = [
    ...(user.global_role ? [{ role: user.global_role, where: "" }] : []),
    ...(user.teams ?? []).map(({ name, role }) => ({ role, where: ` of ${name}` })),
  ];
  const name = ({ role, where }: typeof roles[number]) => `${role}${where}`;
  return {
    credentials: "the API token",
    rights: roles.map(name),
    beyondReading: roles.filter(({ role }) => !readingRoles.has(role)).map(name),
    created: readMoment(user.created_at),
  };
}

function toText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** The host, and its software as Oomnitza takes it: name, version and path. */
export function toRecord(found: Host): SourceRecord {
  const { software } = found;
  if (!Array.isArray(software)) return found;
  const applications = software.map((title) => ({
    name: title?.name ?? null,
    version: title?.version ?? null,
    path: toText(title?.installed_paths?.[0]),
  }));
  return { ...found, applications };
}
