/**
 * Webhook events, in PostgreSQL.
 *
 * Moments of callers are by the clock of their machine, those of the rows by the clock of the database: what
 * goes from the one to the other is the time until then.
 *
 * @module
 */

import { parseExactJson } from "../../base/json.ts";
import type { PostgresRow } from "../../runtime/postgres.ts";
import { soonMs } from "../inbox.ts";
import type { Inbox, InboxEntry, InboxEvent, InboxOutcome, InboxSize } from "../state.ts";
import { ClaimFloors } from "./claim_floor.ts";
import { boundTo, type PgContext, toStorable, writeAsOwner } from "./context.ts";
import { digestOf } from "./fold.ts";
import { allInboxSizes, giveBack, waiting } from "./inbox_rows.ts";
import type { PgLook } from "./look.ts";
import { giveBackMs, isRegistered, type PgOwner, removeDead } from "./owner.ts";
import { type PgStatements, tenantSetting } from "./pg.ts";

/** The key of an event as it was given; null when it stands for itself. */
export function parseKey(key: unknown): string | null {
  return key === null ? null : String(JSON.parse(String(key)));
}

/** Gives back what processes took that are no more. */
export async function releaseDead(
  on: PgStatements,
  { schema, tenant }: Pick<PgContext, "schema" | "tenant">,
): Promise<void> {
  await on.rows(removeDead(schema));
  const which = `inbox.tenant = $1 AND NOT ${isRegistered(schema, "inbox.owner")}`;
  await giveBack(on, schema, which, [tenant]);
}

/** Events that come to one entry of the inbox. */
interface Folded {
  readonly section: string;
  readonly key: string | null;
  body: string;
  events: number;
  /** Milliseconds since the first of them came. */
  readonly age: number;
  readonly dueIn: number;
}

/** Halves of surrogate pairs, which JSON may have in its texts. */
const halves = /\p{Surrogate}/gu;

