/**
 * One replica is held up at a fixed point of its work, between taking an event and sending its record, until
 * another one has taken over and sent something newer. What the first one does when it goes on must not get
 * to Oomnitza.
 *
 * Each begins with one replica alone, so that it is known which one has the event.
 *
 * @module
 */
import { postEvent } from "./callers.ts";
import type { Cluster } from "./cluster.ts";
import type { Line } from "./line.ts";
import { inTime, type Outcome, until, within } from "./outcome.ts";
import type { Replica } from "./replica.ts";

/** The device that it is about. */
const victim = 1;

/** What a fixed point has at hand. */
interface Scene {
  readonly cluster: Cluster;
  readonly first: Replica;
  /** The line of the first replica to the database. */
  readonly line: Line;
}

/** Holds the first replica up; gives how it is let go. */
type HoldUp = (scene: Scene, event: () => Promise<void>) => Promise<() => void>;

/** Where the first replica is held up. */
export const fixedPoints: Readonly<Record<string, HoldUp>> = {
  /** It stands still from the answer of Jamf Pro until after its lease: nothing may be written any more. */
  async "stopped-with-answer"({ cluster: { jamf }, first }, event) {
    const held = jamf.holdNext(victim);
    await event();
    await inTime("Jamf Pro is asked", held.asked);
    first.stop();
    held.letGo();
    return () => first.resume();
  },
  /** It stands still from the moment in which its batch is in the outbox: nothing may be sent any more. */
  async "stopped-before-post"({ line, first }, event) {
    const written = line.cutAfter("outbox (tenant, run, seq", "COMMIT");
    await event();
    await inTime("a batch is written", written);
    first.stop();
    return () => {
      line.mend();
      first.resume();
    };
  },
  /** It is cut off from the database when its batch is in the outbox: nothing may be sent any more. */
  async "cut-off-before-post"({ line }, event) {
    const written = line.cutAfter("outbox (tenant, run, seq", "COMMIT");
    await event();
    await inTime("a batch is written", written);
    return () => line.mend();
  },
  /** It is cut off from the database while its request is on the way: that must not arrive after its lease. */
  async "cut-off-on-the-way"({ cluster: { oomnitza }, line }, event) {
    const held = oomnitza.holdNext(victim);
    await event();
    await inTime("a request comes", held.came);
    line.cut();
    return () => {
      held.letThrough();
      line.mend();
    };
  },
};

/** The longest until a replica is at work again whose lease was over. */
const longestMs = 40_000;

/** A line of the log that a replica writes when it is through with a batch, or cannot go on with it. */
const concluded = /Webhooks: |Cannot process|away for too long|nothing more is sent/;

/** Holds the first replica up until the second has sent something newer, and lets it go. */
export async function runFixedPoint(name: string, cluster: Cluster): Promise<Outcome> {
  const { ledger, replicas: [first, second], lines: [line] } = cluster;
  const holdUp = fixedPoints[name];
  if (holdUp === undefined) throw new Error(`There is no fixed point ${name}`);
  if (first === undefined || second === undefined || line === undefined) {
    throw new Error("A fixed point takes two replicas with a PostgreSQL");
  }
  async function change(replica: Replica): Promise<void> {
    const version = ledger.change(victim);
    await until("an event is taken", () => postEvent(cluster, replica, victim, version));
  }
  await first.ready();
  const letGo = await holdUp({ cluster, first, line }, () => change(first));
  const heldUp = performance.now();
  // One that is not stopped may notice by itself, before it is let go.
  const before = first.log.length;
  await second.ready();
  await change(second);
  await until("the other replica takes over", () => ledger.newest(victim) === 2);
  const takenOverMs = performance.now() - heldUp;
  letGo();
  await until("the first replica goes on", () => concluded.test(first.log.slice(before)), 30_000);
  // It goes on by itself, under another lease.
  await second.kill();
  await change(first);
  const goesOn = await within(longestMs, () => ledger.newest(victim) === 3);
  const { stale, lost } = ledger;
  return {
    scenario: name,
    figures: {
      "taken over after": `${(takenOverMs / 1000).toFixed(1)} s (lease ${
        cluster.leaseMs / 1000
      } s)`,
      "records arrived": ledger.allArrivals,
      "stale overwrites": stale.length,
    },
    faults: [
      ...goesOn ? [] : ["the first replica does not go on with its work"],
      ...stale.map(({ version, newer }) => `stale: version ${version} over version ${newer}`),
      ...lost.map(({ promised, arrived }) =>
        `lost: version ${promised}, of which ${arrived} arrived`
      ),
    ],
  };
}
