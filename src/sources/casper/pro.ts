/**
 * Jamf Pro's own API, which succeeds the Classic one for computers: whole inventories by the page,
 * translated to the Classic shape so that mappings keep working.
 *
 * @module
 */

import { z } from "zod";
import {
  type ClaimTotal,
  pages,
  readCountedList,
  retryPolicies,
  serverTime,
  SourceError,
  type SourceRecord,
} from "../../sdk/mod.ts";
import { type Context, proPath, usesPlatform } from "./access.ts";
import { goneStatuses, noSuchGroup } from "./classic.ts";
import type { FilteredPage } from "./device.ts";
import { isMember } from "./groups.ts";
import { isReturned, type Names, toClassic } from "./translate.ts";

const id = z.union([z.string(), z.number(), z.bigint()]);
const computer = z.record(z.string(), z.unknown()).and(z.object({ id }));
const inventory = z.object({ totalCount: z.number(), results: z.array(computer) });
const named = z.object({
  totalCount: z.number(),
  results: z.array(z.object({ id, name: z.string() })),
});
const groups = z.array(z.object({ name: z.string() }));

/** A page of computers, and when it was answered, by the server's clock. */
interface Inventory extends z.infer<typeof inventory> {
  readonly answeredAt: number | undefined;
}

/** A version of the endpoint. */
export type Version = typeof versions[number];

/** More is silently cut to this. */
const largestPage = 2000;
/** Lists in a computer make it big, so that fewer of them fit into an answer in time. */
const pageSizes = { withLists: 100, without: 500 } as const;
const lists = [
  "APPLICATIONS",
  "CERTIFICATES",
  "CONFIGURATION_PROFILES",
  "EXTENSION_ATTRIBUTES",
  "LOCAL_USER_ACCOUNTS",
];

/** Versions of the endpoint, newest first ("11.30.0 Deprecations": v4 succeeds v3; 10.39 had v1 only). */
const versions = ["v4", "v3", "v2", "v1"] as const;

/** First segment of a Classic path → the sections that hold it. */
const sections: Readonly<Record<string, readonly string[]>> = {
  general: ["GENERAL", "HARDWARE"],
  hardware: ["HARDWARE", "OPERATING_SYSTEM", "STORAGE", "DISK_ENCRYPTION"],
  location: ["USER_AND_LOCATION"],
  purchasing: ["PURCHASING"],
  software: ["APPLICATIONS"],
  certificates: ["CERTIFICATES"],
  configuration_profiles: ["CONFIGURATION_PROFILES"],
  // Who may unlock the disk is in DISK_ENCRYPTION; the accounts' own fileVault2Enabled leaves some out.
  groups_accounts: ["GROUP_MEMBERSHIPS", "LOCAL_USER_ACCOUNTS", "DISK_ENCRYPTION"],
  // Extension attributes are spread over these ("extensionAttributes" of each).
  extension_attributes: [
    "EXTENSION_ATTRIBUTES",
    "GENERAL",
    "HARDWARE",
    "OPERATING_SYSTEM",
    "USER_AND_LOCATION",
    "PURCHASING",
  ],
};

function wantedSections({ wanted, options }: Context): string[] {
  const { everything, paths } = wanted;
  const segments = everything
    ? Object.keys(sections)
    : paths.map((path) => path.split(".", 1)[0] ?? "").filter((name) =>
      Object.hasOwn(sections, name)
    );
  const chosen = segments.flatMap((segment) => sections[segment] ?? []);
  const membership = options.group_name === "" ? [] : ["GROUP_MEMBERSHIPS"];
  return [...new Set(["GENERAL", ...chosen, ...membership])];
}

function choosePageSize(wanted: readonly string[]): number {
  return wanted.some((section) => lists.includes(section))
    ? pageSizes.withLists
    : pageSizes.without;
}

/** Computers on one page of what the section wants. */
export function pageSizeFor(context: Context): number {
  return choosePageSize(wantedSections(context));
}

function notFound(): SourceError {
  return new SourceError("Jamf Pro has no supported computer inventory API", {
    hint: "Check url: it is the address of Jamf Pro, without /JSSResource and /api.",
  });
}

/**
 * Gives pages of computers, by the newest version of the endpoint that the server has.
 *
 * @param filter The filter of a version; all computers without one.
 */
function openInventory(
  { http, options }: Context,
  wanted: readonly string[],
  size: number,
  filter?: (version: Version) => string,
): (page: number) => Promise<Inventory> {
  const query = new URLSearchParams(wanted.map((section) => ["section", section]));
  query.set("page-size", `${size}`);
  // By id, so that computers that come meanwhile are at the end.
  query.set("sort", "id:asc");
  let found: Version | undefined;
  return async (page) => {
    for (const version of found === undefined ? versions : [found]) {
      if (filter !== undefined) query.set("filter", filter(version));
      const path = proPath(options, `/${version}/computers-inventory?${query}&page=${page}`);
      const allow = found === undefined ? goneStatuses : [];
      const { body, headers } = await http.page({ path, what: "computers", allow }, inventory);
      if (body === undefined) continue;
      found = version;
      return { ...body, answeredAt: serverTime(headers) };
    }
    throw notFound();
  };
}

