/**
 * Mobile devices by the page ("Return paginated Mobile Device Inventory records", v2). A device whose data
 * Jamf Pro cannot read fails the page that it is on: the page is then read in smaller ones, until it is
 * alone, and it is reported.
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
  Skipped,
  SourceError,
  type SourceRecord,
} from "../../sdk/mod.ts";
import { type Context, proPath } from "./access.ts";
import { goneStatuses, noSuchGroup } from "./classic.ts";
import type { FilteredPage } from "./device.ts";
import { isMember } from "./groups.ts";
import { isReturnedOfDevice, toClassicDevice } from "./mobile_shape.ts";

const id = z.union([z.string(), z.number(), z.bigint()]);
const device = z.record(z.string(), z.unknown()).and(z.object({ mobileDeviceId: id }));
const inventory = z.object({ totalCount: z.number(), results: z.array(device) });
const groups = z.array(z.object({ name: z.string() }));

/** What is at one place of the list. */
type Item = { readonly device: z.infer<typeof device> } | { readonly skipped: Skipped };

/** What is on one page; `total` is absent where no answer said it. */
interface Items {
  readonly items: readonly Item[];
  readonly total: number | undefined;
}

/** Mobile devices on one page. */
export const devicesPerPage = 100;
/** Sizes of pages, each a part of the one before; a device alone comes after the last. */
const pageSizes: readonly number[] = [devicesPerPage, 10];
/** Devices in a row that cannot be read before it is clear that nothing works any more. */
const mostFailuresInRow = 25;

/** First segment of a Classic path → the sections that hold it. */
const sections: Readonly<Record<string, readonly string[]>> = {
  general: ["GENERAL", "HARDWARE"],
  location: ["USER_AND_LOCATION"],
  purchasing: ["PURCHASING"],
  network: ["NETWORK"],
  security: ["SECURITY"],
  applications: ["APPLICATIONS"],
  certificates: ["CERTIFICATES"],
  configuration_profiles: ["PROFILES"],
  provisioning_profiles: ["PROVISIONING_PROFILES"],
  mobile_device_groups: ["GROUPS"],
  extension_attributes: [
    "EXTENSION_ATTRIBUTES",
    "GENERAL",
    "HARDWARE",
    "USER_AND_LOCATION",
    "PURCHASING",
  ],
};

function wantedSections({ wanted: { everything, paths }, options }: Context): string[] {
  const segments = everything ? Object.keys(sections) : paths.map((path) => path.split(".", 1)[0]);
  const chosen = segments.flatMap((segment) =>
    Object.hasOwn(sections, segment ?? "") ? sections[segment ?? ""] ?? [] : []
  );
  // The Classic API has the phone number in both places.
  const phone = everything || paths.includes("general.phone_number") ? ["NETWORK"] : [];
  const membership = options.group_name === "" ? [] : ["GROUPS"];
  return [...new Set(["GENERAL", ...chosen, ...phone, ...membership])];
}

class Inventory {
  readonly #context: Context;
  readonly #query: URLSearchParams;
  #failuresInRow = 0;
  /** When the first page was answered, by the server's clock. */
  begun: number | undefined;

  constructor(context: Context, wanted: readonly string[], filter?: string) {
    this.#context = context;
    this.#query = new URLSearchParams(wanted.map((section) => ["section", section]));
    // By id, so that devices that come meanwhile are at the end.
    this.#query.set("sort", "mobileDeviceId:asc");
    if (filter !== undefined) this.#query.set("filter", filter);
  }

  #request(page: number, size: number) {
    const path = `/v2/mobile-devices/detail?${this.#query}&page-size=${size}&page=${page}`;
    return {
      path: proPath(this.#context.options, path),
      what: "mobile devices",
      retry: retryPolicies.detail,
    };
  }

  /** Whether there is such an endpoint. */
  async isThere(): Promise<boolean> {
    const request = { ...this.#request(0, 1), allow: [...goneStatuses, 500] };
    const { status } = await this.#context.http.page(request, inventory);
    return !goneStatuses.includes(status);
  }

  /** A page, with what could not be read. */
  async read(page: number, level = 0): Promise<Items> {
    const size = pageSizes[level];
    if (size === undefined) return await this.#readOne(page);
    const request = { ...this.#request(page, size), allow: [500] };
    const { body, headers } = await this.#context.http.page(request, inventory);
    this.begun ??= serverTime(headers);
    return body === undefined ? await this.#readParts(page, level) : toItems(body);
  }

  /** The device at a place; an error that it causes is its own, unless it is that of all of them. */
  async #readOne(place: number): Promise<Items> {
    try {
      const found = await this.#context.http.json(this.#request(place, 1), inventory);
      this.#failuresInRow = 0;
      return toItems(found);
    } catch (thrown) {
      const isLast = ++this.#failuresInRow >= mostFailuresInRow;
      if (!(thrown instanceof SourceError) || isLast) throw thrown;
      const skipped = new Skipped(`mobile device ${place + 1} by id`, thrown.message);
      return { items: [{ skipped }], total: undefined };
    }
  }

  async #readParts(page: number, level: number): Promise<Items> {
    const count = (pageSizes[level] ?? 1) / (pageSizes[level + 1] ?? 1);
    const items: Item[] = [];
    let total: number | undefined;
    for (let part = page * count; part < (page + 1) * count; part++) {
      const found = await this.read(part, level + 1);
      items.push(...found.items);
      total = found.total ?? total;
      if (found.items.length === 0) break;
    }
    return { items, total };
  }
}

