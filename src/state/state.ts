/**
 * What the state promises, whatever keeps it. Everything rejects with `AgentError` when the state fails.
 *
 * One call is one transaction: all of it is there, or nothing. A call that was made first is done first only
 * when it was awaited: an engine with several connections may do two at once.
 *
 * @module
 */

import type { MappedRecord } from "../base/record.ts";
import type { SectionCursor } from "./cursor.ts";

/** A refused record. */
export interface DeadLetter {
  readonly id: number;
  /** The run that it was refused in. */
  readonly run: string;
  readonly section: string;
  /** When it was refused last, ISO 8601. */
  readonly at: string;
  /** Values of its sync fields. */
  readonly record: string;
  /** HTTP status of the answer, null when there was none. */
  readonly status: number | null;
  readonly reason: string;
  readonly payload: MappedRecord;
  /** How it is sent, as JSON. */
  readonly upload: string;
}

/** Which dead letters are meant: those for which all of it holds that is there. */
export interface Selection {
  readonly ids?: readonly number[] | undefined;
  readonly section?: string | undefined;
  readonly reason?: string | undefined;
  /** Of those so many, after the first so many. */
  readonly window?: { readonly limit: number; readonly offset: number } | undefined;
}

/** An event that was given up. */
export interface DeadEvent {
  readonly id: number;
  readonly section: string;
  /** When it was given up, ISO 8601. */
  readonly at: string;
  /** What it is about, for example `computer 17`. */
  readonly record: string;
  readonly reason: string;
  /** What was kept of its body. */
  readonly payload: unknown;
}

/** Records that Oomnitza refused. Ids grow in the order in which the records were refused. */
export interface DeadLetters {
  /** Those that are meant, by id. */
  find(selection: Selection): Promise<DeadLetter[]>;
  /** Removes some, on the disk when it resolves; ids that are not there are passed over. */
  remove(ids: readonly number[]): Promise<void>;
  /** Notes that one was refused again, with the time of now; the secrets in the reason are masked. */
  refuseAgain(id: number, status: number | null, reason: string): Promise<void>;
  /** Removes those older than so many days, then the oldest beyond a count; gives how many that were. */
  prune(days: number, count: number): Promise<number>;
}

/** Webhook events that were given up. */
export interface DeadEvents {
  /** Those of a section, or of all, by id. */
  find(section: string | undefined): Promise<DeadEvent[]>;
  /**
   * Lets some be processed again at once, as if they had just come. One goes when a newer event about the
   * same waits already: at most one waits of each section and key.
   */
  revive(ids: readonly number[]): Promise<void>;
  /** Removes some, on the disk when it resolves; an event that waits to be processed is not touched. */
  remove(ids: readonly number[]): Promise<void>;
  /** Removes those given up more than so many days ago, then the oldest beyond a count; gives how many. */
  prune(days: number, count: number): Promise<number>;
}

/** The state of one instance of Oomnitza. */
export interface State {
  readonly deadLetters: DeadLetters;
  readonly deadEvents: DeadEvents;
  /** What a section remembers from run to run; a commit is on the disk when it resolves. */
  cursor(section: string): SectionCursor;
}
