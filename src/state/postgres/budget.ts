/**
 * What vendors allow, shared by all processes: one row for each account, with the time up to which requests
 * are given out (GCRA), and the time until which all wait.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { sleep } from "../../base/iteration.ts";
import type { Pace, SharedAccount, SharedBudget } from "../../sdk/http/shared_budget.ts";
import type { PgContext } from "./context.ts";

/** Requests are taken for so many milliseconds at once, and not used later than that. */
const blockMs = 100;

/** What may be sent at once after a rest, as a part of an interval's requests. */
const burst = 0.05;

/** A pause of another process is seen within so many milliseconds. */
const lookMs = 500;

/** The longest that the server is waited for, and for how long it is not asked again after that. */
const answerMs = 1_000;

/** Requests that are given out, from so many milliseconds on; none while all wait. */
interface Block {
  readonly permits: number;
  readonly waitMs: number;
}

/** The accounts of one tenant. */
export class PgBudget implements SharedBudget {
  readonly #context: PgContext;
  readonly #accounts = new Map<string, PgAccount>();

  constructor(context: PgContext) {
    this.#context = context;
  }

  get waitedMs(): number {
    return [...this.#accounts.values()].reduce((sum, { waitedMs }) => sum + waitedMs, 0);
  }

  account(key: string): SharedAccount {
    let account = this.#accounts.get(key);
    if (account === undefined) {
      this.#accounts.set(key, account = new PgAccount(this.#context, digestOf(key)));
    }
    return account;
  }
}

/** Whoever reads the table is not told which accounts there are. */
function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

class PgAccount implements SharedAccount {
  readonly #context: PgContext;
  readonly #key: string;
  processes = 1;
  waitedMs = 0;
  /** Requests of this process that wait. */
  #waiting = 0;
  #permits = 0;
  /** Until when the permits may be used, and since when it is known that nobody has all wait. */
  #usableUntil = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #filling: Promise<void> | undefined;
  /** Ends what nobody waits for any more. */
  #given = new AbortController();
  #awayUntil = 0;
  /** As the column `tat`, for the time without the server. */
  #ownTat = 0;

  constructor(context: PgContext, key: string) {
    this.#context = context;
    this.#key = key;
  }

  async enter(pace: Pace | undefined, signal: AbortSignal): Promise<void> {
    const begun = performance.now();
    this.#waiting++;
    try {
      while (!this.#use(pace)) {
        signal.throwIfAborted();
        this.#filling ??= this.#fill(pace).finally(() => this.#filling = undefined);
        await untilAborted(this.#filling, signal);
      }
    } finally {
      this.#waiting--;
      this.waitedMs += performance.now() - begun;
      if (this.#waiting === 0) this.#given.abort();
    }
  }

  pause(milliseconds: number): void {
    const { schema } = this.#context;
    // Where it cannot be told, this process waits by itself, and the others are told by the vendor.
    void this.#ask(
      `INSERT INTO ${schema}.buckets AS known (tenant, account, paused_until)
        VALUES ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond')
        ON CONFLICT (tenant, account) DO UPDATE
          SET paused_until = greatest(known.paused_until, excluded.paused_until)`,
      [milliseconds],
    );
  }

  #use(pace: Pace | undefined): boolean {
    const now = performance.now();
    if (pace === undefined) return now - this.#lookedAt < lookMs;
    if (this.#permits === 0 || now > this.#usableUntil) return false;
    this.#permits--;
    return true;
  }

  /** Waits for what those who wait need, as far as it may be sent at once. */
  async #fill(pace: Pace | undefined): Promise<void> {
    if (this.#given.signal.aborted) this.#given = new AbortController();
    const { signal } = this.#given;
    const asked = performance.now();
    const block = pace === undefined ? await this.#look() : await this.#take(pace);
    if (block.waitMs > 0) await pass(block.waitMs, signal);
    if (block.permits === 0 || signal.aborted) return;
    // What was free when the block was taken may not be free any more.
    if (performance.now() - asked >= lookMs && (await this.#look()).waitMs > 0) return;
    this.#permits = block.permits;
    this.#usableUntil = performance.now() + blockMs;
  }

  /** Whether all are to wait; gives no requests. */
  async #look(): Promise<Block> {
    const { schema } = this.#context;
    const row = await this.#ask(
      `SELECT ${
        atWork(schema)
      } AS processes, (SELECT extract(epoch FROM paused_until - clock_timestamp())
        FROM ${schema}.buckets WHERE tenant = $1 AND account = $2) * 1000 AS paused`,
      [],
    );
    const waitMs = Math.max(0, Number(row?.paused ?? 0));
    if (waitMs === 0) this.#lookedAt = performance.now();
    return { permits: 0, waitMs };
  }

  /** Takes requests for those who wait, for at most {@linkcode blockMs}. */
  async #take(pace: Pace): Promise<Block> {
    const { schema } = this.#context;
    const emissionMs = pace.intervalMs / pace.requests;
    const permits = Math.max(1, Math.min(this.#waiting, Math.floor(blockMs / emissionMs)));
    const toleranceMs = Math.max(0, pace.requests * burst - 1) * emissionMs;
    const row = await this.#ask(
      `INSERT INTO ${schema}.buckets AS known (tenant, account, tat)
        VALUES ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond')
        ON CONFLICT (tenant, account) DO UPDATE SET tat = CASE
          WHEN known.paused_until > clock_timestamp() THEN known.tat
          ELSE greatest(known.tat, clock_timestamp()) + $3::float8 * interval '1 millisecond' END
        RETURNING extract(epoch FROM tat - clock_timestamp()) * 1000 AS ahead,
          greatest(0, extract(epoch FROM paused_until - clock_timestamp()) * 1000) AS paused,
          ${atWork(schema)} AS processes`,
      [permits * emissionMs],
    );
    if (row === undefined) return this.#takeAlone(emissionMs * this.processes);
    const paused = Number(row.paused);
    if (paused > 0) return { permits: 0, waitMs: paused };
    return { permits, waitMs: Number(row.ahead) - permits * emissionMs - toleranceMs };
  }

  /** The part of this process, while the server is away. */
  #takeAlone(emissionMs: number): Block {
    const now = performance.now();
    const from = Math.max(this.#ownTat, now);
    this.#ownTat = from + emissionMs;
    return { permits: 1, waitMs: from - now };
  }

  /** The first row of an answer about the account; undefined also while the server is away. */
  async #ask(statement: string, values: readonly number[]) {
    const { pg, tenant } = this.#context;
    if (performance.now() < this.#awayUntil) return undefined;
    try {
      const rows = await pg.tx((on) => on.rows(statement, [tenant, this.#key, ...values]), {
        milliseconds: answerMs,
      });
      const [row] = rows;
      if (row?.processes !== undefined) this.processes = Math.max(1, Number(row.processes));
      return row;
    } catch {
      // Whoever writes the state reports it; requests go on at the part of this process.
      this.#awayUntil = performance.now() + answerMs;
      return undefined;
    }
  }
}

/** Processes of the tenant that are at work. */
const atWork = (schema: string): string =>
  `(SELECT count(*) FROM ${schema}.owners WHERE owners.tenant = $1 AND until > clock_timestamp())`;

/** Waits; nothing more once nobody wants it. */
async function pass(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, signal);
  } catch {
    // Those who waited were told why by their own signals.
  }
}

/** What a promise gives, or the reason of the signal if that is first. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
