/**
 * Which process has a section for itself, and which starts of sections were made.
 *
 * @module
 */

import type { KnownStart, SectionHold, SectionHolder } from "../state.ts";
import { boundTo, iso, type PgContext, writeAsOwner } from "./context.ts";
import type { PgLease } from "./lease.ts";
import { giveBackMs, isAtWork, isRegistered, removeIdleDead } from "./owner.ts";
import type { PgStatements } from "./pg.ts";

/** Starts are remembered for so many days. */
const rememberedDays = 90;

/** A section that this process has. */
interface Held {
  readonly section: string;
  readonly lease: PgLease;
  /** What the row is found by: one that was taken anew is another. */
  readonly token: string;
  /** Who in this process holds it. */
  holders: number;
}

/** The sections that this process holds; all of its holds of one section are one row. */
export class PgHolds {
  readonly #context: PgContext;
  readonly #held = new Map<string, Held>();
  readonly #taking = new Map<string, Promise<Held | SectionHolder>>();
  /** What could not be given back, or of which it is not known whether it was taken. */
  readonly #leftover = new Set<Omit<Held, "holders">>();

  constructor(context: PgContext) {
    this.#context = context;
  }

  /** Takes a section, or tells who has it. */
  async hold(section: string): Promise<SectionHold | SectionHolder> {
    for (;;) {
      const held = this.#held.get(section);
      if (held !== undefined && held.lease.leftMs() > 0) return this.#share(held);
      const found = await (this.#taking.get(section) ?? this.#beginTaking(section));
      if ("kind" in found) return found;
    }
  }

  /** The lease under which a section is held, also when it is over; undefined when nobody here holds it. */
  leaseOf(section: string): PgLease | undefined {
    return this.#held.get(section)?.lease;
  }

  /** Tries again to give back what could not be. */
  async giveBackLeftover(): Promise<void> {
    for (const left of [...this.#leftover]) {
      this.#leftover.delete(left);
      await this.#giveBack(left);
    }
  }

  #share(held: Held): SectionHold {
    held.holders++;
    let isReleased = false;
    return {
      kind: "held",
      signal: held.lease.signal,
      leftMs: () => held.lease.leftMs(),
      release: async () => {
        if (isReleased) return;
        isReleased = true;
        held.holders--;
        if (held.holders > 0) return;
        if (this.#held.get(held.section) === held) this.#held.delete(held.section);
        await this.#giveBack(held);
      },
    };
  }

  #beginTaking(section: string): Promise<Held | SectionHolder> {
    const taking = this.#take(section).finally(() => this.#taking.delete(section));
    this.#taking.set(section, taking);
    return taking;
  }

  async #take(section: string): Promise<Held | SectionHolder> {
    const lease = await this.#context.lease();
    const held = { section, lease, token: crypto.randomUUID(), holders: 0 };
    try {
      const context = boundTo(this.#context, lease);
      // On the disk when it ends: a server that fell over would give the section to somebody else.
      const holder = await writeAsOwner(
        context,
        { isAwaited: true },
        (on) => take(context, on, held),
      );
      if (holder !== undefined) return holder;
    } catch (error) {
      this.#leftover.add(held);
      throw error;
    }
    this.#held.set(section, held);
    return held;
  }

  async #giveBack(held: Omit<Held, "holders">): Promise<void> {
    const { pg, schema, tenant } = this.#context;
    if (held.lease.leftMs() === 0) return;
    try {
      await pg.tx((on) =>
        on.rows(
          `DELETE FROM ${schema}.section_holds WHERE tenant = $1 AND section = $2 AND token = $3`,
          [tenant, held.section, held.token],
        ), { milliseconds: giveBackMs });
    } catch {
      // After the next renewal it is tried again; without one, the section is free with the lease.
      this.#leftover.add(held);
    }
  }
}

