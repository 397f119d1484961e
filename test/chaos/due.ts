/**
 * Many sections are due at once on all replicas: each runs once.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { type Outcome, within } from "./outcome.ts";

const longestMs = 900_000;

/** Starts all replicas with a state that knows none of the sections yet. */
export async function runDue(cluster: Cluster, sections: number): Promise<Outcome> {
  const { replicas } = cluster;
  const begun = performance.now();
  for (const replica of replicas) replica.start();
  for (const replica of replicas) await replica.ready();
  const count = async () => new Set(await cluster.dueRuns()).size;
  await within(longestMs, async () => await count() >= sections);
  const ms = performance.now() - begun;
  // Those that would run twice do so soon: whoever finds them due does not wait long.
  await Bun.sleep(6000);
  const runs = await cluster.dueRuns();
  const distinct = new Set(runs).size;
  const worked = replicas.map(({ log }) => log.match(/^.*casper\.due\d+: ok/gm)?.length ?? 0);
  return {
    scenario: `${sections} sections due at once on ${replicas.length} replicas`,
    figures: {
      "sections that ran": distinct,
      "runs": runs.length,
      "runs of each replica": worked.join(", "),
      "all had begun after": `${(ms / 1000).toFixed(1)} s`,
    },
    faults: [
      ...distinct < sections ? [`${sections - distinct} sections did not run`] : [],
      ...runs.length > distinct ? [`${runs.length - distinct} runs too many`] : [],
    ],
  };
}
