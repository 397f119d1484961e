/**
 * The lists of Apple's API: devices of the organization, device management services with their devices, and the
 * AppleCare coverage of a device.
 *
 * @module
 */

import { z } from "zod";
import { pages, pathOfLink, retryPolicies, type SourceRecord } from "../../sdk/mod.ts";
import { buildBase, type Context, hints, pageSize } from "./access.ts";

const resource = z.object({
  id: z.string(),
  attributes: z.record(z.string(), z.unknown()).nullish(),
});
const rest = {
  links: z.object({ next: z.string().nullish() }).nullish(),
  meta: z.object({ paging: z.object({ nextCursor: z.string().nullish() }) }).nullish(),
};
const resources = z.object({ data: z.array(resource), ...rest });

type Resource = z.infer<typeof resource>;
type Part = z.infer<typeof resources>;

/** The address of the part after this one; nothing at the end. */
function nextPath(base: string, path: string, { links, meta }: Part): string | undefined {
  const link = links?.next;
  if (link !== undefined && link !== null && link !== "") return pathOfLink(base, link);
  const cursor = meta?.paging.nextCursor ?? "";
  if (cursor === "") return undefined;
  return `${path.split("?", 1)[0]}?${new URLSearchParams({ limit: `${pageSize}`, cursor })}`;
}

async function* list(
  { http, options }: Context,
  path: string,
  what: string,
): AsyncGenerator<readonly Resource[]> {
  const base = buildBase(options);
  const load = (path: string) => http.json({ path, what, hints }, resources);
  const first = `${path}?limit=${pageSize}`;
  for await (const { data } of pages(first, load, (part, path) => nextPath(base, path, part))) {
    yield data;
  }
}

/** Makes sure that devices can be read. */
export async function checkDevices({ http }: Context): Promise<void> {
  await http.json({ path: "/v1/orgDevices?limit=1", what: "devices", hints }, resources);
}

/** The devices of the organization, each once ("Get Organization Devices"). */
export async function* listDevices(context: Context): AsyncGenerator<readonly Resource[]> {
  const seen = new Set<string>();
  for await (const devices of list(context, "/v1/orgDevices", "devices")) {
    const fresh = devices.filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    yield fresh;
  }
}

/**
 * The device management service of each device by its id ("Get Device Management Services", "Get the Device Serial
 * Numbers for a Device Management Service"): a few requests, where each device would take one.
 */
export async function loadServers(context: Context): Promise<ReadonlyMap<string, SourceRecord>> {
  const byDevice = new Map<string, SourceRecord>();
  const what = "device management services";
  for await (const servers of list(context, "/v1/mdmServers", what)) {
    for (const { id, attributes } of servers) {
      const server = { id, ...attributes };
      const path = `/v1/mdmServers/${encodeURIComponent(id)}/relationships/devices`;
      const whatOf = `the devices of ${attributes?.serverName ?? id}`;
      for await (const devices of list(context, path, whatOf)) {
        for (const device of devices) byDevice.set(device.id, server);
      }
    }
  }
  return byDevice;
}

/** The AppleCare coverage of a device; an unknown device has none. */
export async function loadCoverage(
  { http, options }: Context,
  id: string,
): Promise<SourceRecord[]> {
  const base = buildBase(options);
  const found: SourceRecord[] = [];
  const load = (path: string) =>
    http.page({
      path,
      what: `the AppleCare coverage of device ${id}`,
      retry: retryPolicies.detail,
      allow: [404],
      hints,
    }, resources);
  const first = `/v1/orgDevices/${encodeURIComponent(id)}/appleCareCoverage?limit=${pageSize}`;
  const list = pages(
    first,
    load,
    ({ body }, path) => body === undefined ? undefined : nextPath(base, path, body),
  );
  for await (const { body } of list) {
    found.push(...body?.data.map(({ id, attributes }) => ({ id, ...attributes })) ?? []);
  }
  return found;
}
