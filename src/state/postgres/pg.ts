/**
 * The door to PostgreSQL: statements, transactions and notifications, each within a deadline.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import {
  openPostgres,
  type PostgresConnection,
  type PostgresPool,
  type PostgresRow,
} from "../../runtime/postgres.ts";
import { failureOf, overdue } from "./failure.ts";
import type { PgTarget } from "./target.ts";
import { encodeValues, type PgValue } from "./values.ts";

/** How long a call may take; what the connection was given is used when it is absent. */
export interface Deadline {
  readonly milliseconds?: number;
}

/** The setting of a transaction that says whose rows it is about. */
export const tenantSetting = "oomnitza_agent.tenant";

/** The setting of a transaction that is about the rows of all tenants, when it is `on`. */
export const everySetting = "oomnitza_agent.every_tenant";

/** What statements wait for, and what they see, is made for this level; a role may have another one. */
const begin = "BEGIN ISOLATION LEVEL READ COMMITTED";

/** Stands for all tenants. */
export const everyTenant = Symbol("every tenant");

/** How a call is made. */
export interface PgCall extends Deadline {
  /** Whose rows it may see and write; without it, those of no tenant. */
  readonly tenant?: string | typeof everyTenant;
  /** So long the server waits for the next statement of a transaction, when that is less than the deadline. */
  readonly idleMilliseconds?: number;
}

/** Runs statements; each is sent with its values apart from its text. */
export interface PgStatements {
  rows(text: string, values?: readonly PgValue[]): Promise<readonly PostgresRow[]>;
}

/** A server. Every call throws `PgError`, at the latest when its deadline is over. */
export interface Pg {
  /** Whether all connections are at work, so that a call waits for one of them. */
  readonly isBusy: boolean;
  /** One statement in a transaction of its own, which can only read when it is of a tenant. */
  rows(
    text: string,
    values?: readonly PgValue[],
    call?: PgCall,
  ): Promise<readonly PostgresRow[]>;
  /**
   * Does some work completely or not at all. The statements of `work` run on one connection,
   * in the order in which they are given. What `work` throws rolls back and is thrown on.
   */
  tx<T>(work: (statements: PgStatements) => Promise<T>, call?: PgCall): Promise<T>;
  /**
   * Hears the notifications of a channel until what it gives is called. What is sent while the connection
   * is away is lost: whoever listens also looks now and then. Refused where a pooler is in between.
   */
  listen(
    channel: string,
    hear: (payload: string) => void,
    deadline?: Deadline,
  ): Promise<() => Promise<void>>;
  /** Ends all connections, also those at work. */
  close(deadline?: Deadline): Promise<void>;
}

/** How a server is used. */
export interface PgOptions {
  /** Most connections at the same time; `listen` takes one more. */
  readonly connections: number;
  /** Deadline of a call that names none. */
  readonly milliseconds: number;
  /** Authorities in PEM instead of those of the runtime. */
  readonly ca?: string;
}

/** What a piece of work on a connection tells of itself. */
interface Progress {
  /** Whether an answer that does not come leaves open what was done. */
  wasSent: boolean;
}

/** Prepares to use a server; the first call connects. */
export function openPg(target: PgTarget, options: PgOptions): Pg {
  return new Server(target, options);
}

class Server implements Pg {
  readonly #target: PgTarget;
  readonly #pool: PostgresPool;
  readonly #milliseconds: number;
  readonly #connections: number;
  /** Calls that have a connection or wait for one. */
  #calls = 0;

