/**
 * Mobile devices by the page ("Return paginated Mobile Device Inventory records", v2). A device whose data
 * Jamf Pro cannot read fails the page that it is on: the page is then read in smaller ones, until it is
 * alone, and it is reported.
 *
 * @module
 */

import { z } from "zod";
import {
  pages,
  readCountedList,
  retryPolicies,
  Skipped,
  SourceError,
  type SourceRecord,
} from "../../sdk/mod.ts";
import { type Context, proPath } from "./access.ts";
import { goneStatuses, noSuchGroup } from "./classic.ts";
import { isMember } from "./groups.ts";
import { isReturnedOfDevice, toClassicDevice } from "./mobile_shape.ts";

const id = z.union([z.string(), z.number(), z.bigint()]);
const device = z.record(z.string(), z.unknown()).and(z.object({ mobileDeviceId: id }));
const inventory = z.object({ totalCount: z.number(), results: z.array(device) });
const groups = z.array(z.object({ name: z.string() }));

const failure = z.object({ errors: z.array(z.object({ description: z.string() })) });

/** What is at one place of the list. */
type Item = { readonly device: z.infer<typeof device> } | { readonly skipped: Skipped };

/** What is on one page; `total` is absent where no answer said it. */
interface Items {
  readonly items: readonly Item[];
  readonly total: number | undefined;
}

/** Mobile devices on one page. */
export const devicesPerPage = 100;
/** Sizes of pages, each a part of the one before. */
const pageSizes = [devicesPerPage, 10, 1] as const;

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

/** What Jamf Pro says of a device that it cannot read; blank when it says nothing. */
function readReason(text: string): string {
  try {
    return failure.parse(JSON.parse(text)).errors[0]?.description ?? "";
  } catch {
    // An answer in another form says nothing.
    return "";
  }
}

class Inventory {
  readonly #context: Context;
  readonly #query: URLSearchParams;

  constructor(context: Context, wanted: readonly string[]) {
    this.#context = context;
    this.#query = new URLSearchParams(wanted.map((section) => ["section", section]));
    // By id, so that devices that come meanwhile are at the end.
    this.#query.set("sort", "mobileDeviceId:asc");
  }

  /** A page of a size; nothing where there is no such endpoint. */
  async read(page: number, level = 0): Promise<Items | undefined> {
    const size = pageSizes[level] ?? 1;
    const { http, options } = this.#context;
    const path = `/v2/mobile-devices/detail?${this.#query}&page-size=${size}&page=${page}`;
    const request = {
      path: proPath(options, path),
      what: "mobile devices",
      allow: [...goneStatuses, 500],
      retry: retryPolicies.detail,
    };
    const { body, status, text } = await http.page(request, inventory);
    if (body !== undefined) {
      return { items: body.results.map((one) => ({ device: one })), total: body.totalCount };
    }
    if (status !== 500) return undefined;
    return level + 1 < pageSizes.length
      ? await this.#readParts(page, level)
      : { items: [{ skipped: describeBroken(page, text) }], total: undefined };
  }

  async #readParts(page: number, level: number): Promise<Items> {
    const count = (pageSizes[level] ?? 1) / (pageSizes[level + 1] ?? 1);
    const items: Item[] = [];
    let total: number | undefined;
    for (let part = page * count; part < (page + 1) * count; part++) {
      const found = await this.read(part, level + 1);
      if (found === undefined) throw notFound();
      items.push(...found.items);
      total = found.total ?? total;
      if (found.items.length === 0) break;
    }
    return { items, total };
  }
}

function describeBroken(index: number, text: string): Skipped {
  const reason = readReason(text);
  return new Skipped(
    `mobile device ${index + 1} by id`,
    `Jamf Pro cannot read its data${reason === "" ? "" : `: ${reason}`}`,
  );
}

function notFound(): SourceError {
  return new SourceError("Jamf Pro has no supported mobile device inventory API", {
    hint: "Check url, or set api = classic.",
  });
}

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
  return await new Inventory(context, ["GENERAL"]).read(0, pageSizes.length - 1) !== undefined;
}

/** Makes sure that mobile devices can be read by the page. */
export async function checkDevices(context: Context): Promise<void> {
  if (!await hasDevicePages(context)) throw notFound();
  await checkGroup(context);
}

/** All mobile devices, or those of the group, page by page in the Classic shape. */
export async function* listDevices(
  context: Context,
): AsyncGenerator<(SourceRecord | Skipped)[]> {
  const { options: { group_name: group }, wanted, log } = context;
  const missing = wanted.paths.filter((path) => !isReturnedOfDevice(path));
  if (missing.length > 0) log.warning(`The Jamf Pro API does not return ${missing.join(", ")}`);
  await checkGroup(context);
  const reader = new Inventory(context, wantedSections(context));
  async function load(page: number): Promise<Items> {
    const found = await reader.read(page);
    if (found === undefined) throw notFound();
    return found;
  }
  const list = readCountedList({
    what: "mobile devices",
    read: () => pages(0, load, follower()),
    keyOf,
    total: (count) => group === "" ? context.total(count) : undefined,
    log,
  });
  for await (const items of list) {
    yield items.flatMap((item): readonly (SourceRecord | Skipped)[] => {
      if ("skipped" in item) return [item.skipped];
      const record = toClassicDevice(item.device);
      return group === "" || isMember("mobiledevices", record, group) ? [record] : [];
    });
  }
}

/** One mobile device in the Classic shape (the same list, filtered: the Platform API has no other way). */
export async function oneDevice(
  { http, options }: Context,
  id: number | bigint,
): Promise<SourceRecord> {
  const filter = encodeURIComponent(`mobileDeviceId==${id}`);
  const query = Object.values(sections).flat().map((section) => `section=${section}`);
  const path = `/v2/mobile-devices/detail?${[...new Set(query)].join("&")}&filter=${filter}`;
  const what = `mobile device ${id}`;
  const request = { path: proPath(options, path), what, retry: retryPolicies.detail };
  const { results: [found] } = await http.json(request, inventory);
  if (found === undefined) throw new SourceError(`There is no mobile device ${id} in Jamf Pro`);
  return toClassicDevice(found);
}
