/**
 * What the parts of the state in PostgreSQL have in common.
 *
 * @module
 */

import type { PgIntake } from "./intake.ts";
import { leaseLost, type PgLease } from "./lease.ts";
import type { Pg, PgStatements } from "./pg.ts";

/** Where the rows of one tenant are, and who writes them. */
export interface PgContext {
  /** The server for this tenant: it sees and writes nothing of others. */
  readonly pg: Pg;
  /** The server as it is, for events that come: their statement sets itself which tenant they are of. */
  readonly intake: PgIntake;
  /** The quoted name of the schema. */
  readonly schema: string;
  readonly tenant: string;
  /** Masks secrets. */
  readonly redact: (text: string) => string;
  /** The lease under which it is written. */
  readonly lease: () => Promise<PgLease>;
}

/** The same under one lease only: nothing that was begun under it is ever written under a later one. */
export function boundTo(context: PgContext, lease: PgLease): PgContext {
  return { ...context, lease: () => Promise.resolve(lease) };
}

/** What a text begins with that is kept as JSON. */
const asJson = "\u0001";

/** A text as PostgreSQL can keep it: NUL and halves of surrogate pairs are escaped, the rest is as it is. */
export function toStorable(text: string): string {
  const isFit = text.isWellFormed() && !text.includes("\u0000") && !text.startsWith(asJson);
  return isFit ? text : asJson + JSON.stringify(text);
}

/** The text that {@linkcode toStorable} took. */
export function fromStorable(stored: unknown): string {
  const text = String(stored);
  return text.startsWith(asJson) ? String(JSON.parse(text.slice(asJson.length))) : text;
}

/** A moment as ISO 8601 in UTC, from a column or an expression. */
export function iso(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** How a transaction of an owner is kept. */
export interface WriteOptions {
  /** Whether it is on the disk of the server when it ends; else the next one that waits takes it along. */
  readonly isAwaited: boolean;
}

/**
 * Writes under the lease of this process, or not at all: one whose time was over may have been replaced.
 *
 * Its statements are sent together with the first one, which asks for that: the server does them one after
 * another. Work whose statements need no answer of each other gives them at once, for the same reason.
 *
 * @throws {AgentError} when it is not at work any more.
 */
export async function writeAsOwner<T>(
  context: PgContext,
  { isAwaited }: WriteOptions,
  work: (on: PgStatements) => Promise<T>,
): Promise<T> {
  const { pg, schema } = context;
  const lease = await context.lease();
  lease.check();
  return await pg.tx(async (on) => {
    // The row can be renewed meanwhile, and not be removed.
    const fence = on.rows(
      `SELECT set_config('synchronous_commit', $2, true) AS mode FROM ${schema}.owners
        WHERE id = $1 AND until > clock_timestamp() FOR KEY SHARE`,
      [lease.id, isAwaited ? "on" : "off"],
    );
    // To its end, whatever the fence says: a statement after ROLLBACK would be by itself.
    const [asked, worked] = await Promise.allSettled([fence, work(on)]);
    if (asked.status === "rejected") throw asked.reason;
    if (asked.value.length === 0) {
      lease.lose();
      throw leaseLost();
    }
    if (worked.status === "rejected") throw worked.reason;
    return worked.value;
    // A process that is cut off keeps nobody waiting for longer than its lease.
  }, { idleMilliseconds: lease.milliseconds });
}

/** Has all that is written to what was answered of a section wait for this transaction, and for each other. */
export async function lockSection(
  { schema, tenant }: PgContext,
  on: PgStatements,
  section: string,
): Promise<void> {
  await on.rows("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
    JSON.stringify([schema, tenant, section]),
  ]);
}
