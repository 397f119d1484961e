/**
 * Brings the tables in PostgreSQL up to date; many agents may try at the same time.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import type { Deadline, Pg, PgStatements } from "./pg.ts";
import { migrations } from "./schema.ts";
import { checkSchemaName } from "./target.ts";

/**
 * Brings a schema up to date, in one transaction: all of it or nothing. One that is up to date is only
 * read, so a role without the right to create tables will do for it.
 *
 * @returns how many steps this call did.
 * @throws AgentError when it is of a newer agent, or its name is not one; nothing is written then.
 */
export async function migrate(pg: Pg, schema: string, deadline?: Deadline): Promise<number> {
  checkSchemaName(schema);
  if (await readVersion(pg, schema) === migrations.length) return 0;
  return await pg.tx(async (on) => {
    // Held until the transaction ends: the others wait here, and find the work done.
    await on.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
      `oomnitza_agent ${schema}`,
    ]);
    const version = await readVersion(on, schema);
    if (version === undefined) await createMeta(on, schema);
    const steps = migrations.slice(version ?? 0);
    for (const statement of steps.flatMap((step) => step(`"${schema}"`))) await on.rows(statement);
    await on.rows(`UPDATE "${schema}".meta SET version = $1`, [migrations.length]);
    return steps.length;
  }, deadline);
}

/** Whether a schema has tables of the agent. */
export async function isMigrated(pg: Pg, schema: string): Promise<boolean> {
  checkSchemaName(schema);
  return await readVersion(pg, schema) !== undefined;
}

/** The version of a schema; `undefined` when it has no tables of ours. Refuses one of a newer agent. */
async function readVersion(on: PgStatements, schema: string): Promise<number | undefined> {
  // Not to_regclass: a session answers that from what it remembers, also after it waited for the lock.
  const found = await on.rows(
    `SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = 'meta'`,
    [schema],
  );
  if (found.length === 0) return undefined;
  const [row] = await on.rows(`SELECT version FROM "${schema}".meta`);
  const version = Number(row?.version);
  if (version > migrations.length) {
    throw new AgentError(`The schema "${schema}" is of version ${version}, of a newer agent`, {
      hint: "Upgrade this agent.",
    });
  }
  return version;
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
