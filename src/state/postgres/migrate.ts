/**
 * Brings the tables in PostgreSQL up to date; many agents may try at the same time.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import { PgError } from "./failure.ts";
import type { Deadline, Pg, PgStatements } from "./pg.ts";
import { migrations, minAgent } from "./schema.ts";
import { checkSchemaName } from "./target.ts";
import { enableRowSecurity } from "./row_security.ts";

/** What a schema says of itself. */
export interface SchemaVersion {
  readonly version: number;
  /** The version of the tables that an agent has to know at least to work with them. */
  readonly minAgent: number;
}

/** What is asked of a schema; by default what this program has. */
export interface Migrations {
  readonly steps: typeof migrations;
  readonly minAgent: number;
}

/**
 * Brings a schema up to date, in one transaction: all of it or nothing. One that is up to date, or newer and
 * fit for this agent, is only read, so a role without the right to create tables will do for it.
 *
 * @returns how many steps this call did.
 * @throws {AgentError} when it is of a newer agent and not fit for this one, when older agents are at work on
 * tables that would change under them, when the role may not, or when the name is none; nothing is written then.
 */
export async function migrate(
  pg: Pg,
  schema: string,
  deadline?: Deadline,
  wanted: Migrations = { steps: migrations, minAgent },
): Promise<number> {
  checkSchemaName(schema);
  const isDone = (found: SchemaVersion | undefined) =>
    found !== undefined && found.version >= wanted.steps.length;
  try {
    if (isDone(await readVersion(pg, schema, wanted))) return 0;
    return await pg.tx(async (on) => {
      // Held until the transaction ends: the others wait here, and find the work done.
      await on.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
        `oomnitza_agent ${schema}`,
      ]);
      const found = await readVersion(on, schema, wanted);
      if (isDone(found)) return 0;
      if (found === undefined) await createMeta(on, schema);
      else await refuseOlderAtWork(on, schema, found, wanted);
      return await takeSteps(on, schema, found?.version ?? 0, wanted);
    }, deadline);
  } catch (error) {
    throw error instanceof PgError && error.state === "42501" ? rightMissing(error, schema) : error;
  }
}

async function takeSteps(
  on: PgStatements,
  schema: string,
  version: number,
  wanted: Migrations,
): Promise<number> {
  const steps = wanted.steps.slice(version);
  for (const statement of steps.flatMap((step) => step(`"${schema}"`))) await on.rows(statement);
  await enableRowSecurity(on, schema);
  await on.rows(`UPDATE "${schema}".meta SET version = $1, min_agent = $2`, [
    wanted.steps.length,
    wanted.minAgent,
  ]);
  return steps.length;
}

/** Whether a schema has tables of the agent. */
export async function isMigrated(pg: Pg, schema: string): Promise<boolean> {
  checkSchemaName(schema);
  return await readVersion(pg, schema) !== undefined;
}

/**
 * The version of a schema; `undefined` when it has no tables of ours.
 *
 * @throws {AgentError} when it is of a newer agent, and this one cannot work with it, or the database is not
 * in UTF-8.
 */
export async function readVersion(
  on: PgStatements,
  schema: string,
  { steps }: Pick<Migrations, "steps"> = { steps: migrations },
): Promise<SchemaVersion | undefined> {
  // Not to_regclass: a session answers that from what it remembers, also after it waited for the lock.
  const [found] = await on.rows(
    `SELECT current_setting('server_encoding') AS encoding, EXISTS (
      SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = 'meta') AS has_tables`,
    [schema],
  );
  refuseEncoding(String(found?.encoding));
  if (found?.has_tables !== true) return undefined;
  // All columns: the first versions did not have the second one.
  const [row] = await on.rows(`SELECT * FROM "${schema}".meta`);
  const version = { version: Number(row?.version), minAgent: Number(row?.min_agent ?? 0) };
  if (version.minAgent > steps.length) {
    throw new AgentError(
      `The schema "${schema}" is of version ${version.version}, and agents need to know at least version ${version.minAgent} of it: this one knows ${steps.length}`,
      { hint: "Upgrade this agent. Nothing was written." },
    );
  }
  return version;
}

/** Names and keys of records may have any character; one that cannot be kept would stop a section much later. */
function refuseEncoding(encoding: string): void {
  if (encoding === "UTF8") return;
  throw new AgentError(`The database of the state is in ${encoding}, and has to be in UTF8`, {
    hint: "Make another one: CREATE DATABASE … ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0.",
  });
}

/** The version that has a table of the processes at work. */
const firstWithOwners = 2;

/** Refuses to change tables under the hands of agents that would not know them any more. */
async function refuseOlderAtWork(
  on: PgStatements,
  schema: string,
  { version }: SchemaVersion,
  wanted: Migrations,
): Promise<void> {
  if (version < firstWithOwners || version >= wanted.minAgent) return;
  const [owner] = await on.rows(
    `SELECT host, process, version FROM "${schema}".owners WHERE until > clock_timestamp()
      ORDER BY started LIMIT 1`,
  );
  if (owner === undefined) return;
  throw new AgentError(
    `The schema "${schema}" cannot be brought to version ${wanted.steps.length} now: process ${owner.process} on ${owner.host}, of version ${owner.version}, works with version ${version} of it and does not know the new one`,
    {
      hint:
        "Stop the agents of that version, or upgrade them first to the release before this one.",
    },
  );
}

function rightMissing(error: PgError, schema: string): PgError {
  return new PgError(
    `${error.message}: the tables of the state in the schema "${schema}" cannot be created, brought up to date or read by this user`,
    `Run "agent state migrate" with a user that may create them, then grant this one USAGE on the schema and SELECT, INSERT, UPDATE and DELETE on its tables: see docs/state.md.`,
    error,
    error,
  );
}

async function createMeta(on: PgStatements, schema: string): Promise<void> {
  // IF NOT EXISTS would ask for the right to create schemas even where the schema is there.
  const found = await on.rows("SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1", [
    schema,
  ]);
  if (found.length === 0) await on.rows(`CREATE SCHEMA "${schema}"`);
  await on.rows(`CREATE TABLE "${schema}".meta (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version int4 NOT NULL
  )`);
  await on.rows(`INSERT INTO "${schema}".meta (version) VALUES (0)`);
}
