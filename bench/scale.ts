/**
 * Ten thousand tenants, a hundred million records and thirty thousand schedules, scaled down to this machine: what
 * a record takes on the disk, what many sections do at a time, a thousand starts at once, a transaction that is
 * left open, an outage of Oomnitza, and a line that is slow. Ends with the arithmetic for the whole.
 *
 * @module
 */
import { loadavg } from "node:os";
import { type Postgres, startPostgres } from "../test/support/postgres.ts";
import { storedSection } from "../test/sync/support/store.ts";
import { openSlowLine } from "./delay_proxy.ts";
import { median } from "./figures.ts";
import { type Figures, runRow, type Settings } from "./row.ts";
import { type Measured, printArithmetic } from "./scale_arithmetic.ts";
import { measureClaims } from "./scale_claims.ts";
import { measureIntake } from "./scale_intake.ts";
import {
  answer,
  batchSize,
  compare,
  countWal,
  fold,
  measureTable,
  openDoor,
  openTenant,
  putBatches,
  schema,
  time,
  uploadSection,
  withTenants,
} from "./scale_load.ts";
import { measureStarts, starts } from "./scale_starts.ts";

const tenants = 1000;
const recordsOfTenant = 1000;
const busySections = 93;
const batchesOfSection = 20;
const outageSections = 40;
const outageBatches = 50;
const pinnedSeconds = 60;
const roundTrips = [1, 5, 20];

/** One tenant by the agent itself, and its rows again for all others. */
async function fill(server: Postgres): Promise<Figures> {
  const pg = openDoor(server, 4);
  await withTenants(pg, ["filled 1"], async ([state]) => {
    if (state === undefined) return;
    const batches = recordsOfTenant / batchSize;
    await uploadSection(state, "devices", { first: 0, batches, group: 8 });
    await fold(state, "devices");
  });
  await pg.close();
  await server.psql(`\\c agent
INSERT INTO ${schema}.fingerprints
  SELECT 'filled ' || n, section, digest, seq, key, fields, vals, run, must_send, missed
    FROM generate_series(2, ${tenants}) AS n, ${schema}.fingerprints WHERE tenant = 'filled 1' ORDER BY n;
VACUUM ANALYZE ${schema}.fingerprints;`);
  const { heap, indexes } = await measureTable(server, "fingerprints");
  const rows = tenants * recordsOfTenant;
  return { "bytes of a record": heap / rows, "bytes of its index entries": indexes / rows };
}

let rounds = 0;

/** One section by itself: WAL of a record that is sent first, is unchanged, or changes. */
async function measureWal(server: Postgres): Promise<Figures> {
  const pg = openDoor(server, 4);
  const records = 5000;
  const batches = records / batchSize;
  const tenant = `wal ${++rounds}`;
  return await withTenants(pg, [tenant], async ([state]) => {
    if (state === undefined) throw new Error("There is no state");
    const send = (first: number, group: number) =>
      countWal(server, async () => {
        await uploadSection(state, "devices", { first, batches, group });
        await fold(state, "devices");
      });
    // The same again without full pages, and what is known is replaced by itself: each row is written anew.
    await server.psql("CHECKPOINT");
    const first = await send(0, 8);
    const unchanged = await countWal(server, () => compare(state, "devices", records));
    await server.psql(`\\c agent
UPDATE ${schema}.fingerprints SET vals = vals || ' ' WHERE tenant = '${tenant}'`);
    const changed = await send(0, 8);
    await server.psql("CHECKPOINT");
    await server.psql(`\\c agent
UPDATE ${schema}.fingerprints SET vals = vals || ' ' WHERE tenant = '${tenant}'`);
    await server.psql("CHECKPOINT");
    const withPages = await send(0, 1);
    return {
      "bytes of WAL a record, sent first": first / records,
      "compared and unchanged": unchanged / records,
      "changed and sent": changed / records,
      "changed and sent one batch at a time, after a checkpoint": withPages / records,
    };
  }).finally(() => pg.close());
}

/** Many sections of as many tenants at the same time, each with small groups. */
async function measureBusy(server: Postgres): Promise<Figures> {
  const pg = openDoor(server, 12);
  const round = ++rounds;
  const names = Array.from({ length: busySections }, (_, at) => `busy ${round} ${at}`);
  const records = busySections * batchesOfSection * batchSize;
  const ofSection = batchesOfSection * batchSize;
  return await withTenants(pg, names, async (states) => {
    const all = (work: (state: (typeof states)[number]) => Promise<void>) =>
      time(() => Promise.all(states.map(work)));
    const sent = await all((state) =>
      uploadSection(state, "devices", { first: 0, batches: batchesOfSection, group: 1 })
    );
    const folded = await all((state) => fold(state, "devices"));
    const compared = await all((state) => compare(state, "devices", ofSection));
    return {
      "records through the outbox/s": records / sent,
      "records taken in/s": records / folded,
      "records compared/s": records / compared,
      "load of the machine": loadavg()[0] ?? Number.NaN,
    };
  }).finally(() => pg.close());
}

