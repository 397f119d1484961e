/**
 * Devices from MobileIron Cloud (Ivanti Neurons for MDM), API v1: partition after partition.
 *
 * @module
 */

import { z } from "zod";
import {
  isObject,
  itemsOf,
  pages,
  readCountedList,
  type Skipped,
  SourceError,
  type SourceRecord,
} from "../../sdk/mod.ts";
import { type Context, object, pageSize } from "./access.ts";
import { choosePartitions, type Partition, readPartitions } from "./partitions.ts";

function resultShape<T>(row: z.ZodType<T>) {
  return z.object({
    result: z.object({ searchResults: z.array(row), totalCount: z.number().nullish() }),
  });
}

const partitions = resultShape(
  z.object({ id: z.union([z.number(), z.bigint(), z.string()]), name: z.string() }),
);
const devices = resultShape(object);

/** Pages of rows. The parameter is `start`; the documented `offset` does not work. */
async function* listRows<T>(
  { http }: Context,
  path: string,
  query: Readonly<Record<string, string>>,
  what: string,
  shape: z.ZodType<{ result: { searchResults: T[]; totalCount?: number | null | undefined } }>,
) {
  const load = (start: number) =>
    http.page({ path, query: { ...query, rows: `${pageSize}`, start: `${start}` }, what }, shape);
  const next = ({ body }: Awaited<ReturnType<typeof load>>, start: number) => {
    const count = body?.result.searchResults.length ?? 0;
    const end = start + count;
    const total = body?.result.totalCount ?? (count < pageSize ? end : Number.POSITIVE_INFINITY);
    return count > 0 && end < total ? end : undefined;
  };
  for await (const { body } of pages(0, load, next)) if (body !== undefined) yield body.result;
}

const partitionPath = "/api/v1/tenant/partition/device";

/** Makes sure that partitions can be read. */
export async function checkCloud({ http }: Context): Promise<void> {
  const query = { start: "0", rows: "1" };
  await http.json({ path: partitionPath, query, what: "partitions" }, partitions);
}

async function listRequestedPartitions(context: Context): Promise<readonly Partition[]> {
  const all: Partition[] = [];
  for await (const page of listRows(context, partitionPath, {}, "partitions", partitions)) {
    all.push(...page.searchResults);
  }
  const requested = readPartitions(context.options.partitions) ?? [];
  const { found, unknown } = choosePartitions(all, requested);
  const existing = all.map(({ name }) => name).join(", ");
  for (const name of unknown) {
    context.log.warning(`There is no partition "${name}". There are: ${existing}`);
  }
  if (unknown.length > 0 && found.length === 0) {
    throw new SourceError("MobileIron has none of the partitions that the section names", {
      hint: `Check partitions. There are: ${existing}`,
    });
  }
  return found;
}

/** When a device was last seen, in milliseconds; nothing when it never was. */
function readCheckin({ lastCheckin }: SourceRecord): number | undefined {
  return typeof lastCheckin === "number" ? lastCheckin : undefined;
}

/** The devices of one partition, latest check-in first; those seen before `since` are left out. */
async function* partitionDevices(context: Context, { id, name }: Partition, since: number) {
  const query = {
    "dmPartitionId": `${id}`,
    "sortFields[0].name": "lastCheckin",
    "sortFields[0].order": "DESC",
  };
  const what = `devices of partition ${name}`;
  let total = 0;
  let kept = 0;
  let read = 0;
  let size = 0;
  const list = readCountedList({
    what,
    async *read() {
      for await (const page of listRows(context, "/api/v1/device", query, what, devices)) {
        size = page.totalCount ?? size;
        yield { items: page.searchResults, total: page.totalCount };
      }
    },
    // A device that checks in meanwhile moves to the front, to a page that was read.
    keyOf: ({ id }: SourceRecord) => id === undefined || id === null ? undefined : `${id}`,
    total: (count) => total = count,
    log: context.log,
  });
  for await (const rows of list) {
    read += rows.length;
    const fresh = rows.filter((row) => (readCheckin(row) ?? Number.NEGATIVE_INFINITY) >= since);
    kept += fresh.length;
    yield fresh;
    // A page of devices that were never seen says nothing about those behind it.
    if (fresh.length === 0 && rows.some((row) => readCheckin(row) !== undefined)) break;
  }
  size = Math.max(size, read);
  if (Number.isFinite(since) && kept < size) {
    context.log.info(
      `Skipped ${size - kept} of ${size} devices of partition ${name}: not seen recently`,
    );
  }
  return Math.max(total, read);
}

/** Pages of devices. */
async function* listDevices(context: Context): AsyncGenerator<readonly SourceRecord[]> {
  const { include_checkin_devices_only: onlyFresh, last_checkin_date_threshold: seconds } =
    context.options;
  const since = onlyFresh ? Date.now() - seconds * 1000 : Number.NEGATIVE_INFINITY;
  let total = 0;
  for (const partition of await listRequestedPartitions(context)) {
    total += yield* partitionDevices(context, partition, since);
  }
  if (!onlyFresh) context.total(total);
}

/** One element of a list inside of an inventory, or of the object that stands for a list of one. */
function firstObject(value: unknown): Record<string, unknown> {
  const first = Array.isArray(value) ? value[0] : value;
  return isObject(first) ? first : {};
}

/** The device with what Windows says of its hardware. */
async function withHardware({ http }: Context, device: SourceRecord): Promise<SourceRecord> {
  const path = `/api/v1/device/${encodeURIComponent(String(device.id))}/hardwareinventory`;
  const what = `the hardware of device ${device.id}`;
  const { body = {} } = await http.page({ path, what, allow: [404] }, object);
  const inventory = isObject(body.result) ? body.result : body;
  const processor = firstObject(inventory.processor);
  const { identifyingNumber } = firstObject(inventory.computerSystemProduct);
  return {
    ...device,
    primaryHDDSize: firstObject(inventory.hardDrive).size ?? null,
    primaryProcessorName: processor.name ?? null,
    primaryProcessorCores: processor.numberOfCores ?? null,
    primaryMemoryCapacity: firstObject(inventory.physicalMemory).capacity ?? null,
    serialNumber: identifyingNumber ?? device.serialNumber ?? null,
  };
}

const noHardware = {
  primaryHDDSize: null,
  primaryProcessorName: null,
  primaryProcessorCores: null,
  primaryMemoryCapacity: null,
} as const;

/** The devices of the partitions that the section names. */
export async function* readCloud(context: Context): AsyncGenerator<SourceRecord | Skipped> {
  const { everything, paths } = context.wanted;
  const readsHardware = everything || paths.some((path) => path.startsWith("primary"));
  const readsSerial = paths.includes("serialNumber");
  const isAsked = ({ windowsDeviceType, serialNumber }: SourceRecord) =>
    Boolean(windowsDeviceType) && (readsHardware || (readsSerial && !serialNumber));
  const devices = itemsOf(listDevices(context));
  if (!readsHardware && !readsSerial) {
    for await (const device of devices) yield { ...device, ...noHardware };
    return;
  }
  yield* context.each(
    devices,
    async (device) =>
      isAsked(device) ? await withHardware(context, device) : { ...device, ...noHardware },
    ({ id }) => `device ${id}`,
  );
}
