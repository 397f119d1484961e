/**
 * What Oomnitza accepted, as runs and plans use it.
 *
 * @module
 */

import { parseExactJson } from "../base/json.ts";
import type { MappedRecord } from "../base/record.ts";
import { decompress } from "../runtime/compress.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { addAnsweredBatch, buildDestination, saveDestination } from "./answered_batches.ts";
import { Baseline, concludeUncompared, hasManyAnsweredBatches } from "./baseline.ts";

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

  /** What a section is compared with, up to date. */
  baseline(section: string, upload: string): Baseline {
    return new Baseline({
      database: this.#database,
      section,
      destination: this.destinationId(upload),
      unusable: this.#unusable,
    });
  }

  /** Records of a section that are pending in the outbox, those of runs at work included. */
  *pending(section: string): Generator<MappedRecord> {
    const rows = this.#use((database) =>
      database.rows(
        `SELECT records FROM outbox JOIN runs ON runs.id = outbox.run WHERE section = ?
          AND outbox.id NOT IN (SELECT ticket FROM settled) ORDER BY outbox.id`,
        section,
      )
    );
    for (const { records } of rows) {
      yield* parseExactJson(decompress(records as Uint8Array)) as MappedRecord[];
    }
  }

  /** Whether so much was answered since a section was compared last that it is to be taken in. */
  hasManyAnsweredBatches(section: string): boolean {
    return this.#use((database) => hasManyAnsweredBatches(database, section));
  }

  /** Writes down that a run sent all of the source without comparing it. */
  concludeUncompared(section: string, upload: string, run: string): void {
    const owner = { section, run, destination: this.destinationId(upload) };
    this.#use((database) => concludeUncompared(database, owner));
  }

  /** Notes that records were accepted outside of a run. */
  add(section: string, upload: string, run: string, records: readonly MappedRecord[]): void {
    const owner = { section, run, destination: this.destinationId(upload) };
    this.#use((database) => addAnsweredBatch(database, owner, "accepted", records));
  }

  #use<T>(work: (database: Sqlite) => T): T {
    try {
      return work(this.#database);
    } catch (error) {
      throw this.#unusable(error);
    }
  }
}
