/**
 * What a run of a section is given.
 *
 * @module
 */

import type { Redactor } from "../base/redact.ts";
import type { Oomnitza } from "../oomnitza/client.ts";
import type { Http } from "../sdk/http/http.ts";
import type { RateLimiters } from "../sdk/http/rate_limiter.ts";
import type { Cursors } from "../state/cursor.ts";
import type { SectionHold, State } from "../state/state.ts";
import type { Account } from "./account.ts";
import type { GuardOptions } from "./changes/guard.ts";
import type { SavedSection } from "./changes/plan_file.ts";
import type { PartialRead } from "./read/read_items.ts";
import type { Connection } from "./read/source_context.ts";
import type { ReceiptOptions } from "./receipt/section_receipts.ts";

/** What the runs of all sections have in common. */
export interface RunContext {
  readonly oomnitza: Oomnitza;
  readonly apiVersion: "auto" | "v2" | "v3";
  readonly batchSize: number;
  readonly batchBytes: number;
  /** The guard of `[oomnitza]`. */
  readonly guard: GuardOptions;
  /** How Oomnitza is asked what became of the records. */
  readonly receipts: ReceiptOptions;
  /** For converters that query other systems. */
  readonly http: Http;
  /** In which sections remember where they were, and what was proved; nothing without one. */
  readonly cursors: Cursors | undefined;
  /** Temporary files are kept beside this path. */
  readonly beside: string;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
}

/** How one run is to go. */
export interface RunSettings {
  /** Concurrent requests to Oomnitza, and things that a source without limits fetches at once. */
  readonly workers: number;
  /** Records to read; 0 reads all. */
  readonly recordCount: number;
  /** Prints what would be sent; absent when it is to be sent. */
  readonly testmode?: ((text: string) => void) | undefined;
  /** Directory under which `--save-data` writes; absent when it does not. */
  readonly saveData?: string | undefined;
  /** Keeps accounts, and records until they were answered. */
  readonly store?: State | undefined;
  /** The section, which this process has for itself; absent where nothing is kept. */
  readonly hold?: SectionHold | undefined;
  /** Reads and sends also what did not change. */
  readonly full?: boolean | undefined;
  /** Lets everything pass that the guard would stop. */
  readonly accept?: boolean | undefined;
  /** Delivers what a plan holds instead of reading the source. */
  readonly saved?: SavedSection | undefined;
  /** Reads some records instead of all that the source has. */
  readonly read?: PartialRead | undefined;
  /** Whether sections run or wait for their turn, which come before what can be done later. */
  readonly isBusy?: (() => boolean) | undefined;
  /** How many of those could not be fetched and are tried again later. */
  readonly postponed?: (() => number) | undefined;
  /** Aborted when receipts are not waited for any more; the signal of the run does so, too. */
  readonly endWaiting?: AbortSignal | undefined;
  /** When the events came whose records were read, in milliseconds since the epoch. */
  readonly arrivals?: (() => readonly number[]) | undefined;
  /** Where the connection to the source is kept for the next run. */
  readonly connection?: Connection | undefined;
  /** Those of the sections that run beside it, which share the limits of an account. */
  readonly limiters?: RateLimiters | undefined;
  /** Is shown the account of the section while it runs. */
  readonly onStart?: ((section: string, account: Account) => void) | undefined;
  /** Called with the status of every answer of the section's vendor. */
  readonly onVendorAnswer?: ((section: string, status: number) => void) | undefined;
}
