/**
 * Connections to PostgreSQL: the smallest surface that the state needs.
 *
 * Everything throws what the driver says; `src/state/postgres` gives it deadlines and words.
 *
 * @module
 */

import { SQL } from "bun";

/** What a parameter may be here: arrays and numbers come as the text that the server reads. */
export type PostgresParameter = string | boolean | Uint8Array | null;

/** One row by column names; `int8` and `numeric` come as text. */
export type PostgresRow = Readonly<Record<string, unknown>>;

/** How to connect. Nothing of it is taken from the environment of the process. */
export interface PostgresOptions {
  /** Host name or address, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Whether to encrypt, and what of the server's certificate to check. */
  readonly tls: "none" | "unverified" | "authority" | "full";
  /** Authorities in PEM instead of those of the runtime. */
  readonly ca?: string | undefined;
  /** Most connections at the same time. */
  readonly connections: number;
  /** Seconds until an attempt to connect is given up. */
  readonly connectSeconds: number;
  /** Whether statements get names on the server; a pooler in transaction mode must not see any. */
  readonly named: boolean;
}

/** One connection, for one piece of work at a time. */
export interface PostgresConnection {
  rows(text: string, values: readonly PostgresParameter[]): Promise<readonly PostgresRow[]>;
  /** Several statements in one message, without parameters and results. */
  script(text: string): Promise<void>;
  /** Gives it back, for the next piece of work; nothing after `destroy`. */
  release(): void;
  /** Closes it and has the server stop what it does; the next piece of work gets another one. */
  destroy(): void;
}

/** A pool of connections, which are opened as they are needed. */
export interface PostgresPool {
  /** A connection of its own; rejects with the reason of `signal` when none gets free before. */
  reserve(signal: AbortSignal): Promise<PostgresConnection>;
  /** Hears a channel until what it gives is called. */
  listen(channel: string, hear: (payload: string) => void): Promise<() => Promise<void>>;
  /** Closes all connections, also those at work. */
  close(): Promise<void>;
}

/** What a failure of the driver says; blank texts for what is none. */
export interface PostgresCodes {
  /** `ERR_POSTGRES_…` of the driver. */
  readonly code: string;
  /** The SQLSTATE, where the server said it. */
  readonly state: string;
  /** The server's message, without its details: those quote rows. */
  readonly words: string;
}

/** Reads what a failure of the driver says. */
export function postgresCodes(thrown: unknown): PostgresCodes {
  if (!(thrown instanceof SQL.PostgresError)) return { code: "", state: "", words: "" };
  return { code: thrown.code, state: thrown.errno ?? "", words: thrown.message };
}

function tlsOf(options: PostgresOptions): Bun.SQL.TLSOptions | false {
  if (options.tls === "none") return false;
  return {
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    serverName: options.host,
    rejectUnauthorized: options.tls !== "unverified",
    ...(options.tls === "authority" ? { checkServerIdentity: () => undefined } : {}),
  };
}

function connectionOf(reserved: Bun.ReservedSQL): PostgresConnection {
  let isGiven = true;
  return {
    rows: (text, values) => reserved.unsafe<PostgresRow[]>(text, [...values]),
    script: async (text) => void await reserved.unsafe(text).simple(),
    release() {
      if (isGiven) void reserved.release();
      isGiven = false;
    },
    destroy() {
      if (isGiven) void reserved.close({ timeout: 0 });
      isGiven = false;
    },
  };
}

/** Prepares a pool; nothing is connected yet. */
export function openPostgres(options: PostgresOptions): PostgresPool {
  const isSocket = options.host.startsWith("/");
  const sql = new SQL({
    adapter: "postgres",
    // Without a URL the driver looks for one in the environment of the process.
    url: `postgres://${isSocket ? "localhost" : urlHost(options.host)}:${options.port}/`,
    hostname: options.host,
    port: options.port,
    username: options.user,
    password: options.password,
    database: options.database,
    tls: tlsOf(options),
    max: options.connections,
    connectionTimeout: options.connectSeconds,
    prepare: options.named,
  });
  return {
    reserve: async (signal) => connectionOf(await sql.reserve({ signal })),
    async listen(channel, hear) {
      const subscription = await sql.listen(channel, hear);
      return () => subscription.unlisten();
    },
    close: () => sql.close({ timeout: 0 }),
  };
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
