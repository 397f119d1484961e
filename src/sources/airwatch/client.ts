/**
 * Client of AirWatch: credentials, the list of devices, and what belongs to one device.
 *
 * @module
 */

import { z } from "zod";
import {
  type Page,
  pages,
  parseJson,
  readCountedList,
  type SourceContext,
  type SourceRecord,
  type Wanted,
} from "../../sdk/mod.ts";
import { type Access, pageSize, type SearchVersion } from "./access.ts";

const object = z.record(z.string(), z.unknown());
const devices = z.object({ Devices: z.array(object), Total: z.number().nullish() });
type FixedVersion = Exclude<SearchVersion, "auto">;

type Context = SourceContext<Access>;

/** What to do about a 403: a wrong `aw-tenant-code` gives one as well as a missing right. */
const hints = {
  403: "Check api_token, and that the role of the account may use the REST API for devices.",
};

type DevicePage = Page<z.infer<typeof devices>>;

/** One page by one version of the search; no body after the last page. */
function searchBy(
  { http, options }: Context,
  version: FixedVersion,
  { page, size }: { readonly page: number; readonly size: number },
): Promise<DevicePage> {
  return http.page({
    path: `${options.api_path}/devices/search`,
    query: { pagesize: `${size}`, page: `${page}` },
    ...(version === "1" ? {} : { headers: { Accept: `application/json;version=${version}` } }),
    what: "devices",
    allow: [204],
    hints,
  }, devices);
}

/** Versions that are looked for, newest first, and the one that every server has. */
const wantedVersions = ["4", "3"] as const;
const oldestVersion = "1";

/**
 * The newest version of the search that the server has, and whose devices are those that mappings know: with a number
 * in `Id`. Others are answered with an error, or with something else.
 */
async function findVersion({ http, options, log }: Context): Promise<FixedVersion> {
  for (const version of wantedVersions) {
    const { status, text } = await http.page({
      path: `${options.api_path}/devices/search`,
      query: { pagesize: "1", page: "0" },
      headers: { Accept: `application/json;version=${version}` },
      what: "devices",
      allow: ({ status }) => status !== 401 && status !== 403 && status !== 429 && status < 500,
      hints,
    }, object);
    const found = parseJson(text, devices);
    const isKnown = found?.Devices.every((device) => readId(device) !== "") ?? status === 204;
    if (!isKnown) continue;
    log.debug(`The search of devices is read in version ${version}`);
    return version;
  }
  return oldestVersion;
}

/** Gives pages of devices, by the version that the section names, or the newest that there is. */
export function openSearch(context: Context): (page: number, size?: number) => Promise<DevicePage> {
  const { search_version: wanted } = context.options;
  let version: FixedVersion | undefined = wanted === "auto" ? undefined : wanted;
  return async (page, size = pageSize) =>
    await searchBy(context, version ??= await findVersion(context), { page, size });
}

/** The devices of an Apple DEP group by serial number. */
async function depDevices({ http, options }: Context): Promise<ReadonlyMap<unknown, SourceRecord>> {
  const { api_path, dep_uuid } = options;
  if (dep_uuid === "") return new Map();
  const path = `${api_path}/dep/groups/${encodeURIComponent(dep_uuid)}/devices`;
  const { body } = await http.page(
    { path, what: "DEP devices", allow: [204], hints },
    z.array(object),
  );
  return new Map(body?.map((device) => [device.deviceSerialNumber, device]));
}

/** Pages of the list. `Total` says which is the last; without it, an empty page or a 204 does. */
async function* listPages(search: (page: number) => Promise<DevicePage>) {
  let read = 0;
  const next = ({ body }: DevicePage, page: number) => {
    const count = body?.Devices.length ?? 0;
    read += count;
    return count === 0 || read >= (body?.Total ?? Number.POSITIVE_INFINITY) ? undefined : page + 1;
  };
  for await (const { body } of pages(0, (page) => search(page), next)) {
    yield { items: body?.Devices ?? [], total: body?.Total };
  }
}

/** The devices, each once, also when some come or go while the list is read. */
export async function* listDevices(context: Context): AsyncGenerator<readonly SourceRecord[]> {
  const dep = await depDevices(context);
  const withDep = (device: SourceRecord) => {
    const found = dep.get(device.SerialNumber);
    return found === undefined ? device : { ...device, dep: found };
  };
  const { log, total } = context;
  const search = openSearch(context);
  const list = readCountedList({
    what: "devices",
    read: () => listPages(search),
    keyOf: (device: SourceRecord) => readId(device) || undefined,
    total,
    log,
  });
  for await (const devices of list) yield devices.map(withDep);
}

/** Whether anybody looks at the network details, which take a request for each device. */
export function readsNetwork({ everything, paths }: Wanted): boolean {
  return everything || paths.some((path) => path === "network" || path.startsWith("network."));
}

/** The number that stands for a device in addresses; servers write it plainly or as `Value`. */
export function readId({ Id }: SourceRecord): string {
  const id = object.safeParse(Id).data?.Value ?? Id;
  return ["number", "bigint", "string"].includes(typeof id) ? `${id}` : "";
}

/** The device with its network details; a device without any has an empty object. */
export async function withNetwork(
  { http, options }: Context,
  device: SourceRecord,
): Promise<SourceRecord> {
  const id = readId(device);
  if (id === "") return { ...device, network: {} };
  const path = `${options.api_path}/devices/${encodeURIComponent(id)}/network`;
  const request = { path, what: `the network details of device ${id}`, allow: [204, 404], hints };
  const { body } = await http.page(request, object);
  return { ...device, network: body ?? {} };
}
