/**
 * What the vendor's ids of records cost when answered batches are taken into the baseline: the same records with and
 * without them, in turn.
 *
 * @module
 */
import { type Postgres, startPostgres } from "../test/support/postgres.ts";
import { formatSpread } from "./figures.ts";
import { sendAll } from "./records_load.ts";
import { countWal, fold, measureTable, openDoor, withTenants } from "./scale_load.ts";
import { spend } from "./server_time.ts";

const records = 5000;
const steps = ["new", "all changed", "1 % changed"] as const;

interface Taken {
  readonly server: number;
  readonly client: number;
  readonly wal: number;
}

/** Takes in the records of one tenant: all new, then all changed, then one of a hundred. */
async function takeIn(server: Postgres, tenant: string, hasIds: boolean): Promise<Taken[]> {
  const pg = openDoor(server, 2);
  return await withTenants(pg, [tenant], async ([state]) => {
    const taken: Taken[] = [];
    for (const [round, step] of steps.entries()) {
      if (state === undefined) break;
      const isChanged = (number: number) => step === "all changed" || number % 100 === 0;
      const version = (number: number) => isChanged(number) ? `changed ${round}` : "changed 1";
      const changes = step === "new" ? {} : { version, isChanged };
      await sendAll(state, { count: records, hasIds, ...changes });
      let wal = 0;
      const spent = await spend(server, async () => {
        wal = await countWal(server, () => fold(state, "devices"));
      });
      const each = (sum: number) => sum / records;
      taken.push({ server: each(spent.server), client: each(spent.client), wal: each(wal) });
    }
    return taken;
  }).finally(() => pg.close());
}

/** Measures so many rounds, and prints what each step takes with ids and without. */
export async function measureIds(rounds: number): Promise<void> {
  const server = await startPostgres();
  try {
    console.log(`ids: ${records} records taken in, with ids and without, in turn`);
    // What is new to the program and to the server is no cost of ids.
    await takeIn(server, "before", true);
    const all: Record<"with" | "without", Taken[][]> = { with: [], without: [] };
    for (let round = 0; round < rounds; round++) {
      for (const hasIds of round % 2 === 0 ? [true, false] : [false, true]) {
        const tenant = `round ${round} ${hasIds}`;
        all[hasIds ? "with" : "without"].push(await takeIn(server, tenant, hasIds));
      }
    }
    for (const [at, step] of steps.entries()) {
      const figures = (key: keyof Taken, unit: number) =>
        (["with", "without"] as const).map((way) =>
          `${way} ${formatSpread(all[way].map((round) => (round[at]?.[key] ?? 0) * unit))}`
        ).join(", ");
      const total = (way: "with" | "without") =>
        all[way].map((round) => (round[at]?.server ?? 0) + (round[at]?.client ?? 0));
      const ratios = total("with").map((sum, round) => sum / (total("without")[round] ?? NaN));
      console.log(`  ${step}: µs of the server a record ${figures("server", 1e6)};`);
      console.log(
        `    µs of the agent ${figures("client", 1e6)}; both ${formatSpread(ratios)} times`,
      );
      console.log(`    bytes of WAL ${figures("wal", 1)}`);
    }
    const { heap, indexes } = await measureTable(server, "fingerprints");
    console.log(`  all of it: ${Math.round((heap + indexes) / 1e6)} MB`);
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
