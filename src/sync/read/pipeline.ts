/**
 * The pipeline of a section's records: source → filter → mapping → delivery, each step in the account.
 *
 * @module
 */

import { SourceError } from "../../base/errors.ts";
import { type MappedRecord, Skipped, type SourceRecord } from "../../base/record.ts";
import { collectGarbage } from "../../runtime/memory.ts";
import type { ConverterContext } from "../../sdk/converter.ts";
import type { SourceCursor } from "../../sdk/source.ts";
import type { OomnitzaReader } from "../../oomnitza/client.ts";
import { buildDestination } from "../../state/answered_batches.ts";
import type { SectionCursor } from "../../state/cursor.ts";
import { Dropped, type Outcomes } from "../../transform/map.ts";
import { openTransform, type Transform } from "../../transform/transform.ts";
import type { Account } from "../account.ts";
import type { PreparedSection } from "../prepare.ts";
import { hasOffsetText, putDatesIntoUtc } from "./date_fields.ts";
import { EmptyPaths } from "./empty_paths.ts";
import {
  groupItems,
  groupLimits,
  type PartialRead,
  type ReadExtent,
  type ReadPage,
  readPages,
} from "./read_items.ts";
import {
  describeEmptyPath,
  type EmptyPath,
  findMissing,
  listEmptyPaths,
  type MissingColumns,
} from "./missing_paths.ts";
import { type Moment, ReadTimes } from "../latency.ts";
import type { RunClock } from "../run_clock.ts";
import { RecordNames } from "./record_names.ts";
import type { ReadSettings } from "./source_context.ts";

/** How a section is read, and who takes its records. */
export interface PipelineSettings extends
  Pick<
    ReadSettings,
    | "signal"
    | "redactor"
    | "workers"
    | "saveData"
    | "cursors"
    | "connection"
    | "limiters"
    | "onVendorAnswer"
  > {
  readonly account: Account;
  /** Records to read; 0 reads all. */
  readonly limit: number;
  /** For converters; nothing is written to it. */
  readonly oomnitza: ConverterContext["oomnitza"] & Pick<OomnitzaReader, "url">;
  readonly http: ConverterContext["http"];
  /** What the section remembers; nothing unless given. */
  readonly cursor?: SectionCursor | undefined;
  /** Reads everything, whatever the section remembers. */
  readonly isFull?: boolean | undefined;
  /** Reads some records instead of all that the source has. */
  readonly from?: PartialRead | undefined;
  /** Sees every record as the source gave it. */
  readonly onRecord?: ((record: SourceRecord) => void) | undefined;
  /** Measures what is waited for; the time is not measured without one. */
  readonly clock?: RunClock | undefined;
  /** Takes a mapped record, and the vendor's id of it; the promise, when there is one, is awaited before the next. */
  readonly deliver: (record: MappedRecord, id?: string) => Promise<void> | undefined;
  /** Called after each group with when its records were read; what it gives is awaited. */
  readonly onGroup?: ((read: readonly Moment[]) => Promise<void>) | undefined;
  /** Whether nothing more can be delivered, so that reading on is no use. */
  readonly isStopped: () => boolean;
}

/** How the reading of a source ended. */
export interface ReadEnd {
  /** Whether the source gave all that it has, and not only what is new. */
  readonly isComplete: boolean;
  /** Records that are in the source and could not be read or mapped. */
  readonly lost: number;
  /** Whether the source gave only what is new, or was read in part. */
  readonly isIncremental: boolean;
  /** Mapped paths that no record has, or that were empty in every record that was read. */
  readonly emptyPaths: readonly EmptyPath[];
  /** What the source said before reading that its data lack. */
  readonly missing?: MissingColumns | undefined;
  /** Whether the run is to end now. */
  readonly isAborted: boolean;
  /** What ended it early. */
  readonly failure?: { readonly thrown: unknown } | undefined;
}

/** Records of one kind that are logged by name; the account counts them all. */
const maxLoggedRecords = 20;

