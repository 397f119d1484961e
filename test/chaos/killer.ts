/**
 * What goes wrong during a storm: replicas and the database are killed, replicas stand still or are cut off
 * from the database for longer than their lease.
 *
 * @module
 */
import { type AtWork, sumAtWork } from "./at_work.ts";
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

/** What went wrong. */
export interface Struck {
  readonly blows: Blows;
  /** What was at work when it did. */
  readonly atWork: AtWork;
}

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
  readonly #struck: Record<Blow, number> = { kills: 0, databaseKills: 0, stops: 0, cuts: 0 };
  readonly #atWork: AtWork[] = [];
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
    const end = await this.#hit(blow, replica, number);
    const over = end().finally(() => {
      replica.isBusy = false;
    });
    this.#under.push(over);
    if (blow === "kills") await over;
  }

  /** Waits until everything goes on; gives what went wrong. */
  async settle(): Promise<Struck> {
    await Promise.all(this.#under);
    return { blows: this.#struck, atWork: sumAtWork(this.#atWork) };
  }

  /** What is on its way into the inbox; posts of a replica that does not answer are posted again, and count. */
  #entering(blow: Blow, number?: number): Pick<AtWork, "spooled" | "posts"> {
    const isAnswered = blow === "databaseKills" || blow === "cuts";
    return {
      // One that stands still goes on where it was.
      spooled: blow === "stops" ? 0 : this.#cluster.spooled(number),
      posts: isAnswered ? this.#cluster.ledger.underWay : 0,
    };
  }

  /** Counts something that has just gone wrong, with what is at work, of one replica or of all. */
  async #note(blow: Blow, number?: number, entering = this.#entering(blow, number)): Promise<void> {
    this.#struck[blow]++;
    this.#atWork.push({ ...await this.#cluster.atWork(number), ...entering });
  }

  /** Has it happen to a replica, and looks at what is at work; gives what ends it. */
  async #hit(blow: Blow, replica: Replica, number: number): Promise<() => Promise<void>> {
    const line = this.#cluster.lines[number];
    // One to be killed does nothing more from here on, and is looked at while it is still known who it is.
    if (blow === "cuts") line?.cut();
    else replica.stop();
    // Before anything else happens: the database has to be there.
    await this.#note(blow, number);
    return async () => {
      if (blow === "kills") {
        await replica.kill();
        await Bun.sleep(restartMs);
        replica.start();
        return;
      }
      await Bun.sleep(this.#cluster.leaseMs + beyondLeaseMs);
      if (blow === "cuts") line?.mend();
      else replica.resume();
    };
  }

  async #killDatabase(): Promise<void> {
    const { database, lines } = this.#cluster;
    if (database === undefined) return;
    const entering = this.#entering("databaseKills");
    await killDatabase(database);
    await Bun.sleep(restartMs);
    // Looked at as it came back, before anybody goes on.
    const cut = lines.filter(({ isCut }) => !isCut);
    for (const line of cut) line.cut();
    await database.start();
    await this.#note("databaseKills", undefined, entering);
    for (const line of cut) line.mend();
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
export async function strikeAll(cluster: Cluster, blows: Blows, ms: number): Promise<Struck> {
  const all = spreadBlows(blows);
  const killer = new Killer(cluster);
  const begun = performance.now();
  for (const [at, blow] of all.entries()) {
    const due = begun + ms * (at + 0.5) / all.length;
    await Bun.sleep(Math.max(0, due - performance.now()));
    await killer.strike(blow);
  }
  await Bun.sleep(Math.max(0, begun + ms - performance.now()));
  return await killer.settle();
}
