/**
 * Claims of events while somebody keeps a transaction open, with and without the floor of the claim.
 *
 * @module
 */
import type { Pg } from "../src/state/postgres/pg.ts";
import type { Postgres } from "../test/support/postgres.ts";
import { median } from "./figures.ts";
import type { Figures } from "./row.ts";
import { openDoor, withTenants } from "./scale_load.ts";

const batch = 500;

/** The door, with claims that begin at the first entry of the index each time. */
function withoutFloor(pg: Pg): Pg {
  return {
    isBusy: false,
    ...{ rows: (...words) => pg.rows(...words), listen: (...words) => pg.listen(...words) },
    close: (deadline) => pg.close(deadline),
    tx: (work, call) =>
      pg.tx((on) =>
        work({
          rows: (text, values = []) =>
            on.rows(
              text,
              text.includes("SKIP LOCKED") ? [...values.slice(0, -1), "-infinity"] : values,
            ),
        }), call),
  };
}

/** Adds, claims and finishes events for some seconds; the claims of the first and of the last fifth, in ms. */
async function claim(
  door: Pg,
  tenant: string,
  seconds: number,
): Promise<{ readonly first: number; readonly last: number; readonly rate: number }> {
  return await withTenants(door, [tenant], async ([state]) => {
    if (state === undefined) throw new Error("There is no state");
    const { inbox } = state;
    const waits: number[] = [];
    const began = performance.now();
    const count = () => performance.now() - began;
    while (count() < seconds * 1000) {
      const round = waits.length;
      await inbox.add(Array.from({ length: batch }, (_, at) => ({
        ...{ section: "claims", key: `${round}-${at}`, body: "{}", due: Date.now() },
      })));
      const asked = performance.now();
      const taken = await inbox.take("claims", batch, false);
      waits.push(performance.now() - asked);
      if (taken.length !== batch) throw new Error(`${taken.length} of ${batch} were claimed`);
      await inbox.recordOutcomes(taken.map(({ id }) => ({ id, kind: "done" })));
    }
    const fifth = Math.ceil(waits.length / 5);
    return {
      first: median(waits.slice(0, fifth)),
      last: median(waits.slice(-fifth)),
      rate: waits.length * batch / (count() / 1000),
    };
  });
}

async function withPinned<T>(server: Postgres, work: () => Promise<T>): Promise<T> {
  const pg = openDoor(server, 1);
  try {
    return await pg.tx(async (on) => {
      await on.rows("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      await on.rows("SET LOCAL idle_in_transaction_session_timeout = 0");
      await on.rows("SELECT 1");
      return await work();
    }, { milliseconds: 600_000 });
  } finally {
    await pg.close();
  }
}

let rounds = 0;

/** Measures claims for so many seconds each way. */
export async function measureClaims(server: Postgres, seconds: number): Promise<Figures> {
  const round = ++rounds;
  const door = openDoor(server, 3);
  try {
    const free = await claim(door, `free ${round}`, seconds / 3);
    const pinned = await withPinned(server, () => claim(door, `pinned ${round}`, seconds));
    const naive = await withPinned(
      server,
      () => claim(withoutFloor(door), `naive ${round}`, seconds),
    );
    return {
      "ms a claim, no transaction open": free.last,
      "ms at first, one open": pinned.first,
      [`ms after ${seconds} s`]: pinned.last,
      "events/s, one open": pinned.rate,
      "ms at first, one open, without the floor": naive.first,
      [`ms after ${seconds} s, without the floor`]: naive.last,
      "events/s, without the floor": naive.rate,
    };
  } finally {
    await door.close();
  }
}
