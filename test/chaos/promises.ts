/**
 * The database is killed at the moment in which events were promised, again and again.
 *
 * @module
 */
import { postEvent } from "./callers.ts";
import type { Cluster } from "./cluster.ts";
import { killDatabase } from "./database.ts";
import { type Outcome, until } from "./outcome.ts";

const rounds = 8;
const eventsPerRound = 40;

/** Has events promised by all replicas, and kills the database before anything is done about them. */
export async function runPromises(cluster: Cluster): Promise<Outcome> {
  const { ledger, replicas, database } = cluster;
  if (database === undefined) throw new Error("Promises are tried with a PostgreSQL");
  // What nobody waits for gets to the disk late, so that it is seen when nobody waited.
  await database.psql("ALTER SYSTEM SET wal_writer_delay = '10s'; SELECT pg_reload_conf();");
  for (const replica of replicas) await replica.ready();
  for (let round = 0; round < rounds; round++) {
    const devices = Array.from(
      { length: eventsPerRound },
      (_, at) => 1 + round * eventsPerRound + at,
    );
    await Promise.all(devices.map(async (device) => {
      const version = ledger.change(device);
      const replica = replicas[device % replicas.length];
      if (replica === undefined) throw new Error("There is no replica");
      await until("an event is taken", () => postEvent(cluster, replica, device, version));
    }));
    await killDatabase(database);
    await database.start();
  }
  const isAll = async () => ledger.lost.length === 0 || await cluster.waiting() === 0;
  await until("what was promised arrives, or nothing is left", isAll, 120_000);
  const lost = ledger.lost.length;
  return {
    scenario: "promises",
    figures: {
      "kills of the database": rounds,
      "events promised": ledger.promises,
      "lost": lost,
      "stale overwrites": ledger.stale.length,
    },
    faults: lost === 0 ? [] : [`${lost} of ${ledger.promises} promised events are lost`],
  };
}
