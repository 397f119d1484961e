/**
 * The state of one tenant in PostgreSQL as one end of a move.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import type { PostgresRow } from "../../runtime/postgres.ts";
import { fromStorable, iso, toStorable } from "../postgres/context.ts";
import { digestOf } from "../postgres/fold.ts";
import { releaseDead } from "../postgres/inbox.ts";
import { readMark, writeMark } from "../postgres/move_mark.ts";
import { forTenant } from "../postgres/row_security.ts";
import type { Pg, PgStatements } from "../postgres/pg.ts";
import type { PgValue } from "../postgres/values.ts";
import type { MoveMark, MovePosition, StatePlace } from "./mark.ts";
import type { MovedPage, MoveSide, Ordinals } from "./side.ts";
import { type MovedKind, type MovedRow, type MovedTable, movedTables } from "./tables.ts";

/** The columns by which the rows of a tenant are found, in their order, and their types. */
const keys: Readonly<Record<string, readonly (readonly [column: string, type: string])[]>> = {
  cursors: [["section", "text"], ["key", "text"]],
  last_runs: [["section", "text"], ["origin", "text"]],
  outbox: [["run", "int8"], ["seq", "int8"]],
  answered_batches: [["section", "text"], ["id", "int8"]],
  baselines: [["section", "text"]],
  // As the index over `seq` has it: a file that takes them by their digests writes all of its pages again and
  // again.
  fingerprints: [["missed", "int2"], ["tenant", "text"], ["section", "text"], ["seq", "int8"]],
};
const numbered = [["id", "int8"]] as const;

/** The types of the lists that values are sent in. */
const types: Readonly<Record<MovedKind, string>> = {
  text: "text",
  free: "text",
  quoted: "text",
  integer: "int8",
  flag: "bool",
  moment: "timestamptz",
  milliseconds: "timestamptz",
  run: "int8",
  ordinal: "int8",
  bytes: "bytea",
};

/** Columns that only PostgreSQL has and that have no default, with their value. */
const made: Readonly<Record<string, readonly [column: string, value: string]>> = {
  runs: ["owner", "''"],
};

/** The tables whose rows the server numbers, and the greatest number that was given of each. */
const sequences: Readonly<Record<string, (schema: string) => string>> = {
  destinations: (schema) => `SELECT max(id) FROM ${schema}.destinations WHERE tenant = $1`,
  runs: (schema) =>
    `SELECT greatest((SELECT max(id) FROM ${schema}.runs WHERE tenant = $1),
      (SELECT max(run) FROM ${schema}.answered_batches WHERE tenant = $1),
      (SELECT max(greatest(full_run, answer_run)) FROM ${schema}.baselines WHERE tenant = $1))`,
  dead_letters: (schema) => `SELECT max(id) FROM ${schema}.dead_letters WHERE tenant = $1`,
  inbox: (schema) => `SELECT max(id) FROM ${schema}.inbox WHERE tenant = $1`,
  // Answers that were taken in count, too: a later one is never to have a smaller number.
  answered_batches: (schema) =>
    `SELECT greatest((SELECT max(id) FROM ${schema}.answered_batches WHERE tenant = $1),
      (SELECT max(greatest(answer, other_answer)) FROM ${schema}.baselines WHERE tenant = $1))`,
};

/** Rows that one transaction removes. */
const clearedAtOnce = 10_000;

/**
 * Has rows read in the order of their index. Without statistics, as of what has just arrived, the server takes
 * it for cheaper to sort all that follow, for each page of them.
 */
const byIndex = `SELECT set_config('enable_sort', 'off', true),
  set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)`;

/** For statements that look at all of a table. */
const long = { milliseconds: 3_600_000 };

/** What says which state it is. */
export interface PostgresSideSettings {
  readonly pg: Pg;
  readonly schema: string;
  readonly tenant: string;
  /** The server for people, without the password. */
  readonly server: string;
}

/** The state of one tenant, whose tables are up to date, as one end of a move. */
export class PostgresSide implements MoveSide {
  readonly place: StatePlace;
  readonly #pg: Pg;
  readonly #schema: string;
  readonly #tenant: string;

  constructor({ pg, schema, tenant, server }: PostgresSideSettings) {
    this.place = { kind: "postgres", name: `${server}, schema ${schema}, tenant ${tenant}` };
    this.#pg = forTenant(pg, tenant);
    this.#schema = `"${schema}"`;
    this.#tenant = tenant;
  }

