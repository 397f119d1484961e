/**
 * The state file as a run uses it: accounts, outboxes and dead letters.
 *
 * @module
 */

import type { Sqlite } from "../runtime/sqlite.ts";
import { AcceptedRecords } from "./accepted.ts";
import { type SectionCursor, shareCursor } from "./cursor.ts";
import { StateDeadEvents } from "./dead_events.ts";
import { countDeadLetters, type RefusedCount, StateDeadLetters } from "./dead_letters.ts";
import { hasLog, openState, unusable, useState, withoutWaiting } from "./file.ts";
import { newId } from "./id.ts";
import { type InboxSize, inboxSizes } from "./inbox.ts";
import { StateOutbox } from "./outbox.ts";
import { becomeOwner, isAtWork, type Owner } from "./owner.ts";
import { type AwaitingRun, claimReceipt, findAwaiting, StateReceipt } from "./receipts.ts";
import {
  endRun,
  findRun,
  insertRun,
  lastStart,
  lastSuccess,
  latestRuns,
  pruneRuns,
  recentRuns,
  type RunEnd,
  type RunSelection,
  waitingRecords,
} from "./runs.ts";
import type { PastRun, RunOrigin, StoredRun } from "./runs.ts";
import type { State } from "./state.ts";
import { type SyncFile, WalSync } from "./wal_sync.ts";

/** A running upload, in the state file. */
export interface OpenRun {
  readonly id: string;
  readonly outbox: StateOutbox;
  readonly receipt: StateReceipt;
  end(end: RunEnd): void;
}

/** A section as the store knows it. */
export interface StoredSection {
  readonly section: string;
  /** How its records are sent, as JSON. */
  readonly upload: string;
  /** Whether it is remembered what was accepted. */
  readonly remember: boolean;
  /** Whether Oomnitza is asked afterwards what became of the records; not, unless given. */
  readonly awaitsReceipt?: boolean | undefined;
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
  readonly outbox: StateOutbox;
  readonly receipt: Pick<StateReceipt, "close">;
}

/** What is not done yet. */
export interface UnfinishedWork {
  /** Records in the outbox, by section. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Records that Oomnitza refused. */
  readonly refused: readonly RefusedCount[];
  /** Webhook events. */
  readonly events: readonly InboxSize[];
}

export interface StoreSettings {
  readonly path: string;
  /** Address of the Oomnitza instance that records go to; absent when the file is only looked into. */
  readonly instance: string | undefined;
  /** Masks secrets in the reasons of records and runs. */
  readonly redact: (text: string) => string;
  /** How an open file is brought to the disk; the system does it unless given. */
  readonly syncFile?: SyncFile | undefined;
}

/** The state file, open. Everything throws `AgentError` when it fails. */
export class StateStore implements State {
  readonly path: string;
  /** Address of the Oomnitza instance that it was opened for. */
  readonly instance: string | undefined;
  /** What Oomnitza accepted. */
  readonly accepted: AcceptedRecords;
  readonly deadLetters: StateDeadLetters;
  readonly deadEvents: StateDeadEvents;
  readonly #redact: (text: string) => string;
  readonly #database: Sqlite;
  /** Absent where commits are on the disk by themselves. */
  readonly #walSync: WalSync | undefined;
  #owner: Owner | undefined;

  /** Opens the file, which is created when it is not there. */
  constructor({ path, instance, redact, syncFile }: StoreSettings) {
    this.path = path;
    this.instance = instance;
    this.#redact = redact;
    this.#database = openState(path);
    this.#walSync = hasLog(this.#database) ? new WalSync(path, syncFile) : undefined;
    this.accepted = new AcceptedRecords(this.#database, instance, (cause) => unusable(path, cause));
    const use = useState(path, this.#database);
    this.deadLetters = new StateDeadLetters(use, redact);
    this.deadEvents = new StateDeadEvents(use);
  }

  /**
   * Writes down that a run of a section begins. It is on the disk with the first of its batches: before
   * that, a power failure takes back a run that has sent nothing.
   */
  begin(
    stored: StoredSection,
    origin: RunOrigin,
    counts: () => Readonly<Record<string, number>>,
  ): OpenRun {
    const { section, upload } = stored;
    const owner = this.#ownerId();
    const started = new Date().toISOString();
    const id = this.#use((database) =>
      withoutWaiting(database, () =>
        database.transaction(() => {
          pruneRuns(database, section, origin);
          const { awaitsReceipt = false } = stored;
          const run = { section, origin, owner, started, upload, awaitsReceipt };
          for (let id = newId();; id = newId()) if (insertRun(database, { ...run, id })) return id;
        }))
    );
    const outbox = this.#outbox(id, stored, counts);
    return {
      id,
      outbox,
      receipt: this.#receipt(section, { run: id, upload, started }),
      end: (end) => {
        const error = end.error === null ? null : this.#redact(end.error);
        this.#use((database) =>
          database.transaction(() => endRun(database, id, { ...end, error }))
        );
      },
    };
  }

