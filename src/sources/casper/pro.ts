/**
 * Jamf Pro's own API, which succeeds the Classic one for computers: whole inventories by the page,
 * translated to the Classic shape so that mappings keep working.
 *
 * @module
 */

import { z } from "zod";
import { type Page, pages, type Raw, SourceError } from "../../sdk/mod.ts";
import type { Context } from "./access.ts";
import { type Computer, toClassic } from "./translate.ts";

const object = z.record(z.string(), z.unknown());
const inventory = z.object({ totalCount: z.number(), results: z.array(object) });
const named = z.object({
  totalCount: z.number(),
  results: z.array(z.object({ id: z.union([z.string(), z.number()]), name: z.string() })),
});

/** Computers in one page, as many as Jamf Pro gives unless told ("Return paginated Computer Inventory records"). */
const pageSize = 100;

/** Versions of the endpoint whose names are known, newest first. */
const versions = ["v3", "v2", "v1"] as const;

/** First segment of a Classic path → the sections that hold it. */
const sections: Readonly<Record<string, readonly string[]>> = {
  general: ["GENERAL", "HARDWARE"],
  hardware: ["HARDWARE", "OPERATING_SYSTEM"],
  location: ["USER_AND_LOCATION"],
  purchasing: ["PURCHASING"],
  software: ["APPLICATIONS"],
};

/** Extension attributes are spread over these ("extensionAttributes" of each). */
const attributeSections = [
  "EXTENSION_ATTRIBUTES",
  "GENERAL",
  "HARDWARE",
  "OPERATING_SYSTEM",
  "USER_AND_LOCATION",
  "PURCHASING",
];

function wantedSections({ wanted }: Context): string[] {
  const known = Object.values(sections).flat();
  if (wanted.everything || wanted.paths.length === 0) {
    return [...new Set([...known, ...attributeSections])];
  }
  const segments = wanted.paths.map((path) => path.split(".", 1)[0] ?? "");
  const chosen = segments.flatMap((segment) => {
    if (segment === "extension_attributes") return attributeSections;
    return Object.hasOwn(sections, segment) ? sections[segment] ?? [] : known;
  });
  return [...new Set(["GENERAL", ...chosen])];
}

function address(version: string, page: number, context: Context, size = pageSize): string {
  const query = new URLSearchParams(wantedSections(context).map((section) => ["section", section]));
  query.set("page", `${page}`);
  query.set("page-size", `${size}`);
  query.set("sort", "id:asc");
  return `/api/${version}/computers-inventory?${query}`;
}

/** The newest version of the endpoint that the server has. */
async function versionOf(context: Context): Promise<string> {
  for (const version of versions) {
    const path = address(version, 0, context, 1);
    const { body } = await context.http.page(
      { path, what: "computers", allow: [404, 410] },
      inventory,
    );
    if (body !== undefined) return version;
  }
  throw new SourceError(
    "Jamf Pro has neither the Classic API nor an inventory of computers that is known",
    {
      hint: "Check url: it is the address of Jamf Pro, without /api.",
    },
  );
}

/** Makes sure that computers can be read. */
export async function checkPro(context: Context): Promise<void> {
  await versionOf(context);
}

/** Names by id, for departments and buildings; read only when somebody wants them. */
async function namesOf(context: Context, what: "departments" | "buildings", wantedPath: string) {
  const { http, wanted } = context;
  const names = new Map<string, string>();
  if (!wanted.everything && !wanted.paths.includes(wantedPath)) return names;
  const load = (page: number) =>
    http.json({ path: `/api/v1/${what}?page=${page}&page-size=${pageSize}`, what }, named);
  const isEnd = (count: number, total: number) => count === 0 || names.size >= total;
  const next = ({ results, totalCount }: z.infer<typeof named>, page: number) => {
    for (const { id, name } of results) names.set(`${id}`, name);
    return isEnd(results.length, totalCount) ? undefined : page + 1;
  };
  for await (const _ of pages(0, load, next));
  return names;
}

/** All computers, or those with some ids, page by page in the Classic shape. */
export async function* listPro(
  context: Context,
  only?: ReadonlySet<number>,
): AsyncGenerator<Raw[]> {
  const version = await versionOf(context);
  const departments = await namesOf(context, "departments", "location.department");
  const buildings = await namesOf(context, "buildings", "location.building");
  const load = (page: number) =>
    context.http.page({ path: address(version, page, context), what: "computers" }, inventory);
  let read = 0;
  const next = ({ body }: Page<z.infer<typeof inventory>>, page: number) => {
    const count = body?.results.length ?? 0;
    read += count;
    return count === 0 || read >= (body?.totalCount ?? 0) ? undefined : page + 1;
  };
  for await (const { body } of pages(0, load, next)) {
    if (only === undefined && body !== undefined) context.total(body.totalCount);
    const computers = body?.results.map((one) =>
      toClassic(one as Computer, departments, buildings)
    ) ?? [];
    yield only === undefined
      ? computers
      : computers.filter(({ general }) => only.has(Number((general as Raw).id)));
  }
}
