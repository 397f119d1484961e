/**
 * Which process is at work on the state: each renews its time, and is replaced when that is over.
 *
 * @module
 */

import { hostname } from "node:os";
import { version } from "../../runtime/version.ts";
import { leaseLost } from "./context.ts";
import type { Pg } from "./pg.ts";

/** How a process makes itself known. */
export interface OwnerSettings {
  readonly pg: Pg;
  /** The quoted name of the schema. */
  readonly schema: string;
  /** After so many milliseconds without a renewal, others may take over. */
  readonly leaseMs: number;
}

/** This process, as others see it; known to them from the first time that its id is asked for. */
export class PgOwner {
  readonly #settings: OwnerSettings;
  #id: Promise<string> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Until when it is certainly at work, by the clock of this process that nothing sets back. */
  #deadline = 0;
  #isLost = false;

  constructor(settings: OwnerSettings) {
    this.#settings = settings;
  }

  /** Its id. @throws {AgentError} when its time was over. */
  async id(): Promise<string> {
    if (this.#isLost) throw leaseLost();
    this.#id ??= this.#register();
    try {
      return await this.#id;
    } catch (error) {
      this.#id = undefined;
      throw error;
    }
  }

  /** Milliseconds for which it is certainly at work; 0 when that is not certain any more. */
  get leftMs(): number {
    return this.#isLost ? 0 : Math.max(0, this.#deadline - performance.now());
  }

  /** Renews its time; gives whether it is still at work. */
  async renew(): Promise<boolean> {
    const { pg, schema, leaseMs } = this.#settings;
    if (this.#id === undefined || this.#isLost) return !this.#isLost;
    const begun = performance.now();
    const rows = await pg.rows(
      `UPDATE ${schema}.owners SET until = clock_timestamp() + $2::int8 * interval '1 millisecond'
        WHERE id = $1 AND until > clock_timestamp() RETURNING id`,
      [await this.#id, leaseMs],
    );
    if (rows.length === 0) this.#isLost = true;
    else this.#deadline = begun + leaseMs;
    return !this.#isLost;
  }

  /** Ends it: what it held is free at once. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#id === undefined) return;
    const { pg, schema } = this.#settings;
    await pg.rows(`DELETE FROM ${schema}.owners WHERE id = $1`, [await this.#id]);
    this.#isLost = true;
  }

  async #register(): Promise<string> {
    const { pg, schema, leaseMs } = this.#settings;
    const id = crypto.randomUUID();
    const begun = performance.now();
    await pg.rows(
      `INSERT INTO ${schema}.owners (id, host, process, version, until)
        VALUES ($1, $2, $3, $4, clock_timestamp() + $5::int8 * interval '1 millisecond')`,
      [id, hostname(), process.pid, version, leaseMs],
    );
    this.#deadline = begun + leaseMs;
    // A renewal that fails is followed by the next: until the lease is over, nothing is lost.
    this.#timer = setInterval(() => void this.renew().catch(() => undefined), leaseMs / 3);
    this.#timer.unref();
    return id;
  }
}

/** SQL that is true for owners that are at work, of a column or an expression with their id. */
export function isAtWork(schema: string, owner: string): string {
  return `EXISTS (SELECT 1 FROM ${schema}.owners AS known
    WHERE known.id = ${owner} AND known.until > clock_timestamp())`;
}

/** Removes those whose time is over: from then on they cannot write any more. */
export const removeDead = (schema: string): string =>
  `DELETE FROM ${schema}.owners WHERE until <= clock_timestamp()`;
