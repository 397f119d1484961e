/**
 * Two APIs of one vendor for the same records: the newer one is used once a comparison has proved that it
 * gives a section what the older one does.
 *
 * @module
 */

import type { Skipped, SourceRecord } from "../base/record.ts";

/** One record as two APIs of a vendor give it, in the shape that mappings know. */
export interface ComparedRecord {
  /** How a person finds it. */
  readonly name: string;
  readonly older: SourceRecord;
  readonly newer: SourceRecord;
}

/** Some records of a source by both of its APIs. */
export interface ApiComparison {
  /** Records that there are in all, and requests that reading them all takes by each. */
  readonly total: number;
  readonly requests: { readonly older: number; readonly newer: number };
  readonly records: readonly ComparedRecord[];
  /** Those that one of the APIs did not give. */
  readonly skipped: readonly Skipped[];
}

/** What earlier comparisons say of a section as it is now. */
export type ApiProof =
  /** The newer API gave the same, on that day (ISO 8601). */
  | { readonly isProved: true; readonly day: string }
  /** Why nothing is proved, to be put behind a colon: `not compared yet`. */
  | { readonly isProved: false; readonly reason: string };

/** The two APIs of a source. `V` are the values of its options. */
export interface ApiPair<V = Readonly<Record<string, unknown>>> {
  /** What they are called, with their article. */
  readonly names: { readonly older: string; readonly newer: string };
  /** The option that chooses the newer one, whatever was proved: `api = pro`. */
  readonly setting: string;
  /** The API that the options name; `proved` where they leave that to a proof. */
  choose(options: V): "older" | "newer" | "proved";
  /**
   * What a proof holds for: the address, the account, and every option that decides what is read. When one of
   * them is another one, it proves nothing. Only a digest of it is remembered.
   */
  scope(options: V): readonly unknown[];
}

/** Which of the two APIs of its source a section is read by. */
export interface ApiChoice {
  /** What is proved; the same as long as something is read. Throws `AgentError` when the state cannot be read. */
  findProof(): Promise<ApiProof>;
  /** Says which API is used: once for an upload, and for many small runs when it becomes another one. */
  announce(message: string): void;
}
