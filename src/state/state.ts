/**
 * What the state promises, whatever keeps it. Everything rejects with `AgentError` when the state fails.
 *
 * One call is one transaction: all of it is there, or nothing. A call that was made first is done first only
 * when it was awaited: an engine with several connections may do two at once.
 *
 * @module
 */

import type { MappedRecord } from "../base/record.ts";
import type { SharedBudget } from "../sdk/http/shared_budget.ts";
import type { SectionCursor } from "./cursor.ts";
import type { AcceptedRecords } from "./known_records.ts";
import type {
  PastRun,
  RunEnd,
  RunOrigin,
  RunSelection,
  StoredReceipt,
  StoredRun,
} from "./run_account.ts";

/** A section as the state knows it. */
export interface StoredSection {
  readonly section: string;
  /** How its records are sent, as JSON. */
  readonly upload: string;
  /** Whether it is remembered what was accepted. */
  readonly remember: boolean;
  /** Whether Oomnitza is asked afterwards what became of the records; not, unless given. */
  readonly awaitsReceipt?: boolean | undefined;
}

/** A running upload. */
export interface OpenRun {
  readonly id: string;
  readonly outbox: RunOutbox;
  readonly receipt: RunReceipt;
  /**
   * Writes down how the run went; secrets in its error are masked. It is on the disk when it resolves, unless
   * something is undecided.
   */
  end(end: RunEnd): Promise<void>;
}

/** A run of which something waits in the outbox, or whose upload was not declared complete. */
export interface UnfinishedRun {
  readonly run: string;
  /** When the run began. */
  readonly started: Date;
  /** How its records are sent, as JSON. */
  readonly upload: string;
  /** Whether some of the run's records were answered. */
  readonly sent: boolean;
  readonly outbox: RunOutbox;
  readonly receipt: Pick<RunReceipt, "close">;
  /**
   * Makes a run of its own of what is not answered, which is sent as this upload says, as JSON. What was answered
   * stays with this run, of which nothing is pending any more.
   */
  splitOff(upload: string): Promise<UnfinishedRun>;
}

/** A record that was refused, and why. */
export interface RefusedRecord {
  readonly payload: MappedRecord;
  /** Values of its sync fields. */
  readonly record: string;
  readonly reason: string;
  /** HTTP status of the answer, null when there was none. */
  readonly status: number | null;
}

/** A batch to be made durable. */
export interface NewBatch {
  readonly records: readonly MappedRecord[];
  /** The records as JSON, when they can be written as such. */
  readonly text: string | undefined;
  /** The vendor's ids of the records, by their positions; absent when none has one. */
  readonly ids?: readonly (string | undefined)[] | undefined;
}

/** A batch that is not answered yet. */
export interface PendingBatch {
  readonly id: number;
  readonly records: readonly MappedRecord[];
  /** How many runs could not deliver it. */
  readonly tries: number;
}

/** What the records of a run were compared with before they were sent. */
export interface ComparedWith {
  /** The last answer that was in the baseline. */
  readonly answer: number;
  /** Whether a record is there already as it is sent. */
  readonly isUnchanged: (record: MappedRecord) => boolean;
}

/** The outbox of one run of a section. */
export interface RunOutbox {
  /** Takes what the batches from now on were compared with: what is unchanged need not be taken in again. */
  compareWith(compared: ComparedWith): void;
  /** Takes what the vendor's ids of the batches from now on belong to. */
  identifyBy(scope: string): void;
  /**
   * Writes batches, all or none; gives their ids when they are on the disk, so that they may be sent. Batches
   * of several calls are kept in the order of the calls, also when none was awaited. When it rejects, none of
   * them is sent later, as far as the state can still be written.
   */
  put(batches: readonly NewBatch[]): Promise<readonly number[]>;
  /**
   * Takes the answer to a batch: refused records become dead letters, `pending` ones, without an answer,
   * stay. It is there when the process dies, but not for certain when the power fails: then the batch is
   * sent again.
   */
  acknowledge(
    batchId: number,
    refused: readonly RefusedRecord[],
    pending: readonly MappedRecord[],
  ): Promise<void>;
  /** What is not answered yet, in the order it came. */
  pending(): Promise<PendingBatch[]>;
  /** Counts that one more run could not deliver a batch. */
  countAttempt(batchId: number): Promise<void>;
  /**
   * Resolves when all answers so far are on the disk. Before that an upload must not be declared complete: a
   * batch whose answer was taken back could not be sent again under it.
   */
  keepAnswers(): Promise<void>;
  /**
   * Ends the run's delivery: everything was answered, nothing is pending. What a power failure takes back
   * is sent again.
   */
  finish(): Promise<void>;
}

/** What Oomnitza told of a run's records. */
export interface ReceiptEnd {
  /** All of it, for those who look at the run. */
  readonly receipt: StoredReceipt;
  /** Whether Oomnitza is asked again. */
  readonly isAwaited: boolean;
  /** Records that it names as failed; they become dead letters. */
  readonly failed: readonly RefusedRecord[];
  /** Records that failed without being named: then none of the run counts as accepted. */
  readonly unnamed: number;
}

