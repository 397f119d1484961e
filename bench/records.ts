/**
 * Many records of ten thousand tenants in the baselines of one PostgreSQL: whether comparing and taking in get
 * slower with what is there of others, what a large section takes, and when the server clears away what changed.
 *
 * @module
 */
import { loadavg } from "node:os";
import { type Postgres, startPostgres } from "../test/support/postgres.ts";
import { formatFigure, median } from "./figures.ts";
import { fill, type Filled, writeTemplate } from "./records_fill.ts";
import { compareAll, sendAll, type Version } from "./records_load.ts";
import { countWal, fold, measureTable, openDoor, schema, withTenants } from "./scale_load.ts";
import { spend, type Spent } from "./server_time.ts";

const allTenants = 10_000;
const rounds = 3;
/** Tenants that are measured, each time the same. */
const small = Array.from({ length: 20 }, (_, at) => ({ tenant: `small ${at}`, records: 1000 }));
const middle = Array.from({ length: 6 }, (_, at) => ({ tenant: `middle ${at}`, records: 10_000 }));

/** Tenants of unequal sizes, the small ones first: the largest has some seventy times as many as the smallest. */
function spread(records: number, tenants: number): Filled[] {
  const weights = Array.from({ length: tenants }, (_, at) => 1 / Math.sqrt(tenants - at));
  const sum = weights.reduce((total, each) => total + each, 0);
  return weights.map((weight, at) => ({
    tenant: `tenant ${at}`,
    records: Math.max(1, Math.round(records * weight / sum)),
  }));
}

function countOf(tenants: readonly Filled[]): number {
  return tenants.reduce((total, { records }) => total + records, 0);
}

function say(what: string, figures: Readonly<Record<string, number>>): void {
  const texts = Object.entries(figures).map(([unit, figure]) => `${formatFigure(figure)} ${unit}`);
  console.log(`  ${what}: ${texts.join(", ")}; load ${formatFigure(loadavg()[0] ?? Number.NaN)}`);
}

/** What a record of some work takes. */
function perRecord({ seconds, server, client }: Spent, records: number) {
  return {
    "records/s": records / seconds,
    "µs of the server a record": server / records * 1e6,
    "µs of the agent a record": client / records * 1e6,
  };
}

/** The middle of each figure. */
function middleOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const units = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    units.map((unit) => [unit, median(all.map((each) => each[unit] ?? Number.NaN))]),
  );
}

/** How often what was changed of the tenants that are measured. */
class Changes {
  #all = 0;
  #some = 0;

  /** All records of the small tenants, as of the last round. */
  readonly ofSmall: Version = () => this.#all === 0 ? undefined : `changed ${this.#all}`;
  /** One of a hundred records of the others in each round. */
  readonly ofMiddle: Version = (number) => number % 100 < this.#some ? "changed" : undefined;

  changeAll(): void {
    this.#all++;
  }

  /** Changes the next one of a hundred records; gives which those are. */
  changeSome(): (number: number) => boolean {
    const rest = this.#some++;
    return (number) => number % 100 === rest;
  }
}

/** Compares and takes in records of the same tenants, whatever else is there. */
async function measureSame(server: Postgres, changes: Changes): Promise<void> {
  const pg = openDoor(server, 4);
  const names = [...small, ...middle].map(({ tenant }) => tenant);
  await withTenants(pg, names, async (states) => {
    const [few, many] = [states.slice(0, small.length), states.slice(small.length)];
    const compared = async () => {
      const spent = await spend(server, async () => {
        for (const state of many) {
          await compareAll(state, { count: 10_000, version: changes.ofMiddle });
        }
      });
      return perRecord(spent, countOf(middle));
    };
    const changedSome = async () => {
      const isChanged = changes.changeSome();
      for (const [at, state] of many.entries()) {
        const hasIds = at % 2 === 1;
        await sendAll(state, { count: 10_000, version: changes.ofMiddle, isChanged, hasIds });
      }
      const spent = await spend(server, async () => {
        for (const state of many) await fold(state, "devices");
      });
      return perRecord(spent, countOf(middle));
    };
    const changedAll = async () => {
      changes.changeAll();
      for (const [at, state] of few.entries()) {
        const sending = { count: 1000, version: changes.ofSmall, isChanged: () => true };
        await sendAll(state, { ...sending, hasIds: at % 2 === 1 });
      }
      let bytes = 0;
      const spent = await spend(server, async () => {
        bytes = await countWal(server, async () => {
          for (const state of few) await fold(state, "devices");
        });
      });
      const records = countOf(small);
      return { ...perRecord(spent, records), "bytes of WAL a record": bytes / records };
    };
    const repeat = async (measure: () => Promise<Record<string, number>>) => {
      const all = [];
      for (let round = 0; round < rounds; round++) all.push(await measure());
      return middleOf(all);
    };
    say("compared, 6 tenants of 10,000", await repeat(compared));
    say("taken in, 1 % changed, the same", await repeat(changedSome));
    say("taken in, all changed, 20 tenants of 1,000", await repeat(changedAll));
  }).finally(() => pg.close());
}

