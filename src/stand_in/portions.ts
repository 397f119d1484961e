/**
 * The portions of a stand-in: the runs of connectors by API v3, and what became of their records.
 *
 * @module
 */
import type { Kind } from "../base/record.ts";
import type { Batch } from "./batch.ts";
import { Refusal } from "./refusal.ts";

/** What a record can end as. */
export const outcomes = [
  "added",
  "updated",
  "unchanged",
  "skipped",
  "failed",
  "canceled",
] as const;

/** One of {@linkcode outcomes}. */
export type Outcome = (typeof outcomes)[number];

/** One run of one section by API v3, as far as the server knows. */
export interface Portion {
  /** Its UUID. */
  readonly id: string;
  /** The server's own number of it. */
  readonly number: number;
  readonly kind: Kind;
  /** Mapping name. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Milliseconds since 1970; absent until all of it was processed. */
  endedAt: number | undefined;
  /** Upload requests taken. */
  requests: number;
  /** Records in them. */
  received: number;
  /** Records that are not processed yet. */
  processing: number;
  /** Whether the run was reported as complete. */
  finalized: boolean;
  readonly testRun: boolean;
  readonly counts: Record<Outcome, number>;
  readonly texts: Record<"skipped" | "failed", string[]>;
}

/** Opens portions, and closes them to further records. */
export class Portions {
  readonly #portions = new Map<string, Portion>();

  /** In the order they were opened. */
  get all(): Portion[] {
    return [...this.#portions.values()];
  }

  /** One portion, if it was opened: the first upload request opens one. */
  find(id: string): Portion | undefined {
    return this.#portions.get(id.toLowerCase());
  }

  /**
   * Counts a batch of API v3; undefined for one of API v2, which has no portions.
   *
   * @throws {Refusal} when the portion is finalized or belongs to another connector
   */
  add({ portion: id, kind, name, records, testRun }: Batch): Portion | undefined {
    if (id === undefined) return undefined;
    const portion = this.find(id) ?? this.#open(id, { kind, name, testRun });
    if (portion.finalized) {
      throw new Refusal(400, "portion is finalized already; a new run needs a new one");
    }
    if (portion.kind !== kind || portion.name !== name) {
      throw new Refusal(400, `portion belongs to ${portion.kind} of ${portion.name}`);
    }
    portion.requests += 1;
    portion.received += records.length;
    if (!testRun) portion.processing += records.length;
    this.#portions.set(id.toLowerCase(), portion);
    return portion;
  }

  /** Marks a portion as finished; false when it is not known. */
  finalize(id: string): boolean {
    const portion = this.find(id);
    if (portion === undefined) return false;
    portion.finalized = true;
    end(portion);
    return true;
  }

  #open(id: string, run: Pick<Portion, "kind" | "name" | "testRun">): Portion {
    return {
      ...run,
      ...{ id, number: this.#portions.size + 1, startedAt: Date.now(), endedAt: undefined },
      ...{ requests: 0, received: 0, processing: 0, finalized: false },
      counts: { added: 0, updated: 0, unchanged: 0, skipped: 0, failed: 0, canceled: 0 },
      texts: { skipped: [], failed: [] },
    };
  }
}

/** Notes what became of records of a portion; `text` is about one that was not stored. */
export function settle(
  portion: Portion | undefined,
  outcome: Outcome,
  { count = 1, text }: { readonly count?: number; readonly text?: string | undefined } = {},
): void {
  if (portion === undefined) return;
  portion.counts[outcome] += count;
  portion.processing -= count;
  if (text !== undefined && (outcome === "failed" || outcome === "skipped")) {
    portion.texts[outcome].push(text);
  }
  end(portion);
}

function end(portion: Portion): void {
  if (portion.finalized && portion.processing === 0) portion.endedAt ??= Date.now();
}
