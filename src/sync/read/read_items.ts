/**
 * The one reader of a source: upload, plan, explain, preview and samples all read through it.
 *
 * @module
 */

import { estimateSize, Skipped, type SourceRecord } from "../../base/record.ts";
import type { SourceContext, SourceItem, SourcePage } from "../../sdk/source.ts";
import { type Readable, type ReadSettings, sourceContext } from "./source_context.ts";

/** Reads some records of a source instead of all: what it does not give may be there all the same. */
export type PartialRead = (
  context: SourceContext<Record<string, unknown>>,
) => AsyncIterable<SourceItem>;

/** How much of a source is read. */
export interface ReadExtent {
  /** Ends after so many records, those that cannot be read not counted; 0 reads all. */
  readonly limit?: number | undefined;
  readonly from?: PartialRead | undefined;
  /** Is shown each page before its items, with the number of its first record, from 1. */
  readonly onPage?: ((page: SourcePage, first: number) => void) | undefined;
}

/** Some items of a source, in its order. */
export interface ReadPage {
  readonly items: readonly (SourceRecord | Skipped)[];
  /** About how many characters all of them hold. */
  readonly size: number;
}

/** Levels of lists and objects that a record may have. */
const maxDepth = 200;

/**
 * Reads records in the pages in which the source gives them; one that comes alone is a page of one. What
 * cannot be read comes as a {@linkcode Skipped}, in its position and with its reason; so does a record
 * that is nested too deeply.
 *
 * @throws {AgentError} as the source does, after the records before it.
 */
export async function* readPages(
  readable: Readable,
  settings: ReadSettings,
  { limit = 0, from, onPage }: ReadExtent = {},
): AsyncGenerator<ReadPage> {
  // The source is ended when nobody reads on, so that nothing goes on in the background; a
  // connection that is kept must live on.
  const end = new AbortController();
  const signal = settings.connection === undefined
    ? AbortSignal.any([settings.signal, end.signal])
    : settings.signal;
  const context = sourceContext(readable, { ...settings, signal });
  const count: Count = { items: 0, records: 0, limit: limit > 0 ? limit : Infinity };
  try {
    for await (const given of from?.(context) ?? readable.section.source.records(context)) {
      if (isPage(given)) onPage?.(given, count.records + 1);
      yield checkPage(isPage(given) ? given : [given], count);
      if (count.records >= count.limit) return;
    }
  } finally {
    end.abort();
  }
}

/** Reads records one by one, whatever pages the source gives them in; else as {@linkcode readPages}. */
export async function* readItems(
  readable: Readable,
  settings: ReadSettings,
  extent: ReadExtent = {},
): AsyncGenerator<SourceRecord | Skipped> {
  for await (const { items } of readPages(readable, settings, extent)) yield* items;
}

function isPage(item: SourceItem): item is SourcePage {
  return Array.isArray(item);
}

/** What was read so far, and how many records are wanted. */
interface Count {
  items: number;
  records: number;
  readonly limit: number;
}

/** The items of a page, up to the limit. */
function checkPage(given: SourcePage, count: Count): ReadPage {
  // As long as nothing is wrong with it, the page of the source is not copied.
  let items: (SourceRecord | Skipped)[] | undefined;
  let size = 0;
  for (let index = 0; index < given.length; index++) {
    if (count.records >= count.limit) {
      return { items: (items ?? given).slice(0, index), size };
    }
    const item = given[index] as SourceRecord | Skipped;
    count.items++;
    if (item instanceof Skipped) continue;
    const itemSize = estimateSize(item, maxDepth);
    if (itemSize < Infinity) {
      count.records++;
      size += itemSize;
      continue;
    }
    items ??= [...given];
    items[index] = tooDeep(count.items);
  }
  return { items: items ?? given, size };
}

function tooDeep(number: number): Skipped {
  return new Skipped(`record ${number}`, `it is nested more than ${maxDepth} levels deep`);
}

/** How large a group of items may grow. */
export interface GroupLimits {
  readonly items: number;
  /** About so many characters; a single item may have more. */
  readonly size: number;
}

/** Items that are worked on together, and about how many characters they hold. */
export interface Group<T> {
  readonly items: readonly T[];
  readonly size: number;
}

/**
 * Records that are transformed together: many for the sandbox, where each call costs, and no more than
 * memory takes lightly while one group is read, one transformed and one delivered.
 */
export const groupLimits: GroupLimits = { items: 250, size: 500_000 };

/**
 * Gathers items into groups, those that `accepts` takes. What came before the items failed makes a last,
 * smaller group before the failure is thrown.
 */
export async function* groupItems<Accepted extends SourceRecord | Skipped>(
  pages: AsyncIterable<ReadPage>,
  limits: GroupLimits,
  accepts: (item: SourceRecord | Skipped) => item is Accepted,
): AsyncGenerator<Group<Accepted>> {
  let group: Accepted[] = [];
  let size = 0;
  let failure: { readonly thrown: unknown } | undefined;
  try {
    for await (const page of pages) {
      const each = page.size / page.items.length;
      for (const item of page.items) {
        if (!accepts(item)) continue;
        size += each;
        if (group.push(item) < limits.items && size < limits.size) continue;
        yield { items: group, size };
        group = [];
        size = 0;
      }
    }
  } catch (thrown) {
    failure = { thrown };
  }
  if (group.length > 0) yield { items: group, size };
  if (failure !== undefined) throw failure.thrown;
}
