/**
 * Reads all hosts of Fleet, or those that changed since the last run, and decides which.
 *
 * @module
 */

import {
  type ClaimTotal,
  overlapMs,
  pages,
  readByMode,
  SourceError,
  type SourceItem,
  type Unusable,
} from "../../sdk/mod.ts";
import {
  choosePageSize,
  type Context,
  countHosts,
  type Host,
  openHosts,
  toRecord,
} from "./client.ts";

/** More hosts than ever change in one second. */
const mostAtOnce = 10_000;

/** When the next run is to look from, in milliseconds since the epoch, for a run whose first answer came then. */
function positionFor(answeredAt: number): string {
  return `${answeredAt - overlapMs}`;
}

/** All hosts in the order of their numbers, which only grow: those that enroll meanwhile are at the end. */
async function* readFull(
  context: Context,
  total: ClaimTotal,
): AsyncGenerator<SourceItem, string | undefined> {
  const size = choosePageSize(context);
  const load = openHosts(context, "id");
  let last = "0";
  let read = 0;
  let begun: number | undefined;
  async function* rest() {
    const list = pages(
      last,
      (after) => load(after, size),
      ({ hosts }) => hosts.at(-1)?.id.toString(),
    );
    for await (const { hosts, answeredAt } of list) {
      begun ??= answeredAt;
      last = hosts.at(-1)?.id.toString() ?? last;
      read += hosts.length;
      if (hosts.length > 0) yield hosts.map(toRecord);
    }
  }
  yield* rest();
  let count = await countHosts(context);
  if (count > read) {
    yield* rest();
    count = await countHosts(context);
  }
  // Those that were removed meanwhile were read; those that are missing are the account's to find.
  total(Math.max(count, read));
  return begun === undefined ? undefined : positionFor(begun);
}

function changedAt(host: Host | undefined): number {
  const time = Date.parse(String(host?.updated_at ?? ""));
  if (!Number.isNaN(time)) return time;
  throw new SourceError("Fleet does not say when a host was changed (updated_at)", {
    hint: "Set mode = full.",
  });
}

/** A time as the database of Fleet compares it, in UTC and without fractions. */
function toDatabaseTime(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace("T", " ");
}

/** Where a reading of changes is. */
interface ChangeReading {
  /** Times that a page comes after, exclusive, as the database compares them. */
  after: string;
  size: number;
  /** How many hosts the page before had, where this one is the same again, larger. */
  smaller: number | undefined;
}

/**
 * Moves on behind a page. Times have seconds, so that hosts of one second can be on both sides of the end of a
 * page: each page begins a second before the end of the one before, and gets larger where one second fills it.
 *
 * @returns false at the end; nothing where the server gives fewer hosts of one second than it has.
 */
function moveOn(reading: ChangeReading, hosts: readonly Host[]): boolean | undefined {
  const next = toDatabaseTime(changedAt(hosts.at(-1)) - 1000);
  if (next > reading.after) {
    reading.after = next;
    reading.smaller = undefined;
    return true;
  }
  if (hosts.length < reading.size) return hosts.length === reading.smaller ? undefined : false;
  if (reading.size >= mostAtOnce) return undefined;
  reading.smaller = hosts.length;
  reading.size = Math.min(reading.size * 2, mostAtOnce);
  return true;
}

/** The hosts that changed after a time, oldest change first. */
async function* readChanged(
  context: Context,
  position: string,
): AsyncGenerator<SourceItem, string | Unusable> {
  const load = openHosts(context, "updated_at");
  const seen = new Set<string>();
  const reading: ChangeReading = {
    after: toDatabaseTime(Number(position)),
    size: choosePageSize(context),
    smaller: undefined,
  };
  let begun: number | undefined;
  for (let more: boolean | undefined = true; more;) {
    const { hosts, answeredAt } = await load(reading.after, reading.size);
    begun ??= answeredAt;
    const fresh = hosts.filter(({ id }) => !seen.has(`${id}`));
    for (const { id } of fresh) seen.add(`${id}`);
    if (fresh.length > 0) yield fresh.map(toRecord);
    if (hosts.length === 0) break;
    // What changed since the first answer is read by the next run.
    if (begun !== undefined && changedAt(hosts.at(-1)) > begun) break;
    more = moveOn(reading, hosts);
    if (more === undefined) return { unusable: "Too many hosts changed in the same second" };
  }
  // A server that does not tell its time has changes read from the same time again.
  return begun === undefined ? position : positionFor(begun);
}

/** The hosts of Fleet, page by page: all of them, or those that changed. */
export function readHosts(context: Context): AsyncGenerator<SourceItem> {
  return readByMode(context, {
    what: "hosts",
    scope: [context.options.url],
    full: (total) => readFull(context, total),
    changed: (position) => readChanged(context, position),
  });
}
