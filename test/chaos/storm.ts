/**
 * The storm: callers post events while replicas and the database are killed, stand still or are cut off.
 *
 * @module
 */
import { mostRepeated } from "./at_work.ts";
import { startCallers } from "./callers.ts";
import { type Cluster, tickSeconds } from "./cluster.ts";
import { type Blows, strikeAll, type Struck } from "./killer.ts";
import { type Outcome, within } from "./outcome.ts";
import type { Replica } from "./replica.ts";

export interface StormOptions {
  readonly seconds: number;
  readonly blows: Blows;
  readonly callers: number;
  readonly everyMs: number;
  /** The replicas that are at work when it begins; all unless given. */
  readonly first?: readonly Replica[];
}

/** After the storm, what was promised arrives within so many milliseconds: failed events wait for minutes. */
const longestCalmMs = 240_000;

/** How often the section with a schedule began in one interval more than once, and its longest pause. */
function judgeTicks(ticks: readonly number[]): { twice: number; longestPause: number } {
  const intervals = ticks.map((at) => Math.floor(at / (tickSeconds * 1000)));
  return {
    twice: intervals.length - new Set(intervals).size,
    longestPause: ticks.reduce(
      (most, at, index) => Math.max(most, at - (ticks[index - 1] ?? at)),
      0,
    ),
  };
}

/** The blows that were planned and did not strike: what they would have shown is not known. */
function describeMissed(planned: Blows, { blows }: Struck): string[] {
  const kinds = Object.keys(planned) as (keyof Blows)[];
  return kinds.filter((kind) => blows[kind] !== planned[kind])
    .map((kind) => `${blows[kind]} of ${planned[kind]} ${kind} struck`);
}

/** Lets a storm go over a cluster, and waits until everything has arrived, or nothing does any more. */
export async function runStorm(cluster: Cluster, options: StormOptions): Promise<Outcome> {
  const { ledger, replicas, jamf } = cluster;
  const { seconds, blows, first = replicas } = options;
  for (const replica of first) replica.start();
  for (const replica of first) await replica.ready();
  const callers = startCallers(cluster, { ...options, repeats: true, timeoutMs: 2000 });
  const begun = Date.now();
  const struck = await strikeAll(cluster, blows, seconds * 1000);
  await callers.stop();
  for (const replica of replicas) await replica.ready();
  const ended = performance.now();
  const isCalm = await within(
    longestCalmMs,
    async () => ledger.lost.length === 0 && await cluster.waiting() === 0,
  );
  const calmMs = performance.now() - ended;
  const expected = Math.floor((Date.now() - begun) / (tickSeconds * 1000));
  const ticks = (await cluster.ticks()).filter((at) => at >= begun);
  const { twice, longestPause } = judgeTicks(ticks);
  const { lost, stale, duplicates } = ledger;
  const most = mostRepeated(struck.atWork);
  const { events, records, spooled, posts } = struck.atWork;
  const givenUp = await cluster.givenUp();
  const waiting = isCalm ? 0 : await cluster.waiting();
  const faults = [
    ...lost.slice(0, 5).map(({ device, promised, arrived }) =>
      `lost: version ${promised} of device ${device}, of which ${arrived} arrived`
    ),
    ...stale.slice(0, 5).map(({ device, version, newer }) =>
      `stale: version ${version} of device ${device} over version ${newer}`
    ),
    ...twice > 0 ? [`${twice} starts by the schedule were not the only ones of their time`] : [],
    ...duplicates > most ? [`${duplicates} records were sent again, and not ${most} at most`] : [],
    ...givenUp > 0 ? [`${givenUp} records or events were given up`] : [],
    ...describeMissed(blows, struck),
    ...waiting > 0 ? [`${waiting} events still wait`] : [],
  ];
  return {
    scenario: `storm of ${seconds} s over ${replicas.length} replicas`,
    figures: {
      "kills / of the database / stops / cuts": Object.values(struck.blows).join(" / "),
      "events promised": ledger.promises,
      "posts refused or not answered": ledger.refusals,
      "records arrived": ledger.allArrivals,
      "lost": lost.length,
      "stale overwrites": stale.length,
      "sent again":
        `${duplicates}, at most ${most}: ${events} events at work, ${records} records ` +
        `on the way, ${spooled} events in spools, ${posts} posts`,
      "starts by the schedule": `${ticks.length} of ${expected}, ${twice} twice, ` +
        `${jamf.listed.length} lists read, longest pause ${(longestPause / 1000).toFixed(1)} s`,
      "replicas that ended by themselves": replicas.reduce((sum, { ends }) => sum + ends, 0),
      "longest wait of a caller": `${(callers.longestMs() / 1000).toFixed(1)} s`,
      "all arrived after": `${(calmMs / 1000).toFixed(1)} s`,
    },
    faults,
  };
}