/** What is kept of a run until Oomnitza has told what became of its records. */
export interface RunReceipt {
  /** Id of the run. */
  readonly run: string;
  /** How its records were sent, as JSON. */
  readonly upload: string;
  /** When the run began. */
  readonly started: Date;
  /** What was taken in, in the order of the answers. */
  records(): AsyncIterable<MappedRecord>;
  /** Writes down what Oomnitza told, all or nothing: what failed counts as accepted no more. */
  record(end: ReceiptEnd): Promise<void>;
  /** Ends the waiting: nothing is to be told. */
  close(): Promise<void>;
}

/** When runs of each section began and ended last. */
export interface LastRuns {
  /** When the latest run of a section began that was to read all of the source, ISO 8601. */
  started(section: string): string | undefined;
  /** When the latest good run of a section and origin ended, ISO 8601. */
  succeeded(section: string, origin: RunOrigin): string | undefined;
  /**
   * Whether the latest run of a section that was to read all of the source was left by a process of a shared
   * state that is no more. Not when the run before was left, too: it may be the section that ends processes.
   */
  isAbandoned(section: string): boolean;
}

/** How many records of a section were refused for the same reason. */
export interface RefusedCount {
  readonly section: string;
  readonly reason: string;
  readonly count: number;
}

/** What is in the inbox of one section. */
export interface InboxSize {
  readonly section: string;
  /** Entries that wait or are being processed. */
  readonly waiting: number;
  /** Entries that were given up. */
  readonly dead: number;
  /** When the oldest that waits came, in milliseconds since the epoch. */
  readonly oldest: number | undefined;
}

/** What is not done yet. */
export interface UnfinishedWork {
  /** Records in the outbox, by section. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Records that Oomnitza refused, the most frequent reason first. */
  readonly refused: readonly RefusedCount[];
  /** Webhook events. */
  readonly events: readonly InboxSize[];
}

/** A webhook event as it came. */
export interface InboxEvent {
  readonly section: string;
  /** What it is about: waiting events with the same key become one. Null: it stands for itself. */
  readonly key: string | null;
  /** JSON. */
  readonly body: string;
  /** Not processed before, in milliseconds since the epoch. */
  readonly due: number;
  /** When it came, in milliseconds since the epoch; now, unless given. */
  readonly received?: number | undefined;
  /** How many events it stands for; one, unless given. */
  readonly events?: number | undefined;
}

/** An event taken to be processed. */
export interface InboxEntry {
  readonly id: number;
  readonly key: string | null;
  readonly body: unknown;
  /** When the first event came, in milliseconds since the epoch. */
  readonly received: number;
  /** How many events it stands for. */
  readonly events: number;
  /** How often it failed. */
  readonly tries: number;
}

/** What became of an entry: done, to be tried again when it is due, or given up. */
export type InboxOutcome =
  | { readonly id: number; readonly kind: "done" }
  | {
    readonly id: number;
    readonly kind: "again";
    readonly due: number;
    readonly tries: number;
    readonly reason: string;
  }
  | { readonly id: number; readonly kind: "dead"; readonly tries: number; readonly reason: string };

/**
 * Webhook events: they are kept before they are answered, and go when what they are about was fetched and is
 * safe in the outbox.
 */
export interface Inbox {
  /**
   * Keeps events, all or none; they may be answered when it resolves: an answer is a promise that holds when
   * the power goes. At most one waits of each section and key; a newer one takes the place of it, and its turn.
   * Of calls that do not wait for each other, it is not said which is the newer one. Without events it is a
   * trial: it resolves when some could be kept.
   *
   * @param deadline After so many milliseconds it rejects, where keeping can take long; then the events may
   * have been kept all the same.
   */
  add(events: readonly InboxEvent[], deadline?: { readonly milliseconds: number }): Promise<void>;
  /**
   * Takes entries of a section that are due, the longest due first; `early` takes also those that only
   * wait for more events of their kind. Nobody else is given them until their outcome was recorded, or who
   * took them is no more.
   */
  take(section: string, limit: number, early: boolean): Promise<InboxEntry[]>;
  /**
   * Writes down what became of entries. What a power failure takes back is processed again; entries that this
   * process does not have any more are passed over.
   */
  recordOutcomes(outcomes: readonly InboxOutcome[]): Promise<void>;
  /** Gives back what processes took that are no more. */
  release(): Promise<void>;
  /** When the next entry of a section is due, in milliseconds since the epoch. */
  nextDue(section: string): Promise<number | undefined>;
  /** The sections that have entries due now. */
  dueSections(): Promise<string[]>;
  /** What is in the inbox, by section. */
  sizes(): Promise<InboxSize[]>;
  /** Gives back what was taken, and ends. */
  close(): Promise<void>;
}

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

