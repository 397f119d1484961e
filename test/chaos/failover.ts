/**
 * The primary is killed, its address leads to the synchronous standby, which can only be read until it is
 * promoted, and replicas are killed all the time. Later the old primary comes back, and one replica gets to it.
 *
 * @module
 */
import type { Standby } from "../support/postgres.ts";
import { postEvent, startCallers } from "./callers.ts";
import type { Cluster } from "./cluster.ts";
import { killDatabase } from "./database.ts";
import { type Outcome, until, within } from "./outcome.ts";

/** So long there is work before the primary is killed, and after all goes on. */
const calmMs = 4000;
/** So long the address leads to a standby that is not promoted yet. */
const readOnlyMs = 3000;
/** Between two kills of replicas. */
const everyMs = 2500;
const restartMs = 300;
/** So soon after the promotion, webhooks go to the database again. */
const backMs = 10_000;
/** Events that a replica takes while it is with the old primary. */
const astray = 50;
/**
 * What the log of a replica may say while the database is away; anything else is a fault. The last two are what a
 * run comes to that could not write into it; what was refused would be a dead letter.
 */
const away =
  /cannot be reached|the connection|is read-only|is starting or stopping|did not answer|does not answer|away for too long|about to end|is at work already|: failed: \d+ read|more were not accepted/;

/** Kills one replica after the other until it is told to stop; gives how many it killed. */
function killReplicas({ replicas }: Cluster): { stop(): Promise<number> } {
  let isOver = false;
  let kills = 0;
  async function killAll(): Promise<void> {
    while (!isOver) {
      const replica = replicas[kills++ % replicas.length];
      await replica?.kill();
      await Bun.sleep(restartMs);
      replica?.start();
      await Bun.sleep(everyMs);
    }
  }
  const killing = killAll();
  return {
    async stop() {
      isOver = true;
      await killing;
      return kills;
    },
  };
}

/** Has the standby take the place of the primary; gives how long webhooks did not get to a database. */
async function failOver(
  cluster: Cluster,
  standby: Standby,
): Promise<{ readonly away: number; readonly late: number }> {
  const { database, lines } = cluster;
  if (database === undefined) throw new Error("There is no database");
  const killed = performance.now();
  await killDatabase(database);
  for (const line of lines) line.leadTo(standby.port);
  await Bun.sleep(readOnlyMs);
  await until("events are in a spool", () => cluster.spooled() > 0);
  await standby.promote();
  const promoted = performance.now();
  cluster.readFrom(standby);
  await until("the spools are empty", () => cluster.spooled() === 0, 120_000);
  const now = performance.now();
  return { away: now - killed, late: now - promoted };
}

/** The old primary comes back alone, and one replica gets to it; gives how many of its events were answered. */
async function goAstray(cluster: Cluster, standby: Standby): Promise<number> {
  const { database, ledger, lines: [line], replicas: [first] } = cluster;
  if (database === undefined || line === undefined || first === undefined) {
    throw new Error("There is no database");
  }
  await first.ready();
  await database.start();
  line.leadTo(database.port);
  line.hangUp();
  const answers = await Promise.all(Array.from({ length: astray }, (_, at) => {
    const device = 600_001 + at;
    return postEvent(cluster, first, device, ledger.change(device));
  }));
  await killDatabase(database);
  line.leadTo(standby.port);
  line.hangUp();
  return answers.filter((isPromise) => isPromise).length;
}

/** What the replicas complained about that is no more than a database that is away. */
function otherErrors({ replicas }: Cluster): string[] {
  const lines = replicas.flatMap(({ log }) => log.split("\n"));
  const texts = lines.filter((line) => / ERROR /.test(line) && !away.test(line))
    .map((line) => line.replace(/^.* ERROR /, ""));
  return [...new Set(texts)];
}

/** Fails over while there is work, and lets the old primary come back. */
export async function runFailover(cluster: Cluster): Promise<Outcome> {
  const { ledger, replicas, database } = cluster;
  const standby = await database?.standby();
  if (standby === undefined) throw new Error("There is no database");
  for (const replica of replicas) replica.start();
  for (const replica of replicas) await replica.ready();
  const callers = startCallers(cluster, {
    ...{ callers: 16, everyMs: 40, repeats: true, timeoutMs: 5000 },
  });
  const killing = killReplicas(cluster);
  await Bun.sleep(calmMs);
  const { away, late } = await failOver(cluster, standby);
  await Bun.sleep(calmMs);
  const kills = await killing.stop();
  await callers.stop();
  const before = ledger.promises;
  const taken = await goAstray(cluster, standby);
  for (const replica of replicas) await replica.ready();
  await within(120_000, async () => ledger.lost.length === 0 && await cluster.waiting() === 0);
  const [lost, waiting] = [ledger.lost.length, await cluster.waiting()];
  const [spooled, givenUp] = [cluster.spooled(), await cluster.givenUp()];
  const others = otherErrors(cluster);
  return {
    scenario: "failover to a synchronous standby",
    figures: {
      "events promised": before,
      "kills of replicas": kills,
      "lost": lost,
      "stale overwrites": ledger.stale.length,
      "left in spools": spooled,
      "webhooks in the database again": `${(away / 1000).toFixed(1)} s after the kill, of which ` +
        `${readOnlyMs / 1000} s with a standby that is read-only; ${
          (late / 1000).toFixed(1)
        } s after the promotion`,
      "longest wait of a caller": `${(callers.longestMs() / 1000).toFixed(1)} s`,
      "promised with the old primary": `${taken} of ${astray}`,
    },
    faults: [
      ...lost > 0 ? [`${lost} promised events are lost`] : [],
      ...ledger.stale.length > 0 ? [`${ledger.stale.length} stale overwrites`] : [],
      ...waiting + spooled > 0 ? [`${waiting} events still wait, ${spooled} in spools`] : [],
      ...givenUp > 0 ? [`${givenUp} records or events were given up`] : [],
      ...late > backMs
        ? [`webhooks in the database only ${late.toFixed(0)} ms after the promotion`]
        : [],
      ...taken < astray ? [`${astray - taken} events were refused with the old primary`] : [],
      ...others.slice(0, 5).map((text) => `more than away: ${text}`),
    ],
  };
}
