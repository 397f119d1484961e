/**
 * What a PostgreSQL tells of itself: its settings, and what an account may do there.
 *
 * @module
 */

import type { Pg } from "./pg.ts";

/** The settings of a server that matter to the state. */
export interface ServerFacts {
  /** Such as 150014. */
  readonly version: number;
  /** Such as `15.14`. */
  readonly versionText: string;
  readonly hasFsync: boolean;
  readonly hasFullPageWrites: boolean;
  readonly hasSynchronousStandby: boolean;
  /** Whether transactions that do nothing are ended. */
  readonly hasIdleTimeout: boolean;
  readonly maxConnections: number;
  /** Whether it can only be read. */
  readonly isStandby: boolean;
  /** Its clock, in milliseconds since the epoch. */
  readonly now: number;
  /** How long the oldest transaction in the database is open, in seconds. */
  readonly oldestTransactionSeconds: number;
}

/** Reads the settings of a server. */
export async function readServerFacts(pg: Pg): Promise<ServerFacts> {
  const [row] = await pg.rows(`SELECT current_setting('server_version_num')::int4 AS version,
    current_setting('server_version') AS version_text,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_standby_names') AS standbys,
    current_setting('idle_in_transaction_session_timeout') AS idle_timeout,
    current_setting('max_connections')::int4 AS max_connections,
    pg_is_in_recovery() AS is_standby,
    extract(epoch FROM clock_timestamp()) * 1000 AS now,
    (SELECT extract(epoch FROM max(clock_timestamp() - xact_start)) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()) AS oldest`);
  return {
    version: Number(row?.version),
    versionText: String(row?.version_text),
    hasFsync: row?.fsync !== "off",
    hasFullPageWrites: row?.full_page_writes !== "off",
    hasSynchronousStandby: row?.standbys !== "",
    hasIdleTimeout: row?.idle_timeout !== "0",
    maxConnections: Number(row?.max_connections),
    isStandby: row?.is_standby === true,
    now: Number(row?.now),
    oldestTransactionSeconds: Number(row?.oldest ?? 0),
  };
}

/** What an account may do with the tables of a schema. */
export interface SchemaRights {
  readonly tables: number;
  /** Tables that it may not write. */
  readonly closed: number;
  /** Whether it may create the schema. */
  readonly mayCreate: boolean;
}

/** Reads what this account may do with the tables of a schema. */
export async function readSchemaRights(pg: Pg, schema: string): Promise<SchemaRights> {
  const [row] = await pg.rows(
    `SELECT count(*) AS tables,
        count(*) FILTER (WHERE NOT has_table_privilege(c.oid, 'SELECT')
          OR NOT has_table_privilege(c.oid, 'INSERT') OR NOT has_table_privilege(c.oid, 'UPDATE')
          OR NOT has_table_privilege(c.oid, 'DELETE')) AS closed,
        has_database_privilege(current_database(), 'CREATE') AS may_create
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')`,
    [schema],
  );
  return {
    tables: Number(row?.tables),
    closed: Number(row?.closed),
    mayCreate: row?.may_create === true,
  };
}