/** Takes a section unless somebody else has it, and tells who that is. */
async function take(
  { schema, tenant }: PgContext,
  on: PgStatements,
  { section, lease, token }: Omit<Held, "holders">,
): Promise<SectionHolder | undefined> {
  // One after another: a statement that waited for the row would not see a process that came meanwhile, and
  // take the section away from it.
  const locked = on.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
    JSON.stringify(["hold", schema, tenant, section]),
  ]);
  const removed = on.rows(removeIdleDead(schema), []);
  for (;;) {
    const taking = on.rows(
      `INSERT INTO ${schema}.section_holds AS held (tenant, section, owner, token)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant, section) DO UPDATE
          SET owner = excluded.owner, token = excluded.token, since = clock_timestamp()
          WHERE held.owner = excluded.owner OR NOT ${isRegistered(schema, "held.owner")}
        RETURNING token`,
      [tenant, section, lease.id, token],
    );
    const [taken] = await Promise.all([taking, locked, removed]);
    if (taken.length > 0) return undefined;
    const [row] = await on.rows(
      `SELECT host, process, version, ${iso("since")} AS since FROM ${schema}.section_holds AS held
        JOIN ${schema}.owners ON owners.id = held.owner
        WHERE held.tenant = $1 AND section = $2`,
      [tenant, section],
    );
    // None: it was given back meanwhile.
    if (row === undefined) continue;
    return {
      kind: "busy",
      host: String(row.host),
      process: Number(row.process),
      version: String(row.version),
      since: String(row.since),
    };
  }
}

/** The condition that a start was noted by a process that is there, or that its run began. */
function isMade(schema: string, start: string): string {
  return `(${isRegistered(schema, `${start}.owner`)} OR EXISTS (
    SELECT 1 FROM ${schema}.last_runs WHERE last_runs.tenant = ${start}.tenant
      AND last_runs.section = ${start}.section AND origin = 'upload' AND started >= ${start}.at))`;
}

/**
 * Notes that a run begins that was due at some time; gives whether nobody did before, for that time or a later
 * one: starts that were missed are made up for once. A process that noted it and was gone before its run began
 * counts for nothing.
 */
export async function claimStart(
  context: PgContext,
  section: string,
  due: Date,
): Promise<boolean> {
  const { schema, tenant } = context;
  const lease = await context.lease();
  return await writeAsOwner(boundTo(context, lease), { isAwaited: true }, async (on) => {
    // Never the one that is asked for: it would be made twice.
    const forgotten = on.rows(
      `DELETE FROM ${schema}.starts WHERE tenant = $1 AND section = $2 AND due < $3::timestamptz
        AND due < clock_timestamp() - ${rememberedDays} * interval '1 day'`,
      [tenant, section, due.toISOString()],
    );
    const noted = on.rows(
      `INSERT INTO ${schema}.starts AS noted (tenant, section, due, owner)
        SELECT $1::text, $2::text, $3::timestamptz, $4::text WHERE NOT EXISTS (
          SELECT 1 FROM ${schema}.starts AS later WHERE later.tenant = $1 AND later.section = $2
            AND later.due > $3::timestamptz AND ${isMade(schema, "later")})
        ON CONFLICT (tenant, section, due) DO UPDATE
          SET owner = excluded.owner, at = clock_timestamp()
          WHERE NOT ${isMade(schema, "noted")}
        RETURNING due`,
      [tenant, section, due.toISOString(), lease.id],
    );
    const [made] = await Promise.all([noted, forgotten]);
    return made.length > 0;
  });
}

/**
 * What is known of a start, by reading alone: nobody waits for the disk. A process whose time is over counts for
 * nothing; whoever takes the section then finds out what became of its run.
 *
 * @param own The id of this process, whose own holds keep it from nothing.
 */
export async function findStart(
  { pg, schema, tenant }: PgContext,
  section: string,
  due: Date,
  own: string | undefined,
): Promise<KnownStart> {
  const [found] = await pg.rows(
    `SELECT EXISTS (SELECT 1 FROM ${schema}.section_holds AS held WHERE held.tenant = $1
        AND held.section = $2 AND held.owner <> $4 AND ${
      isAtWork(schema, "held.owner")
    }) AS is_busy,
      EXISTS (SELECT 1 FROM ${schema}.starts AS noted WHERE noted.tenant = $1 AND noted.section = $2
        AND noted.due = $3::timestamptz AND ${isAtWork(schema, "noted.owner")}) AS is_made`,
    [tenant, section, due.toISOString(), own ?? ""],
  );
  // In this order: a start is noted before its run, and the section is held until that has ended.
  if (found?.is_busy === true) return "busy";
  return found?.is_made === true ? "made" : "uncertain";
}
