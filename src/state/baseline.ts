/**
 * What a section is compared with: the record that Oomnitza accepted last of each key.
 *
 * @module
 */

import { parseExactJson } from "../base/json.ts";
import type { MappedRecord } from "../base/record.ts";
import { decompress } from "../runtime/compress.ts";
import type { Sqlite, SqliteRow } from "../runtime/sqlite.ts";
import {
  addAnsweredBatch,
  type AnsweredRun,
  forgetBatchesBefore,
  notAwaited,
  parseSyncFields,
  untilReceipt,
} from "./answered_batches.ts";
import { createFingerprint } from "./fingerprint.ts";

/** A record that was accepted. */
export interface KnownRecord {
  readonly id: number;
  /** Names of its fields and their values, as a fingerprint has them. */
  readonly fields: string;
  readonly values: string;
  /** Whether it is to be sent even when it is the same: it was refused since, or shares its key. */
  readonly mustSend: boolean;
  /** Full runs in which it was not in the source. */
  readonly missed: number;
}

/** A record that was accepted and is not in the source any more. */
export interface MissingRecord extends Pick<KnownRecord, "fields" | "values"> {
  readonly key: string;
}

/** What a run needs to know to end well. */
export interface Conclusion {
  readonly run: string;
  /** Whether a record was in the source; absent when the run compared nothing. */
  readonly isSeen?: ((id: number) => boolean) | undefined;
  /** Records that had been missed and are back. */
  readonly returned: readonly number[];
}

/** After so many full runs without it, a record is forgotten. */
export const maxMissedRuns = 5;

/** Rows that are read, and taken in, at once. */
const pageSize = 500;

const saveFingerprint =
  `INSERT INTO fingerprints (baseline, key, fields, vals, run, must_send, missed)
  VALUES (?, ?, ?, ?, ?, 0, 0)
  ON CONFLICT (baseline, key) DO UPDATE SET
    must_send = CASE WHEN run = excluded.run THEN 1 ELSE 0 END,
    fields = excluded.fields, vals = excluded.vals, run = excluded.run, missed = 0
  WHERE vals <> excluded.vals OR fields <> excluded.fields OR must_send = 1 OR missed > 0`;

/** Where a baseline is kept. */
export interface BaselineHome {
  readonly database: Sqlite;
  readonly section: string;
  /** Id of the destination that the section has now. */
  readonly destination: number;
  /** The error for a state file that fails. */
  readonly unusable: (cause: unknown) => Error;
}

/** The baseline of a section, up to date when it is opened. Everything throws `AgentError` when the state file fails. */
export class Baseline {
  readonly #home: BaselineHome;
  readonly #lists = new Map<string, number>();
  readonly #names = new Map<number, string>();
  #id = 0;
  #destination = 0;
  #fullRun: string | undefined;
  #answer = 0;

  constructor(home: BaselineHome) {
    this.#home = home;
    this.#use((database) => {
      for (const { id, fields } of database.rows("SELECT id, fields FROM field_lists")) {
        this.#lists.set(String(fields), Number(id));
        this.#names.set(Number(id), String(fields));
      }
      while (database.transaction(() => this.#fold(database)) === pageSize);
    });
  }

  /** Whether a run that read all of the source is recorded. */
  get isFull(): boolean {
    return this.#matches && this.#fullRun !== undefined;
  }

  /** Names the state that was compared with; another one means that something was accepted since. */
  get stamp(): string {
    return this.#answer === 0 ? "none" : `${this.#id}-${this.#destination}-${this.#answer}`;
  }

  /** How many records are expected to be in the source. */
  get size(): number {
    if (!this.#matches) return 0;
    const [row] = this.#use((database) =>
      database.rows(
        "SELECT count(*) AS size FROM fingerprints WHERE baseline = ? AND missed = 0",
        this.#id,
      )
    );
    return Number(row?.size);
  }

  find(key: string): KnownRecord | undefined {
    if (!this.#matches) return undefined;
    const [row] = this.#use((database) =>
      database.rows("SELECT * FROM fingerprints WHERE baseline = ? AND key = ?", this.#id, key)
    );
    if (row === undefined) return undefined;
    return {
      id: Number(row.id),
      fields: this.#names.get(Number(row.fields)) ?? "[]",
      values: String(row.vals),
      mustSend: row.must_send === 1,
      missed: Number(row.missed),
    };
  }

  /** The records that were not seen, apart from those that were missed before, by their keys. */
  *missing(isSeen: (id: number) => boolean): Generator<MissingRecord> {
    for (const rows of this.#pages("missed = 0")) {
      for (const row of rows) {
        if (isSeen(Number(row.id))) continue;
        const fields = this.#names.get(Number(row.fields)) ?? "[]";
        yield { key: String(row.key), fields, values: String(row.vals) };
      }
    }
  }

  /** Writes down that a run read all of the source: what was not in it is missed once more. */
  conclude({ run, isSeen, returned }: Conclusion): void {
    const { section, destination } = this.#home;
    this.#use((database) => {
      if (isSeen !== undefined && this.#matches) this.#miss(database, isSeen, returned);
      database.transaction(() => addAnsweredBatch(database, { section, run, destination }, "full"));
    });
  }

