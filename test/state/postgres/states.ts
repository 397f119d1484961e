/**
 * States in a real PostgreSQL for tests, also such that stop before a COMMIT.
 *
 * @module
 */
import { openPg, type Pg } from "../../../src/state/postgres/pg.ts";
import { openPgState, type PgState } from "../../../src/state/postgres/state.ts";
import { parsePgUrl } from "../../../src/state/postgres/target.ts";
import type { InboxEvent } from "../../../src/state/state.ts";
import { type Opened, type OpenedState, withNewState } from "../conformance/open_state.ts";

/** The schema of all states of a test. */
export const schema = "conformance";

let tenants = 0;

/** A server as tests use it. */
export function connect(url: string, connections = 8): Pg {
  return openPg(parsePgUrl(url), { connections, milliseconds: 30_000 });
}

/** Opens the state of a tenant. */
export function openTenant(pg: Pg, tenant: string, leaseMs = 600_000): Promise<PgState> {
  return openPgState({
    ...{ pg, schema, tenant, instance: "https://example.oomnitza.com" },
    ...{ redact: (text) => text.replaceAll("secret", "***"), leaseMs },
  });
}

/** Has the lease of a state be over, as the server sees it. */
export async function endLease(pg: Pg, { owner }: PgState): Promise<void> {
  await pg.rows(
    `UPDATE ${schema}.owners SET until = clock_timestamp() - interval '1 second' WHERE id = $1`,
    [(await owner.lease()).id],
  );
}

/** A state with its inbox, as the suite of all engines uses it. */
export type OpenedPg = Opened & { readonly state: PgState };

/** A new state in PostgreSQL. */
export interface OpenedPgState extends OpenedState {
  readonly state: PgState;
  readonly tenant: string;
  /** A state over the same data over another door to the server. */
  again(through?: Pg): Promise<OpenedPg>;
}

/** Opens the state of a new tenant. */
export async function openNewTenant(pg: Pg): Promise<OpenedPgState> {
  const tenant = `tenant ${++tenants}`;
  const opened = new Set<PgState>();
  const openOne = async (through: Pg = pg) => {
    const state = await openTenant(through, tenant);
    opened.add(state);
    return { state, inbox: state.inbox };
  };
  return {
    ...await openOne(),
    tenant,
    again: openOne,
    die: ({ state }) => endLease(pg, state as PgState),
    async close() {
      for (const state of opened) await state.close();
    },
  };
}

/** Works with the state of a new tenant, which is closed afterwards. */
export function withNewTenant(
  pg: Pg,
  work: (opened: OpenedPgState) => Promise<void>,
): Promise<void> {
  return withNewState(() => openNewTenant(pg), (opened) => work(opened as OpenedPgState));
}

/** An event that is due. */
export function event(section: string, key: string, body: unknown = key): InboxEvent {
  return { section, key, body: JSON.stringify(body), due: 0 };
}

/** Writes rows of a tenant, `$1`, that no call would. */
export async function writeRows(pg: Pg, tenant: string, statement: string): Promise<void> {
  await pg.tx((on) => on.rows(statement, [tenant]), { tenant });
}

/** How many rows a tenant has in a table. */
export async function countRows(pg: Pg, table: string, tenant: string): Promise<number> {
  const [row] = await pg.rows(
    `SELECT count(*) AS rows FROM ${schema}.${table} WHERE tenant = $1`,
    [tenant],
    { tenant },
  );
  return Number(row?.rows);
}

/** A transaction that waits before its COMMIT. */
export interface Held {
  /** Its statements are done. */
  readonly reached: Promise<void>;
  /** Lets it go on. */
  release(): void;
}

/** A door to the same server whose next transaction can be held. */
export function makeHolding(pg: Pg): Pg & { hold(): Held } {
  let next: { reach(): void; readonly released: Promise<void> } | undefined;
  const tx: Pg["tx"] = (work, deadline) =>
    pg.tx(async (on) => {
      const held = next;
      next = undefined;
      const result = await work(on);
      held?.reach();
      await held?.released;
      return result;
    }, deadline);
  return {
    // A statement by itself that adds rows is a transaction, too.
    rows: (text, values, deadline) =>
      next === undefined || !text.includes("INSERT INTO")
        ? pg.rows(text, values, deadline)
        : tx((on) => on.rows(text, values), deadline),
    get isBusy() {
      return pg.isBusy;
    },
    listen: (...call) => pg.listen(...call),
    close: (deadline) => pg.close(deadline),
    tx,
    hold() {
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      next = { reach, released };
      return { reached, release };
    },
  };
}

/** Waits until so many sessions wait for a lock, or one of the calls is done. */
export async function untilHeldBack(
  pg: Pg,
  calls: readonly Promise<unknown>[],
  count = 1,
): Promise<void> {
  let isDone = false;
  const note = () => void (isDone = true);
  for (const call of calls) call.then(note, note);
  for (;;) {
    const waiting = await pg.rows(
      "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = current_user",
    );
    if (waiting.length >= count || isDone) return;
    await Bun.sleep(5);
  }
}
