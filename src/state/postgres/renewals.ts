/**
 * Renews what this process is known by, all of it with one statement: each of many tenants has an owner of its
 * own.
 *
 * @module
 */

import { type PgLease, readClocks } from "./lease.ts";
import type { Pg } from "./pg.ts";

/** Where the owners are, and for how long a renewal lasts. */
export interface RenewalSettings {
  readonly pg: Pg;
  /** The quoted name of the schema. */
  readonly schema: string;
  readonly leaseMs: number;
}

/** Leases of this process that are renewed together. */
export class PgRenewals {
  readonly #settings: RenewalSettings;
  /** What to call after each renewal, by lease. */
  readonly #leases = new Map<PgLease, () => void>();
  #renewing: Promise<void> | undefined;

  constructor(settings: RenewalSettings) {
    this.#settings = settings;
  }

  /** Takes a lease that is to be renewed from now on. */
  add(lease: PgLease, onRenewed: () => void): void {
    this.#leases.set(lease, onRenewed);
  }

  /** Renews a lease no more. */
  remove(lease: PgLease): void {
    this.#leases.delete(lease);
  }

  /** Renews all; what was removed meanwhile is lost. Throws `PgError`. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => this.#renewing = undefined);
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    const { pg, schema, leaseMs } = this.#settings;
    const renewed = [...this.#leases.keys()].filter((lease) => lease.leftMs() > 0);
    const begun = readClocks();
    // A transaction of its own waits for the disk: a server that fell over would not know of it else.
    const rows = await pg.tx(
      (on) =>
        on.rows(
          `UPDATE ${schema}.owners SET until = clock_timestamp() + $2::int8 * interval '1 millisecond'
            WHERE id = ANY ($1::text[]) AND until > clock_timestamp() RETURNING id`,
          [renewed.map(({ id }) => id), leaseMs],
        ),
      { milliseconds: Math.max(1, leaseMs / 3) },
    );
    const ids = new Set(rows.map(({ id }) => String(id)));
    for (const lease of renewed) {
      if (ids.has(lease.id)) lease.extend(begun);
      else lease.lose();
      if (lease.leftMs() > 0) this.#leases.get(lease)?.();
      else this.#leases.delete(lease);
    }
  }
}