  mark(): Promise<MoveMark | undefined> {
    return readMark(this.#pg, this.#at);
  }

  async setMark(mark: MoveMark | undefined): Promise<void> {
    await this.#pg.tx((on) => writeMark(on, this.#at, mark));
  }

  async isEmpty(): Promise<boolean> {
    for (const { name } of movedTables) {
      const rows = await this.#pg.rows(
        `SELECT 1 FROM ${this.#schema}.${name} WHERE tenant = $1 LIMIT 1`,
        [this.#tenant],
      );
      if (rows.length > 0) return false;
    }
    return true;
  }

  async close(mark: MoveMark): Promise<void> {
    const schema = this.#schema;
    // Only where rows arrive are numbers set; who leaves needs no more than the rights of every day.
    if (mark.kind === "arriving") await this.#refuseMissingRights();
    await this.#pg.tx(async (on) => {
      // Who makes itself known waits for this, and then finds the mark.
      await on.rows(`LOCK TABLE ${schema}.owners IN SHARE ROW EXCLUSIVE MODE`);
      const [busy] = await on.rows(
        `SELECT host, process, version FROM ${schema}.owners
          WHERE until > clock_timestamp() AND (tenant = $1 OR tenant IS NULL)
          ORDER BY started LIMIT 1`,
        [this.#tenant],
      );
      if (busy !== undefined) throw this.#atWork(busy);
      await writeMark(on, this.#at, mark);
      await releaseDead(on, this.#at);
    }, long);
  }

  async clear(): Promise<void> {
    for (const { name } of movedTables) {
      const table = `${this.#schema}.${name}`;
      for (let count = clearedAtOnce; count === clearedAtOnce;) {
        // A place is one in a part of a table, which the tenant names.
        const [row] = await this.#pg.tx((on) =>
          on.rows(
            `WITH gone AS (DELETE FROM ${table} WHERE tenant = $1 AND ctid = ANY (ARRAY(
                SELECT ctid FROM ${table} WHERE tenant = $1 LIMIT ${clearedAtOnce})) RETURNING 1)
              SELECT count(*) AS rows FROM gone`,
            [this.#tenant],
          ), long);
        count = Number(row?.rows);
      }
    }
  }

  async count({ name }: MovedTable): Promise<number> {
    const [row] = await this.#pg.rows(
      `SELECT count(*) AS rows FROM ${this.#schema}.${name} WHERE tenant = $1`,
      [this.#tenant],
      long,
    );
    return Number(row?.rows);
  }

  async ordinals({ name, scope = "" }: MovedTable): Promise<Ordinals> {
    const rows = await this.#pg.rows(
      `SELECT ${scope}::text AS scope, max(seq)::text AS last FROM ${this.#schema}.${name}
        WHERE tenant = $1 GROUP BY ${scope} ORDER BY ${scope}`,
      [this.#tenant],
      long,
    );
    return new Map(rows.map((row) => [String(row.scope), Number(row.last)]));
  }

  expect(): void {
    // Ordinals are by section and run here.
  }

  async read(
    table: MovedTable,
    after: MovePosition | undefined,
    limit: number,
  ): Promise<MovedPage> {
    const key = keys[table.name] ?? numbered;
    const columns = Object.entries(table.columns);
    const list = [
      ...columns.map(([name, kind], at) => `${readingOf(name, kind)} AS c${at}`),
      ...key.map(([name, type], at) => `${positionOf(name, type)} AS k${at}`),
    ];
    const names = key.map(([name]) => name).join(", ");
    const values = key.map(([, type], at) => placeOf(type, at + 2)).join(", ");
    const rows = await this.#pg.tx(async (on) => {
      await on.rows(byIndex);
      return await on.rows(
        `SELECT ${list.join(", ")} FROM ${this.#schema}.${table.name}
          WHERE tenant = $1 ${after === undefined ? "" : `AND (${names}) > (${values})`}
          ORDER BY ${names} LIMIT ${limit}`,
        [this.#tenant, ...after ?? []],
      );
    }, long);
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      rows: rows.map((row) => columns.map(([, kind], at) => toText(kind, row[`c${at}`]))),
      last: last && key.map((_, at) => String(last[`k${at}`])),
    };
  }

