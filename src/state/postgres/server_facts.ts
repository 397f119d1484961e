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
  /** Whether transactions of this account begin as ones that can only read. */
  readonly isReadOnly: boolean;
  /** Such as `UTF8`. */
  readonly encoding: string;
  /** How transactions of this account begin, such as `read committed`. */
  readonly isolation: string;
  /** Whether this account sees its rows where they are divided by tenant; otherwise it gets errors. */
  readonly hasRowSecurity: boolean;
  /** After how many milliseconds statements of this account are ended; 0 for never. */
  readonly statementTimeoutMs: number;
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
    current_setting('default_transaction_read_only') AS read_only,
    current_setting('server_encoding') AS encoding,
    current_setting('default_transaction_isolation') AS isolation,
    current_setting('row_security') AS row_security,
    (SELECT setting::int8 FROM pg_settings WHERE name = 'statement_timeout') AS statement_timeout,
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
    isReadOnly: row?.read_only !== "off",
    encoding: String(row?.encoding),
    isolation: String(row?.isolation),
    hasRowSecurity: row?.row_security !== "off",
    statementTimeoutMs: Number(row?.statement_timeout),
    now: Number(row?.now),
    oldestTransactionSeconds: Number(row?.oldest ?? 0),
  };
}

/** What an account may do with the tables of a schema. */
export interface SchemaRights {
  readonly tables: number;
  /** Names of tables that it may not write. */
  readonly closed: readonly string[];
  /** Whether it may create the schema. */
  readonly mayCreate: boolean;
}

/** Reads what this account may do with the tables of a schema. */
export async function readSchemaRights(pg: Pg, schema: string): Promise<SchemaRights> {
  const [row] = await pg.rows(
    `SELECT count(*) AS tables,
        array_to_json(array_agg(c.relname ORDER BY c.relname) FILTER (WHERE NOT has_table_privilege(c.oid, 'SELECT')
          OR NOT has_table_privilege(c.oid, 'INSERT') OR NOT has_table_privilege(c.oid, 'UPDATE')
          OR NOT has_table_privilege(c.oid, 'DELETE')))::text AS closed,
        has_database_privilege(current_database(), 'CREATE') AS may_create
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
    [schema],
  );
  return {
    tables: Number(row?.tables),
    closed: JSON.parse(String(row?.closed ?? "[]")) as string[],
    mayCreate: row?.may_create === true,
  };
}
