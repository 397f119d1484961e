/**
 * The state of one tenant in PostgreSQL.
 *
 * @module
 */

import type { SectionCursor } from "../cursor.ts";
import type { PastRun, RunOrigin, RunSelection, StoredRun } from "../run_account.ts";
import type {
  Inbox,
  KnownStart,
  LastRuns,
  OpenRun,
  Replica,
  RunReceipt,
  SectionDigests,
  SectionHold,
  SectionHolder,
  State,
  StoredSection,
  UnfinishedRun,
  UnfinishedWork,
} from "../state.ts";
import { PgAccepted } from "./accepted.ts";
import { PgBudget } from "./budget.ts";
import { boundTo, iso, type PgContext, writeAsOwner } from "./context.ts";
import { PgCursor } from "./cursor.ts";
import { countDeadLetters, PgDeadEvents, PgDeadLetters } from "./dead_records.ts";
import { claimStart, findStart, PgHolds } from "./holds.ts";
import { inboxSizes, PgInbox } from "./inbox.ts";
import type { PgIntake } from "./intake.ts";
import type { PgLease } from "./lease.ts";
import { migrate } from "./migrate.ts";
import { refuseMovedTenant } from "./move_mark.ts";
import { PgOutbox } from "./outbox.ts";
import { isAtWork, isRegistered, PgOwner, removeDead } from "./owner.ts";
import type { Pg, PgStatements } from "./pg.ts";
import type { SharedServer } from "./servers.ts";
import { PgReceipt } from "./receipts.ts";
import { PgRenewals } from "./renewals.ts";
import { readReplicas } from "./replicas.ts";
import {
  endRun,
  findRun,
  insertRun,
  lastRuns,
  latestRuns,
  recentRuns,
  splitRun,
  waitingRecords,
} from "./runs.ts";
import { forTenant } from "./row_security.ts";

/** How the state is used. */
export interface PgStateSettings {
  readonly pg: Pg;
  readonly schema: string;
  /** Whose state it is: one database may keep that of many instances of Oomnitza. */
  readonly tenant: string;
  /** Address of the Oomnitza instance that records go to; absent when the state is only looked into. */
  readonly instance: string | undefined;
  /** Masks secrets. */
  readonly redact: (text: string) => string;
  /** After so many milliseconds without a sign of life, others may take over what this process does. */
  readonly leaseMs: number;
  /** A connection for renewals alone, so that they wait for no other call; absent where any will do. */
  readonly renewing?: Pg | undefined;
  /** What events are taken in over; absent where they may wait for other calls. */
  readonly intake?: PgIntake | undefined;
  /** What this process does once for the states of all its tenants; absent where there is one. */
  readonly shared?: Pick<SharedServer, "renewals" | "look"> | undefined;
}

/**
 * Opens the state; the tables are made when they are not there.
 *
 * @throws {AgentError} when it was moved, or is being moved.
 */
export async function openPgState(settings: PgStateSettings): Promise<PgState> {
  const { pg, schema, tenant } = settings;
  await migrate(pg, schema);
  await refuseMovedTenant(forTenant(pg, tenant), { schema: `"${schema}"`, tenant });
  return new PgState(settings);
}

/**
 * The condition that process $3 has the section of a run. Then no other one is at work on that run, also when it
 * lives: it gave the section back, and could not write down that the run was over, or what it kept. What is sent
 * before that run's records would be overwritten by them.
 */
function hasSection(schema: string): string {
  return `EXISTS (SELECT 1 FROM ${schema}.section_holds AS held
    WHERE held.tenant = runs.tenant AND held.section = runs.section AND held.owner = $3)`;
}

/** The state of one tenant in PostgreSQL. It leaves the connection open when it is closed. */
export class PgState implements State {
  readonly instance: string | undefined;
  readonly accepted: PgAccepted;
  readonly budget: PgBudget;
  readonly deadLetters: PgDeadLetters;
  readonly deadEvents: PgDeadEvents;
  /** The webhook events of the tenant. */
  readonly inbox: Inbox;
  /** This process, as others see it. */
  readonly owner: PgOwner;
  readonly #context: PgContext;
  readonly #holds: PgHolds;
  /** Runs of this process that are over, which could not be written down. */
  readonly #unrecorded = new Set<string>();
  readonly #look: SharedServer["look"] | undefined;