  async write(table: MovedTable, rows: readonly MovedRow[], mark: MoveMark): Promise<void> {
    await this.#pg.tx(async (on) => {
      if (rows.length > 0) await this.#insert(on, table, rows);
      await writeMark(on, this.#at, mark);
    }, long);
  }

  async complete(): Promise<void> {
    const schema = this.#schema;
    await this.#pg.tx(async (on) => {
      await on.rows(
        `UPDATE ${schema}.baselines SET last_seq = greatest(last_seq, known.last)
          FROM (SELECT section, max(seq) AS last FROM ${schema}.fingerprints
            WHERE tenant = $1 GROUP BY section) AS known
          WHERE baselines.tenant = $1 AND baselines.section = known.section`,
        [this.#tenant],
      );
      for (const [name, last] of Object.entries(sequences)) {
        await on.rows(
          `SELECT setval(numbers.name, given.last)
            FROM pg_get_serial_sequence($2, 'id') AS numbers (name),
              LATERAL (SELECT (${last(schema)})::int8 AS last) AS given
            WHERE given.last > coalesce(pg_sequence_last_value(numbers.name::regclass), 0)`,
          [this.#tenant, `${schema}.${name}`],
        );
      }
    }, long);
  }

  get #at() {
    return { schema: this.#schema, tenant: this.#tenant };
  }

  /** Told at once, and not when all rows are there. */
  async #refuseMissingRights(): Promise<void> {
    const tables = Object.keys(sequences).map((name) => `${this.#schema}.${name}`);
    const rows = await this.#pg.rows(
      `SELECT name FROM unnest($1::text[]) AS name
        WHERE NOT has_sequence_privilege(pg_get_serial_sequence(name, 'id'), 'UPDATE')`,
      [tables],
    );
    if (rows.length === 0) return;
    throw new AgentError(
      `The user of ${this.place.name} may not set the numbers that the server gives to rows`,
      {
        hint:
          `Use the user of "agent state migrate", or grant this one UPDATE on all sequences of the schema. Nothing was moved.`,
      },
    );
  }

  #atWork({ host, process, version }: PostgresRow): AgentError {
    return new AgentError(
      `Process ${process} on ${host}, of version ${version}, is at work on PostgreSQL at ${this.place.name}`,
      {
        hint:
          "Stop the service there and wait for uploads to end, then run this again. A process that died counts for as long as lease_seconds in [state].",
        retriable: true,
      },
    );
  }

  async #insert(on: PgStatements, table: MovedTable, rows: readonly MovedRow[]): Promise<void> {
    const columns = Object.entries(table.columns);
    const lists: PgValue[] = columns.map(([, kind], at) =>
      rows.map((row) => toPostgres(kind, row[at] ?? null))
    );
    const names = columns.map(([name]) => name);
    const listed = columns.map(([, kind], at) => `$${at + 2}::${types[kind]}[]`);
    if (table.made.postgres.includes("digest")) {
      const key = columns.findIndex(([name]) => name === "key");
      lists.push(rows.map((row) => row[key] == null ? null : digestOf(row[key])));
      names.push("digest");
      listed.push(`$${columns.length + 2}::bytea[]`);
    }
    const own = made[table.name];
    await on.rows(
      `INSERT INTO ${this.#schema}.${table.name}
          (tenant${own ? `, ${own[0]}` : ""}, ${names.join(", ")}) OVERRIDING SYSTEM VALUE
        SELECT $1${own ? `, ${own[1]}` : ""}, * FROM unnest(${listed.join(", ")})`,
      [this.#tenant, ...lists],
    );
  }
}

/** A column as it is read: texts of numbers, and moments as ISO 8601. */
function readingOf(name: string, kind: MovedKind): string {
  if (kind === "moment" || kind === "milliseconds") return iso(name);
  if (kind === "flag") return `${name}::int4::text`;
  if (kind === "integer" || kind === "run" || kind === "ordinal") return `${name}::text`;
  return name;
}

/** A part of a position as text, and the text as a parameter that is compared with. */
function positionOf(name: string, type: string): string {
  return type === "bytea" ? `encode(${name}, 'hex')` : `${name}::text`;
}

function placeOf(type: string, number: number): string {
  return type === "bytea" ? `decode($${number}, 'hex')` : `$${number}::${type}`;
}

/** A value of PostgreSQL as a row in between has it. */
function toText(kind: MovedKind, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (kind === "free") return fromStorable(value);
  if (kind === "quoted") return String(JSON.parse(String(value)));
  if (kind === "bytes") return Buffer.from(value as Uint8Array).toString("base64");
  return String(value);
}

/** A value of a row in between as PostgreSQL takes it. */
function toPostgres(kind: MovedKind, text: string | null): string | boolean | Uint8Array | null {
  if (text === null) return null;
  if (kind === "free") return toStorable(text);
  if (kind === "quoted") return JSON.stringify(text);
  if (kind === "bytes") return Buffer.from(text, "base64");
  if (kind === "flag") return text === "1";
  return text;
}
