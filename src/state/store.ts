/**
 * The state file as a run uses it: accounts, outboxes and dead letters.
 *
 * @module
 */

import type { Sqlite } from "../runtime/sqlite.ts";
import { StateAccepted } from "./accepted.ts";
import { type SectionCursor, shareCursor } from "./cursor.ts";
import { StateDeadEvents } from "./dead_events.ts";
import { countDeadLetters, StateDeadLetters } from "./dead_letters.ts";
import { hasLog, openState, unusable, type UseState, useState, withoutWaiting } from "./file.ts";
import { newId } from "./id.ts";
import { inboxSizes } from "./inbox.ts";
import { StateOutbox } from "./outbox.ts";
import { becomeOwner, isAtWork, type Owner } from "./owner.ts";
import { type AwaitingRun, claimReceipt, findAwaiting, StateReceipt } from "./receipts.ts";
import type { PastRun, RunOrigin, RunSelection, StoredRun } from "./run_account.ts";
import {
  endRun,
  findRun,
  insertRun,
  lastRuns,
  latestRuns,
  pruneRuns,
  recentRuns,
  splitRun,
  waitingRecords,
} from "./runs.ts";
import type {
  KnownStart,
  LastRuns,
  OpenRun,
  RunReceipt,
  SectionHold,
  State,
  StoredSection,
  UnfinishedRun,
  UnfinishedWork,
} from "./state.ts";
import { type SyncFile, WalSync } from "./wal_sync.ts";

