/**
 * A storm during which an agent of the next version joins those that are at work: it changes the tables, and
 * the others go on with them.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { type Outcome, until } from "./outcome.ts";
import { runStorm, type StormOptions } from "./storm.ts";

/** The newer agent joins when so many events were promised. */
const joinsAfter = 500;

/** What the newer agent found and left, and how much the logs of the others said then. */
interface Upgrade {
  readonly from: number;
  readonly to: number;
  readonly logged: readonly number[];
}

async function upgrade(cluster: Cluster): Promise<Upgrade> {
  const { ledger, replicas } = cluster;
  const newer = replicas.at(-1);
  if (newer === undefined) throw new Error("There is no replica");
  // Nothing happens to it before it is there.
  newer.isBusy = true;
  await until("enough events are promised", () => ledger.promises >= joinsAfter);
  const from = await cluster.tablesVersion();
  await newer.ready();
  newer.isBusy = false;
  return { from, to: await cluster.tablesVersion(), logged: replicas.map(({ log }) => log.length) };
}

/** Batches of events that a replica worked on, by what it logged from some place on. */
function countBatches(log: string, from: number): number {
  return log.slice(from).match(/Webhooks: \d+ events?, /g)?.length ?? 0;
}

/** Why something failed, in a line. */
function reasonOf(settled: PromiseSettledResult<unknown>): string[] {
  return settled.status === "fulfilled" ? [] : [String(settled.reason).split("\n", 1).join("")];
}

/** Lets a storm go over the older agents, which the newest of the cluster joins. */
export async function runMixed(cluster: Cluster, options: StormOptions): Promise<Outcome> {
  const { replicas } = cluster;
  // Both to their end, also when one fails: a replica that was killed meanwhile would be left at work.
  const [storm, joined] = await Promise.allSettled([
    runStorm(cluster, { ...options, first: replicas.slice(0, -1) }),
    upgrade(cluster),
  ]);
  if (storm.status === "rejected" || joined.status === "rejected") {
    return { scenario: "mixed", figures: {}, faults: [storm, joined].flatMap(reasonOf) };
  }
  const [outcome, { from, to, logged }] = [storm.value, joined.value];
  const batches = replicas.map(({ log }, at) => countBatches(log, logged[at] ?? 0));
  return {
    scenario: `${outcome.scenario}, the last of the next version`,
    figures: {
      ...outcome.figures,
      "version of the tables": `${from}, then ${to}`,
      "batches of each replica since then": batches.join(", "),
    },
    faults: [
      ...outcome.faults,
      ...to > from ? [] : [`the tables stayed at version ${from}`],
      ...batches.includes(0) ? ["a replica did no work with the new tables"] : [],
    ],
  };
}
