/**
 * Who is at work on the state of a tenant.
 *
 * @module
 */

import type { Replica } from "../state.ts";
import { iso, type PgContext } from "./context.ts";

/** The processes at work, by the time since which they are. */
export async function readReplicas(
  { pg, schema, tenant }: PgContext,
  own: string | undefined,
): Promise<Replica[]> {
  const rows = await pg.rows(
    `SELECT id, host, process, version, ${iso("started")} AS since, serving,
        greatest(0, extract(epoch FROM clock_timestamp() - until) + lease_ms / 1000.0) AS silent,
        coalesce((SELECT json_agg(section ORDER BY section) FROM ${schema}.section_holds AS held
          WHERE held.tenant = $1 AND held.owner = owners.id AND section NOT LIKE 'agent:%'), '[]')::text AS sections
      FROM ${schema}.owners WHERE owners.tenant = $1 AND until > clock_timestamp()
      ORDER BY started, id`,
    [tenant],
  );
  return rows.map((row) => ({
    id: String(row.id),
    host: String(row.host),
    process: Number(row.process),
    version: String(row.version),
    since: String(row.since),
    silentSeconds: Number(row.silent),
    serving: row.serving === null ? null : JSON.parse(String(row.serving)),
    isOwn: row.id === own,
    sections: JSON.parse(String(row.sections)) as string[],
  }));
}