/** JSON that means the same and that PostgreSQL can keep. */
function toStorableJson(text: string): string {
  if (text.isWellFormed()) return text;
  return text.replace(halves, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
}

/** Puts events about the same together. */
function foldEvents(events: readonly InboxEvent[]): Folded[] {
  const now = Date.now();
  const byKey = new Map<string, Folded>();
  const alone: Folded[] = [];
  for (const { section, key, body, due, received = now, events: count = 1 } of events) {
    const text = key === null ? null : JSON.stringify(key);
    const known = text === null ? undefined : byKey.get(JSON.stringify([section, text]));
    const storable = toStorableJson(body);
    if (known !== undefined) {
      known.body = storable;
      known.events += count;
      continue;
    }
    const folded = {
      ...{ section, key: text, body: storable, events: count },
      ...{ age: now - received, dueIn: due - now },
    };
    if (text === null) alone.push(folded);
    else byKey.set(JSON.stringify([section, text]), folded);
  }
  return [...byKey.values(), ...alone];
}

/** The inbox of one tenant. */
export class PgInbox implements Inbox {
  readonly #context: PgContext;
  readonly #owner: Pick<PgOwner, "current">;
  readonly #bind: (section: string) => PgContext;
  readonly #look: PgLook | undefined;
  readonly #floors = new ClaimFloors();

  /**
   * @param bind What is written about a section, under the lease by which this process has it.
   * @param look Looks for all tenants of this process; absent where there is one.
   */
  constructor(
    context: PgContext,
    owner: Pick<PgOwner, "current">,
    bind: (section: string) => PgContext,
    look?: PgLook,
  ) {
    this.#context = context;
    this.#owner = owner;
    this.#bind = bind;
    this.#look = look;
  }

  async add(
    events: readonly InboxEvent[],
    deadline?: { readonly milliseconds: number },
  ): Promise<void> {
    const { intake, schema, tenant } = this.#context;
    const folded = foldEvents(events);
    for (const { section, dueIn } of folded) this.#floors.expect(section, dueIn);
    // One statement is one round trip; with BEGIN and COMMIT it would be three. What a query with a volatile
    // function gives is worked out once, and before the rows are written and their policies are asked.
    await intake.rows(
      `WITH waits AS (SELECT set_config('synchronous_commit', 'on', true),
          set_config('${tenantSetting}', $1, true))
        INSERT INTO ${schema}.inbox AS known (tenant, section, key, digest, body, events, received, due)
          SELECT $1::text, section, key, digest, body, events,
              clock_timestamp() - age * interval '1 millisecond',
              clock_timestamp() + ms * interval '1 millisecond'
            FROM waits, unnest($2::text[], $3::text[], $4::bytea[], $5::text[], $6::int4[],
                $7::float8[], $8::float8[])
              WITH ORDINALITY AS added (section, key, digest, body, events, age, ms, position)
            ORDER BY section COLLATE "C", digest, position
          ON CONFLICT ${waiting}
            DO UPDATE SET body = excluded.body, events = known.events + excluded.events`,
      [
        tenant,
        folded.map(({ section }) => section),
        folded.map(({ key }) => key),
        folded.map(({ key }) => key === null ? null : digestOf(key)),
        folded.map(({ body }) => body),
        folded.map((each) => each.events),
        folded.map(({ age }) => age),
        folded.map(({ dueIn }) => dueIn),
      ],
      deadline,
    );
  }

  async take(section: string, limit: number, early: boolean): Promise<InboxEntry[]> {
    const { schema, tenant } = this.#context;
    const lease = await this.#bind(section).lease();
    const context = boundTo(this.#context, lease);
    const rows = await writeAsOwner(context, { isAwaited: false }, (on) =>
      // By their places alone: of other conditions the server may make a search through all that was there of
      // the tenant. What is due is searched by itself, or it may be searched, and taken, several times.
      on.rows(
        `WITH due AS MATERIALIZED (SELECT ctid FROM ${schema}.inbox
            WHERE tenant = $1 AND section = $3 AND owner IS NULL AND NOT is_dead
              AND due >= $6::timestamptz
              AND (due <= clock_timestamp() + ${soonMs} * interval '1 millisecond'
                OR ($4::bool AND tries = 0))
              ORDER BY due, id LIMIT $5 FOR UPDATE SKIP LOCKED)
          UPDATE ${schema}.inbox SET owner = $2
            WHERE ctid = ANY (ARRAY(SELECT ctid FROM due))
          RETURNING id, key, body, events, tries, due,
            extract(epoch FROM clock_timestamp() - received) * 1000 AS age,
            extract(epoch FROM least(due, clock_timestamp())) * 1000 AS due_ms`,
        [tenant, lease.id, section, early, limit, this.#floors.next(section)],
      ));
    this.#floors.note(section, rows.map(({ due_ms: due }) => Number(due)));
    const now = Date.now();
    return rows.toSorted(byDue).map((row) => ({
      id: Number(row.id),
      key: parseKey(row.key),
      body: parseExactJson(String(row.body)),
      received: Math.round(now - Number(row.age)),
      events: Number(row.events),
      tries: Number(row.tries),
    }));
  }

  async recordOutcomes(outcomes: readonly InboxOutcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    const { schema, tenant, redact } = this.#context;
    const now = Date.now();
    // Of what is put back it is not known here which sections it is of.
    if (outcomes.some((each) => each.kind === "again" && each.due < now)) this.#floors.clear();
    const lease = await this.#context.lease();
    const context = boundTo(this.#context, lease);
    // Waited for: what a server that falls over takes back would stay with this process, which is done with it.
    await writeAsOwner(context, { isAwaited: true }, async (on) => {
      // What was taken under a lease that was lost may be with another process by now, and what was recorded
      // without an answer is not there any more: both are passed over.
      const rows = await on.rows(
        `SELECT own.* FROM unnest($2::int8[]) AS wanted (id) CROSS JOIN LATERAL (
          SELECT id, ctid::text AS place FROM ${schema}.inbox
            WHERE tenant = $1 AND id = wanted.id AND (owner = $3) IS TRUE LIMIT 1 FOR UPDATE) AS own`,
        [tenant, outcomes.map(({ id }) => id), lease.id],
      );
      const own = new Map(rows.map(({ id, place }) => [Number(id), String(place)]));
      const done = outcomes.flatMap(({ id, kind }) => kind === "done" ? own.get(id) ?? [] : []);
      const others = outcomes.filter((outcome) => outcome.kind !== "done")
        .filter(({ id }) => own.has(id));
      await on.rows(
        `DELETE FROM ${schema}.inbox WHERE ctid = ANY (ARRAY(SELECT unnest($1::tid[])))`,
        [done],
      );
      await this.#putBack(on, {
        ids: others.map(({ id }) => id),
        tries: others.map(({ tries }) => tries),
        reasons: others.map(({ reason }) => toStorable(redact(reason))),
        dead: others.map(({ kind }) => kind === "dead"),
        dueIn: others.map((outcome) => outcome.kind === "again" ? outcome.due - now : 0),
      });
    });
  }

  async release(): Promise<void> {
    this.#floors.clear();
    if (this.#look !== undefined) return await this.#look.release();
    await this.#context.pg.tx((on) => releaseDead(on, this.#context));
  }

  async nextDue(section: string): Promise<number | undefined> {
    const { pg, schema, tenant } = this.#context;
    const [row] = await pg.rows(
      `SELECT extract(epoch FROM min(due) - clock_timestamp()) * 1000 AS ms FROM ${schema}.inbox
        WHERE tenant = $1 AND section = $2 AND owner IS NULL AND NOT is_dead`,
      [tenant, section],
    );
    return row === undefined || row.ms === null ? undefined : Date.now() + Number(row.ms);
  }

  async dueSections(): Promise<string[]> {
    const { pg, schema, tenant } = this.#context;
    if (this.#look !== undefined) return [...await this.#look.dueSections(tenant)];
    const rows = await pg.rows(
      `SELECT section FROM ${schema}.inbox WHERE tenant = $1 AND owner IS NULL AND NOT is_dead
        GROUP BY section HAVING min(due) <= clock_timestamp() + ${soonMs} * interval '1 millisecond'`,
      [tenant],
    );
    return rows.map(({ section }) => String(section));
  }

  async sizes(): Promise<InboxSize[]> {
    return await inboxSizes(this.#context);
  }

  async close(): Promise<void> {
    const { pg, schema, tenant } = this.#context;
    const which = "inbox.tenant = $1 AND inbox.owner = $2";
    // Whoever has no lease has taken nothing, or it was given back with the lease.
    const owner = this.#owner.current?.id;
    if (owner === undefined) return;
    try {
      await pg.tx((on) => giveBack(on, schema, which, [tenant, owner]), {
        milliseconds: giveBackMs,
      });
    } catch {
      // Others take it when the lease of this process is over.
    }
  }

  /**
   * Puts entries back with what became of them. They are added anew: a newer event that comes at the same
   * moment would be in conflict with a change.
   */
  async #putBack(
    on: PgStatements,
    { ids, tries, reasons, dead, dueIn }: {
      readonly ids: readonly number[];
      readonly tries: readonly number[];
      readonly reasons: readonly string[];
      readonly dead: readonly boolean[];
      readonly dueIn: readonly number[];
    },
  ): Promise<void> {
    if (ids.length === 0) return;
    const { schema, tenant } = this.#context;
    await on.rows(
      `WITH outcomes AS (SELECT * FROM unnest($2::int8[], $3::int4[], $4::text[], $5::bool[], $6::float8[])
          AS outcome (id, tries, reason, is_dead, ms)),
        gone AS (DELETE FROM ${schema}.inbox WHERE tenant = $1 AND id = ANY ($2::int8[]) RETURNING *)
        INSERT INTO ${schema}.inbox
            (tenant, id, section, key, digest, body, received, events, due, tries, reason, is_dead)
          SELECT gone.tenant, gone.id, section, key, digest, body, received, events,
              clock_timestamp() + ms * interval '1 millisecond', outcomes.tries, outcomes.reason,
              outcomes.is_dead FROM gone JOIN outcomes ON outcomes.id = gone.id
            WHERE NOT (outcomes.is_dead AND EXISTS (SELECT 1 FROM ${schema}.inbox AS newer
              WHERE newer.tenant = $1 AND newer.section = gone.section AND newer.digest = gone.digest
                AND newer.owner IS NULL AND NOT newer.is_dead))
            ORDER BY section, digest, gone.id
          ON CONFLICT ${waiting} DO NOTHING`,
      [tenant, ids, tries, reasons, dead, dueIn],
    );
  }
}

function byDue(one: PostgresRow, other: PostgresRow): number {
  const [a, b] = [Number(one.due), Number(other.due)];
  return a - b || Number(one.id) - Number(other.id);
}

/** What is in the inbox, by section. */
export async function inboxSizes({ pg, schema, tenant }: PgContext): Promise<InboxSize[]> {
  const sizes = await allInboxSizes(pg, schema, tenant);
  return sizes.get(tenant) ?? [];
}
