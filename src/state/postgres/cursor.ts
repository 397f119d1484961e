/**
 * What the sections remember from one run to the next, in PostgreSQL.
 *
 * @module
 */

import type { SectionCursor } from "../cursor.ts";
import { type PgContext, writeAsOwner } from "./context.ts";

/** The memory of a section, in PostgreSQL. */
export class PgCursor implements SectionCursor {
  readonly #context: PgContext;
  readonly #section: string;
  readonly #changes = new Map<string, string>();

  constructor(context: PgContext, section: string) {
    this.#context = context;
    this.#section = section;
  }

  async get(key: string): Promise<string | undefined> {
    const { pg, schema, tenant } = this.#context;
    const [row] = await pg.rows(
      `SELECT value FROM ${schema}.cursors WHERE tenant = $1 AND section = $2 AND key = $3`,
      [tenant, this.#section, key],
    );
    return row === undefined ? undefined : String(JSON.parse(String(row.value)));
  }

  set(key: string, value: string): void {
    this.#changes.set(key, value);
  }

  async commit(): Promise<void> {
    if (this.#changes.size === 0) return;
    const { schema, tenant } = this.#context;
    const changes = [...this.#changes].sort(([a], [b]) => a < b ? -1 : 1);
    await writeAsOwner(this.#context, { isAwaited: true }, (on) =>
      on.rows(
        `INSERT INTO ${schema}.cursors (tenant, section, key, value)
          SELECT $1, $2, key, value FROM unnest($3::text[], $4::text[]) AS changed (key, value)
          ON CONFLICT (tenant, section, key) DO UPDATE
            SET value = excluded.value, updated = clock_timestamp()`,
        [
          tenant,
          this.#section,
          changes.map(([key]) => key),
          // As JSON: what a vendor gave as a place to go on from may hold any sign.
          changes.map(([, value]) => JSON.stringify(value)),
        ],
      ));
    this.#changes.clear();
  }

  close(): void {
    this.#changes.clear();
  }
}
