/**
 * The database is away for a while, and callers never post an event again.
 *
 * @module
 */
import { type Callers, postEvent, startCallers } from "./callers.ts";
import type { Cluster } from "./cluster.ts";
import { killDatabase } from "./database.ts";
import { type Outcome, until, within } from "./outcome.ts";

const awayMs = 10_000;
/** So soon after its return, all that came meanwhile has been worked on. */
const catchUpMs = 10_000;
/** Events that are kept by a replica that is killed while the database is away. */
const kept = 200;

/** Posts events to the first replica while the database is away, and kills it before that is back. */
async function killWithFullSpool(cluster: Cluster): Promise<void> {
  const { ledger, replicas: [first], database } = cluster;
  if (first === undefined || database === undefined) throw new Error("There is no database");
  await killDatabase(database);
  const posting = Array.from({ length: kept }, (_, at) => {
    const device = 500_001 + at;
    return postEvent(cluster, first, device, ledger.change(device));
  });
  await Promise.all(posting);
  await first.kill();
  await database.start();
  await first.ready();
}

/** How the database can be away: it is not there, or nothing of what is sent to it gets through. */
export type Absence = "killed" | "hung";

/** How the agents are when the database goes. */
export type Beginning = "at work" | "started meanwhile";

/** Takes the database away for a while. */
async function takeAway(
  { database, lines }: Cluster,
  absence: Absence,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  if (database === undefined) throw new Error("There is no database");
  if (absence === "killed") await killDatabase(database);
  else for (const line of lines) line.cut();
  await meanwhile();
  await Bun.sleep(awayMs);
  if (absence === "killed") await database.start();
  else for (const line of lines) line.mend();
}

const neverRepeating = { callers: 16, everyMs: 40, repeats: false, timeoutMs: 10_000 };

/** Has callers post before, while and after the database is away; agents that are started meanwhile begin then. */
async function postWhileAway(
  cluster: Cluster,
  absence: Absence,
  beginning: Beginning,
): Promise<Callers> {
  const begin = async () => {
    await Promise.all(cluster.replicas.map((replica) => replica.takesEvents()));
    return startCallers(cluster, neverRepeating);
  };
  if (beginning === "at work") {
    const callers = await begin();
    await Bun.sleep(2000);
    await takeAway(cluster, absence, () => Promise.resolve());
    return callers;
  }
  const { promise, resolve } = Promise.withResolvers<Callers>();
  await takeAway(cluster, absence, async () => resolve(await begin()));
  return await promise;
}

/** Events in the spools of all replicas. */
async function spooled({ replicas }: Cluster): Promise<number> {
  const counts = await Promise.all(replicas.map((replica) => replica.sum("agent_spool_events")));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Lets the database be away, twice; the second time, a replica is killed meanwhile. */
export async function runAway(
  cluster: Cluster,
  absence: Absence,
  beginning: Beginning = "at work",
): Promise<Outcome> {
  const { ledger } = cluster;
  const callers = await postWhileAway(cluster, absence, beginning);
  const back = performance.now();
  const emptied = within(120_000, async () => await spooled(cluster) === 0)
    .then(() => performance.now() - back);
  await callers.stop();
  const { refusals } = ledger;
  await within(120_000, () => ledger.lost.length === 0);
  const caughtUpMs = performance.now() - back;
  const emptiedMs = await emptied;
  const lost = ledger.lost.length;
  const before = ledger.promises;
  await killWithFullSpool(cluster);
  await within(120_000, () => ledger.lost.length === 0);
  await until("the inbox is empty", async () => await cluster.waiting() === 0);
  const lostAfterKill = ledger.lost.length - lost;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return {
    scenario: `database ${absence} for ${awayMs / 1000} s, agents ${
      cluster.isOfTenants ? "of three tenants " : ""
    }${beginning}, nothing posted again`,
    figures: {
      "events promised": before,
      "refused": refusals,
      "lost": lost,
      "stale overwrites": ledger.stale.length,
      "spools empty after": seconds(emptiedMs),
      "all worked on after": seconds(caughtUpMs),
      "longest wait of a caller": seconds(callers.longestMs()),
      "promised by a replica that was killed": ledger.promises - before,
      "lost of those": lostAfterKill,
    },
    faults: [
      ...refusals > 0 ? [`${refusals} events were refused`] : [],
      ...lost + lostAfterKill > 0 ? [`${lost + lostAfterKill} promised events are lost`] : [],
      ...ledger.stale.length > 0 ? [`${ledger.stale.length} stale overwrites`] : [],
      ...ledger.promises === before ? ["without the database, nothing was promised"] : [],
      ...emptiedMs > catchUpMs ? [`spools empty only after ${seconds(emptiedMs)}`] : [],
      ...caughtUpMs > catchUpMs ? [`worked on only after ${seconds(caughtUpMs)}`] : [],
    ],
  };
}
