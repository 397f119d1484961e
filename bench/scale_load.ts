/**
 * What sections do with the state in PostgreSQL, many at a time, and what it costs the server.
 *
 * @module
 */
import { Fingerprints } from "../src/state/fingerprint.ts";
import type { Pg } from "../src/state/postgres/pg.ts";
import { openPg } from "../src/state/postgres/pg.ts";
import { openPgState, type PgState } from "../src/state/postgres/state.ts";
import { parsePgUrl } from "../src/state/postgres/target.ts";
import type { OpenRun } from "../src/state/state.ts";
import { runEnd } from "../test/state/conformance/open_state.ts";
import type { Postgres } from "../test/support/postgres.ts";
import { storedSection } from "../test/sync/support/store.ts";
import { instance, makeRecords } from "./postgres.ts";

/** The schema of all that is measured. */
export const schema = "scale";
/** Records of a batch. */
export const batchSize = 100;
const comparedAtOnce = 256;
const { upload } = storedSection;

/** A door to a server over TCP, or to the port of a line before it. */
export function openDoor(server: Postgres, connections: number, port = server.port): Pg {
  const url = server.url("127.0.0.1", "sslmode=disable").replace(`:${server.port}/`, `:${port}/`);
  return openPg(parsePgUrl(url), { connections, milliseconds: 120_000 });
}

/** The state of a tenant. */
export function openTenant(pg: Pg, tenant: string, intake?: Pg): Promise<PgState> {
  return openPgState({
    ...{ pg, intake, schema, tenant, instance, leaseMs: 120_000 },
    redact: (text) => text,
  });
}

/** Works with the states of some tenants, which are closed afterwards. */
export async function withTenants<T>(
  pg: Pg,
  tenants: readonly string[],
  work: (states: readonly PgState[]) => Promise<T>,
): Promise<T> {
  const states: PgState[] = [];
  for (const tenant of tenants) states.push(await openTenant(pg, tenant));
  try {
    return await work(states);
  } finally {
    await Promise.all(states.map((state) => state.close()));
  }
}

/** Puts batches in groups. */
export async function putBatches(
  run: OpenRun,
  first: number,
  batches: number,
  group: number,
): Promise<number[]> {
  const ids: number[] = [];
  for (let at = 0; at < batches; at += group) {
    const size = Math.min(group, batches - at);
    ids.push(
      ...await run.outbox.put(
        Array.from({ length: size }, (_, index) => ({
          records: makeRecords(first + (at + index) * batchSize, batchSize),
          text: undefined,
        })),
      ),
    );
  }
  return ids;
}

/** Has batches answered, a few at a time. */
export async function answer(run: OpenRun, ids: readonly number[], workers = 4): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let at = next++; at < ids.length; at = next++) {
      await run.outbox.acknowledge(ids[at] ?? 0, [], []);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

/** A whole run of a section, each group answered before the next is put. */
export async function uploadSection(
  state: PgState,
  section: string,
  { first, batches, group }: {
    readonly first: number;
    readonly batches: number;
    readonly group: number;
  },
): Promise<void> {
  const run = await state.begin({ ...storedSection, section }, "upload", () => ({}));
  for (let at = 0; at < batches; at += group) {
    const ids = await putBatches(run, first + at * batchSize, Math.min(group, batches - at), group);
    await answer(run, ids);
  }
  await run.outbox.finish();
  await run.end(runEnd);
}

/** Takes what was answered into the baseline. */
export async function fold(state: PgState, section: string): Promise<void> {
  await state.accepted.openBaseline(section, upload);
}

/** Compares records, all of them as they were accepted. */
export async function compare(state: PgState, section: string, count: number): Promise<void> {
  const baseline = await state.accepted.openBaseline(section, upload);
  const prints = new Fingerprints(["TAG"]);
  for (let at = 0; at < count; at += comparedAtOnce) {
    const made = makeRecords(at, Math.min(comparedAtOnce, count - at)).map((each) =>
      prints.create(each)
    );
    const found = await baseline.findAll(made.map((print) => print?.key));
    if (made.some((print, index) => print?.values !== found[index]?.values)) {
      throw new Error("a record is not known as it was accepted");
    }
  }
}

/** Bytes of WAL that some work writes, with what the server writes by itself meanwhile. */
export async function countWal(server: Postgres, work: () => Promise<unknown>): Promise<number> {
  const before = await server.psql("SELECT pg_current_wal_lsn()");
  await work();
  return Number(
    await server.psql(`SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '${before}')`),
  );
}

/** Bytes of a table and of its indexes, with all of its parts. */
export async function measureTable(
  server: Postgres,
  table: string,
): Promise<{ readonly heap: number; readonly indexes: number }> {
  const printed = await server.psql(
    `\\c agent
SELECT sum(pg_table_size(relid)), sum(pg_indexes_size(relid))
FROM (SELECT '${schema}.${table}'::regclass AS relid
  UNION SELECT relid FROM pg_partition_tree('${schema}.${table}')) AS parts;`,
  );
  const [heap, indexes] = printed.split("\n").at(-1)?.split("|").map(Number) ?? [];
  return { heap: heap ?? Number.NaN, indexes: indexes ?? Number.NaN };
}

/** Seconds that some work takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
