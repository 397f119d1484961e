/**
 * The rows of the inbox that wait, and how those come back that were taken.
 *
 * @module
 */

import type { InboxSize } from "../state.ts";
import type { Pg, PgStatements } from "./pg.ts";

/**
 * What waits, as the index of what is there once of each section and key has it. All who add rows do so by
 * section and digest: transactions that add the same wait for each other in one order.
 */
export const waiting = "(tenant, section, digest) WHERE owner IS NULL AND NOT is_dead";

/**
 * Gives back what was taken, as it was; what a newer event waits about goes.
 *
 * @param schema The quoted name of the schema.
 * @param which Of the rows that were taken, those to give back, as SQL about `inbox`.
 */
export async function giveBack(
  on: PgStatements,
  schema: string,
  which: string,
  values: readonly string[] = [],
): Promise<void> {
  await on.rows(
    `WITH back AS (DELETE FROM ${schema}.inbox AS inbox
        WHERE owner IS NOT NULL AND ${which} RETURNING *)
      INSERT INTO ${schema}.inbox
          (tenant, id, section, key, digest, body, received, events, due, tries, reason)
        SELECT tenant, id, section, key, digest, body, received, events, due, tries, reason FROM back
          ORDER BY tenant, section, digest, id
        ON CONFLICT ${waiting} DO NOTHING`,
    values,
  );
}

/** What is in the inboxes by tenant and section, of one tenant or of all. */
export async function allInboxSizes(
  pg: Pg,
  schema: string,
  tenant?: string,
): Promise<ReadonlyMap<string, InboxSize[]>> {
  const rows = await pg.rows(
    `SELECT tenant, section, count(*) FILTER (WHERE is_dead) AS dead,
        count(*) FILTER (WHERE NOT is_dead) AS waiting,
        extract(epoch FROM clock_timestamp() - min(received) FILTER (WHERE NOT is_dead)) * 1000 AS age
      FROM ${schema}.inbox ${tenant === undefined ? "" : "WHERE tenant = $1"}
      GROUP BY tenant, section ORDER BY tenant, section`,
    tenant === undefined ? [] : [tenant],
  );
  const now = Date.now();
  const sizes = Map.groupBy(rows, (row) => String(row.tenant));
  return new Map([...sizes].map(([of, sections]) => [
    of,
    sections.map(({ section, dead, waiting: count, age }) => ({
      section: String(section),
      waiting: Number(count),
      dead: Number(dead),
      oldest: age === null ? undefined : Math.round(now - Number(age)),
    })),
  ]));
}
