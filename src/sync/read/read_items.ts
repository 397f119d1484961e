/**
 * The one reader of a source: upload, plan, explain, preview and samples all read through it.
 *
 * @module
 */

import { isDeeperThan, Skipped, type SourceRecord } from "../../base/record.ts";
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

/** Levels of lists and objects that a record may have. */
const maxDepth = 200;

/**
 * Reads records one by one, whatever pages the source gives them in. What cannot be read comes as a
 * {@linkcode Skipped}, in its position and with its reason; so does a record that is nested too deeply.
 *
 * @throws {AgentError} as the source does, after the records before it.
 */
export async function* readItems(
  readable: Readable,
  settings: ReadSettings,
  { limit = 0, from, onPage }: ReadExtent = {},
): AsyncGenerator<SourceRecord | Skipped> {
  // The source is ended when nobody reads on, so that nothing goes on in the background; a
  // connection that is kept must live on.
  const end = new AbortController();
  const signal = settings.connection === undefined
    ? AbortSignal.any([settings.signal, end.signal])
    : settings.signal;
  const context = sourceContext(readable, { ...settings, signal });
  let count = 0;
  let records = 0;
  try {
    for await (const page of from?.(context) ?? readable.section.source.records(context)) {
      if (isPage(page)) onPage?.(page, records + 1);
      for (const given of isPage(page) ? page : [page]) {
        const item: SourceRecord | Skipped = checkDepth(given, ++count);
        if (!(item instanceof Skipped)) records++;
        yield item;
        if (records === limit && limit > 0) return;
      }
    }
  } finally {
    end.abort();
  }
}

function isPage(item: SourceItem): item is SourcePage {
  return Array.isArray(item);
}

function checkDepth(item: SourceRecord | Skipped, number: number): SourceRecord | Skipped {
  if (item instanceof Skipped || !isDeeperThan(item, maxDepth)) return item;
  return new Skipped(`record ${number}`, `it is nested more than ${maxDepth} levels deep`);
}

/**
 * Gathers items into groups of one size, those that `accepts` takes. What came before the items failed
 * makes a last, smaller group before the failure is thrown.
 */
export async function* groupItems<T, Accepted extends T>(
  items: AsyncIterable<T>,
  size: number,
  accepts: (item: T) => item is Accepted,
): AsyncGenerator<readonly Accepted[]> {
  let group: Accepted[] = [];
  let failure: { readonly thrown: unknown } | undefined;
  try {
    for await (const item of items) {
      if (!accepts(item) || group.push(item) < size) continue;
      yield group;
      group = [];
    }
  } catch (thrown) {
    failure = { thrown };
  }
  if (group.length > 0) yield group;
  if (failure !== undefined) throw failure.thrown;
}
