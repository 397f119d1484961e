/**
 * The worst moment for a kill: a full batch of events was fetched and sent but for its last request, and nothing
 * of it is recorded. What is sent again is no more than one batch of each worker.
 *
 * @module
 */
import { mostRepeated } from "./at_work.ts";
import { postEvent } from "./callers.ts";
import type { Cluster } from "./cluster.ts";
import { inTime, type Outcome, until } from "./outcome.ts";

/** As many as are taken at once. */
const events = 500;
const busyDevice = 700_001;

/** Has a replica send a full batch of events, and kills it before it has recorded that. */
export async function runSentAgain(cluster: Cluster): Promise<Outcome> {
  const { ledger, jamf, oomnitza, replicas: [first, second] } = cluster;
  if (first === undefined || second === undefined) throw new Error("There are not two replicas");
  await first.ready();
  // While one is fetched, all others come, and are taken at once.
  const busy = jamf.holdNext(busyDevice);
  ledger.change(busyDevice);
  await until("an event is taken", () => postEvent(cluster, first, busyDevice, 1));
  await inTime("Jamf Pro is asked", busy.asked);
  const devices = Array.from({ length: events }, (_, at) => 1 + at);
  const held = oomnitza.holdNext(events);
  // Those that wait are taken in the order in which they came.
  for (const device of devices) {
    const version = ledger.change(device);
    await until("an event is taken", () => postEvent(cluster, first, device, version));
  }
  busy.letGo();
  await inTime("the last request comes", held.came);
  first.stop();
  const atWork = {
    ...await cluster.atWork(0),
    ...{ spooled: cluster.spooled(0), posts: ledger.underWay },
  };
  const before = ledger.allArrivals - 1;
  await first.kill();
  held.letThrough();
  await second.ready();
  await until("all is worked on", async () => await cluster.waiting() === 0);
  const { duplicates, lost, stale } = ledger;
  const most = mostRepeated(atWork);
  return {
    scenario: "a replica killed with a full batch of events",
    figures: {
      "sent before the kill": before,
      "events at work, records on the way": `${atWork.events}, ${atWork.records}`,
      "sent again": `${duplicates}, at most ${most}`,
      "lost": lost.length,
      "stale overwrites": stale.length,
    },
    faults: [
      ...duplicates > most
        ? [`${duplicates} records were sent again, and not ${most} at most`]
        : [],
      ...duplicates === 0 ? ["nothing was sent again: the kill came too late or too early"] : [],
      ...lost.length + stale.length > 0 ? [`${lost.length} lost, ${stale.length} stale`] : [],
    ],
  };
}
