/**
 * Reads a section's source and maps what it gives, for whoever takes the records.
 *
 * @module
 */

import type { Outgoing, Raw } from "../../base/record.ts";
import type { ConverterContext } from "../../sdk/converter.ts";
import type { SourceCursor } from "../../sdk/source.ts";
import type { SectionCursor } from "../../state/cursor.ts";
import type { Dropped } from "../../transform/map.ts";
import { openTransform } from "../../transform/transform.ts";
import type { Account } from "../account.ts";
import { walk } from "./pipeline.ts";
import type { PreparedSection } from "../prepare.ts";
import { type PartialRead, readItems } from "./read_items.ts";
import type { ReadSettings } from "./source_context.ts";

/** What reading works with. */
export interface Reading
  extends Pick<ReadSettings, "signal" | "redactor" | "workers" | "saveData" | "connection"> {
  readonly prepared: PreparedSection;
  readonly account: Account;
  /** Records to read; 0 reads all. */
  readonly recordCount: number;
  /** For converters; nothing is written to it. */
  readonly oomnitza: ConverterContext["oomnitza"];
  readonly http: ConverterContext["http"];
  /** What the section remembers; nothing unless given. */
  readonly cursor?: SectionCursor | undefined;
  /** Reads some records in place of all that the source has. */
  readonly read?: PartialRead | undefined;
  /** Sees every record as the source gave it. */
  readonly onRecord?: ((record: Raw) => void) | undefined;
  /** Takes a mapped record; the promise, when there is one, is awaited before the next. */
  readonly take: (record: Outgoing) => Promise<void> | undefined;
  /** Whether reading on is no use. */
  readonly isStopped: () => boolean;
}

/** How the reading of a source ended. */
export interface ReadEnd {
  /** Whether the source gave all that it has, and not only what is new. */
  readonly isComplete: boolean;
  /** Records that are in the source and could not be read or mapped. */
  readonly lost: number;
  /** Whether the run is to end now. */
  readonly isAborted: boolean;
  /** What ended it early. */
  readonly failure?: { readonly thrown: unknown } | undefined;
}

/** What is found out while reading. */
interface Ended {
  unmapped: number;
  /** Whether it gives only what is new: it asked where it had stopped, or is read in part. */
  isIncremental: boolean;
}

/** Lines of one kind that are logged in full; the account counts them all. */
const loggedDrops = 20;

function dropLogger(reading: Reading, end: Ended): (dropped: Dropped) => void {
  const { prepared: { log }, account } = reading;
  return (dropped) => {
    const name = dropped.identity === "" ? `record ${account.counts.fetched}` : dropped.identity;
    if (dropped.kind === "failed") {
      log.error(`Lost ${name}: ${dropped.reason}`);
      account.fail(dropped.identity, dropped.reason);
      end.unmapped++;
      return;
    }
    const count = ++account.counts[dropped.kind];
    if (dropped.kind === "filtered") log.debug(`Filtered: ${name}`);
    else if (count <= loggedDrops) log.warning(`Not sent: ${name}: ${dropped.reason}`);
    else if (count === loggedDrops + 1) {
      log.warning("More records are not sent for such reasons; the report counts them");
    }
  };
}

/** Records that are transformed together: many for the sandbox, where each call costs. */
const groupSize = 250;

function watchCursor(cursor: SectionCursor | undefined, end: Ended): SourceCursor | undefined {
  if (cursor === undefined) return undefined;
  return {
    async get(key) {
      const value = await cursor.get(key);
      end.isIncremental ||= value !== undefined;
      return value;
    },
    set: (key, value) => cursor.set(key, value),
  };
}

async function read(reading: Reading, end: Ended): Promise<void> {
  const { prepared, account, recordCount, onRecord, isStopped } = reading;
  const { conversions, log } = prepared;
  const transform = await openTransform(prepared.mapper, conversions, prepared.code, log);
  const cursor = watchCursor(reading.cursor, end);
  const settings = { ...reading, cursor, total: account.claim };
  try {
    await walk({
      items: readItems(prepared, settings, { limit: recordCount, from: reading.read }),
      groupSize,
      onRecord,
      transform: (records) => transform.group(records),
      deliver: reading.take,
      isStopped,
      onDropped: dropLogger(reading, end),
      onSkipped: ({ identity, reason }) => {
        log.error(`Unreadable: ${identity}: ${reason}`);
        account.skip(identity, reason);
      },
      account,
    });
  } finally {
    await transform.close();
  }
}

/** Whether a source gave as many records as it says it has. */
function isAllClaimed({ counts, claimed }: Account): boolean {
  const total = claimed();
  return total === undefined || total === counts.fetched + counts.unreadable;
}

/** Reads a source to its end. What ended it early is told, not thrown; the records before it went on. */
export async function readSection(reading: Reading): Promise<ReadEnd> {
  const { prepared, account, recordCount, oomnitza, http, signal, isStopped } = reading;
  const { conversions, log } = prepared;
  const end: Ended = { unmapped: 0, isIncremental: reading.read !== undefined };
  let failure: ReadEnd["failure"];
  await conversions.prepare({ log, oomnitza, http, signal });
  try {
    await read(reading, end);
    conversions.finish({ log, oomnitza, http, signal });
  } catch (thrown) {
    failure = { thrown };
  }
  const isCut = recordCount > 0 && account.counts.fetched >= recordCount;
  const isEnded = failure === undefined && !isStopped() && !isCut;
  return {
    isComplete: isEnded && !end.isIncremental && isAllClaimed(account),
    lost: account.counts.unreadable + end.unmapped,
    isAborted: signal.aborted,
    failure,
  };
}
