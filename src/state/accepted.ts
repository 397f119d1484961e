/**
 * What Oomnitza accepted, as runs and plans use it.
 *
 * @module
 */

import { giveWay } from "../base/iteration.ts";
import { parseExactJson } from "../base/json.ts";
import type { MappedRecord } from "../base/record.ts";
import { decompress } from "../runtime/compress.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { addAnsweredBatch, buildDestination, saveDestination } from "./answered_batches.ts";
import { Baseline, concludeUncompared, forgetBaseline } from "./baseline.ts";
import { type BaselineHome, foldSome, hasMoreAnsweredBatches } from "./fold.ts";
import { findLastUpload, type LastUpload } from "./last_upload.ts";
import { isUploadOpen, type RunOrigin } from "./runs.ts";

/**
 * Answered batches of a section that wait to be taken in, at most: a full upload makes those before it
 * outdated, what webhooks bring goes on for ever.
 */
const maxAnsweredBatches: Readonly<Record<RunOrigin, number>> = { upload: 20_000, webhook: 200 };

/** Records of them that a run for webhooks takes in: more than it brings, and not so many that it is late. */
const maxTakenIn = 5000;

/** The memory of what was accepted. Everything throws `AgentError` when the state file fails. */
export class AcceptedRecords {
  readonly #instance: string | undefined;
  readonly #database: Sqlite;
  readonly #unusable: (cause: unknown) => Error;

  /**
   * @param instance Address of the Oomnitza instance: what one accepted says nothing about another.
   * Without it nothing can be compared.
   */
  constructor(
    database: Sqlite,
    instance: string | undefined,
    unusable: (cause: unknown) => Error,
  ) {
    this.#database = database;
    this.#instance = instance;
    this.#unusable = unusable;
  }

  /** The id of the destination of records; `upload` says how they are sent, as JSON. */
  destinationId(upload: string): number {
    const instance = this.#instance;
    if (instance === undefined) throw new Error("The state file was opened for no instance");
    const destination = buildDestination(instance, upload);
    return this.#use((database) => saveDestination(database, destination));
  }

  /** What a section is compared with, up to date: what was answered is taken in, in one go. */
  baseline(section: string, upload: string): Baseline {
    return new Baseline(this.#home(section, upload));
  }

  /** What a section is compared with, up to date; others have a turn while much is taken in. */
  async openBaseline(section: string, upload: string, signal?: AbortSignal): Promise<Baseline> {
    await this.#takeIn(this.#home(section, upload), Infinity, signal);
    return this.baseline(section, upload);
  }

  /** Takes in what was answered when that has become much, in a run that compares nothing. */
  async takeInSurplus(
    section: string,
    upload: string,
    origin: RunOrigin,
    signal?: AbortSignal,
  ): Promise<void> {
    const home = this.#home(section, upload);
    const isDue = this.#use((database) =>
      hasMoreAnsweredBatches(database, section, maxAnsweredBatches[origin]) &&
      // What an upload is being compared with is not to change.
      !(origin === "webhook" && isUploadOpen(database, section))
    );
    if (isDue) await this.#takeIn(home, origin === "webhook" ? maxTakenIn : Infinity, signal);
  }

  /** Records of a section that are pending in the outbox, those of runs at work included. */
  *pending(section: string): Generator<MappedRecord> {
    const rows = this.#use((database) =>
      database.rows(
        `SELECT records FROM outbox JOIN runs ON runs.id = outbox.run WHERE section = ?
          AND outbox.id NOT IN (SELECT batch FROM acknowledged) ORDER BY outbox.id`,
        section,
      )
    );
    for (const { records } of rows) {
      yield* parseExactJson(decompress(records as Uint8Array)) as MappedRecord[];
    }
  }

  /** The last upload of a section, when that is all that there is to be compared with. */
  lastUpload(section: string, upload: string): LastUpload | undefined {
    return this.#use(() => findLastUpload(this.#home(section, upload)));
  }

  /**
   * Writes down that a run sent all of the source without comparing it; `records` is how many, when all of
   * them were accepted.
   */
  async concludeUncompared(
    section: string,
    upload: string,
    run: string,
    records?: number,
  ): Promise<void> {
    const owner = { section, run, destination: this.destinationId(upload) };
    try {
      await concludeUncompared(this.#database, owner, records);
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  /** Forgets all that is known of a section, some of it at a time. */
  async forget(section: string, signal?: AbortSignal): Promise<void> {
    try {
      await forgetBaseline(this.#database, section, signal);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw this.#unusable(error);
    }
  }

  /** Notes that records were accepted outside of a run. */
  add(section: string, upload: string, run: string, records: readonly MappedRecord[]): void {
    const owner = { section, run, destination: this.destinationId(upload) };
    this.#use((database) => addAnsweredBatch(database, owner, "accepted", records));
  }

  #home(section: string, upload: string): BaselineHome {
    const destination = this.destinationId(upload);
    return { database: this.#database, section, destination, unusable: this.#unusable };
  }

  async #takeIn(home: BaselineHome, limit: number, signal?: AbortSignal): Promise<void> {
    for (let left = limit; left > 0;) {
      const count = this.#use(() => foldSome(home));
      if (count === 0) return;
      left -= count;
      await giveWay();
      signal?.throwIfAborted();
    }
  }

  #use<T>(work: (database: Sqlite) => T): T {
    try {
      return work(this.#database);
    } catch (error) {
      throw this.#unusable(error);
    }
  }
}
