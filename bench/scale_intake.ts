/**
 * Webhook events that come while sections keep all connections of an agent busy: how long each waits until it is
 * durable, over a connection for events and over those of all other work.
 *
 * @module
 */
import { loadavg } from "node:os";
import type { Pg } from "../src/state/postgres/pg.ts";
import type { Postgres } from "../test/support/postgres.ts";
import { median } from "./figures.ts";
import type { Figures } from "./row.ts";
import { fold, openDoor, openTenant, uploadSection, withTenants } from "./scale_load.ts";

/** Connections of an agent, as they are unless set. */
const pool = 4;
const uploading = 24;
const events = 300;
/** Milliseconds between two events. */
const betweenMs = 20;
/** After so many milliseconds an event goes into the spool. */
const spooledMs = 1500;

/** Adds events one after another beside uploads; gives how long each took, in ms. */
async function addBeside(pg: Pg, intake: Pg | undefined, round: string): Promise<number[]> {
  const names = Array.from({ length: uploading }, (_, at) => `intake ${round} ${at}`);
  return await withTenants(pg, names, async (states) => {
    let isEnded = false;
    const uploads = states.map(async (state) => {
      for (let run = 0; !isEnded; run++) {
        await uploadSection(state, "devices", { first: 0, batches: 8, group: 8 });
        await fold(state, "devices");
      }
    });
    const taking = await openTenant(pg, `intake ${round}`, intake);
    const waits: number[] = [];
    for (let at = 0; at < events; at++) {
      const asked = performance.now();
      await taking.inbox.add([{ section: "a", key: `${at}`, body: "{}", due: Date.now() }]);
      waits.push(performance.now() - asked);
      await Bun.sleep(betweenMs);
    }
    isEnded = true;
    await Promise.all(uploads);
    await taking.close();
    return waits;
  });
}

let rounds = 0;

/** Measures both ways. */
export async function measureIntake(server: Postgres): Promise<Figures> {
  const round = ++rounds;
  const [pg, own] = [openDoor(server, pool), openDoor(server, 1)];
  try {
    const apart = await addBeside(pg, own, `apart ${round}`);
    const shared = await addBeside(pg, undefined, `shared ${round}`);
    const of = (waits: readonly number[], part: number) =>
      waits.toSorted((a, b) => a - b)[Math.ceil(waits.length * part) - 1] ?? Number.NaN;
    const late = (waits: readonly number[]) => waits.filter((ms) => ms > spooledMs).length;
    return {
      "ms an event, own connection": median(apart),
      "ms for 99 of 100, own connection": of(apart, 0.99),
      "ms, the slowest, own connection": of(apart, 1),
      "into the spool, own connection": late(apart),
      "ms an event, shared": median(shared),
      "ms for 99 of 100, shared": of(shared, 0.99),
      "ms, the slowest, shared": of(shared, 1),
      "into the spool, shared": late(shared),
      "load of the machine": loadavg()[0] ?? Number.NaN,
    };
  } finally {
    await Promise.all([pg.close(), own.close()]);
  }
}
