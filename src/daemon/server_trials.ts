/**
 * Attempts to reach servers that are away: about one a second for each, however many wait for it.
 *
 * @module
 */

import { mayPass } from "../state/spooled_inbox.ts";

/** What is known of a server. */
interface Server {
  /** Attempts that are under way, and those that wait until fewer are. */
  running: number;
  readonly waiting: (() => void)[];
  /** Why it could not be reached last time; nothing when it could, or was not tried. */
  away: { readonly failure: unknown; readonly at: number } | undefined;
  /** The attempt that is under way for all who wait for a server that is away. */
  probe: Promise<void> | undefined;
}

/** Attempts at once for each server that is there. */
const width = 16;

/** The servers that tenants of this process try to reach. */
export class ServerTrials {
  readonly #servers = new Map<string, Server>();
  readonly #everyMs: number;

  /** @param everyMs A server that is away is tried so often. */
  constructor(everyMs = 900) {
    this.#everyMs = everyMs;
  }

  /**
   * Opens something of a server. While that is away, others wait for the outcome of the one that tries, and get
   * its failure.
   */
  async run<T>(name: string, open: () => Promise<T>): Promise<T> {
    const server = this.#of(name);
    // Whatever was waited for, the server may be away since, or there again.
    while (server.probe !== undefined || server.away === undefined && server.running >= width) {
      await (server.probe ?? new Promise<void>((resolve) => server.waiting.push(resolve)));
    }
    if (server.away === undefined) return await attempt(server, open);
    if (performance.now() - server.away.at < this.#everyMs) throw server.away.failure;
    const opening = attempt(server, open);
    server.probe = opening.then(() => {}, () => {}).finally(() => server.probe = undefined);
    return await opening;
  }

  #of(name: string): Server {
    const known = this.#servers.get(name);
    if (known !== undefined) return known;
    const server = { running: 0, waiting: [], away: undefined, probe: undefined };
    this.#servers.set(name, server);
    return server;
  }
}

async function attempt<T>(server: Server, open: () => Promise<T>): Promise<T> {
  server.running++;
  try {
    const opened = await open();
    server.away = undefined;
    return opened;
  } catch (thrown) {
    // What cannot pass is of who tried, not of the server: a password, for example.
    server.away = mayPass(thrown) ? { failure: thrown, at: performance.now() } : undefined;
    throw thrown;
  } finally {
    server.running--;
    wakeAll(server);
  }
}

function wakeAll({ waiting }: Server): void {
  for (const wake of waiting.splice(0)) wake();
}
