/**
 * What a section is compared with: the record that Oomnitza accepted last of each key.
 *
 * @module
 */

import { giveWay } from "../base/iteration.ts";
import type { Sqlite, SqliteRow } from "../runtime/sqlite.ts";
import { addEnd, type AnsweredRun, forgetBatchesBefore, untilReceipt } from "./answered_batches.ts";
import { type UseState, useState, withoutWaiting } from "./file.ts";
import { type BaselineHead, type BaselineHome, FieldLists, foldSome, loadHead } from "./fold.ts";
import {
  type FoundIdentities,
  inPages,
  saveLearned,
  saveRenamed,
  unmarkRenamed,
} from "./identities.ts";
import type {
  Baseline,
  Conclusion,
  IdentifiedRecord,
  KnownRecord,
  MissingRecord,
} from "./known_records.ts";
import { ReadAhead } from "./read_ahead.ts";

/** After so many full runs without it, a record is forgotten. */
export const maxMissedRuns = 5;

/** What is read of a record. */
const columns = "id, key, fields, vals, must_send, missed, identity";

/** Rows that are looked at before others have a turn. */
export const pageSize = 1000;

/**
 * The baseline of a section, up to date when it is opened; what is taken in later is not in it. Everything
 * throws `AgentError` when the state file fails.
 */
export class StateBaseline implements Baseline {
  readonly size: number;
  readonly hasIdentities: boolean;
  readonly #home: BaselineHome;
  readonly #use: UseState;
  readonly #head: BaselineHead;
  readonly #lists = new FieldLists();
  /** The newest record that belongs to it. */
  readonly #newest: number;
  readonly #ahead: ReadAhead;

  constructor(home: BaselineHome) {
    this.#home = home;
    this.#use = useState(home.database, home.unusable);
    this.#head = this.#use.now((database) => {
      while (foldSome(home) > 0);
      return loadHead(database, home);
    });
    this.#newest = this.#read("SELECT max(id) AS found FROM fingerprints");
    this.size = this.#matches
      ? this.#read(
        "SELECT count(*) AS found FROM fingerprints WHERE baseline = ? AND missed = 0",
        this.#head.id,
      )
      : 0;
    this.hasIdentities = this.#matches && this.#read(
          "SELECT EXISTS (SELECT 1 FROM fingerprints WHERE baseline = ? AND identity > '') AS found",
          this.#head.id,
        ) === 1;
    this.#ahead = new ReadAhead((after, limit) => this.#expected(after, limit));
  }

  get isFull(): boolean {
    return this.#matches && this.#head.fullRun !== undefined;
  }

  get stamp(): string {
    const { id, destination, answer } = this.#head;
    return answer === 0 ? "none" : `${id}-${destination}-${answer}`;
  }

  get answer(): number {
    return this.#head.answer;
  }

  findAll(keys: readonly (string | undefined)[]): Promise<readonly (KnownRecord | undefined)[]> {
    return new Promise((resolve) => resolve(keys.map((key) => this.#find(key))));
  }

  #find(key: string | undefined): KnownRecord | undefined {
    if (key === undefined || !this.#matches) return undefined;
    const row = this.#ahead.take(key) ?? this.#look(key);
    if (row === undefined) return undefined;
    return {
      id: Number(row.id),
      fields: this.#namesOf(row),
      values: String(row.vals),
      mustSend: row.must_send === 1,
      missed: Number(row.missed),
      identity: typeof row.identity === "string" ? row.identity : undefined,
    };
  }

  findByIdentity(
    identities: readonly string[],
  ): Promise<readonly (IdentifiedRecord | undefined)[]> {
    return new Promise((resolve) =>
      resolve(identities.map((identity) => this.#findByIdentity(identity)))
    );
  }

  #findByIdentity(identity: string): IdentifiedRecord | undefined {
    if (!this.#matches) return undefined;
    const [row, other] = this.#use.now((database) =>
      database.rows(
        `SELECT ${columns} FROM fingerprints WHERE baseline = ? AND identity = ? AND id <= ?
          ORDER BY missed, id DESC LIMIT 2`,
        this.#head.id,
        identity,
        this.#newest,
      )
    );
    if (row === undefined || row.missed === 0 && other?.missed === 0) return undefined;
    return {
      id: Number(row.id),
      key: unmarkRenamed(String(row.key)),
      fields: this.#namesOf(row),
      values: String(row.vals),
      missed: Number(row.missed),
    };
  }

  async noteIdentities({ learned, renamed }: FoundIdentities): Promise<void> {
    if (!this.#matches) return;
    for (const page of inPages(learned)) {
      this.#use.now((database) => saveLearned(database, this.#head.id, page));
      await giveWay();
    }
    for (const page of inPages(renamed)) {
      this.#use.now((database) => saveRenamed(database, this.#head.id, page));
      await giveWay();
    }
  }

  async *missing(isSeen: (id: number) => boolean): AsyncGenerator<MissingRecord> {
    for await (const ids of this.#pages(0)) {
      for (const id of ids) {
        if (isSeen(id)) continue;
        const [row] = this.#use.now((database) =>
          database.rows("SELECT key, fields, vals FROM fingerprints WHERE id = ?", id)
        );
        if (row === undefined) continue;
        yield { key: String(row.key), fields: this.#namesOf(row), values: String(row.vals) };
      }
    }
  }

  async conclude({ run, isSeen, gone, returned, records }: Conclusion): Promise<void> {
    const { section, destination, database } = this.#home;
    if (this.#matches) await this.#miss(isSeen, gone === 0 ? 1 : 0);
    this.#use.now(() =>
      withoutWaiting(database, () =>
        database.transaction(() => {
          for (const id of returned) {
            database.run("UPDATE fingerprints SET missed = 0 WHERE id = ?", id);
          }
          addEnd(database, { section, run, destination }, records);
        }))
    );
  }

  get #matches(): boolean {
    return this.#head.destination === this.#home.destination;
  }

  #namesOf(row: SqliteRow): string {
    return this.#use.now((database) => this.#lists.namesOf(database, Number(row.fields)));
  }

  #read(statement: string, ...values: readonly number[]): number {
    const [row] = this.#use.now((database) => database.rows(statement, ...values));
    return Number(row?.found ?? 0);
  }

  #look(key: string): SqliteRow | undefined {
    const [row] = this.#use.now((database) =>
      database.rows(
        `SELECT ${columns} FROM fingerprints WHERE baseline = ? AND key = ? AND id <= ?`,
        this.#head.id,
        key,
        this.#newest,
      )
    );
    if (row !== undefined) this.#ahead.found(Number(row.id));
    return row;
  }

  /** The records expected after one, in the order in which they were accepted first. */
  #expected(after: number, limit: number): readonly SqliteRow[] {
    return this.#use.now((database) =>
      database.rows(
        `SELECT ${columns} FROM fingerprints WHERE baseline = ? AND missed = 0 AND id > ? AND id <= ?
          ORDER BY id LIMIT ?`,
        this.#head.id,
        after,
        this.#newest,
        limit,
      )
    );
  }

  /** Counts the records that were not seen as missed once more, from those missed most often down to `least`. */
  async #miss(isSeen: (id: number) => boolean, least: number): Promise<void> {
    const { database } = this.#home;
    for (let missed = maxMissedRuns - 1; missed >= least; missed--) {
      const isLast = missed + 1 === maxMissedRuns;
      const statement = isLast
        ? "DELETE FROM fingerprints WHERE id = ?"
        : "UPDATE fingerprints SET missed = missed + 1 WHERE id = ?";
      for await (const ids of this.#pages(missed)) {
        const gone = ids.filter((id) => !isSeen(id));
        if (gone.length === 0) continue;
        this.#use.now(() =>
          withoutWaiting(database, () =>
            database.transaction(() => {
              for (const id of gone) database.run(statement, id);
            }))
        );
      }
    }
  }

  /** The ids of records that were missed so often, in pages; others have a turn after each. */
  async *#pages(missed: number): AsyncGenerator<readonly number[]> {
    if (!this.#matches) return;
    for (let last = 0;;) {
      const rows = this.#use.now((database) =>
        database.rows(
          `SELECT id FROM fingerprints WHERE baseline = ? AND missed = ? AND id > ? AND id <= ?
            ORDER BY id LIMIT ?`,
          this.#head.id,
          missed,
          last,
          this.#newest,
          pageSize,
        )
      );
      const ids = rows.map(({ id }) => Number(id));
      yield ids;
      if (ids.length < pageSize) return;
      last = ids.at(-1) ?? last;
      await giveWay();
    }
  }
}

