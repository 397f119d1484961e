/**
 * Opens the state: the file of this machine, or the PostgreSQL that `[state]` names.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { AgentError, messageOf } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { type Cursors, openCursors, type SectionCursor } from "../state/cursor.ts";
import type { Pg, PgOptions } from "../state/postgres/pg.ts";
import type { TenantFacts } from "../state/postgres/look.ts";
import type { PgServers, SharedServer } from "../state/postgres/servers.ts";
import type { Inbox, State } from "../state/state.ts";
import { StateStore } from "../state/store.ts";
import type { ProbeContext } from "../sync/read/probe.ts";
import { findState, type ServerLocation, type StateContext } from "./state_location.ts";

/** A state open for a while; without `store` nothing is remembered. */
export interface OpenStore {
  readonly store: State | undefined;
  /** The webhook events; absent where they are in a file, which is opened for itself. */
  readonly inbox?: Inbox | undefined;
  /** What metrics tell, read for all tenants of this process at once; absent where there is one. */
  readonly facts?: (() => Promise<TenantFacts>) | undefined;
  [Symbol.asyncDispose](): Promise<void>;
}

/** For what remembers nothing. */
export const noStore: OpenStore = {
  store: undefined,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** The memories of sections as they are, which a trial run reads too; nothing with `--no-state`. */
export function findCursors(app: StateContext): Cursors | undefined {
  if (app.stateFile === undefined) return undefined;
  return { cursor: (section) => new LocatedCursor(app, section) };
}

/** What a source is tried with. */
export function probeContext(app: StateContext): ProbeContext {
  return { signal: app.signal, redactor: app.redactor, cursors: findCursors(app) };
}

/** The memory of a section for who has no state open: wherever that is, found when it is needed. */
class LocatedCursor implements SectionCursor {
  readonly #app: StateContext;
  readonly #section: string;
  readonly #changes = new Map<string, string>();
  #opening: Promise<{ cursor: SectionCursor; opened: OpenStore }> | undefined;

  constructor(app: StateContext, section: string) {
    this.#app = app;
    this.#section = section;
  }

  async get(key: string): Promise<string | undefined> {
    return await (await this.#open()).cursor.get(key);
  }

  set(key: string, value: string): void {
    this.#changes.set(key, value);
  }

  async commit(): Promise<void> {
    const { cursor } = await this.#open();
    for (const [key, value] of this.#changes) cursor.set(key, value);
    await cursor.commit();
    this.#changes.clear();
  }

  close(): void {
    // What could not be opened was told to who asked for it.
    void this.#opening?.then(async ({ cursor, opened }) => {
      cursor.close();
      await opened[Symbol.asyncDispose]();
    }).catch(() => undefined);
    this.#opening = undefined;
  }

  #open() {
    return this.#opening ??= this.#find();
  }

  async #find() {
    const location = await findState(this.#app);
    if (location.kind === "postgres") {
      const opened = await openServer(this.#app, location, undefined);
      const { store } = opened;
      if (store !== undefined) return { cursor: store.cursor(this.#section), opened };
    }
    const path = location.kind === "file" ? location.path : "";
    return { cursor: openCursors(path).cursor(this.#section), opened: noStore };
  }
}

function openFile(
  { redactor }: Pick<StateContext, "redactor">,
  path: string,
  instance: string | undefined,
): Promise<OpenStore> {
  return Promise.try(() => {
    const store = new StateStore({ path, instance, redact: (text) => redactor.redact(text) });
    return { store, [Symbol.asyncDispose]: () => store.close() };
  });
}

function readAuthorities(path: string): string | undefined {
  if (path === "") return undefined;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new AgentError(`Cannot read the certificates that ca in [state] names: ${path}`, {
      hint: `${messageOf(error)}. Name a PEM file that this account can read.`,
      cause: error,
    });
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new AgentError(
    `The file that ca in [state] names has no certificate in PEM form: ${path}`,
    {
      hint: "A file in DER form becomes one with: openssl x509 -inform der -in FILE -out FILE.pem",
    },
  );
}

/** Prepares to use the server of the state; nothing is connected yet. */
export async function connectServer(
  { server, settings }: ServerLocation,
  connections = settings.pool,
): Promise<Pg> {
  // Loaded on first use: most states are files.
  const { openPg } = await import("../state/postgres/pg.ts");
  return openPg(server, connectionOptions(settings, readAuthorities(settings.ca), connections));
}

function connectionOptions(
  { timeout }: ServerLocation["settings"],
  ca: string | undefined,
  connections: number,
): PgOptions {
  return {
    connections,
    milliseconds: timeout * 1000,
    ...(ca === undefined ? {} : { ca }),
  };
}

/** Connects to the server of a state, or uses the connections that others of this process have to it. */
async function useServer(
  servers: PgServers | undefined,
  location: ServerLocation,
): Promise<Pick<SharedServer, "pg" | "renewing" | "intake" | "leave"> & Partial<SharedServer>> {
  const { server, settings } = location;
  const { ca, pool, timeout, schema, lease_seconds: lease } = settings;
  const authorities = readAuthorities(ca);
  const { openPg } = await import("../state/postgres/pg.ts");
  const connect = (count = pool) => openPg(server, connectionOptions(settings, authorities, count));
  if (servers === undefined) {
    const { openConnections } = await import("../state/postgres/servers.ts");
    const { close, ...connections } = openConnections(connect);
    return { ...connections, leave: close };
  }
  const connections = JSON.stringify([server, authorities, pool, timeout]);
  return servers.use({ connections, schema, leaseMs: lease * 1000 }, connect);
}

/** How a state in PostgreSQL is opened. */
interface ServerOpening {
  /** Whether none is opened whose tables are not there. */
  readonly isExisting?: boolean | undefined;
  /** The server has to answer within so many milliseconds, however long all else takes. */
  readonly answerMs?: number | undefined;
}

/** Opens the state in PostgreSQL. */
async function openServer(
  { redactor, servers }: Pick<StateContext, "redactor" | "servers">,
  location: ServerLocation,
  instance: string | undefined,
  { isExisting = false, answerMs }: ServerOpening = {},
): Promise<OpenStore> {
  const { settings } = location;
  const { pg, renewing, intake, leave, renewals, look } = await useServer(servers, location);
  try {
    const { openPgState } = await import("../state/postgres/state.ts");
    const { isMigrated } = await import("../state/postgres/migrate.ts");
    if (answerMs !== undefined) await pg.rows("SELECT 1", [], { milliseconds: answerMs });
    if (isExisting && !await isMigrated(pg, settings.schema)) {
      await leave();
      return noStore;
    }
    const store = await openPgState({
      ...{
        pg,
        renewing,
        intake,
        instance,
        schema: settings.schema,
        tenant: settings.tenant.trim(),
      },
      redact: (text) => redactor.redact(text),
      leaseMs: settings.lease_seconds * 1000,
      shared: renewals === undefined || look === undefined ? undefined : { renewals, look },
    });
    return {
      store,
      inbox: store.inbox,
      facts: look === undefined ? undefined : () => look.facts(settings.tenant.trim()),
      async [Symbol.asyncDispose]() {
        await store.close();
        await leave();
      },
    };
  } catch (error) {
    await leave();
    throw error;
  }
}

/**
 * Opens the state for uploading, unless there is to be none, and removes old dead letters.
 *
 * @param how How long a server may say nothing; else as long as any statement may take.
 */
export async function openStore(
  app: StateContext,
  config: Config,
  how: Pick<ServerOpening, "answerMs"> = {},
): Promise<OpenStore> {
  const location = await findState(app, config);
  if (location.kind === "none") return noStore;
  const { oomnitza } = config;
  const opened = location.kind === "file"
    ? await openFile(app, location.path, oomnitza?.url)
    : await openServer(app, location, oomnitza?.url, how);
  const { store } = opened;
  if (oomnitza === undefined || store === undefined) return opened;
  const { dead_letter_days: days, dead_letter_count: count } = oomnitza;
  const pruned = await store.deadLetters.prune(days, count) +
    await store.deadEvents.prune(days, count);
  if (pruned > 0) {
    app.log.warning(
      `${pruned} refused records were discarded: more than ${days} days old, or more than ${count}`,
    );
  }
  return opened;
}

/**
 * Opens the state if there is one: looking is no reason to make it. To compare with what was accepted, the
 * configuration has to say by which instance.
 */
export async function openExistingStore(
  app: StateContext,
  config?: Pick<Config, "state" | "oomnitza">,
): Promise<OpenStore> {
  const location = await findState(app, config);
  if (location.kind === "none") return noStore;
  const instance = config?.oomnitza?.url;
  if (location.kind === "postgres") {
    return await openServer(app, location, instance, { isExisting: true });
  }
  return existsSync(location.path) ? await openFile(app, location.path, instance) : noStore;
}