/** A running pipeline. */
class Pipeline {
  readonly #prepared: PreparedSection;
  readonly #settings: PipelineSettings;
  readonly #names: RecordNames;
  readonly #emptyPaths: EmptyPaths;
  readonly #readTimes: ReadTimes | undefined;
  /** Records of the groups that were delivered. */
  #delivered = 0;
  /** Records that could not be mapped. */
  unmapped = 0;
  /** Whether the source gives only what is new: it asked where it had stopped, or is read in part. */
  isIncremental: boolean;

  constructor(prepared: PreparedSection, settings: PipelineSettings) {
    this.#prepared = prepared;
    this.#settings = settings;
    this.isIncremental = settings.from !== undefined;
    this.#readTimes = settings.clock === undefined ? undefined : new ReadTimes(settings.clock);
    this.#names = new RecordNames(prepared.section.source);
    this.#emptyPaths = new EmptyPaths(prepared.mapping.fields);
  }

  /** Mapped paths that were empty in every record so far. */
  get emptyPaths(): readonly string[] {
    return this.#emptyPaths.paths;
  }

  /** Reads, transforms and delivers to the end of the source. */
  async run(): Promise<void> {
    const { mapper, conversions, code, log } = this.#prepared;
    const { account, limit, from } = this.#settings;
    const transform = await openTransform(mapper, conversions, code, log);
    const reading = { ...this.#settings, cursor: this.#watchCursor(), total: account.claim };
    try {
      const onPage: ReadExtent["onPage"] = (page, first) => this.#names.remember(page, first);
      await this.#walk(readPages(this.#prepared, reading, { limit, from, onPage }), transform);
    } finally {
      await transform.close();
    }
  }

  /**
   * While one group is delivered, the next is transformed; a delivery that is full holds up the reading.
   */
  async #walk(pages: AsyncIterable<ReadPage>, transform: Transform): Promise<void> {
    const groups = groupItems(pages, groupLimits, (item) => this.#accept(item));
    const { clock } = this.#settings;
    let delivered: Promise<void> = Promise.resolve();
    clock?.begin("source");
    try {
      for await (const { items, size } of groups) {
        clock?.end("source");
        const read = this.#readTimes?.take() ?? [];
        this.#emptyPaths.look(items);
        const outcomes = transform.group(items);
        await delivered;
        delivered = this.#deliver(outcomes, items, read);
        collectGarbage(items.length, size);
        clock?.begin("source");
        if (this.#settings.isStopped()) break;
      }
    } finally {
      clock?.end("source");
      await delivered;
    }
  }

  /** Counts an item; gives whether it is a record, and so is processed further. */
  #accept(item: SourceRecord | Skipped): item is SourceRecord {
    const { account, onRecord } = this.#settings;
    if (item instanceof Skipped) {
      const { identity, reason } = item;
      account.skip(identity, reason);
      this.#log("error", account.counts.unreadable, `Unreadable: ${identity}: ${reason}`);
      return false;
    }
    account.counts.fetched++;
    this.#readTimes?.note();
    onRecord?.(item);
    return true;
  }

  async #deliver(
    outcomes: Outcomes | Promise<Outcomes>,
    group: readonly SourceRecord[],
    read: readonly Moment[],
  ): Promise<void> {
    let index = -1;
    for (const outcome of await outcomes) {
      index++;
      if (outcome instanceof Dropped) {
        this.#drop(outcome, group[index] as SourceRecord, this.#delivered + index + 1);
        continue;
      }
      const record = hasOffsetText(outcome)
        ? await putDatesIntoUtc(outcome, this.#prepared)
        : outcome;
      const id = this.#prepared.vendorIds?.find(group[index] as SourceRecord);
      const full = this.#settings.deliver(record, id);
      if (full !== undefined) await full;
    }
    this.#delivered += group.length;
    await this.#settings.onGroup?.(read);
    this.#names.forget(this.#delivered + 1);
  }

  #drop(
    { kind, identity, reason, isFatal }: Dropped,
    record: SourceRecord,
    number: number,
  ): void {
    const { counts } = this.#settings.account;
    if (kind === "filtered") {
      counts.filtered++;
      this.#prepared.log.debug(`Filtered: ${identity === "" ? `record ${number}` : identity}`);
      return;
    }
    const name = identity === "" ? this.#names.name(record, number) : identity;
    if (kind === "failed") {
      this.#settings.account.fail(name, reason);
      this.#log("error", ++this.unmapped, `Lost ${name}: ${reason}`);
      if (!isFatal) return;
      throw new SourceError(`Stopped at ${name}: ${reason}`, {
        hint: "on_error = fail stops a section at the first value that cannot be converted.",
      });
    }
    this.#log("warning", ++counts[kind], `Not sent: ${name}: ${reason}`);
  }