/** Names by id of departments or buildings; asked for only when somebody wants them. */
async function loadNamesById(
  { http, wanted, options, log }: Context,
  what: "departments" | "buildings",
  wantedPath: string,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  const { everything, paths } = wanted;
  if (!everything && !paths.includes("location") && !paths.includes(wantedPath)) return names;
  // Not everything of the Jamf Pro API is in the Platform API.
  const allow = usesPlatform(options) ? goneStatuses : [];
  async function load(page: number): Promise<z.infer<typeof named>> {
    const path = proPath(options, `/v1/${what}?page=${page}&page-size=${largestPage}`);
    const { body } = await http.page({ path, what, allow }, named);
    if (body === undefined) log.warning(`The names of ${what} cannot be read here: ${path}`);
    return body ?? { totalCount: 0, results: [] };
  }
  const next = ({ results, totalCount }: z.infer<typeof named>, page: number) => {
    for (const { id, name } of results) names.set(`${id}`, name);
    return results.length === 0 || names.size >= totalCount ? undefined : page + 1;
  };
  for await (const _ of pages(0, load, next));
  return names;
}

/** The names that computers have as ids only. */
export async function loadNames(context: Context): Promise<Names> {
  return {
    departments: await loadNamesById(context, "departments", "location.department"),
    buildings: await loadNamesById(context, "buildings", "location.building"),
  };
}

/** A group that does not exist must not look like one without members ("Return all computer groups"). */
async function checkGroup({ http, options }: Context): Promise<void> {
  const { group_name: name } = options;
  if (name === "") return;
  const path = proPath(options, "/v1/computer-groups");
  const request = { path, what: "groups", allow: goneStatuses };
  const { body } = await http.page(request, groups);
  if (body?.every((group) => group.name !== name)) throw noSuchGroup("computers", name);
}

/** Makes sure that computers can be read. */
export async function checkPro(context: Context): Promise<void> {
  await openInventory(context, ["GENERAL"], 1)(0);
  await checkGroup(context);
}

/** What comes after a page; servers may give smaller pages than asked for. */
function follower(): (inventory: Inventory, page: number) => number | undefined {
  const seen = new Set<string>();
  return ({ results, totalCount }, page) => {
    const before = seen.size;
    for (const { id } of results) seen.add(`${id}`);
    if (results.length > 0 && seen.size === before) {
      throw new SourceError(
        `The list repeats itself: page ${page} has the same items as an earlier one`,
        {
          hint: "This is an error of the server. Run the upload again later.",
        },
      );
    }
    return results.length === 0 || seen.size >= totalCount ? undefined : page + 1;
  };
}

/** Names what is wanted and not to be had. */
export function warnOfMissing({ wanted, log }: Context): void {
  const missing = wanted.paths.filter((path) => !isReturned(path));
  if (missing.length > 0) log.warning(`The Jamf Pro API does not return ${missing.join(", ")}`);
}

/**
 * All computers, or those of the group, page by page in the Classic shape; in the end gives when the first
 * page was answered.
 */
export async function* listPro(
  context: Context,
  total: ClaimTotal,
): AsyncGenerator<SourceRecord[], number | undefined> {
  const { options, log } = context;
  let begun: number | undefined;
  warnOfMissing(context);
  await checkGroup(context);
  const names = await loadNames(context);
  const sections = wantedSections(context);
  const load = openInventory(context, sections, choosePageSize(sections));
  const { group_name: group } = options;
  const list = readCountedList({
    what: "computers",
    async *read() {
      for await (const { results, totalCount, answeredAt } of pages(0, load, follower())) {
        begun ??= answeredAt;
        yield { items: results, total: totalCount };
      }
    },
    keyOf: ({ id }: Inventory["results"][number]) => `${id}`,
    total: (count) => group === "" ? total(count) : undefined,
    log,
  });
  for await (const results of list) {
    const computers = results.map((one) => toClassic(one, names));
    yield group === ""
      ? computers
      : computers.filter((record) => isMember("computers", record, group));
  }
  return begun;
}

/** Gives pages of the computers that a filter, written for a version, finds. */
export async function* listFiltered(
  context: Context,
  names: Names,
  filter: (version: Version) => string,
): AsyncGenerator<FilteredPage> {
  const sections = wantedSections(context);
  const load = openInventory(context, sections, choosePageSize(sections), filter);
  for await (const { results, totalCount, answeredAt } of pages(0, load, follower())) {
    const devices = results.map((one) => ({ key: `${one.id}`, record: toClassic(one, names) }));
    yield { devices, total: totalCount, answeredAt };
  }
}

/** One computer in the Classic shape ("Return General section of a Computer", which takes sections). */
export async function onePro(
  context: Context,
  id: number | bigint,
  names?: Names,
): Promise<SourceRecord> {
  const query = new URLSearchParams(wantedSections(context).map((name) => ["section", name]));
  for (const version of versions) {
    const path = proPath(context.options, `/${version}/computers-inventory/${id}?${query}`);
    const request = {
      path,
      what: `computer ${id}`,
      retry: retryPolicies.detail,
      allow: goneStatuses,
    };
    const { body } = await context.http.page(request, computer);
    if (body !== undefined) return toClassic(body, names ?? await loadNames(context));
  }
  throw new SourceError(`There is no computer ${id} in Jamf Pro`);
}
