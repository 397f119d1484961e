/**
 * What the state of a tenant remembers of a move, in PostgreSQL.
 *
 * @module
 */

import { type MoveMark, parseMark, refuseMoved } from "../move/mark.ts";
import type { PgStatements } from "./pg.ts";

/** The state of a tenant; the name of the schema is quoted. */
export interface TenantPlace {
  readonly schema: string;
  readonly tenant: string;
}

/** Reads what is remembered. */
export async function readMark(
  on: PgStatements,
  { schema, tenant }: TenantPlace,
): Promise<MoveMark | undefined> {
  const [row] = await on.rows(`SELECT mark FROM ${schema}.moves WHERE tenant = $1`, [tenant]);
  return row === undefined ? undefined : parseMark(row.mark);
}

/** Writes it down, or removes it. */
export async function writeMark(
  on: PgStatements,
  { schema, tenant }: TenantPlace,
  mark: MoveMark | undefined,
): Promise<void> {
  if (mark === undefined) {
    await on.rows(`DELETE FROM ${schema}.moves WHERE tenant = $1`, [tenant]);
    return;
  }
  await on.rows(
    `INSERT INTO ${schema}.moves (tenant, mark) VALUES ($1, $2)
      ON CONFLICT (tenant) DO UPDATE SET mark = excluded.mark`,
    [tenant, JSON.stringify(mark)],
  );
}

/**
 * Refuses the state of a tenant that was moved, or is being moved.
 *
 * @throws {StateMovedError} that says where it is.
 */
export async function refuseMovedTenant(on: PgStatements, place: TenantPlace): Promise<void> {
  refuseMoved(
    await readMark(on, place),
    `PostgreSQL, schema ${place.schema}, tenant "${place.tenant}"`,
  );
}