  get #matches(): boolean {
    return this.#id !== 0 && this.#destination === this.#home.destination;
  }

  #miss(database: Sqlite, isSeen: (id: number) => boolean, returned: readonly number[]): void {
    for (const rows of this.#pages("missed >= 0")) {
      database.transaction(() => {
        for (const { id } of rows) {
          if (isSeen(Number(id))) continue;
          database.run("UPDATE fingerprints SET missed = missed + 1 WHERE id = ?", id ?? null);
        }
      });
    }
    database.transaction(() => {
      for (const id of returned) {
        database.run("UPDATE fingerprints SET missed = 0 WHERE id = ?", id);
      }
      database.run(
        "DELETE FROM fingerprints WHERE baseline = ? AND missed >= ?",
        this.#id,
        maxMissedRuns,
      );
    });
  }

  *#pages(condition: string): Generator<readonly SqliteRow[]> {
    if (!this.#matches) return;
    let last = "";
    while (true) {
      const rows = this.#use((database) =>
        database.rows(
          `SELECT * FROM fingerprints WHERE baseline = ? AND key > ? AND ${condition}
            ORDER BY key LIMIT ${pageSize}`,
          this.#id,
          last,
        )
      );
      yield rows;
      if (rows.length < pageSize) return;
      last = String(rows.at(-1)?.key);
    }
  }

  /** Takes in some answered batches; gives how many there were. */
  #fold(database: Sqlite): number {
    const { section } = this.#home;
    this.#load(database);
    const rows = database.rows(
      `SELECT answers.*, ways.way AS text FROM answers JOIN ways ON ways.id = answers.way
        WHERE section = ? AND answers.id > ? ORDER BY answers.id LIMIT ${pageSize}`,
      section,
      this.#answer,
    );
    if (rows.length === 0) return 0;
    for (const row of rows) this.#takeIn(database, row);
    this.#answer = Number(rows.at(-1)?.id);
    database.run(
      "UPDATE baselines SET way = ?, full_run = ?, answer = ? WHERE id = ?",
      this.#destination,
      this.#fullRun ?? null,
      this.#answer,
      this.#id,
    );
    database.run(
      `DELETE FROM answers WHERE section = ? AND id <= ? AND ${notAwaited}`,
      section,
      this.#answer,
    );
    return rows.length;
  }

  #load(database: Sqlite): void {
    const { section, destination } = this.#home;
    database.run(
      `INSERT INTO baselines (section, way, answer) VALUES (?, ?, 0) ON CONFLICT DO NOTHING`,
      section,
      destination,
    );
    const [row] = database.rows("SELECT * FROM baselines WHERE section = ?", section);
    this.#id = Number(row?.id);
    this.#destination = Number(row?.way);
    this.#fullRun = row?.full_run === null ? undefined : String(row?.full_run);
    this.#answer = Number(row?.answer);
  }

  #takeIn(database: Sqlite, { way, kind, run, records, text }: SqliteRow): void {
    if (Number(way) !== this.#destination) {
      // What was accepted at another destination says nothing about this one.
      database.run("DELETE FROM fingerprints WHERE baseline = ?", this.#id);
      this.#destination = Number(way);
      this.#fullRun = undefined;
    }
    if (kind === "full") this.#fullRun = String(run);
    if (records === null) return;
    const all = parseExactJson(decompress(records as Uint8Array)) as MappedRecord[];
    const syncFields = parseSyncFields(String(text));
    for (const record of all) {
      const print = createFingerprint(record, syncFields);
      if (print?.key === undefined) continue;
      if (kind === "accepted") {
        const list = this.#fieldListId(database, print.fields);
        database.run(saveFingerprint, this.#id, print.key, list, print.values, String(run));
      } else {
        database.run(
          "UPDATE fingerprints SET must_send = 1 WHERE baseline = ? AND key = ?",
          this.#id,
          print.key,
        );
      }
    }
  }

  #fieldListId(database: Sqlite, fields: string): number {
    const known = this.#lists.get(fields);
    if (known !== undefined) return known;
    database.run("INSERT INTO field_lists (fields) VALUES (?) ON CONFLICT DO NOTHING", fields);
    const [row] = database.rows("SELECT id FROM field_lists WHERE fields = ?", fields);
    const id = Number(row?.id);
    this.#lists.set(fields, id);
    this.#names.set(id, fields);
    return id;
  }

  #use<T>(work: (database: Sqlite) => T): T {
    try {
      return work(this.#home.database);
    } catch (error) {
      throw this.#home.unusable(error);
    }
  }
}

/** Writes down that a run sent all of the source without comparing it: older answers are outdated. */
export function concludeUncompared(
  database: Sqlite,
  run: AnsweredRun,
): void {
  database.transaction(() => {
    forgetBatchesBefore(database, run.section, run.run);
    addAnsweredBatch(database, run, "full");
  });
}

/** Forgets all that is known of a section. */
export function forgetBaseline(database: Sqlite, section: string): void {
  const [row] = database.rows("SELECT id FROM baselines WHERE section = ?", section);
  database.run(
    `DELETE FROM answers WHERE section = ? AND way <> ${untilReceipt}`,
    section,
  );
  if (row === undefined) return;
  database.run("DELETE FROM fingerprints WHERE baseline = ?", row.id ?? null);
  database.run("DELETE FROM baselines WHERE section = ?", section);
}

/** Answered batches of a section that may wait to be compared with. */
const maxAnsweredBatches = 20_000;

/** Whether so much was answered since the section was compared last that it is to be taken in. */
export function hasManyAnsweredBatches(database: Sqlite, section: string): boolean {
  const [row] = database.rows(
    `SELECT count(*) AS count FROM answers WHERE section = ? AND id >
      coalesce((SELECT answer FROM baselines WHERE baselines.section = answers.section), 0)`,
    section,
  );
  return Number(row?.count) > maxAnsweredBatches;
}