/** A section that no other process can take. */
const unlimitedHold: SectionHold = {
  kind: "held",
  signal: new AbortController().signal,
  leftMs: () => Number.POSITIVE_INFINITY,
  release: () => Promise.resolve(),
};

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
  readonly accepted: StateAccepted;
  readonly deadLetters: StateDeadLetters;
  readonly deadEvents: StateDeadEvents;
  readonly #redact: (text: string) => string;
  readonly #database: Sqlite;
  readonly #use: UseState;
  /** Absent where commits are on the disk by themselves. */
  readonly #walSync: WalSync | undefined;
  /** Runs of this process that are over, which could not be written down. */
  readonly #unrecorded = new Set<string>();
  #owner: Owner | undefined;

  /** Opens the file, which is created when it is not there. */
  constructor({ path, instance, redact, syncFile }: StoreSettings) {
    this.path = path;
    this.instance = instance;
    this.#redact = redact;
    this.#database = openState(path);
    this.#walSync = hasLog(this.#database) ? new WalSync(path, syncFile) : undefined;
    this.accepted = new StateAccepted(this.#database, instance, (cause) => unusable(path, cause));
    const use = useState(this.#database, (cause) => unusable(path, cause));
    this.#use = use;
    this.deadLetters = new StateDeadLetters(use, redact);
    this.deadEvents = new StateDeadEvents(use);
  }

  async begin(
    stored: StoredSection,
    origin: RunOrigin,
    counts: () => Readonly<Record<string, number>>,
  ): Promise<OpenRun> {
    const { section, upload } = stored;
    const started = new Date().toISOString();
    const id = await this.#use.later((database) =>
      this.#insertRun(database, stored, origin, started)
    );
    return {
      id,
      outbox: this.#outbox(id, stored, counts),
      receipt: this.#receipt(section, { run: id, upload, started }),
      end: async (end) => {
        const error = end.error === null ? null : this.#redact(end.error);
        this.#unrecorded.add(id);
        await this.#use.later((database) =>
          withoutWaiting(
            database,
            () => database.transaction(() => endRun(database, id, { ...end, error })),
          )
        );
        this.#unrecorded.delete(id);
        // Of what is not decided yet, nobody relies on more than that the run began.
        if (end.isUndecided !== true) await this.#sync();
      },
    };
  }

  /** The lock beside the file keeps others away: see `upload_lock.ts`. */
  holdSection(): Promise<SectionHold> {
    return Promise.resolve(unlimitedHold);
  }

  claimStart(): Promise<boolean> {
    return Promise.resolve(true);
  }

  findStart(): Promise<KnownStart> {
    return Promise.resolve("uncertain");
  }

  announce(): Promise<void> {
    return Promise.resolve();
  }

  replicas(): Promise<[]> {
    return Promise.resolve([]);
  }

  readonly leasesLost = 0;

  async *unfinishedRuns(
    { section, remember }: Pick<StoredSection, "section" | "remember">,
  ): AsyncGenerator<UnfinishedRun> {
    const rows = await this.#use.later((database) =>
      database.rows(
        "SELECT id, owner, outcome FROM runs WHERE section = ? AND is_open = 1 ORDER BY id",
        section,
      )
    );
    for (const { id, owner, outcome } of rows) {
      const isOver = outcome !== null || this.#unrecorded.has(String(id));
      if (owner === this.#ownerId() ? !isOver : isAtWork(this.path, String(owner))) continue;
      const unfinished = this.#claim(String(id), String(owner), { section, remember });
      if (unfinished !== undefined) yield unfinished;
    }
  }

  awaitedReceipts(section: string, limit: number): Promise<RunReceipt[]> {
    return this.#use.later((database) => {
      const receipts: RunReceipt[] = [];
      for (const run of findAwaiting(database, section)) {
        if (receipts.length === limit) break;
        if (run.owner === this.#ownerId() || isAtWork(this.path, run.owner)) continue;
        if (claimReceipt(database, run, this.#ownerId())) {
          receipts.push(this.#receipt(section, run));
        }
      }
      return receipts;
    });
  }

  hasBacklog(section: string): Promise<boolean> {
    return this.#use.later((database) =>
      database.rows("SELECT id FROM runs WHERE section = ? AND is_open = 1 LIMIT 1", section)
        .length > 0
    );
  }

  runs(limit: number): Promise<StoredRun[]> {
    return this.#use.later((database) =>
      latestRuns(database, limit, (id) => isAtWork(this.path, id))
    );
  }

  recentRuns(selection: RunSelection): Promise<PastRun[]> {
    return this.#use.later((database) =>
      recentRuns(database, selection, (owner) => isAtWork(this.path, owner))
    );
  }

  unfinishedWork(): Promise<UnfinishedWork> {
    return this.#use.later((database) => ({
      waiting: waitingRecords(database),
      refused: countDeadLetters(database),
      events: inboxSizes(database),
    }));
  }

  lastRuns(): Promise<LastRuns> {
    return this.#use.later(lastRuns);
  }

  run(id: string): Promise<StoredRun | undefined> {
    return this.#use.later((database) =>
      findRun(database, id, (owner) => isAtWork(this.path, owner))
    );
  }

  cursor(section: string): SectionCursor {
    return shareCursor(this.path, section, this.#database);
  }

  close(): Promise<void> {
    return this.#use.later((database) => {
      this.#walSync?.close();
      database.close();
      this.#owner?.release();
      this.#owner = undefined;
    });
  }

  /** Writes down that a run begins; gives its id. */
  #insertRun(
    database: Sqlite,
    { section, upload, awaitsReceipt = false }: StoredSection,
    origin: RunOrigin,
    started: string,
  ): string {
    const run = { section, origin, owner: this.#ownerId(), started, upload, awaitsReceipt };
    return withoutWaiting(database, () =>
      database.transaction(() => {
        pruneRuns(database, section, origin);
        for (let id = newId();; id = newId()) if (insertRun(database, { ...run, id })) return id;
      }));
  }

  #ownerId(): string {
    return (this.#owner ??= becomeOwner(this.path, this.#database)).id;
  }

  /** Takes over an open run, unless another process was quicker. */
  #claim(
    id: string,
    owner: string,
    stored: Pick<StoredSection, "section" | "remember">,
  ): UnfinishedRun | undefined {
    const [row] = this.#use.now((database) =>
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
    this.#unrecorded.delete(id);
    const upload = String(row.upload);
    const { sent: known = 0 } = JSON.parse(String(row.counts)) as Record<string, number>;
    const [answered] = this.#use.now((database) =>
      database.rows("SELECT count(*) AS batches FROM acknowledged WHERE run = ?", id)
    );
    const sent = known > 0 || Number(answered?.batches) > 0;
    const awaitsReceipt = row.awaits_receipt === 1;
    const started = String(row.started);
    return this.#unfinished({ ...stored, upload, awaitsReceipt }, { run: id, started, sent });
  }

  #unfinished(
    stored: StoredSection,
    { run, started, sent }: Pick<UnfinishedRun, "run" | "sent"> & { readonly started: string },
  ): UnfinishedRun {
    const { section, upload } = stored;
    return {
      ...{ run, started: new Date(started), upload, sent },
      outbox: this.#outbox(run, stored),
      receipt: this.#receipt(section, { run, upload, started }),
      splitOff: async (other) => {
        const id = await this.#use.later((database) => this.#splitRun(database, run, other));
        const own = { ...stored, upload: other };
        return this.#unfinished(own, { run: id, started, sent: false });
      },
    };
  }

  /** Makes a run of its own of what is not answered of one; gives its id. */
  #splitRun(database: Sqlite, run: string, upload: string): string {
    return withoutWaiting(database, () =>
      database.transaction(() => {
        for (let id = newId();; id = newId()) {
          if (splitRun(database, run, { id, upload })) return id;
        }
      }));
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

  /** Waits until all that was written before is on the disk, off the thread that works. */
  async #sync(): Promise<void> {
    try {
      await this.#walSync?.wait();
    } catch (error) {
      throw unusable(this.path, error);
    }
  }
}