  /** Logs the first records of a kind by name, and says once that there are more; those are for debugging. */
  #log(level: "error" | "warning", count: number, message: string): void {
    const { log } = this.#prepared;
    log[count <= maxLoggedRecords ? level : "debug"](message);
    if (count !== maxLoggedRecords + 1) return;
    log[level](
      "More records of this kind are not named here: the report counts them, --verbose names them",
    );
  }

  #watchCursor(): SourceCursor | undefined {
    const { cursor, isFull = false, oomnitza } = this.#settings;
    if (cursor === undefined) return undefined;
    return {
      destination: buildDestination(oomnitza.url, JSON.stringify(this.#prepared.upload)),
      isFull,
      get: async (key) => {
        const value = await cursor.get(key);
        this.isIncremental ||= value !== undefined;
        return value;
      },
      set: (key, value) => cursor.set(key, value),
      readAll: () => void (this.isIncremental = this.#settings.from !== undefined),
    };
  }
}

/** Whether a source gave as many records as it says it has. */
function isAllClaimed({ counts, claimed }: Account): boolean {
  const total = claimed();
  return total === undefined || total === counts.fetched + counts.unreadable;
}

/** What to say when records were read and none of them could be sent; undefined when that is not so. */
export function findFruitless(
  { section }: PreparedSection,
  { counts }: Account,
  { isIncremental, missing }: ReadEnd,
): SourceError | undefined {
  const { incomplete, fetched, filtered } = counts;
  if (isIncremental || incomplete === 0 || incomplete < fetched - filtered) return undefined;
  return new SourceError(
    `No record could be sent [${section.name}]: all that were read lack a value for a required field`,
    {
      hint: missing?.hint ??
        "Correct the mapping of the required fields: the log names records and fields.",
    },
  );
}

/**
 * A converter that failed for every value that was there is a wrong mapping, not a matter of some records.
 *
 * @throws {SourceError}
 */
function checkConverters({ conversions, section }: PreparedSection): void {
  const broken = conversions.counts.find(({ tried, failed }) => failed > 0 && failed === tried);
  if (broken === undefined) return;
  const { converter, field, tried, reason } = broken;
  const values = tried === 1 ? "its only value" : `all ${tried} values`;
  throw new SourceError(`Converter ${converter} of ${field} failed for ${values}: ${reason}`, {
    hint: `Correct mapping.${field}; agent explain ${section.name} --record KEY shows each step.`,
  });
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
  const reading = { ...settings, cursor: undefined };
  const missing = settings.from === undefined ? await findMissing(prepared, reading) : undefined;
  for (const path of missing?.paths ?? []) log.warning(describeEmptyPath(path));
  if (missing !== undefined) log.warning(missing.hint);
  await conversions.prepare({ log, oomnitza, http, signal });
  try {
    await pipeline.run();
    conversions.finish({ log, oomnitza, http, signal });
    if (settings.from === undefined) checkConverters(prepared);
  } catch (thrown) {
    failure = { thrown };
  }
  const isCut = limit > 0 && account.counts.fetched >= limit;
  const isEnded = failure === undefined && !isStopped() && !isCut;
  return {
    isComplete: isEnded && !pipeline.isIncremental && isAllClaimed(account),
    lost: account.counts.unreadable + pipeline.unmapped,
    isIncremental: pipeline.isIncremental,
    emptyPaths: listEmptyPaths(prepared.mapping.fields, pipeline.emptyPaths, missing),
    missing,
    isAborted: signal.aborted,
    failure,
  };
}
