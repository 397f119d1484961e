/**
 * How soon another replica goes on with the work of one that was killed, or that ended in good order.
 *
 * @module
 */
import { postEvent } from "./callers.ts";
import type { Cluster } from "./cluster.ts";
import { inTime, type Outcome, until } from "./outcome.ts";
import type { Replica } from "./replica.ts";

/** How much later than the end of the lease, or than the end of a replica, another one goes on. */
const patienceMs = 1000;

/** Has a replica begin with an event; gives how the answer of Jamf Pro is let go that it waits for. */
async function beginWork(cluster: Cluster, replica: Replica, device: number): Promise<() => void> {
  const held = cluster.jamf.holdNext(device);
  const version = cluster.ledger.change(device);
  await until("an event is taken", () => postEvent(cluster, replica, device, version));
  await inTime("Jamf Pro is asked", held.asked);
  return held.letGo;
}

/** Ends the replica that is at work, and measures how long it takes until another one has done the work. */
async function measure(
  cluster: Cluster,
  device: number,
  { from, to, end }: {
    readonly from: Replica;
    readonly to: Replica;
    readonly end: (replica: Replica) => Promise<unknown>;
  },
): Promise<number> {
  const letGo = await beginWork(cluster, from, device);
  await to.ready();
  await end(from);
  const ended = performance.now();
  letGo();
  await until("the other replica goes on", () => cluster.ledger.newest(device) === 1);
  return performance.now() - ended;
}

/** Kills one of two replicas at work, and ends the other one later. */
export async function runTakeover(cluster: Cluster): Promise<Outcome> {
  const { replicas: [first, second], leaseMs } = cluster;
  if (first === undefined || second === undefined) throw new Error("There are not two replicas");
  await first.ready();
  const killedMs = await measure(cluster, 1, {
    from: first,
    to: second,
    end: (replica) => replica.kill(),
  });
  const endedMs = await measure(cluster, 2, {
    from: second,
    to: first,
    end: (replica) => replica.end(),
  });
  return {
    scenario: "takeover",
    figures: {
      "after SIGKILL": `${(killedMs / 1000).toFixed(2)} s (lease ${leaseMs / 1000} s)`,
      "after the end by SIGTERM": `${(endedMs / 1000).toFixed(2)} s`,
    },
    faults: [
      ...killedMs > leaseMs + patienceMs
        ? [`taken over ${killedMs.toFixed(0)} ms after SIGKILL`]
        : [],
      ...endedMs > patienceMs ? [`taken over ${endedMs.toFixed(0)} ms after the end`] : [],
    ],
  };
}
