/**
 * One batch of webhook events: what they are about is fetched and goes through the pipeline of an upload.
 *
 * @module
 */

import { AgentError, AuthError, messageOf } from "../../base/errors.ts";
import { mapOrdered } from "../../base/iteration.ts";
import { Skipped, type SourceRecord } from "../../base/record.ts";
import type { Source, SourceContext, SourceItem } from "../../sdk/source.ts";
import type { InboxEntry, InboxOutcome } from "../../state/state.ts";
import type { SectionReport } from "../report.ts";

/** When an entry that failed is tried again, and when it is given up. */
export interface InboxRetryDelays {
  /** Milliseconds before the first repetition; each further wait is twice as long. */
  readonly firstWaitMs: number;
  /** The longest wait in milliseconds. */
  readonly longestWaitMs: number;
  /** An entry that is older, in milliseconds, and fails is given up. */
  readonly giveUpMs: number;
}

type AnyContext = SourceContext<Record<string, unknown>>;

/** Why something failed, without a hint at what to do. */
function describeFailure(thrown: unknown): string {
  return thrown instanceof AgentError ? thrown.message : `Unexpected: ${messageOf(thrown)}`;
}

/** A name for the log. */
function nameEntry({ key, id }: InboxEntry): string {
  return key ?? `webhook event ${id}`;
}

/** The wait before the next attempt after so many failed ones, a random half of it left out. */
export function backoffMs(
  tries: number,
  { firstWaitMs, longestWaitMs: longestWaitMs }: InboxRetryDelays,
): number {
  const longest = Math.min(firstWaitMs * 2 ** Math.min(tries - 1, 30), longestWaitMs);
  return longest * (0.5 + Math.random() / 2);
}

/** What one entry came to. */
interface Fetched {
  readonly entry: InboxEntry;
  readonly records: readonly SourceRecord[];
  /** Why it failed. */
  readonly reason?: string | undefined;
}

/** Never fails for one entry, so that the others go on; only what concerns all of them is thrown. */
async function fetchOne(
  source: Source,
  context: AnyContext,
  entry: InboxEntry,
): Promise<Fetched> {
  const records: SourceRecord[] = [];
  try {
    const items = source.webhook?.(context, { body: entry.body }) ?? [];
    for await (const item of items) {
      if (item instanceof Skipped) return { entry, records: [], reason: item.reason };
      records.push(item);
    }
  } catch (thrown) {
    if (thrown instanceof AuthError || context.signal.aborted) throw thrown;
    return { entry, records: [], reason: describeFailure(thrown) };
  }
  return { entry, records };
}

/** A running batch. */
export class InboxBatch {
  readonly #entries: readonly InboxEntry[];
  readonly #workers: number;
  readonly #retryDelays: InboxRetryDelays;
  /** Entries that failed on their own account, and why. */
  readonly #failed = new Map<number, string>();
  #postponed = 0;
  /** When the entries came that gave records. */
  readonly #arrivals: number[] = [];

  constructor(
    entries: readonly InboxEntry[],
    options: { readonly workers: number; readonly retryDelays: InboxRetryDelays },
  ) {
    this.#entries = entries;
    this.#workers = Math.max(1, options.workers);
    this.#retryDelays = options.retryDelays;
  }

  /** Entries whose fetch failed and that are not given up. */
  get postponed(): number {
    return this.#postponed;
  }

  /** When the events came whose records were fetched, in milliseconds since the epoch. */
  get arrivals(): readonly number[] {
    return this.#arrivals;
  }

  /** Fetches what the entries are about. */
  async *read(source: Source, context: AnyContext): AsyncGenerator<SourceItem> {
    const all = mapOrdered(
      this.#entries,
      this.#workers,
      (entry) => fetchOne(source, context, entry),
    );
    for await (const { entry, records, reason } of all) {
      if (reason === undefined) {
        if (records.length > 0) this.#arrivals.push(entry.received);
        yield* records;
        continue;
      }
      this.#failed.set(entry.id, reason);
      if (this.#isExpired(entry)) {
        yield new Skipped(nameEntry(entry), `${reason}. It is given up`);
        continue;
      }
      this.#postponed++;
      context.log.warning(`${nameEntry(entry)} is tried again later: ${reason}`);
    }
  }

  /** What became of the entries, when the report of their run is there. */
  outcomes({ error }: Pick<SectionReport, "error">): InboxOutcome[] {
    return this.#entries.map((entry) => {
      const reason = this.#failed.get(entry.id) ?? error?.message;
      return reason === undefined ? { id: entry.id, kind: "done" } : this.#again(entry, reason);
    });
  }

  #again(entry: InboxEntry, reason: string): InboxOutcome {
    const { id } = entry;
    const tries = entry.tries + 1;
    if (this.#isExpired(entry)) return { id, kind: "dead", tries, reason };
    const due = Date.now() + Math.round(backoffMs(tries, this.#retryDelays));
    return { id, kind: "again", due, tries, reason };
  }

  #isExpired({ received, tries }: InboxEntry): boolean {
    return tries > 0 && Date.now() - received >= this.#retryDelays.giveUpMs;
  }
}