  constructor(target: PgTarget, options: PgOptions) {
    this.#target = target;
    this.#connections = options.connections;
    this.#milliseconds = options.milliseconds;
    this.#pool = openPostgres({
      host: target.host,
      port: target.port,
      user: target.user,
      password: target.password,
      database: target.database,
      tls: target.tls,
      ca: options.ca,
      connections: options.connections,
      connectSeconds: Math.max(1, Math.ceil(options.milliseconds / 1000)),
      named: !target.isPooled,
    });
  }

  get isBusy(): boolean {
    return this.#calls >= this.#connections;
  }

  async rows(text: string, values: readonly PgValue[] = [], call?: PgCall) {
    const encoded = encodeValues(values);
    if (call?.tenant !== undefined) {
      const first = this.#begin(`${begin} READ ONLY`, call);
      return await this.#read(first, (connection) => connection.rows(text, encoded), call);
    }
    return await this.#onConnection((connection, progress) => {
      progress.wasSent = true;
      return connection.rows(text, encoded);
    }, call);
  }

  async tx<T>(work: (statements: PgStatements) => Promise<T>, call?: PgCall): Promise<T> {
    const first = this.#begin(`${begin}; SET LOCAL synchronous_commit = on`, call);
    return await this.#onConnection(async (connection, progress) => {
      await connection.script(first);
      return await inTransaction(connection, () => runAll(connection, work), progress);
    }, call);
  }

  async listen(channel: string, hear: (payload: string) => void, deadline?: Deadline) {
    const { isPooled, name } = this.#target;
    if (isPooled) {
      throw new AgentError(`PostgreSQL at ${name} is behind a pooler: no notifications`, {
        hint: "Ask for changes now and then instead.",
      });
    }
    const end = await this.#alone(() => this.#pool.listen(channel, hear), deadline);
    return () => this.#alone(end, undefined);
  }

  close(deadline?: Deadline): Promise<void> {
    return this.#alone(() => this.#pool.close(), deadline);
  }

  /** Reads in a transaction, whose end nobody waits for: what was read is right without it. */
  #read<T>(
    begin: string,
    read: (connection: PostgresConnection) => Promise<T>,
    deadline: Deadline,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#onConnection(async (connection) => {
      await connection.script(begin);
      await inTransaction(connection, async () => resolve(await read(connection)));
    }, deadline).catch(reject);
    return promise;
  }

  /** How a transaction begins: with whose rows it is about, and limits for a client that is gone. */
  #begin(first: string, call: PgCall | undefined): string {
    const limit = Math.max(1, Math.ceil(call?.milliseconds ?? this.#milliseconds));
    const idle = Math.max(1, Math.min(limit, Math.ceil(call?.idleMilliseconds ?? limit)));
    const limits = `SET LOCAL statement_timeout = ${limit}; ` +
      `SET LOCAL idle_in_transaction_session_timeout = ${idle}`;
    const setting = call?.tenant === undefined ? "" : `; ${settingOf(call.tenant)}`;
    return `${first}; ${limits}${setting}`;
  }

  /** What the driver throws, as an error of ours. */
  #translate<T>(promise: Promise<T>, wasSent: boolean): Promise<T> {
    return promise.catch((thrown: unknown) => {
      throw failureOf(thrown, this.#target.name, wasSent);
    });
  }

  /** A call that takes no connection of the pool. */
  #alone<T>(call: () => Promise<T>, deadline: Deadline | undefined): Promise<T> {
    return this.#within(() => this.#translate(call(), false), deadline, { wasSent: false });
  }

  async #within<T>(
    work: (signal: AbortSignal) => Promise<T>,
    deadline: Deadline | undefined,
    progress: Progress,
    giveUp?: () => void,
  ): Promise<T> {
    const milliseconds = deadline?.milliseconds ?? this.#milliseconds;
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const error = overdue(this.#target.name, milliseconds, progress.wasSent);
        reject(error);
        over.abort(error);
        giveUp?.();
      }, milliseconds);
    });
    try {
      return await Promise.race([work(over.signal), end]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives some work a connection of its own, and closes that when the work is not done in time. */
  #onConnection<T>(
    work: (connection: PostgresConnection, progress: Progress) => Promise<T>,
    deadline: Deadline | undefined,
  ): Promise<T> {
    const progress = { wasSent: false };
    let connection: PostgresConnection | undefined;
    const take = async (signal: AbortSignal) => {
      const reserved = await this.#translate(this.#pool.reserve(signal), false);
      if (signal.aborted) {
        reserved.release();
        throw signal.reason;
      }
      connection = {
        ...reserved,
        rows: (text, values) => this.#translate(reserved.rows(text, values), progress.wasSent),
        script: (text) => this.#translate(reserved.script(text), progress.wasSent),
      };
      try {
        return await work(connection, progress);
      } finally {
        connection.release();
      }
    };
    this.#calls++;
    return this.#within(take, deadline, progress, () => connection?.destroy())
      .finally(() => this.#calls--);
  }
}

/** The setting by which policies know whose rows they let through, as a statement: it ends with its transaction. */
function settingOf(tenant: string | typeof everyTenant): string {
  if (tenant === everyTenant) return `SET LOCAL ${everySetting} = on`;
  encodeValues([tenant]);
  const bytes = Buffer.from(tenant).toString("hex");
  return `SELECT set_config('${tenantSetting}', convert_from('\\x${bytes}', 'UTF8'), true)`;
}

/** Some work, and COMMIT or ROLLBACK of the transaction that was begun. */
async function inTransaction<T>(
  connection: PostgresConnection,
  work: () => Promise<T>,
  progress?: Progress,
): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await rollBack(connection);
    throw error;
  }
  if (progress !== undefined) progress.wasSent = true;
  await connection.script("COMMIT");
  return result;
}

/** Does some work; ends when all statements that it gave are done, and fails when one of them did. */
async function runAll<T>(
  connection: PostgresConnection,
  work: (statements: PgStatements) => Promise<T>,
): Promise<T> {
  const pending: Promise<unknown>[] = [];
  let failure: { readonly thrown: unknown } | undefined;
  const result = await work({
    async rows(text, values = []) {
      const encoded = encodeValues(values);
      const rows = connection.rows(text, encoded);
      pending.push(rows.catch((thrown: unknown) => {
        failure ??= { thrown };
      }));
      return await rows;
    },
  });
  await Promise.all(pending);
  // COMMIT after a statement that failed rolls back without an error, whoever caught it.
  if (failure !== undefined) throw failure.thrown;
  return result;
}

/** A connection that cannot roll back is closed, which rolls back as well. */
async function rollBack(connection: PostgresConnection): Promise<void> {
  try {
    await connection.script("ROLLBACK");
  } catch {
    connection.destroy();
  }
}
