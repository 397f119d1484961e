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
import { concludeUncompared, forgetBaseline, StateBaseline } from "./baseline.ts";
import { type UseState, useState } from "./file.ts";
import { type BaselineHome, foldSome, hasMoreAnsweredBatches } from "./fold.ts";
import type { AcceptedRecords, Baseline, LastUpload, Surplus } from "./known_records.ts";
import { findLastUpload } from "./last_upload.ts";
import type { RunOrigin } from "./run_account.ts";
import { isUploadOpen } from "./runs.ts";

/**
 * Answered batches of a section that wait to be taken in, at most: a full upload makes those before it
 * outdated, what webhooks bring goes on for ever.
 */
export const maxAnsweredBatches: Readonly<Record<RunOrigin, number>> = {
  upload: 20_000,
  webhook: 200,
};

/**
 * Records of them that a run for webhooks takes in: more than it brings, and not so many that it is late. While
 * sections run or wait it is one step of folding, which is as many as it can bring.
 */
export const maxTakenIn = 5000;

/**
 * Folds step by step until so many records were taken in or none are left; ends after a step when others have
 * more important work.
 *
 * @param fold One step; gives how many records it took in.
 */
export async function foldUpTo(
  limit: number,
  { isBusy = () => false, signal }: Pick<Surplus, "isBusy" | "signal">,
  fold: () => Promise<number>,
): Promise<void> {
  for (let left = limit; left > 0;) {
    signal?.throwIfAborted();
    const count = await fold();
    if (count === 0 || isBusy()) return;
    left -= count;
  }
}

/** The memory of what was accepted, in the state file. */
export class StateAccepted implements AcceptedRecords {
  readonly #instance: string | undefined;
  readonly #database: Sqlite;
  readonly #unusable: (cause: unknown) => Error;
  readonly #use: UseState;

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
    this.#use = useState(database, unusable);
  }

  /** The id of the destination of records; `upload` says how they are sent, as JSON. */
  destinationId(upload: string): number {
    const instance = this.#instance;
    if (instance === undefined) throw new Error("The state file was opened for no instance");
    const destination = buildDestination(instance, upload);
    return this.#use.now((database) => saveDestination(database, destination));
  }

  async openBaseline(section: string, upload: string, signal?: AbortSignal): Promise<Baseline> {
    const home = this.#home(section, upload);
    await this.#takeIn(home, Infinity, { signal });
    return new StateBaseline(home);
  }

  async takeInSurplus(
    section: string,
    upload: string,
    { origin, isBusy, signal }: Surplus,
  ): Promise<void> {
    const home = this.#home(section, upload);
    const isDue = this.#use.now((database) =>
      hasMoreAnsweredBatches(database, section, maxAnsweredBatches[origin]) &&
      // What an upload is being compared with is not to change.
      !(origin === "webhook" && isUploadOpen(database, section))
    );
    if (!isDue) return;
    if (origin === "upload") return await this.#takeIn(home, Infinity, { signal });
    await this.#takeIn(home, maxTakenIn, { isBusy, signal });
  }

  async *pending(section: string): AsyncGenerator<MappedRecord> {
    for (let last = 0;;) {
      const [row] = await this.#use.later((database) =>
        database.rows(
          `SELECT outbox.id, records FROM outbox JOIN runs ON runs.id = outbox.run
            WHERE section = ? AND outbox.id > ? AND outbox.id NOT IN (SELECT batch FROM acknowledged)
            ORDER BY outbox.id LIMIT 1`,
          section,
          last,
        )
      );
      if (row === undefined) return;
      last = Number(row.id);
      yield* parseExactJson(decompress(row.records as Uint8Array)) as MappedRecord[];
    }
  }

  lastUpload(section: string, upload: string): Promise<LastUpload | undefined> {
    return this.#use.later(() => findLastUpload(this.#home(section, upload)));
  }

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

  async forget(section: string, signal?: AbortSignal): Promise<void> {
    try {
      await forgetBaseline(this.#database, section, signal);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw this.#unusable(error);
    }
  }

  add(
    section: string,
    upload: string,
    run: string,
    records: readonly MappedRecord[],
  ): Promise<void> {
    return this.#use.later((database) => {
      const owner = { section, run, destination: this.destinationId(upload) };
      addAnsweredBatch(database, owner, "accepted", records);
    });
  }

  #home(section: string, upload: string): BaselineHome {
    const destination = this.destinationId(upload);
    return { database: this.#database, section, destination, unusable: this.#unusable };
  }

  #takeIn(
    home: BaselineHome,
    limit: number,
    until: Pick<Surplus, "isBusy" | "signal">,
  ): Promise<void> {
    return foldUpTo(limit, until, async () => {
      const count = this.#use.now(() => foldSome(home));
      await giveWay();
      return count;
    });
  }
}
