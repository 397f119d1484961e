/**
 * The pipeline of a section's records: source → filter → mapping → delivery, each step in the account.
 *
 * @module
 */

import { type MappedRecord, Skipped, type SourceRecord } from "../../base/record.ts";
import type { ConverterContext } from "../../sdk/converter.ts";
import type { SourceCursor } from "../../sdk/source.ts";
import type { SectionCursor } from "../../state/cursor.ts";
import { Dropped, type Outcomes } from "../../transform/map.ts";
import { openTransform, type Transform } from "../../transform/transform.ts";
import type { Account } from "../account.ts";
import type { PreparedSection } from "../prepare.ts";
import { groupItems, type PartialRead, readItems } from "./read_items.ts";
import type { ReadSettings } from "./source_context.ts";

/** How a section is read, and who takes its records. */
export interface PipelineSettings extends
  Pick<
    ReadSettings,
    "signal" | "redactor" | "workers" | "saveData" | "connection" | "onVendorAnswer"
  > {
  readonly account: Account;
  /** Records to read; 0 reads all. */
  readonly limit: number;
  /** For converters; nothing is written to it. */
  readonly oomnitza: ConverterContext["oomnitza"];
  readonly http: ConverterContext["http"];
  /** What the section remembers; nothing unless given. */
  readonly cursor?: SectionCursor | undefined;
  /** Reads some records instead of all that the source has. */
  readonly from?: PartialRead | undefined;
  /** Sees every record as the source gave it. */
  readonly onRecord?: ((record: SourceRecord) => void) | undefined;
  /** Takes a mapped record; the promise, when there is one, is awaited before the next. */
  readonly deliver: (record: MappedRecord) => Promise<void> | undefined;
  /** Whether nothing more can be delivered, so that reading on is no use. */
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

/** Drops of one kind that are logged in full; the account counts them all. */
const maxLoggedDrops = 20;

/** Records that are transformed together: many for the sandbox, where each call costs. */
const groupSize = 250;

/** A running pipeline. */
class Pipeline {
  readonly #prepared: PreparedSection;
  readonly #settings: PipelineSettings;
  /** Records that could not be mapped. */
  unmapped = 0;
  /** Whether the source gives only what is new: it asked where it had stopped, or is read in part. */
  isIncremental: boolean;

  constructor(prepared: PreparedSection, settings: PipelineSettings) {
    this.#prepared = prepared;
    this.#settings = settings;
    this.isIncremental = settings.from !== undefined;
  }

  /** Reads, transforms and delivers to the end of the source. */
  async run(): Promise<void> {
    const { mapper, conversions, code, log } = this.#prepared;
    const { account, limit, from } = this.#settings;
    const transform = await openTransform(mapper, conversions, code, log);
    const reading = { ...this.#settings, cursor: this.#watchCursor(), total: account.claim };
    try {
      await this.#walk(readItems(this.#prepared, reading, { limit, from }), transform);
    } finally {
      await transform.close();
    }
  }

  /**
   * While one group is delivered, the next is transformed; a delivery that is full holds up the reading.
   */
  async #walk(items: AsyncIterable<SourceRecord | Skipped>, transform: Transform): Promise<void> {
    const groups = groupItems(items, groupSize, (item) => this.#accept(item));
    let delivered: Promise<void> = Promise.resolve();
    try {
      for await (const group of groups) {
        const outcomes = transform.group(group);
        await delivered;
        delivered = this.#deliver(outcomes);
        if (this.#settings.isStopped()) break;
      }
    } finally {
      await delivered;
    }
  }

  /** Counts an item; gives whether it is a record, and so is processed further. */
  #accept(item: SourceRecord | Skipped): item is SourceRecord {
    const { account, onRecord } = this.#settings;
    if (item instanceof Skipped) {
      const { identity, reason } = item;
      this.#prepared.log.error(`Unreadable: ${identity}: ${reason}`);
      account.skip(identity, reason);
      return false;
    }
    account.counts.fetched++;
    onRecord?.(item);
    return true;
  }

  async #deliver(outcomes: Outcomes | Promise<Outcomes>): Promise<void> {
    for (const outcome of await outcomes) {
      if (outcome instanceof Dropped) {
        this.#drop(outcome);
        continue;
      }
      const full = this.#settings.deliver(outcome);
      if (full !== undefined) await full;
    }
  }

  #drop({ kind, identity, reason }: Dropped): void {
    const { log } = this.#prepared;
    const { account } = this.#settings;
    const name = identity === "" ? `record ${account.counts.fetched}` : identity;
    if (kind === "failed") {
      log.error(`Lost ${name}: ${reason}`);
      account.fail(identity, reason);
      this.unmapped++;
      return;
    }
    const count = ++account.counts[kind];
    if (kind === "filtered") log.debug(`Filtered: ${name}`);
    else if (count <= maxLoggedDrops) log.warning(`Not sent: ${name}: ${reason}`);
    else if (count === maxLoggedDrops + 1) {
      log.warning("More records are not sent for such reasons; the report counts them");
    }
  }

  #watchCursor(): SourceCursor | undefined {
    const { cursor } = this.#settings;
    if (cursor === undefined) return undefined;
    return {
      get: async (key) => {
        const value = await cursor.get(key);
        this.isIncremental ||= value !== undefined;
        return value;
      },
      set: (key, value) => cursor.set(key, value),
    };
  }
}

/** Whether a source gave as many records as it says it has. */
function isAllClaimed({ counts, claimed }: Account): boolean {
  const total = claimed();
  return total === undefined || total === counts.fetched + counts.unreadable;
}

/**
 * Reads a source to its end and maps what it gives, for whoever takes the records. What ended it early is
 * returned, not thrown; the records before it were delivered.
 */
export async function readSection(
  prepared: PreparedSection,
  settings: PipelineSettings,
): Promise<ReadEnd> {
  const { account, limit, oomnitza, http, signal, isStopped } = settings;
  const { conversions, log } = prepared;
  const pipeline = new Pipeline(prepared, settings);
  let failure: ReadEnd["failure"];
  await conversions.prepare({ log, oomnitza, http, signal });
  try {
    await pipeline.run();
    conversions.finish({ log, oomnitza, http, signal });
  } catch (thrown) {
    failure = { thrown };
  }
  const isCut = limit > 0 && account.counts.fetched >= limit;
  const isEnded = failure === undefined && !isStopped() && !isCut;
  return {
    isComplete: isEnded && !pipeline.isIncremental && isAllClaimed(account),
    lost: account.counts.unreadable + pipeline.unmapped,
    isAborted: signal.aborted,
    failure,
  };
}
