/**
 * The line that every record walks: source → filter → mapping → delivery → account.
 *
 * @module
 */

import { type Outgoing, type Raw, Skipped } from "../../base/record.ts";
import { Dropped, type Outcomes } from "../../transform/map.ts";
import type { Account } from "../account.ts";
import { groupItems } from "./read_items.ts";

/** The rooms of the line. */
export interface Line {
  readonly items: AsyncIterable<Raw | Skipped>;
  /** Records that are transformed together. */
  readonly groupSize: number;
  /** Sees every record as the source gave it. */
  readonly onRecord?: ((record: Raw) => void) | undefined;
  readonly transform: (records: readonly Raw[]) => Outcomes | Promise<Outcomes>;
  /** Takes a record; the promise, when there is one, must be awaited before the next. */
  readonly deliver: (record: Outgoing) => Promise<void> | undefined;
  /** Whether nothing more can be delivered, so that reading on is no use. */
  readonly isStopped: () => boolean;
  readonly onDropped: (dropped: Dropped) => void;
  readonly onSkipped: (skipped: Skipped) => void;
  readonly account: Account;
}

/** Counts an item; gives whether it is a record, and so goes on its way. */
function accept({ account, onRecord, onSkipped }: Line, item: Raw | Skipped): item is Raw {
  if (item instanceof Skipped) {
    onSkipped(item);
    return false;
  }
  account.counts.fetched++;
  onRecord?.(item);
  return true;
}

/**
 * Walks all records of a source to their end. While one group is delivered, the next is transformed;
 * a delivery that is full holds up the reading.
 */
export async function walk(line: Line): Promise<void> {
  async function handle(outcomes: Outcomes | Promise<Outcomes>): Promise<void> {
    for (const outcome of await outcomes) {
      if (outcome instanceof Dropped) {
        line.onDropped(outcome);
        continue;
      }
      const full = line.deliver(outcome);
      if (full !== undefined) await full;
    }
  }
  let delivered: Promise<void> = Promise.resolve();
  try {
    const groups = groupItems(line.items, line.groupSize, (item) => accept(line, item));
    for await (const group of groups) {
      const outcomes = line.transform(group);
      await delivered;
      delivered = handle(outcomes);
      if (line.isStopped()) break;
    }
  } finally {
    await delivered;
  }
}
