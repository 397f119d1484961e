/**
 * The portions of the v3 protocol: what belongs to one run of one section.
 *
 * @module
 */
import type { Kind } from "../base/record.ts";
import type { Batch } from "./batch.ts";
import { Refusal } from "./refusal.ts";

/** One run of one section, as far as the server can tell. */
export interface Portion {
  /** Its UUID. */
  readonly id: string;
  readonly kind: Kind;
  /** Mapping name. */
  readonly name: string;
  /** Upload requests taken. */
  requests: number;
  /** Records in them. */
  received: number;
  /** Whether the run was said to be over. */
  finalized: boolean;
}

/** All portions that were opened: the first upload request opens one. */
export class Portions {
  readonly #portions = new Map<string, Portion>();

  /**
   * Counts a batch of the new protocol; one of the old protocol passes by.
   *
   * @throws {Refusal} when the portion is finalized or belongs to another connector
   */
  add({ portion: id, kind, name, records }: Batch): void {
    if (id === undefined) return;
    const portion = this.get(id) ??
      { id, kind, name, requests: 0, received: 0, finalized: false };
    if (portion.finalized) {
      throw new Refusal(400, "portion is finalized already; a new run needs a new one");
    }
    if (portion.kind !== kind || portion.name !== name) {
      throw new Refusal(400, `portion belongs to ${portion.kind} of ${portion.name}`);
    }
    portion.requests += 1;
    portion.received += records.length;
    this.#portions.set(id.toLowerCase(), portion);
  }

  /** One portion, if it was opened. */
  get(id: string): Portion | undefined {
    return this.#portions.get(id.toLowerCase());
  }

  /** Marks a portion as finished, again and again if asked; false when it is not known. */
  finalize(id: string): boolean {
    const portion = this.get(id);
    if (portion === undefined) return false;
    portion.finalized = true;
    return true;
  }

  /** All of them, in the order they were opened. */
  all(): Portion[] {
    return [...this.#portions.values()];
  }

  /** Forgets them. */
  clear(): void {
    this.#portions.clear();
  }
}