/** Sizes of the table, and how many pages a search goes through from the root of an index to its entries. */
async function measureSize(server: Postgres, records: number): Promise<void> {
  const { heap, indexes } = await measureTable(server, "fingerprints");
  const levels = await server.psql(`\\c agent
SELECT string_agg(kind || ' ' || level, ', ' ORDER BY kind) FROM (
  SELECT regexp_replace(i.relname, '^fingerprints_\\d+_|_idx\\d*$', '', 'g') AS kind,
      max(level + 1) AS level
    FROM pg_class i JOIN pg_index x ON x.indexrelid = i.oid JOIN pg_class t ON t.oid = x.indrelid
      JOIN pg_namespace n ON n.oid = t.relnamespace, LATERAL bt_metap(n.nspname || '.' || i.relname)
    WHERE n.nspname = '${schema}' AND t.relispartition AND t.relname LIKE 'fingerprints%'
    GROUP BY 1) AS kinds;`);
  say("size", {
    "records": records,
    "bytes of a record": heap / records,
    "bytes of its index entries": indexes / records,
    "GB": (heap + indexes) / 1e9,
  });
  console.log(`  levels of the indexes: ${levels.split("\n").at(-1)}`);
}

/** One section with a twentieth of all records: opening, comparing, and taking in what changed. */
async function measureLarge(server: Postgres, { tenant, records }: Filled): Promise<void> {
  const pg = openDoor(server, 4);
  await withTenants(pg, [tenant], async ([state]) => {
    if (state === undefined) return;
    const step = async (what: string, count: number, work: () => Promise<unknown>) => {
      let bytes = 0;
      const spent = await spend(server, async () => bytes = await countWal(server, work));
      say(what, { ...perRecord(spent, count), "s": spent.seconds, "MB of WAL": bytes / 1e6 });
    };
    await step("the large section: opened", records, () => fold(state, "devices"));
    await step("compared", records, () => compareAll(state, { count: records }));
    const some = (number: number) => number % 100 === 0;
    const version: Version = (number) => some(number) ? "changed" : undefined;
    const sending = { count: records, hasIds: false };
    await step(
      "1 % changed: sent",
      records,
      () => sendAll(state, { ...sending, version, isChanged: some }),
    );
    await step("1 % changed: taken in", records, () => fold(state, "devices"));
    const all = { version: () => "changed again", isChanged: () => true };
    await step("all changed: sent", records, () => sendAll(state, { ...sending, ...all }));
    await step("all changed: taken in", records, () => fold(state, "devices"));
  }).finally(() => pg.close());
}

/** Waits until the server has nothing more to clear away by itself, and tells what it did. */
async function measureVacuum(server: Postgres): Promise<void> {
  const count = async () => {
    const text = await server.psql(`\\c agent
SELECT n_dead_tup, n_live_tup FROM pg_stat_user_tables
  WHERE schemaname = '${schema}' AND relname LIKE 'fingerprints%' ORDER BY n_dead_tup DESC LIMIT 1`);
    return text.split("\n").at(-1)?.split("|").map(Number) ?? [];
  };
  const began = performance.now();
  let [dead = 0, live = 0] = await count();
  // As the server decides, with its usual settings.
  while (dead > 50 + 0.2 * live) {
    if (performance.now() - began > 900_000) throw new Error(`${dead} dead rows are left`);
    await Bun.sleep(500);
    [dead = 0, live = 0] = await count();
  }
  say("what autovacuum leaves in the largest part", { "dead rows": dead, "rows": live });
  printVacuum(await Bun.file(`${server.socket}/log`).text());
}

/** What the server says of the vacuum that took the longest. */
function printVacuum(log: string): void {
  const elapsed = (entry: string) =>
    Number(/^\tsystem usage: .*elapsed: ([\d.]+) s/m.exec(entry)?.[1]);
  const [longest] = log.split(/^\d{4}-/m).filter((entry) =>
    entry.includes(`automatic vacuum of table "agent.${schema}.fingerprints_`)
  ).sort((a, b) => elapsed(b) - elapsed(a));
  const lines = longest?.split("\n").filter((line) =>
    /tuples: |^\tWAL usage|^\tsystem usage/.test(line)
  );
  for (const line of lines ?? []) console.log(`    ${line.trim()}`);
}

/** Measures with a twentieth of the records of all tenants, and with all of them. */
export async function measureRecords(size: number): Promise<void> {
  const server = await startPostgres();
  try {
    await server.psql(
      "ALTER SYSTEM SET log_autovacuum_min_duration = 0;\nSELECT pg_reload_conf();\n\\c agent\nCREATE EXTENSION pageinspect;",
    );
    const large = { tenant: "large", records: Math.round(size / 20) };
    const tenants = Math.min(allTenants, Math.ceil(size / 200));
    const others = spread(size - large.records - countOf(small) - countOf(middle), tenants - 27);
    let first = 0;
    for (let sum = 0; sum < size / 20 && first < others.length; first++) {
      sum += others[first]?.records ?? 0;
    }
    await writeTemplate(server);
    const changes = new Changes();
    const few = [...small, ...middle, ...others.slice(0, first)];
    await fill(server, few);
    console.log(`records: ${countOf(few)} of ${few.length} tenants`);
    await measureSize(server, countOf(few));
    await measureSame(server, changes);
    const spent = await spend(server, () => fill(server, [...others.slice(first), large]));
    console.log(`records: ${size} of ${tenants} tenants, ${Math.round(spent.seconds)} s to fill`);
    await measureSize(server, size);
    await measureSame(server, changes);
    await measureLarge(server, large);
    await measureVacuum(server);
    await measureSize(server, size);
  } finally {
    await server[Symbol.asyncDispose]();
  }
}