/**
 * Writes down that a run sent all of the source without comparing it: older answers are outdated. `records`
 * is how many, when all of them were accepted.
 */
export async function concludeUncompared(
  database: Sqlite,
  run: AnsweredRun,
  records?: number,
): Promise<void> {
  withoutWaiting(database, () =>
    database.transaction(() => {
      // What is gone from the source was not looked for: the next run is compared with all that is known.
      addEnd(database, run, hasFingerprints(database, run.section) ? undefined : records);
    }));
  // What is left of them after a kill is taken in before those of this run, which change it again.
  await forgetBatchesBefore(database, run.section, run.run);
}

function hasFingerprints(database: Sqlite, section: string): boolean {
  return database.rows(
    `SELECT id FROM fingerprints
      WHERE baseline = (SELECT id FROM baselines WHERE section = ?) LIMIT 1`,
    section,
  ).length > 0;
}

/** Records, and answered batches, that are forgotten before others have a turn. */
const forgottenAtOnce = 500;

/**
 * Forgets all that is known of a section, some of it at a time. What a kill leaves of it is not taken for all
 * of the source, and goes with the next run.
 */
export async function forgetBaseline(
  database: Sqlite,
  section: string,
  signal?: AbortSignal,
): Promise<void> {
  while (forgetSome(database, section)) {
    await giveWay();
    signal?.throwIfAborted();
  }
}

/** Forgets some of what is known of a section; gives whether there is more. */
function forgetSome(database: Sqlite, section: string): boolean {
  const baseline = "SELECT id FROM baselines WHERE section = ?1";
  const [known] = database.rows(
    `SELECT 1 AS found WHERE EXISTS (${baseline})
      OR EXISTS (SELECT 1 FROM answered_batches WHERE section = ?1 AND destination <> ${untilReceipt})`,
    section,
  );
  if (known === undefined) return false;
  return withoutWaiting(database, () =>
    database.transaction(() => {
      database.run("UPDATE baselines SET full_run = NULL WHERE section = ?", section);
      const forgotten = [
        `DELETE FROM answered_batches WHERE id IN (SELECT id FROM answered_batches
          WHERE section = ?1 AND destination <> ${untilReceipt} LIMIT ?2) RETURNING id`,
        `DELETE FROM fingerprints WHERE id IN (SELECT id FROM fingerprints
          WHERE baseline = (${baseline}) LIMIT ?2) RETURNING id`,
      ].map((statement) => database.rows(statement, section, forgottenAtOnce).length);
      if (forgotten.includes(forgottenAtOnce)) return true;
      // Last, for its number may be given to another, which would take over what is left.
      database.run("DELETE FROM baselines WHERE section = ?", section);
      return false;
    }));
}