  /** For a schema that is up to date. */
  constructor(settings: PgStateSettings) {
    const { pg, renewing = pg, intake = pg, schema, tenant, instance, redact, leaseMs, shared } =
      settings;
    const quoted = `"${schema}"`;
    const own = forTenant(pg, tenant);
    const renewals = shared?.renewals ??
      new PgRenewals({ pg: renewing, schema: quoted, leaseMs });
    this.owner = new PgOwner({
      ...{ pg: own, schema: quoted, tenant, leaseMs, renewals },
      onRenewed: () => void this.#holds.giveBackLeftover(),
    });
    this.#context = {
      ...{ pg: own, intake, schema: quoted, tenant, redact },
      lease: () => this.owner.lease(),
    };
    this.#holds = new PgHolds(this.#context);
    this.#look = shared?.look;
    this.budget = new PgBudget(this.#context);
    this.instance = instance;
    this.accepted = new PgAccepted(this.#context, instance, (section) => this.#bind(section));
    this.deadLetters = new PgDeadLetters(this.#context);
    this.deadEvents = new PgDeadEvents(this.#context);
    const bind = (section: string) => this.#bind(section);
    this.inbox = new PgInbox(this.#context, this.owner, bind, shared?.look);
  }

  cursor(section: string): SectionCursor {
    return new PgCursor(this.#bind(section), section);
  }

  async begin(
    stored: StoredSection,
    origin: RunOrigin,
    counts: () => Readonly<Record<string, number>>,
  ): Promise<OpenRun> {
    const { section, upload, awaitsReceipt = false } = stored;
    const { context, lease } = await this.#ownLease(section);
    const { id, started } = await writeAsOwner(
      context,
      { isAwaited: false },
      (on) => insertRun(context, on, { section, upload, awaitsReceipt, origin, owner: lease.id }),
    );
    return {
      id,
      outbox: await this.#outbox(context, id, stored, 0, counts),
      receipt: new PgReceipt({ context, run: id, section, upload, started }),
      end: async (end) => {
        this.#unrecorded.add(id);
        await writeAsOwner(context, { isAwaited: true }, (on) => endRun(context, on, id, end));
        this.#unrecorded.delete(id);
      },
    };
  }

  holdSection(section: string): Promise<SectionHold | SectionHolder> {
    return this.#holds.hold(section);
  }

  claimStart(section: string, due: Date): Promise<boolean> {
    return claimStart(this.#bind(section), section, due);
  }

  findStart(section: string, due: Date): Promise<KnownStart> {
    return findStart(this.#context, section, due, this.owner.current?.id);
  }

  announce(serving: SectionDigests): Promise<void> {
    return this.owner.announce(serving);
  }

  replicas(): Promise<Replica[]> {
    return readReplicas(this.#context, this.owner.current?.id);
  }

  get leasesLost(): number {
    return this.owner.losses;
  }

  async *unfinishedRuns(
    stored: Pick<StoredSection, "section" | "remember">,
  ): AsyncGenerator<UnfinishedRun> {
    const { context: { pg, schema, tenant }, lease } = await this.#ownLease(stored.section);
    const rows = await pg.rows(
      `SELECT id, owner FROM ${schema}.runs WHERE tenant = $1 AND section = $2 AND is_open
        AND (CASE WHEN owner = $3 THEN outcome IS NOT NULL OR id = ANY ($4::int8[])
          ELSE NOT ${isAtWork(schema, "owner")} OR ${hasSection(schema)} END)
        ORDER BY id`,
      [tenant, stored.section, lease.id, [...this.#unrecorded]],
    );
    for (const { id, owner } of rows) {
      const unfinished = await this.#claim(String(id), String(owner), stored);
      if (unfinished !== undefined) yield unfinished;
    }
  }

  async awaitedReceipts(section: string, limit: number): Promise<RunReceipt[]> {
    const { context, lease } = await this.#ownLease(section);
    const { schema, tenant } = context;
    const rows = await writeAsOwner(context, { isAwaited: false }, async (on) => {
      await on.rows(removeDead(schema));
      return await on.rows(
        // Materialized: the server may do a subquery again for each row, and it would find others then.
        `WITH picked AS MATERIALIZED (
            SELECT id FROM ${schema}.runs WHERE tenant = $1 AND section = $2 AND awaits_receipt
              AND NOT is_open AND owner <> $3 AND NOT ${isRegistered(schema, "runs.owner")}
              ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED)
          UPDATE ${schema}.runs SET owner = $3 FROM picked
            WHERE runs.tenant = $1 AND runs.id = picked.id
          RETURNING runs.id, upload, ${iso("started")} AS started`,
        [tenant, section, lease.id, Number.isFinite(limit) ? limit : null],
      );
    });
    return rows.toSorted((a, b) => Number(a.id) - Number(b.id)).map((row) =>
      new PgReceipt({
        ...{ context, section, run: String(row.id) },
        ...{ upload: String(row.upload), started: String(row.started) },
      })
    );
  }

  async hasBacklog(section: string): Promise<boolean> {
    const { pg, schema, tenant } = this.#context;
    const rows = await pg.rows(
      `SELECT 1 FROM ${schema}.runs WHERE tenant = $1 AND section = $2 AND is_open LIMIT 1`,
      [tenant, section],
    );
    return rows.length > 0;
  }

  runs(limit: number): Promise<StoredRun[]> {
    return latestRuns(this.#context, limit);
  }

  recentRuns(selection: RunSelection): Promise<PastRun[]> {
    return recentRuns(this.#context, selection);
  }

  run(id: string): Promise<StoredRun | undefined> {
    return findRun(this.#context, id);
  }

  lastRuns(): Promise<LastRuns> {
    return this.#look?.lastRuns(this.#context.tenant) ?? lastRuns(this.#context);
  }

  async unfinishedWork(): Promise<UnfinishedWork> {
    const context = this.#context;
    return {
      waiting: await waitingRecords(context),
      refused: await countDeadLetters(context),
      events: await inboxSizes(context),
    };
  }

  async close(): Promise<void> {
    await this.owner.close();
  }

  /** Takes over an open run, unless another process was quicker. */
  async #claim(
    id: string,
    owner: string,
    stored: Pick<StoredSection, "section" | "remember">,
  ): Promise<UnfinishedRun | undefined> {
    const { context, lease } = await this.#ownLease(stored.section);
    const { schema, tenant } = context;
    const found = await writeAsOwner(context, { isAwaited: true }, async (on: PgStatements) => {
      await on.rows(removeDead(schema));
      const [run] = await on.rows(
        `UPDATE ${schema}.runs SET owner = $3, outcome = coalesce(outcome, 'interrupted')
          WHERE tenant = $1 AND id = $2 AND owner = $4 AND is_open
            AND (owner = $3 OR NOT ${isRegistered(schema, "runs.owner")} OR ${hasSection(schema)})
          RETURNING upload, counts, ${iso("started")} AS started, awaits_receipt`,
        [tenant, id, lease.id, owner],
      );
      const [left] = await on.rows(
        `SELECT coalesce(max(seq), 0) AS last, count(*) FILTER (WHERE answered > 0) AS answered
          FROM ${schema}.outbox WHERE tenant = $1 AND run = $2`,
        [tenant, id],
      );
      return run && { run, left };
    });
    if (found === undefined) return undefined;
    this.#unrecorded.delete(id);
    const { run, left } = found;
    const upload = String(run.upload);
    const started = String(run.started);
    const { sent: known = 0 } = JSON.parse(String(run.counts)) as Record<string, number>;
    const awaitsReceipt = run.awaits_receipt === true;
    const sent = known > 0 || Number(left?.answered) > 0;
    const own = { ...stored, upload, awaitsReceipt };
    return await this.#unfinished(context, own, {
      run: id,
      started,
      sent,
      last: Number(left?.last),
    });
  }

  async #unfinished(
    context: PgContext,
    stored: StoredSection,
    { run, started, sent, last }: Pick<UnfinishedRun, "run" | "sent"> & {
      readonly started: string;
      /** The number of its last batch. */
      readonly last: number;
    },
  ): Promise<UnfinishedRun> {
    const { section, upload } = stored;
    return {
      ...{ run, started: new Date(started), upload, sent },
      outbox: await this.#outbox(context, run, stored, last),
      receipt: new PgReceipt({ context, run, section, upload, started }),
      splitOff: async (other) => {
        const id = await writeAsOwner(
          context,
          { isAwaited: true },
          (on) => splitRun(context, on, run, other),
        );
        const own = { ...stored, upload: other };
        return await this.#unfinished(context, own, { run: id, started, sent: false, last });
      },
    };
  }

  /** What is written about a section, under the lease by which this process has the section or is at work. */
  #bind(section: string): PgContext {
    const lease = this.#holds.leaseOf(section) ?? this.owner.current;
    return lease === undefined ? this.#context : boundTo(this.#context, lease);
  }

  /** As {@linkcode #bind}, with the lease, which begins now when there is none. */
  async #ownLease(section: string): Promise<{ context: PgContext; lease: PgLease }> {
    const lease = await this.#bind(section).lease();
    return { context: boundTo(this.#context, lease), lease };
  }

  async #outbox(
    context: PgContext,
    run: string,
    { section, upload, remember, awaitsReceipt = false }: StoredSection,
    lastSeq: number,
    counts?: () => Readonly<Record<string, number>>,
  ): Promise<PgOutbox> {
    const destination = remember ? await this.accepted.destinationId(upload) : undefined;
    return new PgOutbox({
      ...{ context, run, section, upload, destination, awaitsReceipt, lastSeq, counts },
    });
  }
}
