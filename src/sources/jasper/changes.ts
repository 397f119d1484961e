/**
 * Reads what changed since the last run, and where the next one has to begin.
 *
 * @module
 */

import {
  messageOf,
  readTextFileIfAny,
  Skipped,
  type SourceContext,
  type SourceRecord,
} from "../../sdk/mod.ts";
import type { TerminalService } from "./client.ts";

/** Where the Python connector began without a file: every SIM that changed since. */
const beginning = "2015-03-04T00:00:00Z";

/** Name under which the section remembers the time. */
const memory = "since";

/** Passes over a list that keeps moving. */
const mostPasses = 3;

/** Until a change is in the list for sure; times are rounded, and databases have several copies. */
const settlingMs = 60_000;

const isoTime = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?$/;

/** A time as XML Schema has it; nothing when it is none. Without a zone it is UTC. */
export function readTime(text: unknown): string | undefined {
  const [, day, clock = "", zone = "Z"] = isoTime.exec(String(text ?? "").trim()) ?? [];
  const time = `${day}T${clock.length === 5 ? `${clock}:00` : clock}${zone}`;
  return day === undefined || Number.isNaN(Date.parse(time)) ? undefined : time;
}

/** Whether one time is after another; anything is after nothing. */
function isAfter(one: string, other: string | undefined): boolean {
  return other === undefined || Date.parse(one) > Date.parse(other);
}

/** The time that the Python connector kept: beside the ini, or a folder above, where it looked. */
async function timeInFile(path: string, { log }: SourceContext<unknown>) {
  const above = path.replace(/[^/\\]+$/, (name) => `../${name}`);
  for (const file of [path, above]) {
    try {
      const text = await readTextFileIfAny(file);
      if (text === undefined) continue;
      const time = readTime(text);
      if (time === undefined) log.warning(`${file} contains no time and is not used`);
      else log.info(`Continuing from ${time}, the end of the last upload in ${file}`);
      if (time !== undefined) return time;
    } catch (error) {
      log.warning(`${messageOf(error)}. It is not used.`);
    }
  }
  return undefined;
}

/** The time after which SIMs have changed; nothing reads all. */
async function chooseStart(context: SourceContext<Scope>): Promise<string | undefined> {
  const { cursor, options: { full_sync, storage } } = context;
  if (full_sync || cursor.isFull) return undefined;
  return await cursor.get(memory) ?? await timeInFile(storage, context) ?? beginning;
}

/** What is read. */
export interface Scope {
  readonly storage: string;
  readonly full_sync: boolean;
}

/** Where a run is. */
interface Reading {
  readonly service: TerminalService;
  readonly since: string | undefined;
  /** Every SIM that was listed so far. */
  readonly seen: Set<string>;
  /** When the list was first asked for, by the server's clock. */
  requestedAt: string | undefined;
  /** The latest change among the SIMs. */
  latest: string | undefined;
}

/**
 * The ids of the changed SIMs, page by page, each once. A SIM that changes meanwhile moves to the end
 * of the list, and others move to pages that were read: when one comes twice, the list is
 * gone through again for those that slipped through.
 */
async function* changedSims(reading: Reading): AsyncGenerator<readonly string[]> {
  const { service, since, seen } = reading;
  for (let pass = 1, hasMoved = true; hasMoved && pass <= mostPasses; pass++) {
    const listed = new Set<string>();
    hasMoved = false;
    for (let page = 1, last = 1; page <= last; page++) {
      const { iccids, totalPages, timestamp } = await service.changed(since, page);
      reading.requestedAt ??= readTime(timestamp);
      hasMoved ||= totalPages > 1 && iccids.some((iccid) => listed.has(iccid));
      for (const iccid of iccids) listed.add(iccid);
      const fresh = new Set(iccids.filter((iccid) => !seen.has(iccid)));
      for (const iccid of fresh) seen.add(iccid);
      yield [...fresh];
      last = totalPages;
    }
  }
}

/**
 * Some SIMs, in the order of the list. Those that an answer lacks are asked for again, in case the
 * server gives fewer at once.
 */
async function load(
  reading: Reading,
  iccids: readonly string[],
): Promise<(SourceRecord | Skipped)[]> {
  const found = new Map<string, SourceRecord>();
  for (let open = iccids, before = -1; open.length > 0 && found.size > before;) {
    before = found.size;
    for (const sim of await reading.service.details(open)) {
      found.set(String(sim.iccid), sim);
      const time = readTime(sim.dateModified);
      if (time !== undefined && isAfter(time, reading.latest)) reading.latest = time;
    }
    open = open.filter((iccid) => !found.has(iccid));
  }
  const reason = "is listed as changed, but the service returns no details";
  return iccids.map((iccid) => found.get(iccid) ?? new Skipped(`SIM ${iccid}`, reason));
}

async function* details(
  context: SourceContext<unknown>,
  reading: Reading,
  iccids: readonly string[],
): AsyncGenerator<readonly (SourceRecord | Skipped)[]> {
  const { batchSize } = reading.service;
  const batches: string[][] = [];
  for (let at = 0; at < iccids.length; at += batchSize) {
    batches.push(iccids.slice(at, at + batchSize));
  }
  const work = (batch: readonly string[]) => load(reading, batch);
  let count = 0;
  for await (const outcome of context.each(batches, work, ([first]) => `SIM ${first}`)) {
    const batch = batches[count++] ?? [];
    yield outcome instanceof Skipped
      ? batch.map((iccid) => new Skipped(`SIM ${iccid}`, outcome.reason))
      : outcome;
  }
}

/**
 * Where the next run begins: at the latest change, but well before the list was asked for. SIMs that
 * changed later were not in it, and some that changed just then may not have been yet.
 */
function nextBegin({ since, seen, requestedAt, latest }: Reading): string | undefined {
  if (seen.size === 0) return undefined;
  const sure = requestedAt === undefined
    ? undefined
    : new Date(Date.parse(requestedAt) - settlingMs).toISOString();
  const isSure = latest !== undefined && (sure === undefined || !isAfter(latest, sure));
  const time = isSure ? latest : sure;
  return time !== undefined && isAfter(time, since) ? time : undefined;
}

/** Gives every SIM that changed since the last run. */
export async function* readChanges(
  context: SourceContext<Scope>,
  service: TerminalService,
): AsyncGenerator<readonly (SourceRecord | Skipped)[]> {
  const { cursor, log, total } = context;
  const since = await chooseStart(context);
  const reading: Reading = {
    service,
    since,
    seen: new Set(),
    requestedAt: undefined,
    latest: undefined,
  };
  for await (const iccids of changedSims(reading)) yield* details(context, reading, iccids);
  const { size } = reading.seen;
  total(size);
  log.info(since === undefined ? `SIMs in total: ${size}` : `SIMs changed since ${since}: ${size}`);
  const next = nextBegin(reading);
  if (next !== undefined) cursor.set(memory, next);
}