/** Runs of which Oomnitza answers nothing, which wait; then it answers, while other sections begin. */
async function measureOutage(server: Postgres): Promise<Figures> {
  const pg = openDoor(server, 12);
  const round = ++rounds;
  const names = Array.from({ length: outageSections }, (_, at) => `outage ${round} ${at}`);
  const records = outageSections * outageBatches * batchSize;
  // A process of its own has connections of its own.
  const own = openDoor(server, 4);
  const fresh = await openTenant(own, `fresh ${round}`);
  const small = async (section: string) =>
    1000 * await time(() => uploadSection(fresh, section, { first: 0, batches: 2, group: 2 }));
  return await withTenants(pg, names, async (states) => {
    const before: number[] = [];
    for (let at = 0; at < 10; at++) before.push(await small(`before ${at}`));
    // What went leaves room, which would be used first.
    await server.psql(`\\c agent
VACUUM FULL ${schema}.outbox`);
    const empty = await measureTable(server, "outbox");
    const waiting = await Promise.all(states.map(async (state) => {
      const run = await state.begin(storedSection, "upload", () => ({}));
      return { run, ids: await putBatches(run, 0, outageBatches, 8) };
    }));
    const full = await measureTable(server, "outbox");
    let isDrained = false;
    const during: number[] = [];
    const others = (async () => {
      while (!isDrained) during.push(await small(`during ${during.length}`));
    })();
    const drained = await time(() =>
      Promise.all(waiting.map(async ({ run, ids }) => {
        await answer(run, ids);
        await run.outbox.finish();
      }))
    );
    isDrained = true;
    await others;
    return {
      "bytes of a waiting record": (full.heap + full.indexes - empty.heap - empty.indexes) /
        records,
      "records drained/s": records / drained,
      "ms of a run of 200 records before": median(before),
      "ms of one while it drains": median(during),
    };
  }).finally(async () => {
    await fresh.close();
    await own.close();
    await pg.close();
  });
}

/** One section over a line that adds some milliseconds to a round trip. */
async function measureLine(server: Postgres, ms: number): Promise<Figures> {
  const line = await openSlowLine(server.port, ms);
  const pg = openDoor(server, 6, line.port);
  const round = ++rounds;
  const records = 5000;
  return await withTenants(pg, [`line ${round}`], async ([state]) => {
    if (state === undefined) throw new Error("There is no state");
    const batches = records / batchSize;
    const sent = await time(() => uploadSection(state, "devices", { first: 0, batches, group: 8 }));
    const folded = await time(() => fold(state, "devices"));
    const compared = await time(() => compare(state, "devices", records));
    const started = await time(async () => {
      await state.claimStart("start", new Date());
      const hold = await state.holdSection("start");
      await uploadSection(state, "start", { first: 0, batches: 1, group: 1 });
      if (hold.kind === "held") await hold.release();
    });
    return {
      "records through the outbox/s": records / sent,
      "records taken in/s": records / folded,
      "records compared/s": records / compared,
      "ms for a start of one batch": started * 1000,
    };
  }).finally(async () => {
    await pg.close();
    line.stop();
  });
}

/** Measures all of it and prints the arithmetic; what it writes is gone afterwards. */
export async function measureScale(settings: Settings): Promise<void> {
  const server = await startPostgres();
  const measured: Record<string, Figures[]> = {};
  const row = async (name: string, most: number, measure: () => Promise<Figures>) => {
    const noted: Figures[] = measured[name] = [];
    const noting = async () => {
      const figures = await measure();
      noted.push(figures);
      return figures;
    };
    await runRow({ name, rounds: most, measure: noting }, { ...settings, against: undefined });
  };
  try {
    await row(`size: ${tenants} tenants of ${recordsOfTenant} records`, 1, () => fill(server));
    await row("wal: one section of 5,000 records", 3, () => measureWal(server));
    await row(
      `busy: ${busySections} sections at a time, each ${batchesOfSection} single batches`,
      3,
      () => measureBusy(server),
    );
    await row(`starts: ${starts} due at once, three processes`, 3, () => measureStarts(server));
    await row(
      `outage: ${outageSections} runs of ${outageBatches * batchSize} records that wait`,
      3,
      () => measureOutage(server),
    );
    await row("intake: events beside uploads", 3, () => measureIntake(server));
    for (const ms of roundTrips) {
      await row(`line: ${ms} ms more a round trip`, 3, () => measureLine(server, ms));
    }
    await row(
      `claims: a transaction open for ${pinnedSeconds} s`,
      1,
      () => measureClaims(server, pinnedSeconds),
    );
    printArithmetic(middles(measured));
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

/** The middle of each figure, by the first word of its row. */
function middles(measured: Readonly<Record<string, readonly Figures[]>>): Measured {
  return (row, unit) => {
    const [, figures = []] =
      Object.entries(measured).find(([name]) => name.startsWith(`${row}:`)) ?? [];
    const values = figures.map((each) => each[unit]).filter((value) => value !== undefined);
    if (values.length === 0) throw new Error(`${row} has no figure "${unit}"`);
    return median(values);
  };
}
