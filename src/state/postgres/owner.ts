/**
 * Which process is at work on the state: each renews its time, and is replaced when that is over.
 *
 * @module
 */

import { hostname } from "node:os";
import { version } from "../../runtime/version.ts";
import type { SectionDigests } from "../state.ts";
import { leaseLost, PgLease, readClocks } from "./lease.ts";
import { refuseMovedTenant } from "./move_mark.ts";
import type { Pg } from "./pg.ts";
import type { PgRenewals } from "./renewals.ts";

/** How a process makes itself known. */
export interface OwnerSettings {
  readonly pg: Pg;
  /** The quoted name of the schema. */
  readonly schema: string;
  /** Whose state it works on. */
  readonly tenant: string;
  /** After so many milliseconds without a renewal, others may take over. */
  readonly leaseMs: number;
  /** Called after each renewal: the server can be reached. */
  readonly onRenewed?: () => void;
  /** Renews this, together with others of this process where there are some. */
  readonly renewals: PgRenewals;
}

/** The longest that giving something back is waited for: it is free anyway when the lease is over. */
export const giveBackMs = 5_000;

/**
 * This process, as others see it; known to them from the first time that its lease is asked for. When a lease
 * was lost, what is begun afterwards gets a new one, under another id.
 */
export class PgOwner {
  readonly #settings: OwnerSettings;
  readonly #renewals: PgRenewals;
  #lease: PgLease | undefined;
  #registering: Promise<PgLease> | undefined;
  #renewing: Promise<boolean> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;
  /** Digests of its sections as JSON, when it serves. */
  #serving: string | null = null;
  #losses = 0;

  constructor(settings: OwnerSettings) {
    this.#settings = settings;
    this.#renewals = settings.renewals;
  }

  /** The lease as it is, when there is one that is not over. */
  get current(): PgLease | undefined {
    return this.#lease === undefined || this.#lease.leftMs() === 0 ? undefined : this.#lease;
  }

  /** The lease under which something new is begun. @throws {AgentError} when it was closed. */
  async lease(): Promise<PgLease> {
    if (this.#isClosed) throw leaseLost();
    const { current } = this;
    if (current !== undefined) return current;
    this.#registering ??= this.#register().finally(() => this.#registering = undefined);
    return await this.#registering;
  }

  /** How often a lease was lost. */
  get losses(): number {
    return this.#losses;
  }

  /** Makes known that it serves these sections; also under every later id. */
  async announce(sections: SectionDigests): Promise<void> {
    const { pg, schema } = this.#settings;
    const serving = this.#serving = JSON.stringify(sections);
    const { id } = await this.lease();
    await pg.tx((on) =>
      on.rows(`UPDATE ${schema}.owners SET serving = $2 WHERE id = $1`, [id, serving])
    );
  }

  /** Renews its time; gives whether it is still at work under the same id. */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#renew().finally(() => this.#renewing = undefined);
    return this.#renewing;
  }

  /** Ends it: what it held is free at once, or with its lease where the server cannot be reached. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    // Whoever asked for the lease is told why there is none.
    await this.#registering?.catch(() => undefined);
    clearInterval(this.#timer);
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease === undefined) return;
    lease.lose();
    this.#renewals.remove(lease);
    await this.#remove(lease);
  }

  async #renew(): Promise<boolean> {
    const lease = this.current;
    if (lease === undefined) return false;
    await this.#renewals.renew();
    return lease.leftMs() > 0;
  }

  async #register(): Promise<PgLease> {
    const { pg, schema, tenant, leaseMs, onRenewed } = this.#settings;
    const id = crypto.randomUUID();
    const before = this.#lease;
    const begun = readClocks();
    await pg.tx(async (on) => {
      // What this process began under the id before is free: it cannot go on with it.
      if (before !== undefined) {
        await on.rows(`DELETE FROM ${schema}.owners WHERE id = $1`, [before.id]);
      }
      await on.rows(
        `INSERT INTO ${schema}.owners (id, host, process, version, tenant, serving, lease_ms, until)
          VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $7::int8 * interval '1 millisecond')`,
        [id, hostname(), process.pid, version, tenant, this.#serving, leaseMs],
      );
      // In this order: who moves the state locks the table, marks the state and looks for processes at work.
      await refuseMovedTenant(on, { schema, tenant });
    });
    const lease = new PgLease(id, leaseMs, begun);
    this.#lease = lease;
    this.#renewals.add(lease, () => onRenewed?.());
    lease.signal.addEventListener("abort", () => {
      if (!this.#isClosed) this.#losses++;
    });
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#attend(lease), Math.min(1000, leaseMs / 10));
    this.#timer.unref();
    return lease;
  }

  /** Notices that a lease is over, also where the server cannot be reached; renews it when it is time to. */
  #attend(lease: PgLease): void {
    if (lease.leftMs() === 0) clearInterval(this.#timer);
    else if (lease.age >= this.#settings.leaseMs / 3) {
      // A renewal that fails is followed by the next: until the lease is over, nothing is lost.
      void this.renew().catch(() => undefined);
    }
  }

  async #remove({ id }: PgLease): Promise<void> {
    const { pg, schema } = this.#settings;
    try {
      await pg.tx((on) => on.rows(`DELETE FROM ${schema}.owners WHERE id = $1`, [id]), {
        milliseconds: giveBackMs,
      });
    } catch {
      // Nobody renews it: others take over when it is over.
    }
  }
}

/** SQL that is true for owners that are at work, of a column or an expression with their id. */
export function isAtWork(schema: string, owner: string): string {
  return `EXISTS (SELECT 1 FROM ${schema}.owners AS known
    WHERE known.id = ${owner} AND known.until > clock_timestamp())`;
}

/**
 * SQL that is true for owners that were not removed: they may still write. Who takes over asks this, after
 * {@linkcode removeDead}, and not {@linkcode isAtWork}: a time may end between two statements.
 */
export function isRegistered(schema: string, owner: string): string {
  return `EXISTS (SELECT 1 FROM ${schema}.owners AS known WHERE known.id = ${owner})`;
}

/** Removes those whose time is over, after what they are writing: from then on they cannot write any more. */
export const removeDead = (schema: string): string =>
  `DELETE FROM ${schema}.owners WHERE until <= clock_timestamp()`;

/** As {@linkcode removeDead}, but leaves those that are writing: nobody waits for them. */
export const removeIdleDead = (schema: string): string =>
  `DELETE FROM ${schema}.owners WHERE id IN (SELECT id FROM ${schema}.owners
    WHERE until <= clock_timestamp() FOR UPDATE SKIP LOCKED)`;
