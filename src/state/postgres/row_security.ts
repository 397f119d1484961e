/**
 * Row-level security between tenants: the database itself lets nobody see or write rows of a tenant other than the
 * one that a transaction is for, also when a statement forgets to name it.
 *
 * It does not hold for superusers and roles with BYPASSRLS, who make backups.
 *
 * @module
 */

import { everySetting, everyTenant, type Pg, type PgStatements, tenantSetting } from "./pg.ts";

/**
 * The condition of the policies. It is asked of the rows that a statement finds, and is nothing to find them by: the
 * server would take it for searches through all that is there of a tenant.
 */
const isOwn = `(tenant = (SELECT current_setting('${tenantSetting}', true))
  OR (SELECT current_setting('${everySetting}', true)) = 'on') IS TRUE`;

/** The same server for one tenant only: `rows` reads its rows, and `tx` reads and writes them. */
export function forTenant(pg: Pg, tenant: string): Pg {
  return through(pg, tenant);
}

/** The same server for what is about all tenants of the database, whichever this process works for. */
export function forEveryTenant(pg: Pg): Pg {
  return through(pg, everyTenant);
}

function through(pg: Pg, tenant: string | typeof everyTenant): Pg {
  return {
    get isBusy() {
      return pg.isBusy;
    },
    rows: (text, values, call) => pg.rows(text, values, { ...call, tenant }),
    tx: (work, call) => pg.tx(work, { ...call, tenant }),
    listen: (channel, hear, deadline) => pg.listen(channel, hear, deadline),
    close: (deadline) => pg.close(deadline),
  };
}

/**
 * Enables row-level security for every table of a schema whose rows each are of a tenant, where it is not; also for
 * the owner of the tables, which agents log in as. A partition shows nothing to who asks it by its own name.
 *
 * @param schema Its name, without quotes.
 */
export async function enableRowSecurity(on: PgStatements, schema: string): Promise<void> {
  const open = await on.rows(
    `SELECT c.relname AS name, c.relispartition AS is_partition,
        EXISTS (SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid) AS has_policy
      FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND a.attnotnull
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
      ORDER BY c.oid`,
    [schema],
  );
  for (const { name, is_partition: isPartition, has_policy: hasPolicy } of open) {
    const table = `"${schema}"."${name}"`;
    await on.rows(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
    if (isPartition === true || hasPolicy === true) continue;
    await on.rows(`CREATE POLICY own_tenant ON ${table} USING (${isOwn})`);
  }
}
