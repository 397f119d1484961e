/**
 * A state file as one end of a move.
 *
 * @module
 */

import { hostname } from "node:os";
import { AgentError } from "../../base/errors.ts";
import type { Sqlite, SqliteRow, SqliteValue } from "../../runtime/sqlite.ts";
import { openStateFile, readMark, unusable } from "../file.ts";
import { FieldLists } from "../fold.ts";
import { giveBack } from "../inbox.ts";
import { findProcessAtWork } from "../owner.ts";
import type { MoveMark, MovePosition, StatePlace } from "./mark.ts";
import { runId, runNumber } from "./numbers.ts";
import type { MovedPage, MoveSide, Ordinals } from "./side.ts";
import { type MovedKind, type MovedRow, type MovedTable, movedTables } from "./tables.ts";

/** Where the rows of a table come from, where that is not the table alone, in this order. */
const origins: Readonly<Record<string, string>> = {
  outbox: "outbox LEFT JOIN acknowledged ON acknowledged.batch = outbox.id",
  // In this order: the rows are read by their numbers.
  fingerprints: `fingerprints CROSS JOIN baselines ON baselines.id = fingerprints.baseline
    CROSS JOIN field_lists ON field_lists.id = fingerprints.fields`,
};

/** What a column is in the file, where that is not the column of that name. */
const expressions: Readonly<Record<string, string>> = {
  "outbox.run": "outbox.run",
  "outbox.seq": "outbox.id",
  "outbox.answered":
    "CASE WHEN batch IS NULL THEN 0 WHEN acknowledged.is_noted = 1 THEN 2 ELSE 1 END",
  "fingerprints.seq": "fingerprints.id",
  "fingerprints.section": "baselines.section",
  "fingerprints.fields": "field_lists.fields",
};

/** The keys of the tables that have no number in each row. */
const keys: Readonly<Record<string, readonly string[]>> = {
  cursors: ["section", "key"],
  runs: ["id"],
  last_runs: ["section", "origin"],
};

/** Opens a state file, which is created when it is not there, as one end of a move. It must be ended. */
export function openSqliteSide(path: string): SqliteSide {
  return new SqliteSide(path, openStateFile(path));
}

/** A state file as one end of a move. */
export class SqliteSide implements MoveSide {
  readonly place: StatePlace;
  readonly #path: string;
  readonly #database: Sqlite;
  /** By table, for each section or run the number before its first row. */
  readonly #before = new Map<string, ReadonlyMap<string, number>>();
  readonly #lists = new FieldLists();
  readonly #baselines = new Map<string, SqliteValue>();

  constructor(path: string, database: Sqlite) {
    this.place = { kind: "file", name: `${path} on ${hostname()}` };
    this.#path = path;
    this.#database = database;
  }

  /** Closes the file. */
  end(): void {
    this.#database.close();
  }

  mark(): Promise<MoveMark | undefined> {
    return this.#later(readMark);
  }

  setMark(mark: MoveMark | undefined): Promise<void> {
    return this.#later((database) => setMark(database, mark));
  }

