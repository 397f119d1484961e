/**
 * What waits for all tenants, and how they do, looked for once for all of them.
 *
 * @module
 */

import { soonMs } from "../inbox.ts";
import type { InboxSize, LastRuns } from "../state.ts";
import { allInboxSizes, giveBack } from "./inbox_rows.ts";
import { isRegistered, removeDead } from "./owner.ts";
import type { Pg } from "./pg.ts";
import { allLastRuns, noRuns } from "./runs.ts";

/** What was found less than so many milliseconds ago is not looked for again. */
const freshMs = 900;

/** What is found by reading all tenants takes at most this part of the time of a process. */
const part = 0.05;

/** Something that was found, and when it was begun to be looked for, in milliseconds of the process. */
interface Found<T> {
  readonly at: number;
  readonly result: Promise<T>;
  /** How long it took; undefined while it is looked for. */
  ms: number | undefined;
}

/** What metrics tell of the state of a tenant. */
export interface TenantFacts {
  readonly inbox: readonly InboxSize[];
  readonly succeeded: LastRuns["succeeded"];
}

/** Looks for all tenants of a schema at once, however many of them ask. */
export class PgLook {
  readonly #pg: Pg;
  readonly #schema: string;
  #released: Found<void> | undefined;
  #due: Found<ReadonlyMap<string, readonly string[]>> | undefined;
  #facts: Found<ReadonlyMap<string, TenantFacts>> | undefined;
  #runs: Found<ReadonlyMap<string, LastRuns>> | undefined;

  /** @param schema The quoted name of the schema. */
  constructor(pg: Pg, schema: string) {
    this.#pg = pg;
    this.#schema = schema;
  }

  /** Gives back the events that processes took that are no more. */
  release(): Promise<void> {
    this.#released = again(this.#released, () => this.#release());
    return this.#released.result;
  }

  /** The sections of a tenant that have events that are due. */
  async dueSections(tenant: string): Promise<readonly string[]> {
    this.#due = again(this.#due, () => this.#readDue());
    return (await this.#due.result).get(tenant) ?? [];
  }

  /** What metrics tell of a tenant. */
  async facts(tenant: string): Promise<TenantFacts> {
    this.#facts = again(this.#facts, () => this.#readFacts());
    return (await this.#facts.result).get(tenant) ?? { inbox: [], succeeded: noRuns().succeeded };
  }

  /**
   * When runs of a tenant began and ended last. With many tenants it may be some seconds old: who acts on it finds
   * out about the one section first.
   */
  async lastRuns(tenant: string): Promise<LastRuns> {
    this.#runs = again(this.#runs, () => allLastRuns(this.#pg, this.#schema));
    return (await this.#runs.result).get(tenant) ?? noRuns();
  }

  async #readFacts(): Promise<ReadonlyMap<string, TenantFacts>> {
    const [sizes, runs] = await Promise.all([
      allInboxSizes(this.#pg, this.#schema),
      allLastRuns(this.#pg, this.#schema),
    ]);
    const tenants = new Set([...sizes.keys(), ...runs.keys()]);
    return new Map([...tenants].map((tenant) => {
      const { succeeded } = runs.get(tenant) ?? noRuns();
      return [tenant, { inbox: sizes.get(tenant) ?? [], succeeded }];
    }));
  }

  async #release(): Promise<void> {
    await this.#pg.tx(async (on) => {
      await on.rows(removeDead(this.#schema));
      await giveBack(on, this.#schema, `NOT ${isRegistered(this.#schema, "inbox.owner")}`);
    });
  }

  /** Goes from one section to the next by the index, however much waits in each. */
  async #readDue(): Promise<ReadonlyMap<string, readonly string[]>> {
    const first = (where: string) =>
      `SELECT tenant, section, due FROM ${this.#schema}.inbox
        WHERE owner IS NULL AND NOT is_dead ${where} ORDER BY tenant, section, due LIMIT 1`;
    const rows = await this.#pg.rows(
      `WITH RECURSIVE heads AS (
          (${first("")})
          UNION ALL
          SELECT next.* FROM heads, LATERAL (${
        first("AND (tenant, section) > (heads.tenant, heads.section)")
      }) AS next)
        SELECT tenant, section FROM heads
          WHERE due <= clock_timestamp() + ${soonMs} * interval '1 millisecond'`,
    );
    const byTenant = new Map<string, string[]>();
    for (const { tenant, section } of rows) {
      const sections = byTenant.get(String(tenant)) ?? [];
      sections.push(String(section));
      byTenant.set(String(tenant), sections);
    }
    return byTenant;
  }
}

function again<T>(found: Found<T> | undefined, look: () => Promise<T>): Found<T> {
  const now = performance.now();
  if (found !== undefined) {
    const { at, ms } = found;
    if (ms === undefined || now - at < Math.max(freshMs, ms / part)) return found;
  }
  const next: Found<T> = { at: now, ms: undefined, result: look() };
  const note = () => void (next.ms = performance.now() - now);
  next.result.then(note, note);
  return next;
}
