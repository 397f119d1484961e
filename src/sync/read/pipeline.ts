/**
 * The line that every record walks: source → filter → mapping → delivery → account.
 *
 * @module
 */

import { isDeeperThan, type Outgoing, type Raw, Skipped } from "../../base/record.ts";
import type { SourceItem } from "../../sdk/source.ts";
import { Dropped, type Outcomes } from "../../transform/map.ts";
import type { Account } from "../account.ts";

/** The rooms of the line. */
export interface Line {
  readonly records: AsyncIterable<SourceItem>;
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

/** Levels of lists and objects that a record may have. */
const deepest = 200;

/** Gathers records into groups of one size. */
class Gatherer {
  readonly #line: Line;
  #group: Raw[] = [];

  constructor(line: Line) {
    this.#line = line;
  }

  /** Whether as many records were read as were asked for. */
  get isEnough(): boolean {
    const { account, recordCount } = this.#line;
    return account.counts.fetched === recordCount && recordCount > 0;
  }

  /** Whether the group is to go on its way. */
  add(item: Raw | Skipped): boolean {
    const { account, groupSize, onRecord, onSkipped } = this.#line;
    if (item instanceof Skipped) {
      onSkipped(item);
      return false;
    }
    if (isDeeperThan(item, deepest)) {
      const identity = `record ${account.counts.fetched + account.counts.unreadable + 1}`;
      onSkipped(new Skipped(identity, `it is nested more than ${deepest} levels deep`));
      return false;
    }
    account.counts.fetched++;
    onRecord?.(item);
    return this.#group.push(item) === groupSize;
  }

  /** The group so far; the next begins empty. */
  take(): readonly Raw[] {
    const group = this.#group;
    this.#group = [];
    return group;
  }
}

/**
 * Reads records in groups; the source is not asked for more than wanted. What was read before the
 * source failed goes on its way first.
 */
async function* groups(line: Line): AsyncGenerator<readonly Raw[]> {
  const gatherer = new Gatherer(line);
  let failure: { readonly thrown: unknown } | undefined;
  try {
    for await (const item of line.records) {
      for (const one of Array.isArray(item) ? item : [item]) {
        if (gatherer.add(one)) yield gatherer.take();
        if (gatherer.isEnough) break;
      }
      if (gatherer.isEnough) break;
    }
  } catch (thrown) {
    failure = { thrown };
  }
  const rest = gatherer.take();
  if (rest.length > 0) yield rest;
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
