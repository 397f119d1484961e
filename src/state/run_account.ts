/**
 * The account of a run, as the state keeps it.
 *
 * @module
 */

/** How a section's run ended: `running` and `interrupted` ones have no end. */
export type RunState = "running" | "interrupted" | "ok" | "failed";

/** What began a run: somebody or a schedule, for all of a section, or webhooks, for what they are about. */
export type RunOrigin = "upload" | "webhook";

/** What Oomnitza told of the records of a run: see `sections[].receipt` of the report. */
export type StoredReceipt = Readonly<Record<string, unknown>>;

/** How the time of a run was spent: see `sections[].times` of the report. */
export type StoredTimes = Readonly<Record<string, unknown>>;

/** One run of a section, as the state file has it. */
export interface StoredRun {
  readonly id: string;
  readonly section: string;
  readonly origin: RunOrigin;
  readonly state: RunState;
  /** ISO 8601. */
  readonly started: string;
  /** Null while it runs, and when it was interrupted. */
  readonly ended: string | null;
  /** What became of its records; of an interrupted run, as far as that was written. */
  readonly counts: Readonly<Record<string, number>>;
  readonly claimed: number | null;
  readonly api: string | null;
  readonly requests: number;
  readonly error: string | null;
  /** Whether the guard stopped it before anything was sent. */
  readonly stopped_by_guard: boolean;
  /** Records that still wait in the outbox. */
  readonly waiting: number;
  /** What Oomnitza told of its records; null when it told nothing. */
  readonly receipt: StoredReceipt | null;
  /** Whether it is asked for that again. */
  readonly awaits_receipt: boolean;
  /** How its time was spent; null when that was not measured. */
  readonly times: StoredTimes | null;
}

/** A run without what still waits of it, which takes a look at the outbox. */
export type PastRun = Omit<StoredRun, "waiting">;

/** What is known at the end of a run. */
export interface RunEnd {
  readonly ended: string;
  readonly outcome: "ok" | "failed";
  readonly counts: Readonly<Record<string, number>>;
  readonly claimed: number | null;
  readonly api: string | null;
  readonly requests: number;
  readonly error: string | null;
  /** How its time was spent, where that was measured. */
  readonly times?: StoredTimes | undefined;
  /** Whether Oomnitza is still to tell what became of its records, so that it is no success yet. */
  readonly isUndecided?: boolean | undefined;
  /** Whether the guard stopped it before anything was sent. */
  readonly stopped_by_guard: boolean;
}

/** Which runs of a section are meant. */
export interface RunSelection {
  readonly section: string;
  readonly origin: RunOrigin;
  /** Runs that began before are left out; ISO 8601. */
  readonly since: string;
  readonly limit: number;
}
