/**
 * What the states of several tenants in one process have in common: connections, renewals, looks.
 *
 * @module
 */

import { openIntake, type PgIntake } from "./intake.ts";
import { PgLook } from "./look.ts";
import type { Pg } from "./pg.ts";
import { PgRenewals } from "./renewals.ts";
import { forEveryTenant } from "./row_security.ts";

/** A server and a schema in it, for several states. */
export interface SharedServer {
  /** The connections; nobody closes them for the others. */
  readonly pg: Pg;
  /** The connection for renewals, which must not wait for others. */
  readonly renewing: Pg;
  /** What events are taken in over, which must not wait for others either. */
  readonly intake: PgIntake;
  readonly renewals: PgRenewals;
  readonly look: PgLook;
  /** Uses it no more; the last one closes the connections. */
  leave(): Promise<void>;
}

/** How a server is used; states that say the same share it. */
export interface ServerUse {
  /** All that connections depend on, as a text. */
  readonly connections: string;
  readonly schema: string;
  readonly leaseMs: number;
}

interface OpenServer extends Omit<SharedServer, "leave"> {
  users: number;
  close(): Promise<void>;
}

/** Connections to a server, for one state or for several. */
export interface ServerConnections extends Pick<SharedServer, "pg" | "renewing" | "intake"> {
  close(): Promise<void>;
}

/**
 * Prepares connections: those for all work, one for renewals and one for events. Each is connected when it is needed.
 *
 * @param connect Prepares so many connections, or as many as the settings say.
 */
export function openConnections(connect: (connections?: number) => Pg): ServerConnections {
  const [pg, renewing, taking] = [connect(), connect(1), connect(1)];
  return {
    ...{ pg, renewing, intake: openIntake(taking, pg) },
    close: async () => void await Promise.all([pg.close(), renewing.close(), taking.close()]),
  };
}

/** The servers that states of this process share. */
export class PgServers {
  readonly #servers = new Map<string, OpenServer>();

  /**
   * Uses a server, which is connected when nobody here uses it yet.
   *
   * @param connect Prepares so many connections, or as many as the settings say.
   */
  use(
    { connections, schema, leaseMs }: ServerUse,
    connect: (connections?: number) => Pg,
  ): SharedServer {
    const key = JSON.stringify([connections, schema, leaseMs]);
    const server = this.#servers.get(key) ?? this.#open(key, connect, schema, leaseMs);
    server.users++;
    let isLeft = false;
    return {
      pg: server.pg,
      renewing: server.renewing,
      intake: server.intake,
      renewals: server.renewals,
      look: server.look,
      leave: async () => {
        if (isLeft) return;
        isLeft = true;
        if (--server.users > 0) return;
        this.#servers.delete(key);
        await server.close();
      },
    };
  }

  #open(
    key: string,
    connect: (connections?: number) => Pg,
    schema: string,
    leaseMs: number,
  ): OpenServer {
    const quoted = `"${schema}"`;
    const connections = openConnections(connect);
    const { pg, renewing } = connections;
    const server = {
      ...connections,
      renewals: new PgRenewals({ pg: renewing, schema: quoted, leaseMs }),
      look: new PgLook(forEveryTenant(pg), quoted),
      users: 0,
    };
    this.#servers.set(key, server);
    return server;
  }
}
