/**
 * What goes wrong during a storm: replicas and the database are killed, replicas stand still or are cut off
 * from the database for longer than their lease.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { killDatabase } from "./database.ts";
import type { Replica } from "./replica.ts";

/** How often each thing goes wrong. */
export interface Blows {
  readonly kills: number;
  readonly databaseKills: number;
  /** Replicas that stand still for longer than their lease. */
  readonly stops: number;
  /** Replicas that are cut off from the database for longer than their lease. */
  readonly cuts: number;
}

type Blow = keyof Blows;

/** How much longer than the lease a replica is away. */
const beyondLeaseMs = 1500;
const restartMs = 300;

/** All that is to happen, the kinds of it spread evenly over the time. */
export function spreadBlows(blows: Blows): Blow[] {
  return (Object.keys(blows) as Blow[])
    .flatMap((kind) =>
      Array.from({ length: blows[kind] }, (_, at) => ({ kind, at: (at + 0.5) / blows[kind] }))
    )
    .sort((a, b) => a.at - b.at)
    .map(({ kind }) => kind);
}

class Killer {
  readonly #cluster: Cluster;
  readonly #under: Promise<void>[] = [];
  #last = -1;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Does it, without waiting for what stands still. */
  async strike(blow: Blow): Promise<void> {
    if (blow === "databaseKills") return await this.#killDatabase();
    const number = await this.#chooseReplica();
    const replica = this.#cluster.replicas[number];
    if (replica === undefined) throw new Error(`There is no replica ${number}`);
    const over = this.#hit(blow, replica, number).finally(() => {
      replica.isBusy = false;
    });
    this.#under.push(over);
    if (blow === "kills") await over;
  }

  /** Waits until everything goes on. */
  async settle(): Promise<void> {
    await Promise.all(this.#under);
  }

  async #hit(blow: Blow, replica: Replica, number: number): Promise<void> {
    const awayMs = this.#cluster.leaseMs + beyondLeaseMs;
    if (blow === "kills") {
      await replica.kill();
      await Bun.sleep(restartMs);
      replica.start();
      return;
    }
    if (blow === "stops") {
      replica.stop();
      await Bun.sleep(awayMs);
      replica.resume();
      return;
    }
    const line = this.#cluster.lines[number];
    line?.cut();
    await Bun.sleep(awayMs);
    line?.mend();
  }

  async #killDatabase(): Promise<void> {
    const { database } = this.#cluster;
    if (database === undefined) return;
    await killDatabase(database);
    await Bun.sleep(restartMs);
    await database.start();
  }

  /** The next one in turn that nothing happens to at the moment. */
  async #chooseReplica(): Promise<number> {
    const { replicas } = this.#cluster;
    for (;;) {
      for (let step = 1; step <= replicas.length; step++) {
        const number = (this.#last + step) % replicas.length;
        const replica = replicas[number];
        if (replica === undefined || replica.isBusy) continue;
        replica.isBusy = true;
        this.#last = number;
        return number;
      }
      await Bun.sleep(20);
    }
  }
}

/** Lets everything happen within some time, and waits until all goes on. */
export async function strikeAll(cluster: Cluster, blows: Blows, ms: number): Promise<void> {
  const all = spreadBlows(blows);
  const killer = new Killer(cluster);
  const begun = performance.now();
  for (const [at, blow] of all.entries()) {
    const due = begun + ms * (at + 0.5) / all.length;
    await Bun.sleep(Math.max(0, due - performance.now()));
    await killer.strike(blow);
  }
  await Bun.sleep(Math.max(0, begun + ms - performance.now()));
  await killer.settle();
}