  /** Takes over the runs of a section that left something, oldest first. */
  *unfinishedRuns(
    { section, remember }: Pick<StoredSection, "section" | "remember">,
  ): Generator<UnfinishedRun> {
    const rows = this.#use((database) =>
      database.rows(
        "SELECT id, owner, outcome FROM runs WHERE section = ? AND is_open = 1 ORDER BY id",
        section,
      )
    );
    for (const { id, owner, outcome } of rows) {
      const isMine = owner === this.#ownerId();
      if (isMine ? outcome === null : isAtWork(this.path, String(owner))) continue;
      const unfinished = this.#claim(String(id), String(owner), { section, remember });
      if (unfinished !== undefined) yield unfinished;
    }
  }

  /**
   * Takes over runs of a section of which Oomnitza is still to tell what became of their records, the
   * oldest first; those that somebody waits for are left to them.
   */
  awaitedReceipts(section: string, limit: number): StateReceipt[] {
    const runs = this.#use((database) => findAwaiting(database, section));
    const receipts: StateReceipt[] = [];
    for (const run of runs) {
      if (receipts.length === limit) break;
      if (run.owner === this.#ownerId() || isAtWork(this.path, run.owner)) continue;
      if (this.#use((database) => claimReceipt(database, run, this.#ownerId()))) {
        receipts.push(this.#receipt(section, run));
      }
    }
    return receipts;
  }

  /** Whether runs of a section may have left something, those at work included. */
  hasBacklog(section: string): boolean {
    const rows = this.#use((database) =>
      database.rows("SELECT id FROM runs WHERE section = ? AND is_open = 1 LIMIT 1", section)
    );
    return rows.length > 0;
  }

  runs(limit: number): StoredRun[] {
    return this.#use((database) => latestRuns(database, limit, (id) => isAtWork(this.path, id)));
  }

  /** The latest runs of a section, oldest first. */
  recentRuns(selection: RunSelection): PastRun[] {
    return this.#use((database) =>
      recentRuns(database, selection, (owner) => isAtWork(this.path, owner))
    );
  }

  /** What waits, and what was refused, of all sections. */
  unfinishedWork(): UnfinishedWork {
    return this.#use((database) => ({
      waiting: waitingRecords(database),
      refused: countDeadLetters(database),
      events: inboxSizes(database),
    }));
  }

  /** When the latest run of a section began that was to read all of the source, ISO 8601. */
  lastStart(section: string): string | undefined {
    return this.#use((database) => lastStart(database, section));
  }

  /** When the latest good run of a section and origin ended, ISO 8601. */
  lastSuccess(section: string, origin: RunOrigin): string | undefined {
    return this.#use((database) => lastSuccess(database, section, origin));
  }

  run(id: string): StoredRun | undefined {
    return this.#use((database) => findRun(database, id, (owner) => isAtWork(this.path, owner)));
  }

  /** The memory of a section. */
  cursor(section: string): SectionCursor {
    return shareCursor(this.path, section, this.#database);
  }

  close(): void {
    this.#walSync?.close();
    this.#database.close();
    this.#owner?.release();
    this.#owner = undefined;
  }

  #ownerId(): string {
    return (this.#owner ??= becomeOwner(this.path)).id;
  }

  /** Takes over an open run, unless another process was quicker. */
  #claim(
    id: string,
    owner: string,
    stored: Pick<StoredSection, "section" | "remember">,
  ): UnfinishedRun | undefined {
    const [row] = this.#use((database) =>
      database.rows(
        `UPDATE runs SET owner = ?, outcome = coalesce(outcome, 'interrupted')
          WHERE id = ? AND owner = ? AND is_open = 1 RETURNING upload, counts, started,
            awaits_receipt`,
        this.#ownerId(),
        id,
        owner,
      )
    );
    if (row === undefined) return undefined;
    const upload = String(row.upload);
    const { sent: known = 0 } = JSON.parse(String(row.counts)) as Record<string, number>;
    const [answered] = this.#use((database) =>
      database.rows("SELECT count(*) AS batches FROM acknowledged WHERE run = ?", id)
    );
    const sent = known > 0 || Number(answered?.batches) > 0;
    const awaitsReceipt = row.awaits_receipt === 1;
    const outbox = this.#outbox(id, { ...stored, upload, awaitsReceipt });
    const started = String(row.started);
    const receipt = this.#receipt(stored.section, { run: id, upload, started });
    return { run: id, started: new Date(started), upload, sent, outbox, receipt };
  }

  #outbox(
    run: string,
    { section, upload, remember, awaitsReceipt = false }: StoredSection,
    counts?: () => Readonly<Record<string, number>>,
  ): StateOutbox {
    return new StateOutbox({
      database: this.#database,
      run,
      section,
      upload,
      destination: remember ? this.accepted.destinationId(upload) : undefined,
      awaitsReceipt,
      counts,
      redact: this.#redact,
      sync: () => this.#walSync?.wait() ?? Promise.resolve(),
      unusable: (cause) => unusable(this.path, cause),
    });
  }

  #receipt(
    section: string,
    { run, upload, started }: Pick<AwaitingRun, "run" | "upload" | "started">,
  ): StateReceipt {
    return new StateReceipt({
      database: this.#database,
      ...{ run, section, upload, started },
      redact: this.#redact,
      unusable: (cause) => unusable(this.path, cause),
    });
  }

  #use<T>(work: (database: Sqlite) => T): T {
    try {
      return work(this.#database);
    } catch (error) {
      throw unusable(this.path, error);
    }
  }
}