  isEmpty(): Promise<boolean> {
    return this.#later((database) =>
      movedTables.every(({ name }) => database.rows(`SELECT 1 FROM ${name} LIMIT 1`).length === 0)
    );
  }

  close(mark: MoveMark): Promise<void> {
    return this.#later((database) => {
      const before = readMark(database);
      setMark(database, mark);
      // In this order: who comes to work makes itself known, and then looks for the mark.
      const busy = findProcessAtWork(this.#path);
      if (busy !== undefined) {
        setMark(database, before);
        throw new AgentError(`${busy} is at work on the state file ${this.#path}`, {
          hint: "Stop the service and wait for uploads to end, then run this again.",
          retriable: true,
        });
      }
      database.transaction(() => {
        const owners = database.rows("SELECT DISTINCT owner FROM inbox WHERE owner IS NOT NULL");
        for (const { owner } of owners) giveBack(database, String(owner));
      });
    });
  }

  clear(): Promise<void> {
    return this.#later((database) =>
      database.transaction(() => {
        const names = [...movedTables.map(({ name }) => name), "acknowledged", "field_lists"];
        for (const name of names) database.run(`DELETE FROM ${name}`);
      })
    );
  }

  count({ name }: MovedTable): Promise<number> {
    return this.#later((database) =>
      Number(database.rows(`SELECT count(*) AS found FROM ${name}`)[0]?.found)
    );
  }

  ordinals(table: MovedTable): Promise<Ordinals> {
    const { scope = "" } = table;
    return this.#later((database) => {
      const rows = database.rows(
        `SELECT ${expressionOf(table, scope)} AS scope, max(${
          expressionOf(table, "seq")
        }) AS last FROM ${originOf(table)} GROUP BY 1 ORDER BY 1`,
      );
      return new Map(rows.map((row) => [
        toText(kindOf(table, scope), row.scope ?? null) ?? "",
        Number(row.last),
      ]));
    });
  }

  expect({ name }: MovedTable, ordinals: Ordinals): void {
    let before = 0;
    const all = [...ordinals].map(([scope, last]) => {
      const own = before;
      before += last;
      return [scope, own] as const;
    });
    this.#before.set(name, new Map(all));
  }

  read(table: MovedTable, after: MovePosition | undefined, limit: number): Promise<MovedPage> {
    const columns = Object.keys(table.columns);
    const key = keys[table.name] ?? [`${table.name}.id`];
    const list = columns.map((name, at) => `${expressionOf(table, name)} AS c${at}`);
    const marks = key.map((_, at) => keys[table.name] ? `?${at + 2}` : "CAST(?2 AS INTEGER)");
    const where = after === undefined ? "" : `WHERE (${key.join(", ")}) > (${marks.join(", ")})`;
    return this.#later((database) => {
      const rows = database.rows(
        `SELECT ${list.join(", ")}, ${key.map((each, at) => `${each} AS k${at}`).join(", ")}
          FROM ${originOf(table)} ${where} ORDER BY ${key.join(", ")} LIMIT ?1`,
        limit,
        ...after ?? [],
      );
      const last = rows.length < limit ? undefined : rows.at(-1);
      return {
        rows: rows.map((row) =>
          this.#toMoved(table, columns.map((_, at) => row[`c${at}`] ?? null))
        ),
        last: last && key.map((_, at) => String(last[`k${at}`])),
      };
    });
  }

  write(table: MovedTable, rows: readonly MovedRow[], mark: MoveMark): Promise<void> {
    return this.#later((database) =>
      database.transaction(() => {
        for (const row of rows) this.#insert(database, table, row);
        setMark(database, mark);
      })
    );
  }

  complete(): Promise<void> {
    return this.#later((database) =>
      database.transaction(() => {
        database.run(`UPDATE last_runs SET
          run = coalesce((SELECT max(id) FROM runs
            WHERE runs.section = last_runs.section AND runs.origin = last_runs.origin), ''),
          remembered = (SELECT count(*) FROM runs
            WHERE runs.section = last_runs.section AND runs.origin = last_runs.origin)`);
        // Answers that were taken in count, too: a later one is never to have a smaller number.
        const [row] = database.rows(`SELECT max(last) AS last FROM (
          SELECT max(id) AS last FROM answered_batches UNION ALL
          SELECT max(max(answer, other_answer)) FROM baselines UNION ALL
          SELECT seq FROM sqlite_sequence WHERE name = 'answered_batches')`);
        database.run("DELETE FROM sqlite_sequence WHERE name = 'answered_batches'");
        database.run(
          "INSERT INTO sqlite_sequence (name, seq) VALUES ('answered_batches', ?)",
          Number(row?.last ?? 0),
        );
      })
    );
  }

  #toMoved(table: MovedTable, values: readonly SqliteValue[]): MovedRow {
    const columns = Object.entries(table.columns);
    const row = columns.map(([, kind], at) => toText(kind, values[at] ?? null));
    const at = columns.findIndex(([, kind]) => kind === "ordinal");
    if (at >= 0) row[at] = String(Number(row[at]) - this.#numberBefore(table, row));
    return row;
  }

  /** The number before the first row of the section or run that a row belongs to. */
  #numberBefore({ name, columns, scope = "" }: MovedTable, row: MovedRow): number {
    const of = row[Object.keys(columns).indexOf(scope)] ?? "";
    return this.#before.get(name)?.get(of) ?? 0;
  }

  #insert(database: Sqlite, table: MovedTable, row: MovedRow): void {
    const values: Record<string, SqliteValue> = {};
    for (const [at, [name, kind]] of Object.entries(table.columns).entries()) {
      values[name] = toSqlite(kind, row[at] ?? null);
    }
    if (table.scope !== undefined) {
      const { seq, ...rest } = values;
      const id = Number(seq) + this.#numberBefore(table, row);
      return this.#insertNumbered(database, table.name, { ...rest, id });
    }
    if (table.name === "runs") values.owner = "";
    if (table.name === "last_runs") Object.assign(values, { run: "", remembered: 0 });
    insert(database, table.name, values);
  }

  #insertNumbered(
    database: Sqlite,
    table: string,
    { answered, section, fields, ...values }: Record<string, SqliteValue>,
  ): void {
    if (table === "fingerprints") {
      const list = this.#lists.idOf(database, String(fields));
      const baseline = this.#baselineOf(database, String(section));
      return insert(database, table, { ...values, fields: list, baseline });
    }
    insert(database, table, values);
    if (Number(answered) === 0) return;
    const is_noted = Number(answered) === 2 ? 1 : 0;
    insert(database, "acknowledged", {
      ...{ batch: values.id ?? null, run: values.run ?? null, is_noted },
    });
  }

  #baselineOf(database: Sqlite, section: string): SqliteValue {
    const known = this.#baselines.get(section);
    if (known !== undefined) return known;
    const [row] = database.rows("SELECT id FROM baselines WHERE section = ?", section);
    const id = row?.id ?? null;
    this.#baselines.set(section, id);
    return id;
  }

  #later<T>(work: (database: Sqlite) => T): Promise<T> {
    return new Promise((resolve) => {
      try {
        resolve(work(this.#database));
      } catch (error) {
        throw error instanceof AgentError ? error : unusable(this.#path, error);
      }
    });
  }
}

function setMark(database: Sqlite, mark: MoveMark | undefined): void {
  if (mark === undefined) return database.run("DELETE FROM moves");
  database.run(
    "INSERT INTO moves (only_row, mark) VALUES (1, ?) ON CONFLICT DO UPDATE SET mark = excluded.mark",
    JSON.stringify(mark),
  );
}

function insert(
  database: Sqlite,
  table: string,
  values: Readonly<Record<string, SqliteValue>>,
): void {
  const names = Object.keys(values);
  database.run(
    `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    ...Object.values(values),
  );
}

function originOf({ name }: MovedTable): string {
  return origins[name] ?? name;
}

function expressionOf({ name }: MovedTable, column: string): string {
  return expressions[`${name}.${column}`] ?? `${name}.${column}`;
}

function kindOf({ columns }: MovedTable, column: string): MovedKind {
  return columns[column] ?? "text";
}

/** A value of the file as a row in between has it. */
function toText(kind: MovedKind, value: SqliteRow[string]): string | null {
  if (value === null) return null;
  if (kind === "run") return runNumber(String(value));
  if (kind === "bytes") return Buffer.from(value as Uint8Array).toString("base64");
  if (kind === "milliseconds") return new Date(Number(value)).toISOString();
  if (kind === "moment") return new Date(String(value)).toISOString();
  return String(value);
}

/** A value of a row in between as the file has it. */
function toSqlite(kind: MovedKind, text: string | null): SqliteValue {
  if (text === null) return null;
  if (kind === "run") return runId(text);
  if (kind === "bytes") return Buffer.from(text, "base64");
  if (kind === "milliseconds") return Date.parse(text);
  if (kind === "integer" || kind === "flag" || kind === "ordinal") return Number(text);
  return text;
}
