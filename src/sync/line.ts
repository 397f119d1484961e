/**
 * The line that every record walks: source → filter → mapping → delivery → account.
 *
 * @module
 */

import { type Outgoing, type Raw, Skipped } from "../base/record.ts";
import { Dropped, type Outcomes } from "../transform/map.ts";
import type { Account } from "./account.ts";

/** The rooms of the line. */
export interface Line {
  readonly records: AsyncIterable<Raw | Skipped>;
  /** Reading stops after so many records; 0 reads all. */
  readonly recordCount: number;
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

/**
 * Reads records in groups; the source is not asked for more than wanted. What was read before the
 * source failed goes on its way first.
 */
async function* groups(line: Line): AsyncGenerator<readonly Raw[]> {
  let group: Raw[] = [];
  let failure: { readonly thrown: unknown } | undefined;
  const { counts } = line.account;
  try {
    for await (const item of line.records) {
      if (item instanceof Skipped) {
        line.onSkipped(item);
        continue;
      }
      counts.fetched++;
      line.onRecord?.(item);
      group.push(item);
      if (counts.fetched === line.recordCount) break;
      if (group.length < line.groupSize) continue;
      yield group;
      group = [];
    }
  } catch (thrown) {
    failure = { thrown };
  }
  if (group.length > 0) yield group;
  if (failure !== undefined) throw failure.thrown;
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
    for await (const group of groups(line)) {
      const outcomes = line.transform(group);
      await delivered;
      delivered = handle(outcomes);
      if (line.isStopped()) break;
    }
  } finally {
    await delivered;
  }
}