function toItems({ results, totalCount }: z.infer<typeof inventory>): Items {
  return { items: results.map((device) => ({ device })), total: totalCount };
}

function notFound(): SourceError {
  return new SourceError("Jamf Pro has no supported mobile device inventory API", {
    hint: "Check url, or set api = classic.",
  });
}

/** By what an item is recognised. */
function keyOf(item: Item): string {
  return "device" in item ? `${item.device.mobileDeviceId}` : `skipped ${item.skipped.identity}`;
}

/** What comes after a page: nothing when all that are counted were seen. */
function follower(): (items: Items, page: number) => number | undefined {
  const seen = new Set<string>();
  return ({ items, total }, page) => {
    const before = seen.size;
    for (const item of items) seen.add(keyOf(item));
    if (items.length > 0 && seen.size === before) {
      throw new SourceError(
        `The list repeats itself: page ${page} has the same items as an earlier one`,
        { hint: "This is an error of the server. Run the upload again later." },
      );
    }
    return items.length === 0 || seen.size >= (total ?? Infinity) ? undefined : page + 1;
  };
}

/** A group that does not exist must not look like one without members. */
async function checkGroup({ http, options }: Context): Promise<void> {
  const { group_name: name } = options;
  if (name === "") return;
  const path = proPath(options, "/v1/mobile-device-groups");
  const { body } = await http.page({ path, what: "groups", allow: goneStatuses }, groups);
  const wanted = name.toLowerCase();
  if (body?.every((group) => group.name.toLowerCase() !== wanted)) {
    throw noSuchGroup("mobiledevices", name);
  }
}

/** Whether the server has mobile devices by the page. */
export async function hasDevicePages(context: Context): Promise<boolean> {
  return await new Inventory(context, ["GENERAL"]).isThere();
}

/** Makes sure that mobile devices can be read by the page. */
export async function checkDevices(context: Context): Promise<void> {
  if (!await hasDevicePages(context)) throw notFound();
  await checkGroup(context);
}

/** Names what is wanted and not to be had. */
function warnOfMissing({ wanted, log }: Context): void {
  const missing = wanted.paths.filter((path) => !isReturnedOfDevice(path));
  if (missing.length > 0) log.warning(`The Jamf Pro API does not return ${missing.join(", ")}`);
}

/**
 * All mobile devices, or those of the group, page by page in the Classic shape; in the end gives when the
 * first page was answered.
 */
export async function* listDevices(
  context: Context,
  total: ClaimTotal,
): AsyncGenerator<(SourceRecord | Skipped)[], number | undefined> {
  const { options: { group_name: group }, log } = context;
  warnOfMissing(context);
  await checkGroup(context);
  const reader = new Inventory(context, wantedSections(context));
  const list = readCountedList({
    what: "mobile devices",
    read: () => pages(0, (page: number) => reader.read(page), follower()),
    keyOf,
    total: (count) => group === "" ? total(count) : undefined,
    log,
  });
  for await (const items of list) {
    yield items.flatMap((item): readonly (SourceRecord | Skipped)[] => {
      if ("skipped" in item) return [item.skipped];
      const record = toClassicDevice(item.device);
      return group === "" || isMember("mobiledevices", record, group) ? [record] : [];
    });
  }
  return reader.begun;
}

/** Gives pages of the mobile devices that a filter finds. */
export async function* listFilteredDevices(
  context: Context,
  filter: string,
): AsyncGenerator<FilteredPage> {
  warnOfMissing(context);
  const reader = new Inventory(context, wantedSections(context), filter);
  const list = pages(0, (page: number) => reader.read(page), follower());
  for await (const { items, total } of list) {
    const devices = items.map((item) => ({
      key: keyOf(item),
      record: "skipped" in item ? item.skipped : toClassicDevice(item.device),
    }));
    yield { devices, total, answeredAt: reader.begun };
  }
}

/**
 * One mobile device in the Classic shape (the same list, filtered: the Platform API has no other way);
 * nothing where the server is older than the list.
 */
export async function oneDeviceUnlessOlder(
  context: Context,
  id: number | bigint,
): Promise<SourceRecord | undefined> {
  const query = new URLSearchParams(wantedSections(context).map((name) => ["section", name]));
  query.set("filter", `mobileDeviceId==${id}`);
  const { body } = await context.http.page({
    path: proPath(context.options, `/v2/mobile-devices/detail?${query}`),
    what: `mobile device ${id}`,
    retry: retryPolicies.detail,
    allow: goneStatuses,
  }, inventory);
  if (body === undefined) return undefined;
  const [found] = body.results;
  if (found === undefined) throw new SourceError(`There is no mobile device ${id} in Jamf Pro`);
  return toClassicDevice(found);
}

/** The same, where the list must be there. */
export async function oneDevice(context: Context, id: number | bigint): Promise<SourceRecord> {
  const found = await oneDeviceUnlessOlder(context, id);
  if (found === undefined) throw notFound();
  return found;
}
