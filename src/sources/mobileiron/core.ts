/**
 * Devices from MobileIron Core (Ivanti EPMM), API v2: device space after device space.
 *
 * @module
 */

import { z } from "zod";
import { pages, readCountedList, Skipped, type SourceRecord } from "../../sdk/mod.ts";
import { type Context, object } from "./access.ts";

/** Devices in one page. */
const pageSize = 200;
/** The most field names of one request ("Search for devices", parameter `fields`). */
const mostFields = 512;
/** The most characters of them: web servers refuse addresses of 8,000 and more. */
const mostCharacters = 6000;
/** Read in any case: by the first parts of a record find each other, by the second records. */
const keys = ["common.id", "common.uuid"] as const;

const spaceList = z.object({
  results: z.array(z.object({ id: z.union([z.number(), z.bigint(), z.string()]) })),
});
const fields = z.object({ results: z.array(z.object({ name: z.string() })) });
const devices = z.object({
  results: z.array(object),
  totalCount: z.number().nullish(),
  resultCount: z.number().nullish(),
  hasMore: z.boolean(),
});

/** The device spaces of the administrator. */
async function loadSpaces({ http }: Context): Promise<string[]> {
  const request = { path: "/api/v2/device_spaces/mine", what: "device spaces" };
  return (await http.json(request, spaceList)).results.map(({ id }) => `${id}`);
}

/** Makes sure that device spaces can be read. */
export async function checkCore(context: Context): Promise<void> {
  await loadSpaces(context);
}

/** The fields to ask for in a space: all, or those that somebody reads and the space has. */
async function chooseFields(
  { http, wanted, log }: Context,
  adminDeviceSpaceId: string,
  warned: Set<string>,
): Promise<string[]> {
  const { results } = await http.json({
    path: "/api/v2/device_spaces/criteria",
    query: { adminDeviceSpaceId },
    what: "fields",
  }, fields);
  const known = new Set(results.map(({ name }) => name));
  if (wanted.everything) return [...known];
  for (const path of wanted.paths.filter((path) => !known.has(path) && !warned.has(path))) {
    warned.add(path);
    log.warning(`MobileIron has no field ${path}: mappings from it will be empty`);
  }
  return wanted.paths.filter((path) => known.has(path));
}

/** Field names in groups, each with the keys and small enough for one request. */
export function groupFields(names: readonly string[]): string[][] {
  const groups: string[][] = [[...keys]];
  for (const name of new Set(names)) {
    if (keys.some((key) => key === name)) continue;
    const last = groups.at(-1) ?? [];
    const isFull = last.length >= mostFields ||
      encodeURIComponent([...last, name].join(",")).length > mostCharacters;
    if (isFull) groups.push([...keys, name]);
    else last.push(name);
  }
  return groups;
}

/** One page of a space, for one group of fields. */
async function loadPart(
  { http }: Context,
  adminDeviceSpaceId: string,
  group: readonly string[],
  offset: number,
) {
  const query = {
    adminDeviceSpaceId,
    fields: group.join(","),
    // The label of all devices.
    labelId: "-1",
    limit: `${pageSize}`,
    offset: `${offset}`,
  };
  return await http.json({ path: "/api/v2/devices", query, what: "devices" }, devices);
}

/** Devices with the fields of all groups; one that a group lacks moved while the page was read. */
function merge(parts: readonly (readonly SourceRecord[])[]): (SourceRecord | Skipped)[] {
  const [first = [], ...others] = parts;
  const byId = others.map((part) => new Map(part.map((device) => [device["common.id"], device])));
  return first.map((device) => {
    const id = device["common.id"];
    const more = byId.map((part) => part.get(id));
    return more.some((part) => part === undefined)
      ? new Skipped(`device ${id}`, "the list changed while it was read")
      : Object.assign({}, device, ...more);
  });
}

function toText(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : `${value}`;
}

async function* listSpace(context: Context, space: string, groups: readonly string[][]) {
  const load = async (offset: number) => {
    const parts = [];
    for (const group of groups) parts.push(await loadPart(context, space, group, offset));
    return parts;
  };
  const next = ([page]: Awaited<ReturnType<typeof load>>, offset: number) =>
    page?.hasMore ? offset + (page.resultCount ?? page.results.length) : undefined;
  let total: number | undefined;
  let given = 0;
  const list = readCountedList({
    what: `devices of space ${space}`,
    async *read() {
      for await (const parts of pages(0, load, next)) {
        yield { items: merge(parts.map(({ results }) => results)), total: parts[0]?.totalCount };
      }
    },
    keyOf: (device) => device instanceof Skipped ? undefined : toText(device["common.uuid"]),
    total: (count) => total = count,
    log: context.log,
  });
  for await (const devices of list) {
    given += devices.length;
    yield* devices;
  }
  return total ?? given;
}

/** The devices of all spaces, each once. */
export async function* readCore(context: Context): AsyncGenerator<SourceRecord | Skipped> {
  const seen = new Set<unknown>();
  const warned = new Set<string>();
  let doubled = 0;
  async function* once(devices: ReturnType<typeof listSpace>) {
    for (;;) {
      const { done, value } = await devices.next();
      if (done) return value;
      const uuid = value instanceof Skipped ? undefined : value["common.uuid"];
      if (uuid !== undefined && uuid !== null && seen.has(uuid)) doubled++;
      else yield value;
      seen.add(uuid);
    }
  }
  let total = 0;
  const spaces = await loadSpaces(context);
  if (spaces.length === 0) {
    context.log.warning("The administrator has no access to any device space");
  }
  for (const space of spaces) {
    const groups = groupFields(await chooseFields(context, space, warned));
    total += yield* once(listSpace(context, space, groups));
  }
  context.total(total - doubled);
}
