/**
 * What the state knows of the records that Oomnitza accepted, as runs and plans use it.
 *
 * Everything rejects with `AgentError` when the state fails. `upload` is how the records of a section are
 * sent, as JSON: what was accepted when it was sent in one way says nothing about another.
 *
 * @module
 */

import type { MappedRecord } from "../base/record.ts";
import type { FingerprintText } from "./fingerprint.ts";
import type { FoundIdentities } from "./identities.ts";
import type { RunOrigin } from "./run_account.ts";

/** A record that was accepted. */
export interface KnownRecord extends FingerprintText {
  readonly id: number;
  /** Whether it is to be sent even when it is the same: it was refused since, or shares its key. */
  readonly mustSend: boolean;
  /** Full runs in which it was not in the source. */
  readonly missed: number;
  /** The vendor's id of it, and what that belongs to, where it is known. */
  readonly identity?: string | undefined;
}

/** A record that was found by its identity. */
export interface IdentifiedRecord extends Pick<KnownRecord, "id" | "fields" | "values" | "missed"> {
  readonly key: string;
}

/** A record that was accepted and is not in the source any more. */
export interface MissingRecord extends FingerprintText {
  readonly key: string;
}

/** What a run needs to know to end well. */
export interface Conclusion {
  readonly run: string;
  /** Whether a record was in the source. */
  readonly isSeen: (id: number) => boolean;
  /** How many of those expected were not in the source, when that is known. */
  readonly gone?: number | undefined;
  /** Records that had been missed and are back. */
  readonly returned: readonly number[];
  /** Records that the run sent, when it sent all of the source and all of it was accepted. */
  readonly records?: number | undefined;
}

/**
 * The record that Oomnitza accepted last of each key, of one section; up to date when it is opened, and as it
 * was then.
 */
export interface Baseline {
  /** How many records are expected to be in the source. */
  readonly size: number;
  /** Whether a run that read all of the source is recorded. */
  readonly isFull: boolean;
  /** Names the state that was compared with; another one means that something was accepted since. */
  readonly stamp: string;
  /** The last answer that is in it, 0 when there was none. */
  readonly answer: number;
  /** The records with some keys, in their order; undefined for one that is not there, or has no key. */
  findAll(keys: readonly (string | undefined)[]): Promise<readonly (KnownRecord | undefined)[]>;
  /** The records that were not seen, apart from those that were missed before, as they came first. */
  missing(isSeen: (id: number) => boolean): AsyncGenerator<MissingRecord>;
  /** Writes down that a run read all of the source: what was not in it is missed once more. */
  conclude(conclusion: Conclusion): Promise<void>;
  /** Whether the vendor's id of any record is known. */
  readonly hasIdentities: boolean;
  /** The records that came with some identities last, in their order; nothing where several have one. */
  findByIdentity(
    identities: readonly string[],
  ): Promise<readonly (IdentifiedRecord | undefined)[]>;
  /** Writes down what a run found out of the identities of records, some of it at a time. */
  noteIdentities(found: FoundIdentities): Promise<void>;
}

/** A record that was missed in earlier runs. */
export interface MissedRecord extends FingerprintText {
  readonly id: number;
}

/** A record that an earlier upload had sent, found by its identity. */
export interface IdentifiedMissedRecord extends MissedRecord {
  readonly key: string;
}

/** A record of the last upload that is not in the source. */
export interface GoneRecord extends FingerprintText {
  readonly identity?: string | undefined;
}

/** A batch of the last upload. */
export interface UploadedBatch {
  /** The JSON text of a list of records. */
  readonly text: string;
  /** The vendor's ids of its records, by their positions; unpacked when they are asked for. */
  identities(): readonly (string | null)[];
}

/** What a run needs to know that was compared with the last upload. */
export interface OrderedConclusion {
  readonly run: string;
  /** Records that it sent, all of them accepted; absent when some were not. */
  readonly records: number | undefined;
  /** What was not in the source, by its key. */
  readonly gone: ReadonlyMap<string, GoneRecord>;
  /** What is in the source with other sync fields now, by the key that it had. */
  readonly renamed: ReadonlyMap<string, GoneRecord>;
  /** Records that had been missed and are back. */
  readonly returned: readonly number[];
}

/** The last upload of a section, when it is all that the section is to be compared with. */
export interface LastUpload {
  readonly run: string;
  /** Records that it sent. */
  readonly size: number;
  /** Its batches, in the order in which they were accepted. */
  batches(): AsyncIterator<UploadedBatch>;
  /** The records with some keys that this upload did not send and an earlier one did, in their order. */
  findMissed(keys: readonly string[]): Promise<readonly (MissedRecord | undefined)[]>;
  /** The same by identities. */
  findMissedByIdentity(
    identities: readonly string[],
  ): Promise<readonly (IdentifiedMissedRecord | undefined)[]>;
  /** Writes down that a run read and sent all of the source: it is what the next is compared with. */
  conclude(conclusion: OrderedConclusion): Promise<void>;
}

/** How a run that compares nothing takes in what was answered. */
export interface Surplus {
  readonly origin: RunOrigin;
  /**
   * Whether sections run or wait for their turn that this would slow down: a run for webhooks then takes in no
   * more than keeps the state from growing.
   */
  readonly isBusy?: (() => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The memory of what was accepted. */
export interface AcceptedRecords {
  /** What a section is compared with, up to date; others have a turn while much is taken in. */
  openBaseline(section: string, upload: string, signal?: AbortSignal): Promise<Baseline>;
  /** Takes in what was answered when that has become much, in a run that compares nothing. */
  takeInSurplus(section: string, upload: string, surplus: Surplus): Promise<void>;
  /** Records of a section that are pending in the outbox, those of runs at work included. */
  pending(section: string): AsyncIterable<MappedRecord>;
  /** The last upload of a section, when that is all that there is to be compared with. */
  lastUpload(section: string, upload: string): Promise<LastUpload | undefined>;
  /**
   * Writes down that a run sent all of the source without comparing it; `records` is how many, when all of
   * them were accepted.
   */
  concludeUncompared(
    section: string,
    upload: string,
    run: string,
    records?: number,
  ): Promise<void>;
  /** Forgets all that is known of a section, some of it at a time. */
  forget(section: string, signal?: AbortSignal): Promise<void>;
  /** Notes that records were accepted outside of a run. */
  add(
    section: string,
    upload: string,
    run: string,
    records: readonly MappedRecord[],
  ): Promise<void>;
}