/** A section that this process has for itself; several holds of one process stand side by side. */
export interface SectionHold {
  readonly kind: "held";
  /** Aborted, with an `AgentError` as its reason, when another process may run the section by now. */
  readonly signal: AbortSignal;
  /**
   * Milliseconds for which it is certain that no other process runs the section: nothing is to be sent when
   * they are over. Infinity where no other process can take it.
   */
  leftMs(): number;
  /** Lets others have it; never rejects: what cannot be told is over with the lease of the process. */
  release(): Promise<void>;
}

/** The process that has a section. */
export interface SectionHolder {
  readonly kind: "busy";
  /** Name of its machine. */
  readonly host: string;
  /** Its process id there. */
  readonly process: number;
  /** Version of its program. */
  readonly version: string;
  /** Since when it has the section, ISO 8601. */
  readonly since: string;
}

/** What tells whether sections are the same in two processes, by their names. */
export type SectionDigests = Readonly<Record<string, string>>;

/** A process at work on the state. */
export interface Replica {
  readonly id: string;
  /** Name of its machine. */
  readonly host: string;
  /** Its process id there. */
  readonly process: number;
  /** Version of its program. */
  readonly version: string;
  /** Since when it is at work, ISO 8601. */
  readonly since: string;
  /** Seconds since its last sign of life. */
  readonly silentSeconds: number;
  /** Digests of its sections, by their names, when it serves; null for a command that ends by itself. */
  readonly serving: SectionDigests | null;
  /** Whether it is the process that asks. */
  readonly isOwn: boolean;
  /** The sections that it has for itself, by name. */
  readonly sections: readonly string[];
}

/** What is known of a start: see {@linkcode State.findStart}. */
export type KnownStart = "made" | "busy" | "uncertain";

/** The state of one instance of Oomnitza. */
export interface State {
  /** What processes share of vendors' limits; absent where one process has all of them. */
  readonly budget?: SharedBudget | undefined;
  readonly deadLetters: DeadLetters;
  readonly deadEvents: DeadEvents;
  /** What Oomnitza accepted. */
  readonly accepted: AcceptedRecords;
  /** The address of the instance of Oomnitza; undefined when the state is only looked into. */
  readonly instance: string | undefined;
  /** What a section remembers from run to run; a commit is on the disk when it resolves. */
  cursor(section: string): SectionCursor;
  /**
   * Writes down that a run of a section begins. It is on the disk with the first of its batches: before
   * that, a power failure takes back a run that has sent nothing.
   *
   * @param counts how far the run is, written down with its batches
   */
  begin(
    stored: StoredSection,
    origin: RunOrigin,
    counts: () => Readonly<Record<string, number>>,
  ): Promise<OpenRun>;
  /**
   * Takes a section for this process, or tells which process has it. Who reads or sends a section holds it:
   * records of two processes could overtake each other.
   */
  holdSection(section: string): Promise<SectionHold | SectionHolder>;
  /**
   * Notes that the run of a section begins that was due at some time; false when it was noted before: another
   * process began it, and may have ended it. Who holds the section asks.
   */
  claimStart(section: string, due: Date): Promise<boolean>;
  /**
   * What is known of a start that was due at some time, without a change: it was `made` by a process that is at
   * work and has ended the run, another process is `busy` with the section, or neither is certain. Who asks
   * first spares what is in vain of taking the section.
   */
  findStart(section: string, due: Date): Promise<KnownStart>;
  /** Makes known that this process serves these sections: all that serve should have the same. */
  announce(serving: SectionDigests): Promise<void>;
  /** The processes at work, by the time since which they are; none where other machines cannot take part. */
  replicas(): Promise<Replica[]>;
  /** How often this process lost what it had, as it was away for too long. */
  readonly leasesLost: number;
  /** Takes over the runs of a section that left something, oldest first, each when it is asked for. */
  unfinishedRuns(
    section: Pick<StoredSection, "section" | "remember">,
  ): AsyncIterable<UnfinishedRun>;
  /**
   * Takes over runs of a section of which Oomnitza is still to tell what became of their records, the
   * oldest first; those that somebody waits for are left to them.
   */
  awaitedReceipts(section: string, limit: number): Promise<RunReceipt[]>;
  /** Whether runs of a section may have left something, those at work included. */
  hasBacklog(section: string): Promise<boolean>;
  /** The latest runs of all sections, newest first. */
  runs(limit: number): Promise<StoredRun[]>;
  /** The latest runs of a section, oldest first. */
  recentRuns(selection: RunSelection): Promise<PastRun[]>;
  /** The run with an id. */
  run(id: string): Promise<StoredRun | undefined>;
  /** When runs of each section began and ended last. */
  lastRuns(): Promise<LastRuns>;
  /** What waits, and what was refused, of all sections. */
  unfinishedWork(): Promise<UnfinishedWork>;
  /** Gives back what it holds, and ends. */
  close(): Promise<void>;
}
