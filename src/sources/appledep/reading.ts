/**
 * Reads all devices of the server, or those of which Apple has a change ("Sync the List of Devices").
 *
 * @module
 */

import {
  type ChangesValues,
  readByMode,
  Skipped,
  type SourceContext,
  type SourceItem,
  type SourceRecord,
  type Unusable,
} from "../../sdk/mod.ts";
import type { Access } from "./access.ts";
import { listChanges, listDevices, loadDetails } from "./client.ts";
import { readServerToken } from "./server_token.ts";

type Context = SourceContext<Access & ChangesValues>;

/** Serial numbers in one request for details, as many as are on a page of the list. */
function* inPages(serials: Iterable<string>, size: number): Generator<string[]> {
  let page: string[] = [];
  for (const serial of serials) {
    page.push(serial);
    if (page.length < size) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** Says once how many devices were left out because another server has them. */
class Foreign {
  count = 0;

  tell({ log }: Context): void {
    if (this.count === 0) return;
    log.info(`Skipped because they are no longer assigned to this server: ${this.count} devices`);
  }
}

/** The devices with these serial numbers, as they are now. */
async function* readDetails(
  context: Context,
  serials: readonly string[],
  foreign: Foreign,
): AsyncGenerator<SourceRecord | Skipped> {
  for await (const item of loadDetails(context, serials)) {
    if (item === undefined) foreign.count++;
    else yield item;
  }
}

/**
 * The position of what the list has now, from a reading of the whole list of which nothing is taken. Apple does
 * not say whether a list that takes several requests has what changes meanwhile; what changes after its end
 * comes with the changes, and what changed before with the list that is read next.
 */
async function findPosition(context: Context): Promise<string | undefined> {
  let last: string | undefined;
  for await (const { cursor } of listDevices(context)) last = cursor ?? last;
  return last;
}

async function* readFull(context: Context): AsyncGenerator<SourceItem, string | undefined> {
  const { details, mode } = context.options;
  const position = mode === "changes" ? await findPosition(context) : undefined;
  const foreign = new Foreign();
  for await (const { devices } of listDevices(context)) {
    if (details) {
      const serials = devices.map(({ serial_number }) => String(serial_number).toUpperCase());
      yield* readDetails(context, serials, foreign);
    } else yield devices.map((device) => ({ ...device, response_status: "SUCCESS" }));
  }
  foreign.tell(context);
  return position;
}

/**
 * The devices with changes. A device may be listed more than once, in any order, and the one listed last is not
 * the newest: so each is taken from its details, which are asked for when the list is at its end.
 */
async function* readChanged(
  context: Context,
  position: string,
): AsyncGenerator<SourceItem, string | Unusable> {
  // Details are asked for in capitals; without them a full reading gives a serial number as it is listed.
  const listed = new Map<string, string>();
  let next = position;
  for await (const page of listChanges(context, position)) {
    if ("unusable" in page) return page;
    for (const { serial_number } of page.devices) {
      listed.set(serial_number.toUpperCase(), serial_number);
    }
    next = page.cursor ?? next;
  }
  const { details, page_size } = context.options;
  const foreign = new Foreign();
  for (const serials of inPages(listed.keys(), page_size)) {
    for await (const item of readDetails(context, serials, foreign)) {
      yield details || item instanceof Skipped
        ? item
        : { ...item, serial_number: listed.get(String(item.serial_number)) ?? item.serial_number };
    }
  }
  foreign.tell(context);
  return next;
}

/** All devices that are this server's, or those that changed. */
export async function* readDevices(context: Context): AsyncGenerator<SourceItem> {
  const { url, api_token, details } = context.options;
  // A cursor is one server's. Its token has keys of its own.
  const { consumer_key } = await readServerToken(api_token);
  yield* readByMode(context, {
    what: "devices",
    scope: [url, consumer_key, details],
    full: () => readFull(context),
    changed: (start) => readChanged(context, start),
  });
}
